import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';

/*
 * The wire: frames of 8 bytes of header and a payload filled up to a multiple of 4 bytes, so that samples in it can be read
 * where they lie. The header is little-endian: the stream's number (32 bits), then the kind (4 bits) over the payload's
 * length without filling (28 bits). Whoever opens streams counts them; the other side never does.
 */
const HEADER_BYTES = 8;
const OPEN = 1;
const ACCEPT = 2;
const TEXT = 3;
const BINARY = 4;
const CLOSE = 5;

/** What is gathered before it is handed to the system, bytes: 100 frames of stereo sound. */
const BATCH_BYTES = 64 * 1024;

/** Batches that are kept for reuse once the system has taken them. */
const SPARE_BATCHES = 4;

/** What happens to a stream. None is called while one of the stream's own methods runs, but by {@link LinkStream.close}. */
export interface LinkListener {
  /** The other side took the stream. Only for who opened it. */
  opened?(): void;
  /** Hot. The bytes are valid during the call only. */
  message(data: Buffer, isBinary: boolean): void;
  /**
   * Hot. Gets binary messages instead of {@link message}, without an object being made for each: the message is what lies in
   * `batch` from `from` to before `to`. `from` is a multiple of 4; all that came in one round of I/O is in the same batch.
   */
  binary?(batch: Buffer, from: number, to: number): void;
  /** Nothing comes any more: once, whoever ended it. `reason` for people: 'closed', or what broke the link. */
  gone(reason: string): void;
}

/** One stream of messages: in order, and whole. */
export interface LinkStream {
  readonly isOpen: boolean;
  /** This stream's share of what waits to be taken by the system, bytes. */
  readonly waitingBytes: number;
  /** Hot. The bytes are copied. Nothing after the end. */
  send(data: Uint8Array | string): void;
  /** What was sent before arrives. Safe to call twice. */
  close(): void;
}

export interface StreamLinkOptions {
  /** A longer message ends the link: default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** A stream that the other side opens: who listens to it, or undefined to refuse. Default: all are refused. */
  readonly accept?: (name: string, stream: LinkStream) => LinkListener | undefined;
  /** The connection is over, however it ended; every stream has been told before. */
  readonly gone: (reason: string) => void;
}

/**
 * Many streams of messages over one connection of this machine. A call's sound is 50 messages a second each way, and a
 * connection of its own costs each message a system call on either side: here what all calls have to say in one round of
 * I/O goes out as one. The connection is trusted: it is a socket in a folder of ours.
 */
export class StreamLink {
  readonly #socket: Duplex;
  readonly #options: StreamLinkOptions;
  readonly #maxMessageBytes: number;
  readonly #streams = new Map<number, Stream>();
  readonly #spare: Buffer<ArrayBuffer>[] = [];
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #used = 0;
  #scheduled = false;
  #rest: Buffer | undefined;
  #lastId = 0;
  #reason = 'closed';
  #isGone = false;

  constructor(socket: Duplex, options: StreamLinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#maxMessageBytes = options.maxMessageBytes ?? 4 << 20;
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => {
      this.#reason = error.message;
      socket.destroy();
    });
    socket.on('close', () => this.#over());
  }

