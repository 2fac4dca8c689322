import { systemClock, type Clock } from '../../../core/clock.js';
import { silentLogger, type Logger } from '../../../core/logger.js';
import { speechError } from '../../errors.js';
import type {
  Phrase,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
} from '../../recognizer.js';
import type {
  SpokenAudio,
  SynthesisRequest,
  Synthesizer,
  SynthesizerCapabilities,
} from '../../synthesizer.js';
import { DialectCodes } from './dialect-codes.js';
import { errorOf, type EngineLink, type Hello, type LinkStream } from './engine-link.js';
import { LinkPool } from './link-pool.js';
import { RemoteListening, wirePhrases } from './remote-listening.js';
import { RemoteSentence } from './remote-sentence.js';

export interface XiangyinEngineOptions {
  /** What it is called in the configuration, logs and errors. */
  readonly name: string;
  /** `ws:` or `wss:`. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /**
   * Of `wss:`, PEM: the authorities that may have signed the engine's certificate, or that itself. Default: those that Node
   * trusts, and `NODE_EXTRA_CA_CERTS`.
   */
  readonly ca?: string;
  /** The engine's codes by dialect id; dialects not named are not asked of it. Default: it uses our ids. */
  readonly dialects?: Readonly<Record<string, string>>;
  /** The engine's voices by dialect id. Default: the engine chooses. */
  readonly voices?: Readonly<Record<string, string>>;
  /** For a connection and its hello. Default 2000. */
  readonly connectLimitMs?: number;
  /** Default 64. */
  readonly maxConnections?: number;
  /** Silence after which it is asked for a sign of life, and given up so long after. Default 5000 and 2000. */
  readonly pingAfterMs?: number;
  readonly pongLimitMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const defaults = { connectLimitMs: 2000, maxConnections: 64, pingAfterMs: 5000, pongLimitMs: 2000 };

/** How long an engine may take to make phrases ready, ms; the stream is another's then. */
const prepareLimitMs = 10_000;

/**
 * An engine that speaks Xiangyin's own protocol (README.md): a recognizer, a synthesizer or both, over connections that
 * are kept warm. It may be down, and come back, at any time; nothing of it but a stream's error is heard then.
 */
export class XiangyinEngine {
  readonly name: string;
  readonly recognizer: Recognizer;
  readonly synthesizer: Synthesizer;
  readonly #pool: LinkPool;
  readonly #codes: DialectCodes;

