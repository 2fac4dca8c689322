import type { Hello } from '../engine-link.js';
import type { EngineProbe } from './engine-probe.js';

/** What a promise is tried with. */
export interface Trial {
  readonly hello: Hello;
  /** Opens a connection, closed after the trial. */
  connect(): Promise<EngineProbe>;
  /** Something said in the dialect: mono samples at the rate. Undefined: there is nobody to say it. */
  speech(sampleRateHz: number): Promise<Int16Array | undefined>;
  /** The words of it, and a dialect code of the engine's. */
  readonly text: string;
  readonly dialect: string;
  /** How long what must not come is waited for. */
  readonly quietMs: number;
  /** What 'at once' is. */
  readonly atOnceMs: number;
  /** Keeps a figure for the report. */
  measured(name: string, ms: number): void;
}

export type Outcome =
  | { readonly outcome: 'kept'; readonly detail?: string }
  | { readonly outcome: 'broken'; readonly detail: string }
  /** It does not claim this, or nothing was there to try it with. */
  | { readonly outcome: 'not tried'; readonly detail: string };

/** One promise of README.md: how to try it, and what to do when it is broken. */
export interface EnginePromise {
  /** Stable: scripts may name it. */
  readonly id: string;
  readonly promise: string;
  readonly advice: string;
  readonly of: 'connection' | 'recognizer' | 'synthesizer';
  /** A NotSeen that it throws is a breach as well. */
  try(trial: Trial): Promise<Outcome>;
}

export function kept(detail?: string): Outcome {
  return detail === undefined ? { outcome: 'kept' } : { outcome: 'kept', detail };
}

export function broken(detail: string): Outcome {
  return { outcome: 'broken', detail };
}

export function notTried(detail: string): Outcome {
  return { outcome: 'not tried', detail };
}

/** `34 ms` */
export function msText(ms: number): string {
  return `${String(Math.round(ms))} ms`;
}
