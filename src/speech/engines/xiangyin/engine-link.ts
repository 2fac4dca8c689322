import { WebSocket } from 'ws';
import type { Clock, Timer } from '../../../core/clock.js';
import { errorCode } from '../../../core/errors.js';
import { StateMachine, type TransitionTable } from '../../../core/state-machine.js';
import { TypedEmitter } from '../../../core/typed-emitter.js';
import { speechError } from '../../errors.js';
import { readEngineMessage } from './engine-message.js';
import {
  decodeAudio,
  encodeAudio,
  maxAudioFrameBytes,
  maxTextBytes,
  protocolVersion,
  type ClientMessage,
  type EngineMessage,
} from './protocol.js';

export type Hello = Extract<EngineMessage, { type: 'hello' }>;
/** A message about one stream. */
export type StreamMessage =
  Extract<EngineMessage, { stream: number }> | Extract<EngineMessage, { type: 'error' }>;

/** What a link gives to the owner of a stream. Neither may throw. */
export interface LinkStream {
  /** Returns the rule that the message breaks, if it does: the stream is over then and {@link fail} follows. */
  receive(message: StreamMessage): string | undefined;
  receiveAudio(samples: Int16Array): string | undefined;
  /** The stream is over: the link was lost, or the engine broke a rule. */
  fail(error: Error): void;
}

export interface EngineLinkOptions {
  /** The configured name, for errors. */
  readonly engine: string;
  readonly url: string;
  readonly token: string | undefined;
  /** Of `wss:`, PEM: who may have signed the engine's certificate; undefined: those that Node trusts. */
  readonly ca: string | undefined;
  /** For the connection and its hello together. */
  readonly connectLimitMs: number;
  /** After so much silence of the engine it is asked for a sign of life. */
  readonly pingAfterMs: number;
  /** And it is given up so long after. */
  readonly pongLimitMs: number;
  readonly clock: Clock;
}

export type EngineLinkEvents = {
  ready: [hello: Hello];
  /** A stream has ended, or the engine wants no new ones: {@link EngineLink.free} has changed. */
  freed: [];
  /** A message that came after the end of its stream; it changed nothing. */
  breach: [rule: string];
  closed: [error: Error];
};

/** `leaving`: the engine said goaway; the streams that run go on. */
type State = 'connecting' | 'ready' | 'leaving' | 'closed';

const moves: TransitionTable<State> = {
  connecting: ['ready', 'closed'],
  ready: ['leaving', 'closed'],
  leaving: ['closed'],
  closed: [],
};

/** What an engine may leave unread before it counts as stuck, bytes: 10 s of six callers. */
const maxUnsentBytes = 1024 * 1024;
/** Messages for streams that were over, after which a connection is not worth keeping. */
const maxBreaches = 100;
/** Streams of which is remembered how they ended: enough for what was under way. */
const rememberedStreams = 256;

/**
 * One connection to an engine, with the streams on it. What the engine sends is checked here as far as it does not depend
 * on the stream. Nothing is thrown; a fault of one stream ends that stream, one of the connection ends all of them.
 */
export class EngineLink extends TypedEmitter<EngineLinkEvents> {
  readonly #machine = new StateMachine<State>(moves, 'connecting');
  readonly #socket: WebSocket | undefined;
  readonly #streams = new Map<number, LinkStream>();
  /** How streams ended that messages may still come for: by the engine's last word, or by our cancel. */
  readonly #ended = new Map<number, 'over' | 'cancelled'>();
  #hello: Hello | undefined;
  #nextStream = 1;
  #breaches = 0;
  #wentAway = false;
  #asking = false;
  #heard = false;
  #timer: Timer | undefined;

