import type { EndReason, TransferRecord, TurnRecord } from '../call-record.js';
import type { MemoryConsent, MemorySource } from '../caller-memory.js';

/** One row per call. Columns are {@link CallRecord}'s fields in SQL's spelling. */
export interface CallRow {
  id: string;
  sip_call_id: string;
  direction: 'inbound' | 'outbound';
  calling_number: string;
  called_number: string;
  dialplan: string | null;
  dialplan_version: string | null;
  received_at_ms: number;
  answered_at_ms: number | null;
  ended_at_ms: number;
  end_reason: EndReason;
  sip_status: number | null;
  q850_cause: number | null;
  detail: string | null;
  /** JSON list of node names. */
  path: string;
  recording: string | null;
  journal: string | null;
  /** 0 or 1. */
  stop_calling: number;
  /** JSON of its MediaRecord. */
  media: string | null;
}

/** One row per turn of a call. */
export interface TurnRow {
  call_id: string;
  /** 0 is the call's first turn. */
  position: number;
  node: string;
  /** JSON list of what was said. */
  said: string;
  outcome: TurnRecord['outcome'];
  heard: string | null;
  confidence: number | null;
  dialect: string;
  start_ms: number;
  heard_ms: number | null;
  /** 0 or 1. */
  barged_in: number;
  gap_ms: number | null;
  /** JSON of its LedgerRecord. */
  ledger: string | null;
}

/** One row per transfer of a call. */
export interface TransferRow {
  call_id: string;
  /** 0 is the call's first transfer. */
  position: number;
  node: string | null;
  target: string;
  method: TransferRecord['by'];
  outcome: TransferRecord['outcome'];
  sip_status: number | null;
  detail: string | null;
  start_ms: number;
  answered_ms: number | null;
  ended_ms: number;
}

/** One row per number that is remembered. */
export interface CallerMemoryRow {
  /** Keyed hash of the number. */
  key: string;
  dialect: string;
  language: string;
  confidence: number;
  source: MemorySource;
  confirmations: number;
  /** JSON list. */
  last_intents: string;
  voice_speed: number | null;
  last_seen_ms: number;
  consent: MemoryConsent;
  expires_at_ms: number;
}

/** One row per number that is not to be called any more. */
export interface StopCallingRow {
  /** Keyed hash of the number. */
  key: string;
  since_ms: number;
}

/** One row for each thing that was taught: words or sound, intent or phrase or both. */
export interface TaughtRow {
  id: string;
  dialect: string;
  words: string | null;
  /** Mono s16 little-endian at 8 kHz. */
  sound: Buffer | null;
  intent: string | null;
  /** JSON list of texts with their dialects. */
  phrases: string;
  call_id: string;
  turn: number;
  caller_key: string | null;
  taught_by: string;
  taught_at_ms: number;
  matches: number;
  last_matched_ms: number | null;
}

export interface Tables {
  calls: CallRow;
  turns: TurnRow;
  transfers: TransferRow;
  caller_memory: CallerMemoryRow;
  stop_calling: StopCallingRow;
  taught: TaughtRow;
}
