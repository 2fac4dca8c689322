import { resample } from '../../../../audio/resample.js';
import type { Clock } from '../../../../core/clock.js';
import type { Hello } from '../engine-link.js';
import { protocolVersion } from '../protocol.js';
import { askSay } from './asking.js';
import { connectionPromises } from './connection-promises.js';
import { EngineProbe, NotReached, NotSeen, type ProbeOptions } from './engine-probe.js';
import { broken, kept, msText, type EnginePromise, type Outcome, type Trial } from './engine-promise.js';
import { reachingAdvice } from './reaching-advice.js';
import { recognizerPromises } from './recognizer-promises.js';
import { synthesizerPromises } from './synthesizer-promises.js';

export interface ConformanceOptions {
  readonly url: string;
  readonly token?: string;
  /** PEM of the authorities for `wss:`. Default: Node's own. */
  readonly ca?: string;
  /** Only these halves; default: those that the engine has. */
  readonly roles?: readonly ('recognizer' | 'synthesizer')[];
  /** What the recognizer is to hear, mono. Default: the engine's own synthesizer says the phrase, if it has one. */
  readonly recording?: { readonly samples: Int16Array; readonly sampleRateHz: number };
  /** The words of it. Default `pay my bill`. */
  readonly text?: string;
  /** Engine's code of the dialect. Default: the first of its own. */
  readonly dialect?: string;
  /** Ids of promises; besides them only that the engine says hello and can be read. Default: all. */
  readonly only?: readonly string[];
  /** How long an answer may take. */
  readonly limitMs: number;
  /** How long is waited for what must not come. */
  readonly quietMs: number;
  /** What 'at once' is. Default 1000. */
  readonly atOnceMs?: number;
  readonly clock: Clock;
  /** Called with each promise when it was tried. */
  readonly onTried?: (tried: TriedPromise) => void;
}

export type TriedPromise = Pick<EnginePromise, 'id' | 'promise' | 'advice'> & Outcome;

export interface ConformanceReport {
  /** The engine's own name; undefined: no hello. */
  readonly engine: string | undefined;
  readonly ok: boolean;
  readonly promises: readonly TriedPromise[];
  /** `readyMs`, `firstInterimMs`, `finalMs`, `firstChunkMs`, `pingMs`: the slowest of each, as measured by this process. */
  readonly measuredMs: Readonly<Record<string, number>>;
}

const helloPromise = {
  id: 'hello',
  promise: `'hello' comes first, with version ${String(protocolVersion)} and what the engine can do`,
  advice:
    "send 'hello' when a connection opens, before anything is asked; check the token, and the fields in README.md",
};
/** In place of the hello, when nobody was there to say it. */
const reachedPromise = { id: 'hello', promise: 'a WebSocket opens at the URL' };
const readablePromise = {
  id: 'readable',
  promise: 'every message can be read and is of the right size',
  advice:
    'check the fields and their types against README.md; a binary frame is 4 bytes and whole 16-bit samples',
};
const defaultText = 'pay my bill';
/** A failover gives up a connection that hears nothing after 800 ms. */
const defaultAtOnceMs = 800;

/** What {@link ConformanceOptions.only} may name. */
export const promiseIds: readonly string[] = [
  ...connectionPromises,
  ...recognizerPromises,
  ...synthesizerPromises,
].map(({ id }) => id);

/** Tries every promise of the engine protocol on an engine, each on connections of its own. */
export async function testEngine(options: ConformanceOptions): Promise<ConformanceReport> {
  return new Conformance(options).run();
}

class Conformance {
  readonly #tried: TriedPromise[] = [];
  readonly #measured: Record<string, number> = {};
  readonly #breaches = new Set<string>();
  readonly #probes: EngineProbe[] = [];
  readonly #connection: ProbeOptions;

  constructor(private readonly options: ConformanceOptions) {
    const { url, token, ca, limitMs, clock } = options;
    this.#connection = { url, token, ca, limitMs, clock };
  }

