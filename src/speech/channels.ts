import { Channel } from '../core/channel.js';
import type { BreakerState } from './circuit-breaker.js';

export type EngineRole = 'recognizer' | 'synthesizer';

/** Why a chain gave an engine up: a deadline by its name, or what the engine did. */
export type FailureKind =
  | 'connect'
  | 'firstResult'
  | 'betweenResults'
  | 'final'
  | 'firstAudio'
  | 'betweenChunks'
  | 'empty'
  | 'rate'
  | 'error';

export interface EngineFailed {
  readonly role: EngineRole;
  readonly engine: string;
  readonly kind: FailureKind;
  /** Of the engine's error; empty for a deadline. */
  readonly code: string;
}

/** An engine did not do what it must. */
export const engineFailed = new Channel<EngineFailed>('speech:engineFailed');
/** An engine is used, left alone, or tried again. */
export const engineStateChanged = new Channel<{
  readonly role: EngineRole;
  readonly engine: string;
  readonly from: BreakerState;
  readonly to: BreakerState;
}>('speech:engineStateChanged');
/** What one engine was given goes to the next; `to` undefined: there is no other. */
export const speechFailover = new Channel<{
  readonly role: EngineRole;
  readonly from: string;
  readonly to: string | undefined;
}>('speech:failover');
/** A sentence was wanted: where it was found, or that it had to be made. */
export const sentenceWanted = new Channel<{ readonly from: 'memory' | 'disk' | 'engine' }>('speech:sentence');
