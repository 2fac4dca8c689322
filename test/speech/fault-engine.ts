import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { tone } from '../../src/audio/tone.js';
import {
  decodeAudio,
  encodeAudio,
  protocolVersion,
  type ClientMessage,
  type EngineMessage,
  type WireAlternative,
} from '../../src/speech/engines/xiangyin/protocol.js';

/** The twelve kinds of engine and network fault of issue 5. */
export type EngineFault =
  /** Nobody listens: connections are refused, those that were there are reset. */
  | 'refuse'
  /** TCP is accepted, and nothing is answered ever. Connections that were there freeze. */
  | 'acceptThenFreeze'
  /** Connection and hello as ever, then neither read nor written, nor closed: the cable is out. */
  | 'halfOpen'
  /** The first result, or the first chunk, comes after {@link FaultEngineOptions.slowMs}. */
  | 'slowFirstByte'
  /** The first interim, or the first chunk, then nothing more; pings are answered. */
  | 'stall'
  /** Bytes that are no message, text or binary by turns, in place of the first answer. */
  | 'garbage'
  /** The connection ends in the middle of the first answer. */
  | 'close'
  /** Speech of another rate than asked; results that rest on more audio than was sent. */
  | 'wrongRate'
  /** Two finals for one listening, two ends for one sentence. */
  | 'duplicateFinals'
  /** A final before the end of the audio, an interim after it; the end of a sentence before its sound. */
  | 'outOfOrder'
  /** HTTP 429 to who connects, `rate-limited` to who is connected. */
  | 'tooManyRequests'
  /** {@link FaultEngine.url} has a name that is not known any more; connections that were there are reset. */
  | 'dnsGone';

export const engineFaults: readonly EngineFault[] = [
  'refuse',
  'acceptThenFreeze',
  'halfOpen',
  'slowFirstByte',
  'stall',
  'garbage',
  'close',
  'wrongRate',
  'duplicateFinals',
  'outOfOrder',
  'tooManyRequests',
  'dnsGone',
];

export type ListenMessage = Extract<ClientMessage, { type: 'listen' }>;
export type SayMessage = Extract<ClientMessage, { type: 'say' }>;

export interface FaultEngineOptions {
  /** The first fault. Default none: a sound engine. Changed with {@link FaultEngine.fail}. */
  readonly fault?: EngineFault;
  /** What it hears in the audio of a listening, as far as it came. Default: the first phrase, or `hello`. */
  readonly hear?: (asked: ListenMessage, samples: Int16Array) => readonly WireAlternative[];
  /** What it says. Default: 700 Hz, 60 ms for each UTF-16 unit. */
  readonly speak?: (asked: SayMessage) => Int16Array;
  /** Only every such part of the streams is treated badly, 0 to 1, evenly; the connection's faults hit all. Default 1. */
  readonly share?: number;
  /** Default 5000. */
  readonly slowMs?: number;
  /** Default 100. */
  readonly maxStreams?: number;
  /** Default en-gb, en-us, cmn, yue. */
  readonly dialects?: readonly string[];
  /** What a client must bring. Default: nothing. */
  readonly token?: string;
}

/** Audio after which an interim is sent, ms. */
const interimMs = 200;
const chunkMs = 100;

/** A real server of the engine protocol, recognizer and synthesizer, that does wrong when told to, at any moment. */
export class FaultEngine {
  fault: EngineFault | undefined;
  /** Listenings and sentences begun, since the start. */
  begun = 0;
  /** Connections that came, since the start. */
  connected = 0;
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  readonly #webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  #server: Server | undefined;
  #port = 0;
  #share = 0;

  private constructor(readonly options: FaultEngineOptions) {
    this.fault = options.fault;
    this.#webSockets.on('connection', (socket) => {
      this.connected += 1;
      const connection = new Connection(this, socket);
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
  }

  /** Listens on 127.0.0.1. The test closes it. */
  static async start(options: FaultEngineOptions = {}): Promise<FaultEngine> {
    const engine = new FaultEngine(options);
    // The port is taken even by one that refuses, so that it can recover there.
    await engine.#listen();
    if (options.fault !== undefined) await engine.fail(options.fault);
    return engine;
  }