  constructor(private readonly options: XiangyinEngineOptions) {
    const { name, url, token, clock = systemClock, logger = silentLogger } = options;
    this.name = name;
    this.#codes = new DialectCodes(options.dialects);
    this.#pool = new LinkPool({
      engine: name,
      url,
      token,
      ca: options.ca,
      connectLimitMs: options.connectLimitMs ?? defaults.connectLimitMs,
      maxConnections: options.maxConnections ?? defaults.maxConnections,
      pingAfterMs: options.pingAfterMs ?? defaults.pingAfterMs,
      pongLimitMs: options.pongLimitMs ?? defaults.pongLimitMs,
      clock,
      logger,
    });
    const close = (): Promise<void> => this.close();
    const recognizerCapabilities = (): RecognizerCapabilities => this.#recognizerCapabilities();
    const synthesizerCapabilities = (): SynthesizerCapabilities => this.#synthesizerCapabilities();
    this.recognizer = {
      name,
      get capabilities() {
        return recognizerCapabilities();
      },
      prepare: (phrases) => this.#prepare(phrases),
      open: (request) => this.#open(request),
      close,
    };
    this.synthesizer = {
      name,
      get capabilities() {
        return synthesizerCapabilities();
      },
      synthesize: (request, sampleRateHz, signal) => this.#say(request, sampleRateHz, signal),
      close,
    };
  }

  /** Begins to connect, so that the first caller does not wait for it. Safe to call twice. */
  start(): void {
    this.#pool.start();
  }

  /** What the engine says of itself. Rejects as a stream would fail. */
  hello(): Promise<Hello> {
    return new Promise((resolve, reject) => {
      this.#pool.take((link) => {
        if (link.hello !== undefined) resolve(link.hello);
      }, reject);
    });
  }

  /** Closes both halves: every stream fails with SPEECH_CLOSED. Safe to call twice. */
  close(): Promise<void> {
    this.#pool.close();
    return Promise.resolve();
  }

  #recognizerCapabilities(): RecognizerCapabilities {
    const { hello } = this.#pool;
    const can = hello?.recognizer;
    return {
      sampleRatesHz: can?.sampleRatesHz ?? [8000],
      streaming: can?.streaming ?? true,
      connects: true,
      interim: can?.interim ?? false,
      openSpeech: can?.openSpeech ?? true,
      dialects: hello !== undefined && can === undefined ? [] : this.#codes.idsOf(can?.dialects),
      dialectPreserving: can?.dialectPreserving ?? false,
      phraseHints: can?.phraseHints ?? false,
      confidence: can?.confidence ?? true,
      wordTimes: can?.wordTimes ?? false,
      maxDialects: can?.maxDialects ?? 1,
      ...(can?.maxAudioMs !== undefined && { maxAudioMs: can.maxAudioMs }),
    };
  }

  #synthesizerCapabilities(): SynthesizerCapabilities {
    const { hello } = this.#pool;
    const can = hello?.synthesizer;
    return {
      sampleRatesHz: can?.sampleRatesHz ?? [8000],
      streaming: can?.streaming ?? true,
      dialects: hello !== undefined && can === undefined ? [] : this.#codes.idsOf(can?.dialects),
      wordTimes: can?.wordTimes ?? false,
      ...(can?.voices !== undefined && { voices: can.voices }),
      ...(can?.rate !== undefined && { rate: can.rate }),
      ...(can?.maxTextLength !== undefined && { maxTextLength: can.maxTextLength }),
    };
  }

  #open(request: RecognizeOptions): RecognizerStream {
    const listening = new RemoteListening(this.name, request, this.#codes);
    listening.giveUp = this.#pool.take(
      (link) => listening.begin(link),
      (error) => listening.fail(error),
    );
    return listening;
  }

  #say(request: SynthesisRequest, sampleRateHz: number, signal: AbortSignal | undefined): SpokenAudio {
    const { dialect } = request;
    const code = this.#codes.codeOf(dialect);
    const voice = request.voice ?? this.options.voices?.[dialect];
    const sentence = new RemoteSentence(this.name, request, code ?? dialect, voice, sampleRateHz, signal);
    if (code === undefined) {
      const details = { engine: this.name, dialect, voice: voice ?? 'default' };
      sentence.fail(speechError('SPEECH_NO_VOICE', details));
    } else if (signal?.aborted !== true) {
      sentence.giveUp = this.#pool.take(
        (link) => sentence.begin(link),
        (error) => sentence.fail(error),
      );
    }
    return sentence;
  }

  #prepare(phrases: readonly Phrase[]): Promise<void> {
    const wire = wirePhrases({ phrases }, this.#codes);
    if (wire.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const begin = (link: EngineLink): void => {
        if (link.hello?.recognizer?.prepares !== true) return resolve();
        const { clock = systemClock } = this.options;
        const limit = clock.after(prepareLimitMs, () => {
          link.end(id, 'cancelled');
          reject(
            speechError('SPEECH_ENGINE_FAILED', {
              engine: this.name,
              reason: 'phrases were not ready in time',
            }),
          );
        });
        const stream: LinkStream = {
          receive: (message) => {
            if (message.type !== 'ready' && message.type !== 'error')
              return `a 'prepare' has no '${message.type}'`;
            limit.cancel();
            link.end(id, 'over');
            if (message.type === 'ready') resolve();
            else reject(errorOf(this.name, message));
            return undefined;
          },
          receiveAudio: () => "a 'prepare' gets no audio",
          fail: (error) => {
            limit.cancel();
            reject(error);
          },
        };
        const id = link.begin(stream);
        if (link.send({ type: 'prepare', stream: id, phrases: wire })) return;
        limit.cancel();
        link.end(id, 'over');
        // They would be refused when they are listened for as well.
        reject(
          speechError('SPEECH_REQUEST_REFUSED', {
            engine: this.name,
            reason: 'the phrases are too many for one message',
          }),
        );
      };
      this.#pool.take(begin, reject);
    });
  }
}
