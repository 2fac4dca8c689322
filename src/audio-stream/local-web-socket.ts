import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { MessageSocket } from './audio-stream.js';

/** RFC 6455 §1.3. */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Opcodes (RFC 6455 §5.2). */
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Status codes (RFC 6455 §7.4.1). */
const PROTOCOL_ERROR = 1002;
const TOO_BIG = 1009;

export interface LocalWebSocketOptions {
  /** Longest message taken. */
  readonly maxMessageBytes: number;
  /** How long the other side may take to answer our close frame, ms. */
  readonly closeLimitMs: number;
}

/** Whether an HTTP request asks for a WebSocket as RFC 6455 §4.2.1 has it. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  );
}

/**
 * The server's side of a WebSocket (RFC 6455) whose other side is on this machine: a fork of our own media server sends 50
 * frames a second for each call, and to read them through the general library costs as much again as what is done with them.
 * No extensions. What breaks the protocol closes the connection.
 */
export class LocalWebSocket implements MessageSocket {
  #onMessage: (data: Buffer, isBinary: boolean) => void = () => undefined;
  #onGone: () => void = () => undefined;
  /** Bytes that are not a whole frame yet. */
  #rest: Buffer | undefined;
  /** Of a message in several frames. */
  #parts: Buffer[] | undefined;
  #partsBytes = 0;
  #isBinary = false;
  #closing = false;
  #gone = false;
  #limit: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Duplex,
    private readonly options: LocalWebSocketOptions,
  ) {
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#over());
  }

  /** Answers the request, which {@link asksForWebSocket}; `head`: what came after it already. */
  static accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    protocol: string | undefined,
    options: LocalWebSocketOptions,
  ): LocalWebSocket {
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1')
      .update(key + HANDSHAKE_GUID)
      .digest('base64');
    const chosen = protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`,
    );
    if (head.length > 0) socket.unshift(head);
    return new LocalWebSocket(socket, options);
  }

  get bufferedAmount(): number {
    return this.socket.writableLength;
  }

  onMessage(listener: (data: Buffer, isBinary: boolean) => void): void {
    this.#onMessage = listener;
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  send(data: Uint8Array | string): void {
    if (this.#closing || this.#gone) return;
    if (typeof data === 'string') this.#write(TEXT, Buffer.from(data));
    else this.#write(BINARY, data);
  }

  close(code: number): void {
    if (this.#closing || this.#gone) return;
    this.#closing = true;
    this.#write(CLOSE, Buffer.of(code >> 8, code & 0xff));
    this.#limit = setTimeout(() => this.socket.destroy(), this.options.closeLimitMs);
  }

  terminate(): void {
    this.socket.destroy();
  }

  #over(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#limit);
    this.#onGone();
  }

  /** One frame, not masked (a server's never is). The bytes are copied. */
  #write(opcode: number, payload: Uint8Array): void {
    const { length } = payload;
    const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const frame = Buffer.allocUnsafe(headerBytes + length);
    frame[0] = 0x80 | opcode;
    if (headerBytes === 2) frame[1] = length;
    else if (headerBytes === 4) {
      frame[1] = 126;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = 127;
      frame.writeBigUInt64BE(BigInt(length), 2);
    }
    frame.set(payload, headerBytes);
    this.socket.write(frame);
  }

  /** Hot. */
  #received(bytes: Buffer): void {
    let input = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    while (input.length > 0 && !this.#gone) {
      const taken = this.#frame(input);
      if (taken < 0) return;
      if (taken === 0) {
        this.#rest = input;
        return;
      }
      if (taken === input.length) return;
      input = input.subarray(taken);
    }
  }

  /** Hot: reads the frame at the beginning of `input`. How many bytes it has; 0: it is not whole; -1: the protocol is broken. */
  #frame(input: Buffer): number {
    if (input.length < 6) return 0;
    const [first, second] = [input[0] as number, input[1] as number];
    // No extension was agreed, so no reserved bit has a meaning; and what a client sends is masked (§5.1).
    if ((first & 0x70) !== 0 || (second & 0x80) === 0) return this.#broken(PROTOCOL_ERROR);
    let length = second & 0x7f;
    let maskAt = 2;
    if (length === 126) {
      length = input.readUInt16BE(2);
      maskAt = 4;
    } else if (length === 127) {
      if (input.length < 14) return 0;
      const long = input.readBigUInt64BE(2);
      if (long > BigInt(this.options.maxMessageBytes)) return this.#broken(TOO_BIG);
      length = Number(long);
      maskAt = 10;
    }
    if (length + this.#partsBytes > this.options.maxMessageBytes) return this.#broken(TOO_BIG);
    const at = maskAt + 4;
    if (input.length < at + length) return 0;
    const payload = input.subarray(at, at + length);
    // Zeros, from our own media server.
    if (input.readUInt32BE(maskAt) !== 0)
      for (let i = 0; i < length; i++)
        payload[i] = (payload[i] as number) ^ (input[maskAt + (i & 3)] as number);
    return this.#take(first & 0x0f, (first & 0x80) !== 0, payload) ? at + length : -1;
  }

  /** Hot: false: the protocol is broken. */
  #take(opcode: number, isLast: boolean, payload: Buffer): boolean {
    if (opcode === BINARY && isLast && this.#parts === undefined) {
      if (!this.#closing) this.#onMessage(payload, true);
      return true;
    }
    if (opcode >= CLOSE)
      return isLast && payload.length < 126 ? this.#control(opcode, payload) : this.#isBroken();
    if (opcode > BINARY || (opcode === CONTINUATION) === (this.#parts === undefined)) return this.#isBroken();
    if (opcode !== CONTINUATION) {
      this.#isBinary = opcode === BINARY;
      this.#parts = [];
    }
    this.#parts?.push(Buffer.from(payload));
    this.#partsBytes += payload.length;
    if (!isLast) return true;
    const whole = Buffer.concat(this.#parts ?? []);
    this.#parts = undefined;
    this.#partsBytes = 0;
    if (!this.#closing) this.#onMessage(whole, this.#isBinary);
    return true;
  }

  #control(opcode: number, payload: Buffer): boolean {
    if (opcode === PING) {
      if (!this.#closing) this.#write(PONG, payload);
    } else if (opcode === CLOSE) {
      // Theirs is answered with the same status; ours has been answered by it. The server closes the connection (§7.1.1).
      if (!this.#closing) {
        this.#closing = true;
        this.#write(CLOSE, payload.subarray(0, 2));
      }
      this.socket.end();
    } else if (opcode !== PONG) return this.#isBroken();
    return true;
  }

  #isBroken(): boolean {
    this.#broken(PROTOCOL_ERROR);
    return false;
  }

  #broken(code: number): number {
    this.close(code);
    this.socket.end();
    return -1;
  }
}
