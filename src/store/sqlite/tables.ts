import type { EndReason, TransferRecord, TurnRecord } from '../call-record.js';

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

export interface Tables {
  calls: CallRow;
  turns: TurnRow;
  transfers: TransferRow;
}
