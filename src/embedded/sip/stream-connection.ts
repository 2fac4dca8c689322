import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { HostPort } from '../../core/address.js';
import type { Clock, Timer } from '../../core/clock.js';
import { maxMessageBytes } from './parse-message.js';
import { StreamFramer } from './stream-framer.js';
import type { SendFailed, Stream } from './transport.js';

/** A peer that asks and never reads the answers is dropped when so much waits for it. */
export const maxWaitingBytes = 4 * maxMessageBytes;

/** What the owner of a connection hears of it. */
export interface ConnectionHooks {
  message(bytes: Buffer, connection: StreamConnection): void;
  /** Once, whoever closed it; an `error` is what it died of. */
  closed(connection: StreamConnection, error: Error | undefined): void;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly failed: SendFailed;
}

/** One connection to a peer: TCP or TLS as {@link SocketConnection}, WebSocket as {@link WebSocketConnection}. */
export abstract class StreamConnection implements Stream {
  /** What waits for the connection to be open; undefined from then on. */
  #opening: Waiting[] | undefined = [];
  #openingBytes = 0;
  #isClosed = false;
  #deadline: Timer | undefined;
  #error: Error | undefined;
  #heard = false;
  readonly #watchers = new Set<(error: Error) => void>();

  protected constructor(
    /** The address at the other end. */
    readonly peer: HostPort,
    private readonly hooks: ConnectionHooks,
    private readonly clock: Clock,
  ) {}

  get open(): boolean {
    return !this.#isClosed && this.isAlive;
  }

  /** Whether it is still being opened. */
  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  write(bytes: Buffer, failed: SendFailed = () => undefined): void {
    if (!this.open) return;
    if (this.#opening === undefined) {
      this.transmit(bytes, failed);
      if (this.waitingBytes > maxWaitingBytes) this.destroy();
      return;
    }
    this.#openingBytes += bytes.length;
    this.#opening.push({ bytes, failed });
    if (this.#openingBytes > maxWaitingBytes) this.fail(systemError('ENOBUFS'));
  }

  /** From now on what is written leaves at once. Called once by who has opened or accepted it. */
  opened(): void {
    const waiting = this.#opening ?? [];
    this.#opening = undefined;
    this.#relax();
    for (const { bytes, failed } of waiting) this.write(bytes, failed);
  }

  /** Ends it with `code` unless {@link opened} (or the first message of a peer that has connected) comes before. */
  expectWithin(limitMs: number, code: string): void {
    this.#relax();
    this.#deadline = this.clock.after(limitMs, () => this.fail(systemError(code)));
  }

  /** Calls `lost` when the connection is closed, unless the function returned was called before. */
  watch(lost: (error: Error) => void): () => void {
    this.#watchers.add(lost);
    return () => void this.#watchers.delete(lost);
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.destroy();
  }

  abstract destroy(): void;
  /** Not closed and not being closed. */
  protected abstract readonly isAlive: boolean;
  protected abstract readonly waitingBytes: number;
  protected abstract transmit(bytes: Buffer, failed: SendFailed): void;

  protected received(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#heard = true;
    this.#relax(); // of a busy peer the next one may always have begun already
    this.hooks.message(bytes, this);
  }

  /** A message that has begun must become whole; a peer that has sent none yet is on its first deadline anyway. */
  protected holds(isHolding: boolean, limitMs: number): void {
    if (!this.#heard) return;
    if (!isHolding) this.#relax();
    else this.#deadline ??= this.clock.after(limitMs, () => this.fail(systemError('ETIMEDOUT')));
  }

  protected gone(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#relax();
    const waiting = this.#opening ?? [];
    this.#opening = undefined;
    const error = this.#error ?? systemError('ECONNRESET');
    this.hooks.closed(this, this.#error);
    for (const { failed } of waiting) failed(error);
    for (const lost of [...this.#watchers]) lost(error);
  }

  #relax(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }
}

const pong = Buffer.from('\r\n');

/** TCP and TLS: messages are cut out of the bytes by their Content-Length. */
export class SocketConnection extends StreamConnection {
  /** `limits`: how long a begun message may take, how long nothing may come or go, ms. */
  constructor(
    private readonly socket: Socket,
    peer: HostPort,
    hooks: ConnectionHooks,
    clock: Clock,
    limits: { readonly firstMessageMs: number; readonly idleMs: number },
  ) {
    super(peer, hooks, clock);
    let isPinged = false;
    const framer = new StreamFramer(
      (bytes) => this.received(bytes),
      () => (isPinged = true),
    );
    socket.on('data', (chunk: Buffer) => {
      if (!this.open) return;
      try {
        framer.push(chunk);
        // RFC 5626 §4.4.1; one for all that came at once, or line ends without end would each cost a system call
        if (isPinged) this.write(pong);
        isPinged = false;
        this.holds(framer.isHolding, limits.firstMessageMs);
      } catch (error) {
        this.fail(error as Error);
      }
    });
    watch(socket, this, limits.idleMs);
    socket.on('close', () => this.gone());
  }

  override destroy(): void {
    this.socket.destroy();
  }

  protected override get isAlive(): boolean {
    return !this.socket.destroyed;
  }

  protected override get waitingBytes(): number {
    return this.socket.writableLength;
  }

  protected override transmit(bytes: Buffer, failed: SendFailed): void {
    this.socket.write(bytes, (error) => {
      if (error !== undefined && error !== null) failed(error);
    });
  }
}

/** RFC 7118: one message in each WebSocket message, text or binary; a frame of line ends is a keep-alive. */
export class WebSocketConnection extends StreamConnection {
  constructor(
    private readonly webSocket: WebSocket,
    peer: HostPort,
    hooks: ConnectionHooks,
    clock: Clock,
  ) {
    super(peer, hooks, clock);
    webSocket.on('message', (data: Buffer) => {
      if (data.length > 4) this.received(data);
      else if (data.toString('latin1') === '\r\n\r\n') this.write(pong);
    });
    webSocket.on('error', (error) => this.fail(error));
    webSocket.on('close', () => this.gone());
  }

  /** The socket below, once it is known: idle connections end by it. */
  carriedBy(socket: Socket, idleMs: number): void {
    watch(socket, this, idleMs);
  }

  override destroy(): void {
    this.webSocket.terminate();
  }

  protected override get isAlive(): boolean {
    return this.webSocket.readyState <= WebSocket.OPEN;
  }

  protected override get waitingBytes(): number {
    return this.webSocket.bufferedAmount;
  }

  protected override transmit(bytes: Buffer, failed: SendFailed): void {
    // Text, as every browser expects; a body that is no text goes as it is.
    this.webSocket.send(bytes, { binary: !isUtf8(bytes) }, (error) => {
      if (error !== undefined && error !== null) failed(error);
    });
  }
}

function watch(socket: Socket, connection: StreamConnection, idleMs: number): void {
  // A peer whose machine is gone is noticed although nobody speaks.
  socket.setKeepAlive(true, 60_000);
  socket.setTimeout(idleMs, () => connection.destroy());
  socket.on('error', (error) => connection.fail(error));
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
