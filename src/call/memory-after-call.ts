import { findDialect } from '../dialect/catalogue.js';
import type { CallerMemory, MemorySource } from '../store/caller-memory.js';

/** The dialect as a call told it, and how sure that is (0 to 1). */
export interface LearntDialect {
  readonly dialect: string;
  readonly confidence: number;
  readonly source: MemorySource;
}

/** What a call taught about its caller. */
export interface LearntInCall {
  /** Undefined if nothing told it: neutral words, keys alone. */
  readonly dialect: LearntDialect | undefined;
  /** Choices that the caller spoke, in order; none of a sensitive question. */
  readonly intents: readonly string[];
  /** What he said when the dialplan asked him whether he may be remembered (its variable `rememberMe`). */
  readonly consent: 'given' | 'refused' | undefined;
  /** Speed at which he asked to be spoken to, 1 is the voice's own; undefined: he did not. */
  readonly voiceSpeed?: number | undefined;
}

export interface MemoryPolicy {
  readonly retentionMs: number;
  /** After so long a confirmation counts for half. */
  readonly halfLifeMs: number;
  /** `given`: nobody is remembered who did not agree in a call. */
  readonly consent: 'notice' | 'given';
}

/** More add nothing: who moves, or gives his number on, must not be fought by the past for years. */
const maxConfirmations = 5;

const maxIntents = 5;

/** Confirmations as they count now. */
export function confirmationsNow(memory: CallerMemory, nowMs: number, halfLifeMs: number): number {
  const ageMs = Math.max(0, nowMs - memory.lastSeenMs);
  return memory.confirmations * 0.5 ** (ageMs / halfLifeMs);
}

/**
 * What is remembered after a call; undefined: nothing, and what there was is to be forgotten. Pure. A call in which nothing
 * was learnt begins no memory, only keeps one that there is.
 */
export function memoryAfterCall(
  before: CallerMemory | undefined,
  learnt: LearntInCall,
  policy: MemoryPolicy,
  nowMs: number,
): CallerMemory | undefined {
  const consent = learnt.consent ?? before?.consent ?? 'notice';
  if (consent === 'refused' || (consent === 'notice' && policy.consent === 'given')) return undefined;
  const dialect = dialectAfterCall(before, learnt.dialect, policy, nowMs);
  if (dialect === undefined) return undefined;
  const intents = [...learnt.intents].reverse().concat(before?.lastIntents ?? []);
  return {
    ...dialect,
    language: findDialect(dialect.dialect)?.language ?? dialect.dialect,
    lastIntents: [...new Set(intents)].slice(0, maxIntents),
    voiceSpeed: learnt.voiceSpeed ?? before?.voiceSpeed ?? null,
    lastSeenMs: nowMs,
    consent,
    expiresAtMs: nowMs + policy.retentionMs,
  };
}

function dialectAfterCall(
  before: CallerMemory | undefined,
  learnt: LearntDialect | undefined,
  { halfLifeMs }: MemoryPolicy,
  nowMs: number,
): Pick<CallerMemory, 'dialect' | 'confidence' | 'source' | 'confirmations'> | undefined {
  if (before === undefined) return learnt && { ...learnt, confirmations: 1 };
  const { dialect, confidence, source } = before;
  const confirmations = confirmationsNow(before, nowMs, halfLifeMs);
  if (learnt === undefined) return { dialect, confidence, source, confirmations };
  if (learnt.dialect === dialect) {
    return { ...learnt, confirmations: Math.min(maxConfirmations, confirmations + 1) };
  }
  // Somebody else of the house may have taken the telephone once: a well-known dialect loses by that, and is kept.
  return learnt.source === 'words' && confirmations > 2
    ? { dialect, confidence, source, confirmations: confirmations - 1 }
    : { ...learnt, confirmations: 1 };
}
