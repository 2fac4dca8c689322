import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../core/clock.js';
import type { ForkEncoder } from './fork-encoder.js';
import type { ForkSocket, ForkSocketListener } from './fork-socket.js';

const SUBPROTOCOL = 'audio.drachtio.org';
const CONNECT_LIMIT_MS = 5000;
/** After our Close frame the peer may answer; then the socket is cut. */
const CLOSE_LIMIT_MS = 2000;
/** A message larger than this (26 s of audio at 16 kHz in base64) is no audio of ours. */
const MAX_MESSAGE_BYTES = 4 << 20;

export interface ForkWebSocketOptions {
  /** `ws:` or `wss:`. */
  readonly url: string;
  /** `user:password` for HTTP's basic authentication. */
  readonly auth: string | undefined;
  /** Whether a certificate must be one that this machine trusts. */
  readonly isStrict: boolean;
  readonly clock: Clock;
}

/** A fork's connection as mod_audio_fork makes it: a WebSocket of its own. */
export class ForkWebSocket implements ForkSocket {
  readonly #socket: WebSocket;
  /** The stream under the WebSocket, when the peer is on this machine; the library writes whole frames as well. */
  #wire: Socket | undefined;
  #timer: Timer | undefined;
  #isClosing = false;

  constructor(
    private readonly options: ForkWebSocketOptions,
    listener: ForkSocketListener,
  ) {
    const socket = new WebSocket(options.url, [SUBPROTOCOL], {
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_LIMIT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      followRedirects: false,
      rejectUnauthorized: options.isStrict,
      ...(options.auth === undefined ? {} : { auth: options.auth }),
    });
    this.#socket = socket;
    socket.binaryType = 'nodebuffer';
    let reason = 'closed';
    socket.on('upgrade', ({ socket: stream }) => {
      if (isLocal(stream)) this.#wire = stream;
    });
    socket.on('open', () => listener.opened());
    socket.on('message', (data, isBinary) => listener.message(data as Buffer, isBinary));
    // An error is always followed by a close.
    socket.on('error', (error) => void (reason = error.message));
    socket.on('close', () => {
      this.#timer?.cancel();
      listener.gone(reason);
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  frame(encoder: ForkEncoder, left: Int16Array, right: Int16Array): void {
    // The library's own way costs as much again as the write: an application on this machine gets whole frames.
    if (this.#wire !== undefined) this.#wire.write(encoder.encodeLocal(left, right));
    else this.#socket.send(encoder.encode(left, right));
  }

  text(text: string): void {
    this.#socket.send(text);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CONNECTING) {
      socket.terminate();
      return;
    }
    socket.close(1000);
    this.#timer = this.options.clock.after(CLOSE_LIMIT_MS, () => socket.terminate());
  }
}

function isLocal({ remoteAddress }: Socket): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(remoteAddress ?? '');
}