  /** For `speech.engines`. With `dnsGone` a name that nobody knows. */
  get url(): string {
    const host = this.fault === 'dnsGone' ? 'xiangyin-engine.invalid' : '127.0.0.1';
    return `ws://${host}:${String(this.#port)}/`;
  }

  /** WebSockets that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Listenings and sentences that go on. */
  get streams(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.streams, 0);
  }

  /** From now on this fault; undefined: sound again. Resolves when the port is open or closed as the fault says. */
  async fail(fault: EngineFault | undefined): Promise<void> {
    this.fault = fault;
    if (fault === 'refuse' || fault === 'dnsGone') return this.#unlisten();
    await this.#listen();
    for (const socket of this.#sockets) {
      if (fault === 'acceptThenFreeze' || fault === 'halfOpen') socket.pause();
      else socket.resume();
    }
  }

  /** Tells every client to take new streams elsewhere. */
  goAway(): void {
    for (const connection of this.#connections) connection.send({ type: 'goaway' });
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#unlisten();
    this.#webSockets.close();
  }

  /** Whether the next stream is one of the {@link FaultEngineOptions.share}. */
  next(): EngineFault | undefined {
    this.begun += 1;
    this.#share += this.options.share ?? 1;
    if (this.#share < 1) return undefined;
    this.#share -= 1;
    return this.fault;
  }

  async #listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((_request, response) => response.writeHead(426).end());
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  async #unlisten(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const connection of this.#connections) connection.drop();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    if (server === undefined) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { token } = this.options;
    if (this.fault === 'acceptThenFreeze') return;
    if (this.fault === 'tooManyRequests') {
      socket.end('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n\r\n');
    } else if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#webSockets.emit('connection', webSocket, request);
        if (this.fault === 'halfOpen') (socket as Socket).pause();
      });
    }
  }
}

interface Listening {
  readonly asked: ListenMessage;
  readonly chunks: Int16Array[];
  samples: number;
  interims: number;
}

/** One client. */
class Connection {
  readonly #streams = new Map<number, { readonly fault: EngineFault | undefined; listening?: Listening }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #garbage = 0;

  constructor(
    private readonly engine: FaultEngine,
    private readonly socket: WebSocket,
  ) {
    const { maxStreams = 100, dialects = ['en-gb', 'en-us', 'cmn', 'yue'] } = engine.options;
    const can = { sampleRatesHz: [8000, 16_000], dialects };
    this.send({
      type: 'hello',
      version: protocolVersion,
      name: 'fault-engine',
      maxStreams,
      recognizer: { ...can, interim: true, dialectPreserving: true, phraseHints: true },
      synthesizer: can,
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.drop());
    socket.on('message', (data: Buffer, isBinary) => {
      if (this.#frozen) return;
      if (isBinary) this.#audio(data);
      else this.#message(JSON.parse(data.toString()) as ClientMessage);
    });
  }

  get streams(): number {
    return this.#streams.size;
  }

  send(message: EngineMessage): void {
    if (!this.#frozen || message.type === 'hello') this.socket.send(JSON.stringify(message));
  }

  /** Nothing more is said. */
  drop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#streams.clear();
  }

  get #frozen(): boolean {
    return this.engine.fault === 'halfOpen' || this.engine.fault === 'acceptThenFreeze';
  }

  #message(message: ClientMessage): void {
    const { stream } = message;
    switch (message.type) {
      case 'listen':
      case 'say': {
        const fault = this.engine.next();
        if (fault === 'tooManyRequests') {
          return this.send({ type: 'error', stream, code: 'rate-limited', retryable: true });
        }
        if (message.type === 'listen') {
          const listening = { asked: message, chunks: [], samples: 0, interims: 0 };
          this.#streams.set(stream, { fault, listening });
          this.send({ type: 'ready', stream });
        } else {
          this.#streams.set(stream, { fault });
          this.#soon(stream, fault, () => this.#say(message, fault));
        }
        return;
      }
      case 'finish': {
        const entry = this.#streams.get(stream);
        if (entry?.listening === undefined || entry.fault === 'stall') return;
        const { listening, fault } = entry;
        return this.#soon(stream, fault, () => this.#final(listening, fault));
      }
      case 'cancel':
        this.#streams.delete(stream);
        return;
      case 'prepare':
        return this.send({ type: 'ready', stream });
    }
  }