  constructor(private readonly o: EngineLinkOptions) {
    super();
    const { url, token, ca, connectLimitMs, clock } = o;
    this.#timer = clock.after(connectLimitMs, () =>
      this.#lose(this.#unreachable(`nothing came within ${String(connectLimitMs)} ms`)),
    );
    try {
      this.#socket = new WebSocket(url, {
        perMessageDeflate: false,
        maxPayload: Math.max(maxTextBytes, maxAudioFrameBytes),
        followRedirects: false,
        ...(ca !== undefined && { ca }),
        ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      });
    } catch (error) {
      queueMicrotask(() => this.#lose(this.#unreachable(errorCode(error))));
      return;
    }
    this.#listen(this.#socket);
  }

  get hello(): Hello | undefined {
    return this.#hello;
  }

  get connecting(): boolean {
    return this.#machine.state === 'connecting';
  }

  /** It said goaway: its end is no fault. */
  get wentAway(): boolean {
    return this.#wentAway;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** How many more streams it takes now. */
  get free(): number {
    if (this.#machine.state !== 'ready') return 0;
    return Math.max(0, (this.#hello?.maxStreams ?? 1) - this.#streams.size);
  }

  /** Begins a stream; its number. Only while {@link free}. */
  begin(stream: LinkStream): number {
    const id = this.#nextStream++;
    this.#streams.set(id, stream);
    return id;
  }

  /** False if the message is larger than the protocol allows: it was not sent. */
  send(message: ClientMessage): boolean {
    const text = JSON.stringify(message);
    if (Buffer.byteLength(text) > maxTextBytes) return false;
    if (this.#machine.state !== 'closed') this.#socket?.send(text, ignore);
    return true;
  }

  /** Hot. Sends samples of any number. */
  sendAudio(stream: number, samples: Int16Array): void {
    const socket = this.#socket;
    if (socket === undefined || this.#machine.state === 'closed') return;
    const most = maxAudioFrameBytes / 2 - 2;
    for (let at = 0; at < samples.length; at += most) {
      socket.send(encodeAudio(stream, samples.subarray(at, at + most)), ignore);
    }
    if (socket.bufferedAmount > maxUnsentBytes) this.#lose(this.#lost('it does not read what it is sent'));
  }

  /** The stream has had its last word from the engine; or nobody wants it any more, and the engine is told. */
  end(stream: number, how: 'over' | 'cancelled'): void {
    if (!this.#streams.delete(stream)) return;
    if (how === 'cancelled') this.send({ type: 'cancel', stream });
    this.#ended.set(stream, how);
    if (this.#ended.size > rememberedStreams) {
      const [oldest] = this.#ended.keys();
      if (oldest !== undefined) this.#ended.delete(oldest);
    }
    this.#leaveIfDone();
    this.emit('freed');
  }

  /**
   * A stream was given up before the engine said a word: asks for a sign of life now, so that a connection whose other end
   * is gone is replaced before more callers are put on it.
   */
  suspect(): void {
    const { state } = this.#machine;
    if ((state === 'ready' || state === 'leaving') && !this.#asking) this.#ask();
  }

  /** Fails every stream on it. Safe to call twice; `closed` is told once. */
  close(error: Error = speechError('SPEECH_CLOSED', { engine: this.o.engine })): void {
    this.#lose(error);
  }

  #listen(socket: WebSocket): void {
    socket.on('message', (data: Buffer, isBinary) => {
      this.#heard = true;
      if (isBinary) this.#audio(data);
      else this.#text(data.toString());
    });
    socket.on('pong', () => (this.#heard = true));
    socket.on('ping', () => (this.#heard = true));
    socket.on('unexpected-response', (_request, response) => {
      response.destroy();
      this.#lose(this.#answered(response.statusCode ?? 0));
    });
    socket.on('error', (error) => this.#lose(this.#failed(error)));
    socket.on('close', (code) => {
      const reason = `it closed the connection (${String(code)})`;
      // 1013: try again later.
      if (code === 1013) this.#lose(speechError('SPEECH_ENGINE_BUSY', { engine: this.o.engine, reason }));
      else this.#lose(this.connecting ? this.#unreachable(reason) : this.#lost(reason));
    });
  }

  #text(text: string): void {
    if (this.#machine.state === 'closed') return;
    const read = readEngineMessage(text);
    if (read.kind === 'unknown') return;
    if (read.kind === 'breach') {
      if (read.stream === undefined || this.#hello === undefined) this.#break(read.rule);
      else this.#of(read.stream, () => read.rule);
      return;
    }
    const { message } = read;
    if (message.type === 'hello') return this.#greeted(message);
    if (this.#hello === undefined) {
      if (message.type === 'error') this.#lose(errorOf(this.o.engine, message));
      else this.#break("the first message is 'hello'");
    } else if (message.type === 'goaway') {
      this.#machine.move('leaving');
      this.#wentAway = true;
      this.#leaveIfDone();
      this.emit('freed');
    } else if (message.type === 'error' && message.stream === undefined) {
      this.#lose(errorOf(this.o.engine, message));
    } else {
      this.#of(message.stream ?? 0, (stream) => stream.receive(message));
    }
  }

  #audio(data: Buffer): void {
    if (this.#machine.state === 'closed') return;
    const frame = decodeAudio(data);
    if (frame === undefined) this.#break('a binary frame is a stream number and whole samples');
    else if (this.#hello === undefined) this.#break("the first message is 'hello'");
    else this.#of(frame.stream, (stream) => stream.receiveAudio(frame.samples));
  }

  /** Hands something to the stream that it is for. */
  #of(id: number, give: (stream: LinkStream) => string | undefined): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (id >= this.#nextStream) this.#break('a message is for a stream that was begun');
      else if (this.#ended.get(id) === 'over') this.#late();
      // What comes for a stream that we cancelled was under way.
      return;
    }
    const rule = give(stream);
    if (rule === undefined) return;
    this.end(id, 'cancelled');
    stream.fail(this.#broken(rule));
  }

  /** The end was told already: nothing can be told any more but to who watches. */
  #late(): void {
    const rule = 'nothing follows the end of a stream';
    this.emit('breach', rule);
    if (++this.#breaches > maxBreaches) this.#break(rule);
  }

  #greeted(hello: Hello): void {
    if (this.#hello !== undefined) return this.#break("'hello' comes once");
    if (hello.version !== protocolVersion) {
      return this.#break(`the version is ${String(protocolVersion)}, it has ${String(hello.version)}`);
    }
    this.#hello = hello;
    this.#machine.move('ready');
    this.#watch();
    this.emit('ready', hello);
  }

  /** Waits for silence, then asks for a sign of life. */
  #watch(): void {
    this.#timer?.cancel();
    this.#asking = false;
    this.#heard = false;
    this.#timer = this.o.clock.after(this.o.pingAfterMs, () => {
      if (this.#heard) this.#watch();
      else this.#ask();
    });
  }

  #ask(): void {
    this.#timer?.cancel();
    this.#asking = true;
    this.#heard = false;
    this.#socket?.ping(undefined, undefined, ignore);
    this.#timer = this.o.clock.after(this.o.pongLimitMs, () => {
      if (this.#heard) this.#watch();
      else this.#lose(this.#lost('it does not answer pings'));
    });
  }

  #leaveIfDone(): void {
    if (this.#machine.state === 'leaving' && this.#streams.size === 0)
      this.#lose(this.#lost('it said goaway'));
  }

  #break(rule: string): void {
    this.#lose(this.#broken(rule));
  }

  /** The only end. */
  #lose(error: Error): void {
    const was = this.#machine.state;
    if (!this.#machine.move('closed')) return;
    this.#timer?.cancel();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    // A polite close would wait for an engine that may be gone.
    if (was === 'connecting' || streams.length > 0) this.#socket?.terminate();
    else this.#closePolitely();
    this.emit('closed', error);
    for (const stream of streams) stream.fail(error);
  }

  #closePolitely(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    socket.close(1000);
    // Not by the injected clock: nothing depends on it but a socket of a dead engine, and a process may wait to end.
    const limit = setTimeout(() => socket.terminate(), 500);
    socket.once('close', () => clearTimeout(limit));
  }

  #answered(status: number): Error {
    const { engine } = this.o;
    const reason = `HTTP ${String(status)}`;
    if (status === 401 || status === 403) return speechError('SPEECH_ENGINE_REFUSED', { engine, reason });
    if (status === 429 || status === 503) return speechError('SPEECH_ENGINE_BUSY', { engine, reason });
    return this.#unreachable(reason);
  }

  #failed(error: Error): Error {
    const code = errorCode(error);
    if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      return this.#broken(`a frame has at most ${String(maxTextBytes)} bytes`, error);
    }
    if (code.startsWith('WS_ERR_')) return this.#broken('frames are those of RFC 6455', error);
    return this.connecting ? this.#unreachable(code, error) : this.#lost(code, error);
  }

  #unreachable(reason: string, cause?: unknown): Error {
    const { engine, url } = this.o;
    return speechError('SPEECH_ENGINE_UNREACHABLE', { engine, url: withoutSecrets(url), reason }, cause);
  }

  #lost(reason: string, cause?: unknown): Error {
    return speechError('SPEECH_ENGINE_LOST', { engine: this.o.engine, reason }, cause);
  }

  #broken(rule: string, cause?: unknown): Error {
    return speechError('SPEECH_PROTOCOL_BROKEN', { engine: this.o.engine, rule }, cause);
  }
}

/** The engine's own words stay out of it: they may hold what was said. */
export function errorOf(engine: string, message: Extract<EngineMessage, { type: 'error' }>): Error {
  const reason = message.code;
  switch (reason) {
    case 'busy':
    case 'rate-limited':
      return speechError('SPEECH_ENGINE_BUSY', { engine, reason });
    case 'unauthorized':
      return speechError('SPEECH_ENGINE_REFUSED', { engine, reason });
    case 'bad-request':
    case 'unsupported':
    case 'too-large':
      return speechError('SPEECH_REQUEST_REFUSED', { engine, reason });
    case 'failed':
      return message.retryable === false
        ? speechError('SPEECH_REQUEST_REFUSED', { engine, reason })
        : speechError('SPEECH_ENGINE_FAILED', { engine, reason: 'it said so' });
  }
}

function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return 'a URL that is none';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Of a send: that the connection is gone is told by its `close`. */
function ignore(): void {
  // Nothing.
}
