import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../core/clock.js';
import { readAppMessage, type AppMessage } from './app-message.js';
import { encodeFrame, FrameReader } from './frame.js';
import { replyLeader } from './leader.js';
import { readProxyCommand, type ProxyCommand } from './proxy-command.js';

/** A connection that has not said the secret by then is closed. */
const authenticateMs = 10_000;
/** An application that has so much unread does not read: thousands of messages. */
const maxUnsentBytes = 16 * 1024 * 1024;

/** What an application asks of the server, once it has said the secret. */
export interface AppCommands {
  route(app: AppConnection, verb: string): void;
  removeRoute(app: AppConnection, verb: string): void;
  /** A SIP frame: `txn` and `dialogId` are '' when not told. */
  sip(app: AppConnection, command: SipCommand): void;
  proxy(app: AppConnection, messageId: string, txn: string, command: ProxyCommand): void;
  /** The secret was right; {@link AppConnection.tags} are known. */
  authenticated(app: AppConnection): void;
  closed(app: AppConnection): void;
  /** Why a connection is dropped by us. */
  dropped(reason: string): void;
  /** A command threw: the application has got a NOK. */
  failed(error: unknown): void;
}

export interface SipCommand {
  readonly messageId: string;
  readonly txn: string;
  readonly dialogId: string;
  /** Next hop to use instead of the Request-URI; '' for none. */
  readonly route: string;
  readonly message: AppMessage;
}

/** One application's connection: framing, authentication, and the commands it may give. */
export class AppConnection {
  /** What the application calls itself: a request handler may ask for it by a tag. */
  tags: readonly string[] = [];
  readonly #reader = new FrameReader();
  readonly #patience: Timer;
  #authenticated = false;
  #open = true;

  constructor(
    private readonly socket: Socket,
    private readonly secret: string,
    /** `HOSTPORTS|VERSION|LOCALHOSTPORTS` for the answer to `authenticate`. */
    private readonly greeting: string,
    private readonly commands: AppCommands,
    clock: Clock,
  ) {
    this.#patience = clock.after(authenticateMs, () => this.#drop('no authentication'));
    // Many small frames: waiting for more to send would cost 40 ms each.
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.on('data', (chunk: Buffer) => {
      if (!this.#open) return;
      if (!this.#reader.push(chunk, (payload) => this.#receive(payload))) {
        this.#drop('a frame without a length');
      }
    });
    socket.on('error', () => undefined); // close follows
    socket.on('close', () => {
      this.#open = false;
      this.#patience.cancel();
      commands.closed(this);
    });
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Hot: one frame to the application. */
  send(leader: string, message?: Buffer): void {
    if (!this.#open) return;
    this.socket.write(encodeFrame(leader, message));
    if (this.socket.writableLength > maxUnsentBytes) {
      this.#drop('it does not read');
      this.socket.destroy();
    }
  }

  ok(messageId: string): void {
    this.send(replyLeader(messageId, 'OK'));
  }

  /** A SIP command that failed. */
  nok(messageId: string, reason: string): void {
    this.send(replyLeader(messageId, `NOK|${reason}`));
  }

  close(): void {
    this.#open = false;
    this.#patience.cancel();
    this.socket.destroy();
  }

  /** Hot. */
  #receive(payload: string): void {
    if (!this.#open) return;
    const crlf = payload.indexOf('\r\n');
    const token = (crlf < 0 ? payload : payload.slice(0, crlf)).split('|');
    const [messageId = '', type = ''] = token;
    if (!this.#authenticated && type !== 'authenticate') {
      this.#refuse(messageId, 'not authenticated');
      return;
    }
    switch (type) {
      case 'authenticate':
        if (!sameSecret(token[2] ?? '', this.secret)) {
          this.#refuse(messageId, 'incorrect secret');
          return;
        }
        this.#authenticated = true;
        this.#patience.cancel();
        this.tags = (token[3] ?? '').split(',').filter((tag) => tag !== '');
        this.send(replyLeader(messageId, `OK|${this.greeting}`));
        this.commands.authenticated(this);
        break;
      case 'ping':
        this.send(replyLeader(messageId, 'OK|pong'));
        break;
      case 'route':
        this.commands.route(this, (token[2] ?? '').toLowerCase());
        this.ok(messageId);
        break;
      case 'remove_route':
        this.commands.removeRoute(this, (token[2] ?? '').toLowerCase());
        this.ok(messageId);
        break;
      case 'sip': {
        const message = crlf < 0 ? undefined : readAppMessage(payload.slice(crlf + 2));
        if (message === undefined) {
          this.nok(messageId, 'invalid sip message');
          return;
        }
        const [, , txn = '', dialogId = '', route = ''] = token;
        this.#guarded(messageId, () => this.commands.sip(this, { messageId, txn, dialogId, route, message }));
        break;
      }
      case 'proxy': {
        const message = crlf < 0 ? undefined : readAppMessage(payload.slice(crlf + 2));
        this.#guarded(messageId, () =>
          this.commands.proxy(this, messageId, token[2] ?? '', readProxyCommand(token.slice(3), message)),
        );
        break;
      }
      default:
        this.#refuse(messageId, 'Unknown message type');
    }
  }

  /** What one command of an application does wrong is its own affair. */
  #guarded(messageId: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.nok(messageId, 'Internal server error sending message');
      this.commands.failed(error);
    }
  }

  #refuse(messageId: string, reason: string): void {
    this.send(replyLeader(messageId, `NO|${reason}`));
    this.#drop(reason);
  }

  #drop(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#patience.cancel();
    this.commands.dropped(reason);
    this.socket.end();
    this.socket.destroySoon();
  }
}

/** Takes the same time whatever differs. */
function sameSecret(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
