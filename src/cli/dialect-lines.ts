import { readFile } from 'node:fs/promises';

/** That a call went on in another dialect, or that it was in doubt. */
export interface DialectLine {
  /** Since the answer, as in turns. */
  readonly startMs: number;
  readonly dialect: string;
  readonly spoken: string;
  readonly reason: string;
  readonly ask: readonly string[];
}

/** What a call's journal says of its dialect; nothing if the journal cannot be read. */
export async function dialectLines(journal: string): Promise<readonly DialectLine[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  const lines: Line[] = text
    .split('\n')
    .map(parsed)
    .filter((line) => line !== undefined);
  const answered = lines.find(({ type }) => type === 'answered');
  const answeredMs = typeof answered?.atMs === 'number' ? answered.atMs : 0;
  return lines
    .filter(({ type }) => type === 'dialect')
    .map(({ atMs, dialect, spoken, reason, ask }) => ({
      startMs: Math.max(0, Number(atMs) - answeredMs),
      dialect: String(dialect),
      spoken: String(spoken),
      reason: String(reason),
      ask: Array.isArray(ask) ? ask.map(String) : [],
    }));
}

interface Line {
  readonly type?: unknown;
  readonly atMs?: unknown;
  readonly dialect?: unknown;
  readonly spoken?: unknown;
  readonly reason?: unknown;
  readonly ask?: unknown;
}

/** Undefined for a line that a crash cut short. */
function parsed(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const reasons: Readonly<Record<string, string>> = {
  sure: 'one answer left no doubt',
  twice: 'two answers said the same',
  chosen: 'the caller chose it',
  doubt: 'answers contradict each other',
  'enough-switches': 'it was changed often enough',
};

/** `goes on in yue (one answer left no doubt)`. */
export function dialectText({ dialect, spoken, reason, ask }: DialectLine): string {
  const why = reasons[reason] ?? reason;
  if (ask.length > 0) return `in doubt between ${ask.join(' and ')} (${why})`;
  const answered = dialect === spoken ? '' : `, answered in ${spoken}`;
  return `goes on in ${dialect}${answered} (${why})`;
}
