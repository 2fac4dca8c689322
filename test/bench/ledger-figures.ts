/** What the processes of `bench ledger` tell each other, and the figures that come of it. Pure. */
import type { CallRecord, LedgerRecord } from '../../src/store/call-record.js';
import type { LedgerClip } from './ledger-sounds.js';

export interface LedgerTask {
  readonly uri: string;
  readonly calls: number;
  readonly seconds: number;
  readonly seed: number;
  /** Each packet of the callers is held up by 0 to so many ms. */
  readonly jitterMs: number;
  readonly clips: readonly LedgerClip[];
}

/** One answer of a caller and what the caller heard of it; milliseconds since the 200, on the caller's clock. */
export interface HeardTurn {
  readonly by: 'speech' | 'keys';
  /** The first sample of the speech, or the end of the last key. */
  readonly beganMs: number;
  /** One past the last sample of the speech, or the end of the last key. */
  readonly endedMs: number;
  /** The first audible sample of the bot's answer. */
  readonly answerMs: number;
  /** One past the last audible sample of the prompt that was interrupted; undefined: the bot was silent. */
  readonly silentMs: number | undefined;
  /** The latest that a packet was sent in it, ms: by so much this process was held up itself. */
  readonly lateMs: number;
}

export interface LedgerCall {
  readonly sipCallId: string;
  readonly turns: readonly HeardTurn[];
}

export interface LedgerResult {
  readonly calls: readonly LedgerCall[];
  readonly failures: readonly string[];
  readonly lagP99Ms: number;
}

/** The promise (issue 5): so far apart caller and ledger may be. */
export const WITHIN_MS = 20;

/** A turn in which the caller's own packets left later than this measured the caller, not the call. */
export const CALLER_LATE_MS = 5;

/** A turn's answer was complete between the end of what the caller said and the bot's answer; clocks begin so far apart. */
const SLACK_MS = 150;

export interface Compared {
  readonly by: 'speech' | 'keys';
  readonly ledger: LedgerRecord;
  readonly outsideMs: number;
  /** The ledger's sum less what the caller measured. */
  readonly diffMs: number;
  /** The whole by sample count less what the caller measured. */
  readonly wholeDiffMs: number;
  readonly bargeInDiffMs: number | undefined;
}

export interface LedgerFigures {
  readonly within20ms: number;
  readonly turns: number;
  readonly worstMs: number;
  readonly medianDiffMs: number;
  readonly speechTurns: number;
  readonly keyTurns: number;
  /** Turns that the caller measured and the ledger has not. */
  readonly unmatched: number;
  /** Turns that are left out because the caller's own packets were late. */
  readonly callerLate: number;
  /** The same comparison with the whole, which counts the samples of the recording. */
  readonly wholeWithin20ms: number;
  readonly restMsP95: number;
  readonly bargeIns: number;
  readonly bargeInWithin20ms: number;
  readonly bargeInWorstMs: number;
}

export function partsSum(ledger: LedgerRecord): number {
  return (
    ledger.endpointingMs +
    ledger.recognizerMs +
    ledger.dialogMs +
    ledger.synthesisMs +
    ledger.handOverMs +
    ledger.mediaMs
  );
}

/** Lays the ledger's turns beside those that the caller measured, by the time at which the answer was complete. */
export function compare(
  call: LedgerCall,
  record: CallRecord | undefined,
): { readonly compared: Compared[]; readonly unmatched: number; readonly late: number } {
  const measured = record?.turns.filter(({ ledger }) => ledger !== undefined) ?? [];
  const compared: Compared[] = [];
  const turns = call.turns.filter(({ lateMs }) => lateMs <= CALLER_LATE_MS);
  for (const heard of turns) {
    const found = measured.findIndex(
      ({ heardMs, ledger }) =>
        heardMs !== null &&
        ledger?.from === heard.by &&
        heardMs >= heard.endedMs - SLACK_MS &&
        heardMs <= heard.answerMs + SLACK_MS,
    );
    const [turn] = found < 0 ? [] : measured.splice(found, 1);
    if (turn?.ledger === undefined) continue;
    const { ledger } = turn;
    const outsideMs = heard.answerMs - heard.endedMs;
    compared.push({
      by: heard.by,
      ledger,
      outsideMs,
      diffMs: partsSum(ledger) - outsideMs,
      wholeDiffMs: ledger.wholeMs - outsideMs,
      bargeInDiffMs:
        ledger.bargeIn === undefined || heard.silentMs === undefined
          ? undefined
          : ledger.bargeIn.wholeMs - (heard.silentMs - heard.beganMs),
    });
  }
  return { compared, unmatched: turns.length - compared.length, late: call.turns.length - turns.length };
}

export function ledgerFigures(
  calls: readonly LedgerCall[],
  records: ReadonlyMap<string, CallRecord>,
): LedgerFigures {
  const pairs = calls.map((call) => compare(call, records.get(call.sipCallId)));
  const compared = pairs.flatMap((pair) => pair.compared);
  const diffs = compared.map(({ diffMs }) => diffMs);
  const bargeIns = compared.flatMap(({ bargeInDiffMs }) =>
    bargeInDiffMs === undefined ? [] : [bargeInDiffMs],
  );
  return {
    within20ms: within(diffs),
    turns: compared.length,
    worstMs: worst(diffs),
    medianDiffMs: rounded(quantile(diffs, 0.5)),
    speechTurns: compared.filter(({ by }) => by === 'speech').length,
    keyTurns: compared.filter(({ by }) => by === 'keys').length,
    unmatched: pairs.reduce((sum, { unmatched }) => sum + unmatched, 0),
    callerLate: pairs.reduce((sum, { late }) => sum + late, 0),
    wholeWithin20ms: within(compared.map(({ wholeDiffMs }) => wholeDiffMs)),
    restMsP95: rounded(
      quantile(
        compared.map(({ ledger }) => Math.abs(ledger.restMs)),
        0.95,
      ),
    ),
    bargeIns: bargeIns.length,
    bargeInWithin20ms: within(bargeIns),
    bargeInWorstMs: worst(bargeIns),
  };
}

function within(diffs: readonly number[]): number {
  const good = diffs.filter((diff) => Math.abs(diff) <= WITHIN_MS).length;
  // Cut off, not rounded: 0.9899 is not 0.99.
  return diffs.length === 0 ? 0 : Math.floor((10_000 * good) / diffs.length) / 10_000;
}

function worst(diffs: readonly number[]): number {
  return rounded(diffs.reduce((most, diff) => (Math.abs(diff) > Math.abs(most) ? diff : most), 0));
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