  /** Streams that are open, or being opened. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Opens a stream that the other side knows by `name`; it may send at once. After the end of the link it is soon gone. */
  open(name: string, listener: LinkListener): LinkStream {
    const stream = new Stream(this, (this.#lastId = (this.#lastId + 1) >>> 0), listener);
    if (this.#isGone) {
      queueMicrotask(() => stream.end(this.#reason));
      return stream;
    }
    this.#streams.set(stream.id, stream);
    this.put(stream.id, OPEN, Buffer.from(name));
    return stream;
  }

  /** Hands what was sent to the system now; without it that is done after the round of I/O. */
  readonly flush = (): void => {
    this.#scheduled = false;
    if (this.#used === 0) return;
    const batch = this.#batch;
    const bytes = batch.subarray(0, this.#used);
    this.#batch = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.#used = 0;
    if (this.#isGone) return;
    this.#socket.write(bytes, () => {
      if (this.#spare.length < SPARE_BATCHES) this.#spare.push(batch);
    });
  };

  /** Ends every stream and the connection; what was sent is handed over. Safe to call twice. */
  close(): void {
    if (this.#isGone) return;
    this.flush();
    this.#socket.end();
    this.#over();
  }

  /** Hot: for streams. */
  put(id: number, kind: number, payload: Uint8Array): void {
    if (this.#isGone) return;
    const { length } = payload;
    const bytes = HEADER_BYTES + filled(length);
    if (this.#used + bytes > BATCH_BYTES) this.flush();
    if (bytes > BATCH_BYTES) {
      const own = Buffer.alloc(bytes);
      writeHeader(own, 0, id, kind, length);
      own.set(payload, HEADER_BYTES);
      this.#socket.write(own);
      return;
    }
    const at = this.#used;
    writeHeader(this.#batch, at, id, kind, length);
    this.#batch.set(payload, at + HEADER_BYTES);
    this.#used = at + bytes;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.flush);
  }

  /** For streams: this one is over. */
  forget(id: number): void {
    this.#streams.delete(id);
  }

  /** A stream's part of what waits: all are served alike. */
  get waitingBytesEach(): number {
    return (this.#used + this.#socket.writableLength) / Math.max(1, this.#streams.size);
  }

  #over(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    for (const stream of [...this.#streams.values()]) stream.end(this.#reason);
    this.#options.gone(this.#reason);
  }

  /** Hot. */
  #received(bytes: Buffer): void {
    let input = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    let at = 0;
    while (input.length - at >= HEADER_BYTES && !this.#isGone) {
      const id = input.readUInt32LE(at);
      const word = input.readUInt32LE(at + 4);
      const length = word & 0x0fff_ffff;
      if (length > this.#maxMessageBytes) {
        this.#reason = 'a message was too long';
        this.#socket.destroy();
        return;
      }
      const next = at + HEADER_BYTES + filled(length);
      if (next > input.length) break;
      this.#take(id, word >>> 28, input, at + HEADER_BYTES, at + HEADER_BYTES + length);
      at = next;
    }
    if (at === input.length || this.#isGone) return;
    if (at > 0) input = input.subarray(at);
    this.#rest = input;
  }

  /** Hot. What comes for a stream that is over crossed its end. */
  #take(id: number, kind: number, batch: Buffer, from: number, to: number): void {
    if (kind === OPEN) {
      this.#opened(id, batch.toString('utf8', from, to));
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (kind === BINARY && stream.listener.binary !== undefined) stream.listener.binary(batch, from, to);
    else if (kind === BINARY || kind === TEXT)
      stream.listener.message(batch.subarray(from, to), kind === BINARY);
    else if (kind === ACCEPT) stream.accepted();
    else if (kind === CLOSE) stream.end('closed');
  }

  #opened(id: number, name: string): void {
    const stream = new Stream(this, id, noListener);
    const listener = this.#streams.has(id) ? undefined : this.#options.accept?.(name, stream);
    if (listener === undefined) {
      this.put(id, CLOSE, nothing);
      return;
    }
    stream.listener = listener;
    stream.isOpen = true;
    this.#streams.set(id, stream);
    this.put(id, ACCEPT, nothing);
  }
}

class Stream implements LinkStream {
  isOpen = false;
  #isOver = false;

  constructor(
    private readonly link: StreamLink,
    readonly id: number,
    public listener: LinkListener,
  ) {}

  get waitingBytes(): number {
    return this.link.waitingBytesEach;
  }

  send(data: Uint8Array | string): void {
    if (this.#isOver) return;
    if (typeof data === 'string') this.link.put(this.id, TEXT, Buffer.from(data));
    else this.link.put(this.id, BINARY, data);
  }

  close(): void {
    if (this.#isOver) return;
    this.link.put(this.id, CLOSE, nothing);
    this.end('closed');
  }

  accepted(): void {
    this.isOpen = true;
    this.listener.opened?.();
  }

  /** Without telling the other side. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isOpen = false;
    this.link.forget(this.id);
    this.listener.gone(reason);
  }
}

const nothing = new Uint8Array(0);
const noListener: LinkListener = { message: () => undefined, gone: () => undefined };

/** A payload's length on the wire. */
function filled(length: number): number {
  return (length + 3) & ~3;
}

/** Hot. */
function writeHeader(into: Buffer, at: number, id: number, kind: number, length: number): void {
  into.writeUInt32LE(id, at);
  into.writeUInt32LE(((kind << 28) | length) >>> 0, at + 4);
}
