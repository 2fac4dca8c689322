import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  createServer as createLocalServer,
  type AddressInfo,
  type Server as LocalServer,
  type Socket,
} from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { formatHostPort, type HostPort } from '../core/address.js';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import { token } from '../core/ids.js';
import { OnceLogger, type Logger } from '../core/logger.js';
import { StreamLink, type LinkListener, type LinkStream } from '../core/stream-link.js';
import { AudioStream, type MessageListener, type MessageSocket } from './audio-stream.js';
import { strangerRefused } from './channels.js';
import { audioStreamError } from './errors.js';

export interface AudioStreamServerOptions {
  readonly listen: HostPort;
  /** Base URL under which media servers reach us, e.g. `ws://10.0.0.5:7000`. Default: the listener's own address. */
  readonly advertise: string | undefined;
  /**
   * A file to listen on as well, as a Unix socket, for a media server of this machine that can dial `link+unix:` (ours
   * can): it sends the sound of all calls over one connection (core/stream-link), for a fraction of what a WebSocket each
   * costs. Used unless `advertise` is given, or it cannot be made.
   */
  readonly localSocket?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A fork that was ordered and has not come yet. */
export interface ExpectedStream {
  readonly url: string;
  /** Rejects AUDIO_STREAM_NEVER_CAME after the limit; never settles after cancel(). */
  readonly arrived: Promise<AudioStream>;
  /** Forgets the token: a WebSocket that comes with it later is refused. Safe to call twice. */
  cancel(): void;
}

interface Expected {
  readonly channels: 1 | 2;
  readonly arrive: (stream: AudioStream) => void;
  readonly timer: Timer;
}

/** Largest message taken: mod_audio_fork keeps 2 s of stereo 8 kHz audio, 64 kB, when it was stalled. */
const maxMessageBytes = 256 * 1024;

/** How long a media server may take to answer our close frame, ms: nothing of a call outlives it by 5 s. */
const closeLimitMs = 2000;

/** What mod_audio_fork asks for. */
const subprotocol = 'audio.drachtio.org';

/** The WebSocket server that media servers dial. Lets in only who brings the token of a call's fork, once. */
export class AudioStreamServer {
  readonly #expected = new Map<string, Expected>();
  readonly #sockets = new Set<Socket>();
  readonly #links = new Set<StreamLink>();
  readonly #refusals: OnceLogger;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    // In the library since 8.20, in its types not yet.
    ...{ closeTimeout: closeLimitMs },
    // The subprotocol that mod_audio_fork asks for; a client that asks for none is let in as well.
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });

  private constructor(
    private readonly server: Server,
    private readonly local: LocalServer | undefined,
    private readonly options: AudioStreamServerOptions,
  ) {
    this.#refusals = new OnceLogger(options.logger);
    server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Node takes its own listener away at the upgrade: a stranger who resets the connection must not end the process.
      socket.on('error', () => socket.destroy());
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('request', (_request, response) => response.writeHead(426).end());
    local?.on('connection', (socket) => this.#linked(socket));
    for (const each of [server, local]) {
      // No socket could be accepted (file handles ran out): the next one may be.
      each?.on('error', (error) => options.logger.error({ code: errorCode(error) }, 'audio listener failed'));
    }
  }

  /** Rejects AUDIO_STREAM_ADDRESS_IN_USE. */
  static async listen(options: AudioStreamServerOptions): Promise<AudioStreamServer> {
    const { listen, localSocket, logger } = options;
    const server = await listening(createServer(), formatHostPort(listen), (s, done) =>
      s.listen(listen.port, listen.host, done),
    );
    const local =
      localSocket === undefined
        ? undefined
        : await listening(createLocalServer(), localSocket, (s, done) => s.listen(localSocket, done)).catch(
            (error: unknown) => {
              logger.warn({ code: errorCode(error) }, 'no Unix socket for audio: it comes over TCP');
              return undefined;
            },
          );
    return new AudioStreamServer(server, local, options);
  }

  get address(): HostPort {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Connections of forks, for counts of what is left. */
  get openSockets(): number {
    let streams = 0;
    for (const link of this.#links) streams += link.streams;
    return this.#sockets.size + streams;
  }

  /** Makes the URL for one fork and waits for it at most `limitMs`. `channels`: 1 for a mono fork, 2 for stereo. */
  expect(channels: 1 | 2, limitMs: number): ExpectedStream {
    const key = token();
    const base = this.#base();
    const url = `${base}/audio/${key}`;
    const arrived = new Promise<AudioStream>((resolve, reject) => {
      const timer = this.options.clock.after(limitMs, () => {
        this.#expected.delete(key);
        reject(audioStreamError('AUDIO_STREAM_NEVER_CAME', { limitMs, url: base }));
      });
      this.#expected.set(key, { channels, arrive: resolve, timer });
    });
    // Whoever awaits it hears of the failure; a call that ended meanwhile does not.
    arrived.catch(() => undefined);
    return {
      url,
      arrived,
      cancel: () => {
        this.#expected.get(key)?.timer.cancel();
        this.#expected.delete(key);
      },
    };
  }

  /** Closes the listeners and every connection. Safe to call twice. */
  async close(): Promise<void> {
    for (const { timer } of this.#expected.values()) timer.cancel();
    this.#expected.clear();
    for (const socket of this.#sockets) socket.destroy();
    for (const link of [...this.#links]) link.close();
    this.#webSockets.close();
    await Promise.all([closed(this.server), this.local && closed(this.local)]);
  }

  #base(): string {
    const { advertise, localSocket } = this.options;
    if (advertise !== undefined) return advertise.replace(/\/$/, '');
    return this.local === undefined
      ? `ws://${formatHostPort(this.address)}`
      : `link+unix:${localSocket ?? ''}:`;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const key = keyOf(request.url?.split('?')[0] ?? '');
    const expected = key === undefined ? undefined : this.#expected.get(key);
    if (key === undefined || expected === undefined) {
      this.#refuse(request.socket.remoteAddress ?? 'unknown');
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      // Only now is the token used up: what is no WebSocket handshake was answered with 400, and the call goes on waiting.
      this.#arrived(key, expected, messagesOf(webSocket));
    });
  }

  #linked(socket: Socket): void {
    const link = new StreamLink(socket, {
      maxMessageBytes,
      accept: (name, stream) => {
        const key = keyOf(name);
        const expected = key === undefined ? undefined : this.#expected.get(key);
        if (key === undefined || expected === undefined) {
          this.#refuse('this machine');
          return undefined;
        }
        const messages = new LinkedMessages(stream);
        this.#arrived(key, expected, messages);
        return messages;
      },
      gone: () => void this.#links.delete(link),
    });
    this.#links.add(link);
  }

  #refuse(from: string): void {
    strangerRefused.publish({ from });
    this.#refusals.warn(from, { from }, 'refused a connection that brought no token of a call');
  }

  #arrived(key: string, expected: Expected, messages: MessageSocket): void {
    this.#expected.delete(key);
    expected.timer.cancel();
    expected.arrive(new AudioStream(messages, expected.channels));
  }
}

function keyOf(path: string): string | undefined {
  return /^\/audio\/([\w-]+)$/.exec(path)?.[1];
}

/** A link's stream: who ends it need not wait for the other side. */
class LinkedMessages implements MessageSocket, LinkListener {
  #listener: MessageListener | undefined;
  #onGone: () => void = () => undefined;

  constructor(private readonly stream: LinkStream) {}

  get bufferedAmount(): number {
    return this.stream.waitingBytes;
  }

  onMessage(listener: MessageListener): void {
    this.#listener = listener;
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  send(data: Uint8Array | string): void {
    this.stream.send(data);
  }

  close(): void {
    this.stream.close();
  }

  terminate(): void {
    this.stream.close();
  }

  message(data: Buffer): void {
    this.#listener?.text(data);
  }

  /** Hot. */
  binary(batch: Buffer, from: number, to: number): void {
    this.#listener?.binary(batch, from, to);
  }

  gone(): void {
    this.#onGone();
  }
}

function messagesOf(webSocket: WebSocket): MessageSocket {
  return {
    get bufferedAmount() {
      return webSocket.bufferedAmount;
    },
    onMessage: (listener) =>
      webSocket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) listener.binary(data, 0, data.length);
        else listener.text(data);
      }),
    onGone: (listener) => {
      webSocket.on('close', listener);
      webSocket.on('error', listener);
    },
    // The library may keep what it is given until the system takes it.
    send: (data) => webSocket.send(typeof data === 'string' ? data : Buffer.from(data)),
    close: (code) => webSocket.close(code),
    terminate: () => webSocket.terminate(),
  };
}

async function listening<S extends LocalServer>(
  server: S,
  address: string,
  listen: (server: S, done: () => void) => void,
): Promise<S> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? audioStreamError('AUDIO_STREAM_ADDRESS_IN_USE', { address }, error)
          : error,
      ),
    );
    listen(server, resolve);
  });
  server.removeAllListeners('error');
  return server;
}

function closed(server: LocalServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