  async run(): Promise<ConformanceReport> {
    const hello = await this.#hello();
    if (hello !== undefined) {
      const trial = this.#trial(hello);
      for (const promise of [...connectionPromises, ...recognizerPromises, ...synthesizerPromises]) {
        if (!this.#concerns(promise, hello)) continue;
        const outcome = await promise.try(trial).catch(breachOf);
        this.#collect();
        this.#tell({ ...promise, ...outcome });
      }
      const rules = [...this.#breaches];
      this.#tell({ ...readablePromise, ...(rules.length === 0 ? kept() : broken(rules.join('; '))) });
    }
    return {
      engine: hello?.name,
      ok: this.#tried.every(({ outcome }) => outcome !== 'broken'),
      promises: this.#tried,
      measuredMs: this.#measured,
    };
  }

  async #hello(): Promise<Hello | undefined> {
    try {
      const beganMs = this.options.clock.nowMs();
      const { probe, hello } = await EngineProbe.open(this.#connection);
      const tookMs = probe.nowMs - beganMs;
      this.#probes.push(probe);
      this.#collect();
      const version = hello.version === protocolVersion;
      const missing = (this.options.roles ?? []).filter((role) => hello[role] === undefined);
      const outcome =
        missing.length > 0
          ? broken(`it has no ${missing.join(' and no ')}`)
          : version
            ? kept(`${msText(tookMs)} with the connection`)
            : broken(`its version is ${String(hello.version)}`);
      this.#tell({ ...helloPromise, ...outcome });
      return outcome.outcome === 'kept' ? hello : undefined;
    } catch (error) {
      this.#tell(
        error instanceof NotReached
          ? { ...reachedPromise, advice: reachingAdvice(error.message), ...broken(error.message) }
          : { ...helloPromise, ...breachOf(error) },
      );
      return undefined;
    }
  }

  #concerns({ id, of }: EnginePromise, hello: Hello): boolean {
    if (this.options.only?.includes(id) === false) return false;
    const { roles = ['recognizer', 'synthesizer'] } = this.options;
    return of === 'connection' || (roles.includes(of) && hello[of] !== undefined);
  }

  #trial(hello: Hello): Trial {
    const { text = defaultText, dialect, quietMs, roles = ['recognizer', 'synthesizer'] } = this.options;
    const half = hello.recognizer ?? hello.synthesizer;
    const speech = new Map<number, Promise<Int16Array | undefined>>();
    const trial: Trial = {
      // The half that is not asked for is not used either.
      hello: {
        ...hello,
        ...(!roles.includes('recognizer') && { recognizer: undefined }),
        ...(!roles.includes('synthesizer') && { synthesizer: undefined }),
      } as Hello,
      connect: async () => {
        const { probe } = await EngineProbe.open(this.#connection);
        this.#probes.push(probe);
        return probe;
      },
      speech: (sampleRateHz) => {
        let made = speech.get(sampleRateHz);
        if (made === undefined) {
          made = this.#speech(hello, trial, sampleRateHz);
          speech.set(sampleRateHz, made);
        }
        return made;
      },
      text,
      dialect: dialect ?? half?.dialects[0] ?? 'cmn',
      quietMs,
      atOnceMs: this.options.atOnceMs ?? defaultAtOnceMs,
      measured: (name, ms) => {
        this.#measured[name] = Math.round(Math.max(this.#measured[name] ?? 0, ms) * 10) / 10;
      },
    };
    return trial;
  }

  /** What the recognizer hears: the recording, or what the engine itself says. */
  async #speech(hello: Hello, trial: Trial, sampleRateHz: number): Promise<Int16Array | undefined> {
    const { recording } = this.options;
    if (recording !== undefined) return resample(recording.samples, recording.sampleRateHz, sampleRateHz);
    if (hello.synthesizer === undefined) return undefined;
    const [fromHz = 8000] = hello.synthesizer.sampleRatesHz;
    try {
      const probe = await trial.connect();
      const stream = probe.stream();
      askSay({ ...trial, hello }, probe, stream, { sampleRateHz: fromHz });
      await probe.next(stream, ['end']);
      const samples = probe.of(stream).flatMap((event) => (event.kind === 'audio' ? [...event.samples] : []));
      return samples.length === 0
        ? undefined
        : await resample(Int16Array.from(samples), fromHz, sampleRateHz);
    } catch {
      // What is wrong with it is told by the promises of a synthesizer.
      return undefined;
    }
  }

  /** Closes the connections of a trial and keeps what could not be read on them. */
  #collect(): void {
    for (const probe of this.#probes.splice(0)) {
      probe.close();
      if (probe.forgiving) continue;
      for (const event of probe.events) if (event.kind === 'breach') this.#breaches.add(event.rule);
    }
  }

  #tell({ id, promise, advice, ...outcome }: TriedPromise): void {
    const { outcome: how, detail } = outcome;
    const told = {
      id,
      promise,
      advice,
      outcome: how,
      ...(detail !== undefined && { detail }),
    } as TriedPromise;
    this.#tried.push(told);
    this.options.onTried?.(told);
  }
}

function breachOf(error: unknown): Outcome {
  if (error instanceof NotSeen) return broken(error.message);
  throw error;
}
