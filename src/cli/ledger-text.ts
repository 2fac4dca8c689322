import type { LedgerRecord, TurnRecord } from '../store/call-record.js';

const columns: readonly (readonly [head: string, value: (ledger: LedgerRecord) => number | undefined])[] = [
  ['waited', (ledger) => ledger.wholeMs],
  ['endpointing', (ledger) => ledger.endpointingMs],
  ['recognizer', (ledger) => ledger.recognizerMs],
  ['dialog', (ledger) => ledger.dialogMs],
  ['synthesis', (ledger) => ledger.synthesisMs],
  ['hand-over', (ledger) => ledger.handOverMs],
  ['media', (ledger) => ledger.mediaMs],
  ['rest', (ledger) => ledger.restMs],
  ['interrupted', (ledger) => ledger.bargeIn?.wholeMs],
];

/**
 * Where the waits of a call went, a line for each measured turn under one head; no lines where none was measured.
 * `offsetText` writes a time since the answer.
 */
export function ledgerLines(turns: readonly TurnRecord[], offsetText: (ms: number) => string): string[] {
  const measured = turns.filter(({ ledger }) => ledger !== undefined);
  if (measured.length === 0) return [];
  const shown = columns.filter(([, value]) =>
    measured.some(({ ledger }) => ledger !== undefined && value(ledger) !== undefined),
  );
  const at = (turn: TurnRecord): string => offsetText(turn.heardMs ?? turn.startMs);
  const first = Math.max(...measured.map((turn) => at(turn).length));
  const lines = measured.map((turn) => {
    const { ledger } = turn;
    const cells = shown.map(([head, value]) => {
      const ms = ledger && value(ledger);
      return (ms === undefined ? '' : String(Math.round(ms))).padStart(head.length);
    });
    return `  ${at(turn).padStart(first)}  ${ledger?.from.padEnd(6) ?? ''}  ${cells.join('  ')}`.trimEnd();
  });
  const heads = shown.map(([head]) => head).join('  ');
  return [`  ${'ms'.padStart(first)}  after   ${heads}`, ...lines];
}
