import type { TurnRecord } from '../store/call-record.js';

/** What the journal tells of a turn in which the caller spoke. */
export interface HeardTurn {
  /** What an engine of open speech wrote; undefined where none did. */
  readonly words: string | undefined;
  /** Where it stands in the recording, samples of each channel; undefined if nothing was recorded. */
  readonly span: { readonly from: number; readonly to: number } | undefined;
}

export type TurnVerdict = HeardTurn | 'sensitive' | 'silent';

/** One line, as call/journal.ts writes it. */
interface Line {
  readonly atMs: number;
  readonly sample?: number;
  readonly type: string;
  readonly event?: { readonly type?: string };
  readonly alternatives?: readonly { readonly phraseId?: string; readonly text?: string }[];
}

const samplesPerMs = 8;
/** Kept by the listener from before the first voiced frame: soft onsets count. */
const prerollMs = 300;
/** An answer's line stands this near to the time that its record tells, ms; both are rounded. */
const nearMs = 60;

/** Finds what was said in a turn. Pure; a line that cannot be read is passed over, a crash may have cut the last. */
export function heardInTurn(journal: string, turn: TurnRecord): TurnVerdict {
  const lines = journal.split('\n').flatMap((line): Line[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
  const began = lines.find(({ type, event }) => type === 'dialog' && event?.type === 'start');
  if (began === undefined || turn.heardMs === null) return 'silent';
  const answeredMs = began.atMs + turn.heardMs;
  const end = lines.findIndex(
    ({ type, atMs, event }) => type === 'dialog' && event?.type !== 'start' && atMs >= answeredMs - nearMs,
  );
  if (end < 0 || (lines[end]?.atMs ?? 0) > answeredMs + nearMs) return 'silent';
  const before = lines.slice(0, end);
  const from = before.findLastIndex(({ type }) => type === 'dialog');
  return heardAmong(before.slice(from + 1));
}

function heardAmong(lines: readonly Line[]): TurnVerdict {
  // The last speech of the turn is what was answered; a cough may have come before.
  const started = lines.findLast(({ type }) => type === 'speechStarted');
  const ended = lines.findLast(({ type }) => type === 'speechEnded');
  if (started === undefined) return 'silent';
  const recognized = lines.findLast(({ type }) => type === 'recognized');
  if (recognized !== undefined && recognized.alternatives === undefined) return 'sensitive';
  const best = recognized?.alternatives?.[0];
  const words = best?.phraseId === undefined ? best?.text?.trim() : undefined;
  const last = ended ?? recognized;
  const span =
    started.sample === undefined || last?.sample === undefined
      ? undefined
      : { from: Math.max(0, started.sample - prerollMs * samplesPerMs), to: last.sample };
  return { words: words === '' ? undefined : words, span };
}