  /** At once, or late; not at all if it was cancelled meanwhile. */
  #soon(stream: number, fault: EngineFault | undefined, then: () => void): void {
    if (fault !== 'slowFirstByte') return then();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#streams.has(stream)) then();
    }, this.engine.options.slowMs ?? 5000);
    this.#timers.add(timer);
  }

  #audio(data: Buffer): void {
    const frame = decodeAudio(data);
    const entry = frame && this.#streams.get(frame.stream);
    if (frame === undefined || entry?.listening === undefined) return;
    const { listening, fault } = entry;
    listening.chunks.push(frame.samples);
    listening.samples += frame.samples.length;
    const due = Math.floor((listening.samples * 1000) / listening.asked.sampleRateHz / interimMs);
    if (due <= listening.interims) return;
    listening.interims += 1;
    if (fault === 'garbage') return this.#sendGarbage(frame.stream);
    if (fault === 'slowFirstByte' || (fault === 'stall' && listening.interims > 1)) return;
    if (fault === 'outOfOrder') {
      this.send({ type: 'final', ...this.#result(listening, fault) });
      return this.send({ type: 'interim', ...this.#result(listening, fault) });
    }
    this.send({ type: 'interim', ...this.#result(listening, fault) });
    if (fault === 'close') this.socket.terminate();
  }

  #final(listening: Listening, fault: EngineFault | undefined): void {
    const { stream } = listening.asked;
    this.#streams.delete(stream);
    if (fault === 'garbage') return this.#sendGarbage(stream);
    if (fault === 'close') return this.socket.terminate();
    const final: EngineMessage = { type: 'final', ...this.#result(listening, fault) };
    this.send(final);
    if (fault === 'duplicateFinals') this.send(final);
    if (fault === 'outOfOrder') this.send({ ...final, type: 'interim' });
  }

  #result(listening: Listening, fault: EngineFault | undefined) {
    const { asked, chunks, samples } = listening;
    const heard = new Int16Array(samples);
    chunks.reduce((at, chunk) => (heard.set(chunk, at), at + chunk.length), 0);
    const [phrase] = asked.phrases;
    const alternatives = this.engine.options.hear?.(asked, heard) ?? [
      phrase === undefined
        ? { text: 'hello', confidence: 0.9 }
        : { text: phrase.text, phraseId: phrase.id, dialect: phrase.dialect, confidence: 0.9 },
    ];
    const audioMs = (samples * 1000) / asked.sampleRateHz;
    return {
      stream: asked.stream,
      alternatives,
      audioMs: fault === 'wrongRate' ? audioMs * 2 + 5000 : audioMs,
    };
  }

  #say(asked: SayMessage, fault: EngineFault | undefined): void {
    const { stream, sampleRateHz, text } = asked;
    if (fault === 'garbage') return this.#sendGarbage(stream);
    const samples =
      this.engine.options.speak?.(asked) ??
      tone({ frequenciesHz: [700], durationMs: 60 * text.length, sampleRateHz });
    if (fault === 'outOfOrder') this.send({ type: 'end', stream });
    this.send({
      type: 'begin',
      stream,
      sampleRateHz: fault === 'wrongRate' ? sampleRateHz * 2 : sampleRateHz,
    });
    const chunkSamples = (sampleRateHz * chunkMs) / 1000;
    for (let at = 0; at < samples.length; at += chunkSamples) {
      this.socket.send(encodeAudio(stream, samples.subarray(at, at + chunkSamples)));
      if (fault === 'stall') return;
      if (fault === 'close') return this.socket.terminate();
    }
    this.#streams.delete(stream);
    if (fault !== 'outOfOrder') this.send({ type: 'end', stream });
    if (fault === 'duplicateFinals') this.send({ type: 'end', stream });
  }

  #sendGarbage(stream: number): void {
    this.#streams.delete(stream);
    this.#garbage += 1;
    const bytes = Buffer.from(Array.from({ length: 41 }, (_, n) => (n * 97 + this.#garbage * 31) % 256));
    this.socket.send(this.#garbage % 2 === 0 ? bytes : `{"type":"fin${bytes.toString('hex')}`);
  }
}
