import { WebSocket } from 'ws';
import type { Clock } from '../../../../core/clock.js';
import { errorCode } from '../../../../core/errors.js';
import type { Hello } from '../engine-link.js';
import { readEngineMessage } from '../engine-message.js';
import {
  decodeAudio,
  encodeAudio,
  maxAudioFrameBytes,
  maxTextBytes,
  type ClientMessage,
  type EngineMessage,
} from '../protocol.js';

/** Something that an engine did, with the time of it. */
export type ProbeEvent = { readonly atMs: number } & (
  | { readonly kind: 'message'; readonly message: EngineMessage }
  | { readonly kind: 'audio'; readonly stream: number; readonly samples: Int16Array }
  | { readonly kind: 'breach'; readonly rule: string }
  | { readonly kind: 'closed'; readonly reason: string }
);

/** Thrown by a wait whose limit has passed, or that cannot be fulfilled any more. */
export class NotSeen extends Error {}

/** Thrown where no WebSocket came about: the engine itself was not asked. The message is a code of Node's, or `HTTP 404`. */
export class NotReached extends NotSeen {}

export interface ProbeOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** PEM of the authorities for `wss:`; undefined: Node's own. */
  readonly ca: string | undefined;
  /** How long each wait may last. */
  readonly limitMs: number;
  readonly clock: Clock;
}

/** One connection to an engine that keeps everything the engine does, right or wrong, in order. For the conformance tool. */
export class EngineProbe {
  readonly events: ProbeEvent[] = [];
  /** It is sent garbage, and may give back what it was given: what cannot be read there is no breach. */
  forgiving = false;
  readonly #socket: WebSocket;
  readonly #watchers = new Set<() => void>();
  #pongs = 0;
  #isOpen = false;
  #closed: string | undefined;
  #nextStream = 1;

  private constructor(private readonly options: ProbeOptions) {
    const { url, token, ca } = options;
    this.#socket = new WebSocket(url, {
      perMessageDeflate: false,
      maxPayload: 16 * 1024 * 1024,
      followRedirects: false,
      ...(ca !== undefined && { ca }),
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
    this.#socket.on('open', () => (this.#isOpen = true));
    this.#socket.on('message', (data: Buffer, isBinary) => this.#heard(data, isBinary));
    this.#socket.on('pong', () => {
      this.#pongs += 1;
      this.#wake();
    });
    this.#socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      this.#close(`HTTP ${String(response.statusCode)}`);
    });
    this.#socket.on('error', (error) => this.#close(errorCode(error)));
    this.#socket.on('close', (code) => this.#close(`it closed the connection (${String(code)})`));
  }

  /** Resolves with the engine's hello read. Rejects NotReached and NotSeen. */
  static async open(options: ProbeOptions): Promise<{ probe: EngineProbe; hello: Hello }> {
    const probe = new EngineProbe(options);
    try {
      const hello = await probe.until(() => {
        const first = probe.events.find(({ kind }) => kind !== 'closed');
        if (first === undefined) return undefined;
        if (first.kind === 'message' && first.message.type === 'hello') return first.message;
        throw new NotSeen(first.kind === 'breach' ? first.rule : "its first message is not 'hello'");
      }, "'hello' did not come");
      return { probe, hello };
    } catch (error) {
      const { closed } = probe;
      probe.close();
      throw closed === undefined || probe.#isOpen ? error : new NotReached(closed);
    }
  }

  get nowMs(): number {
    return this.options.clock.nowMs();
  }

  /** Why the connection is closed, if it is. */
  get closed(): string | undefined {
    return this.#closed;
  }

  /** A number for a new stream. */
  stream(): number {
    return this.#nextStream++;
  }

  /** A message, right or wrong. */
  send(message: ClientMessage | Readonly<Record<string, unknown>>): void {
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(data: string | Uint8Array): void {
    if (this.#closed === undefined) this.#socket.send(data, () => undefined);
  }

  /** In frames of 20 ms, all at once. */
  sendAudio(stream: number, samples: Int16Array, sampleRateHz: number): void {
    const frame = Math.round(sampleRateHz / 50);
    for (let at = 0; at < samples.length; at += frame) {
      this.sendRaw(encodeAudio(stream, samples.subarray(at, at + frame)));
    }
  }

  /** What came for this stream, in order. */
  of(stream: number): ProbeEvent[] {
    return this.events.filter((event) => {
      if (event.kind === 'audio') return event.stream === stream;
      return event.kind === 'message' && 'stream' in event.message && event.message.stream === stream;
    });
  }

  /** Waits for a message of one of these types for the stream, after the first `skip` of them. Rejects NotSeen. */
  next(
    stream: number,
    types: readonly EngineMessage['type'][],
    skip = 0,
  ): Promise<ProbeEvent & { kind: 'message' }> {
    const words = types.map((type) => `'${type}'`).join(' or ');
    return this.until(() => {
      const found = this.of(stream).filter(
        (event): event is ProbeEvent & { kind: 'message' } =>
          event.kind === 'message' && types.includes(event.message.type),
      );
      return found[skip];
    }, `${words} did not come`);
  }

  /** Asks again after everything that comes, until there is an answer. Rejects NotSeen with `otherwise`. */
  until<T>(ask: () => T | undefined, otherwise: string, limitMs = this.options.limitMs): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#watchers.delete(look);
        timer.cancel();
      };
      const look = (): void => {
        try {
          const answer = ask();
          if (answer === undefined) {
            if (this.#closed === undefined) return;
            throw new NotSeen(`${otherwise}: ${this.#closed}`);
          }
          end();
          resolve(answer);
        } catch (error) {
          end();
          reject(error as Error);
        }
      };
      const timer = this.options.clock.after(limitMs, () => {
        end();
        reject(new NotSeen(`${otherwise} within ${String(limitMs)} ms`));
      });
      this.#watchers.add(look);
      look();
    });
  }

  /** Until the engine has answered a ping. Rejects NotSeen. */
  async ping(): Promise<void> {
    const before = this.#pongs;
    if (this.#closed === undefined) this.#socket.ping();
    await this.until(() => (this.#pongs > before ? true : undefined), 'no answer to a ping came');
  }

  /** Waits so long, whatever comes; for what must not come. */
  quiet(ms: number): Promise<void> {
    return new Promise((resolve) => this.options.clock.after(ms, resolve));
  }

  /** Safe to call twice. */
  close(): void {
    this.#closed ??= 'we closed the connection';
    this.#socket.terminate();
  }

  #heard(data: Buffer, isBinary: boolean): void {
    const atMs = this.nowMs;
    if (isBinary) {
      const frame = decodeAudio(data);
      if (frame === undefined) this.#breach('a binary frame is a stream number and whole samples');
      else if (data.length > maxAudioFrameBytes)
        this.#breach(`a binary frame has at most ${String(maxAudioFrameBytes)} bytes`);
      else this.events.push({ atMs, kind: 'audio', ...frame });
    } else {
      const read = readEngineMessage(data.toString());
      if (data.length > maxTextBytes) this.#breach(`a text frame has at most ${String(maxTextBytes)} bytes`);
      else if (read.kind === 'breach') this.#breach(read.rule);
      else if (read.kind === 'message') this.events.push({ atMs, kind: 'message', message: read.message });
    }
    this.#wake();
  }

  #breach(rule: string): void {
    this.events.push({ atMs: this.nowMs, kind: 'breach', rule });
  }

  #close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.events.push({ atMs: this.nowMs, kind: 'closed', reason });
    this.#wake();
  }

  #wake(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
