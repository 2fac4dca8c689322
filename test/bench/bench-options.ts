import { parseArgs } from 'node:util';

/** What holds without the option, and with `--short` where that differs. */
type Default = readonly [full: number, short?: number];

export type BenchOptions<N extends string, T extends string, F extends string> = {
  readonly isShort: boolean;
} & Record<N, number> &
  Partial<Record<T, string>> &
  Record<F, boolean>;

/**
 * A bench's command line: numbers (`--cps 20`), texts (`--prof FOLDER`) and what is there or not (`--english`). Throws
 * where something else than a number is written, and at what it does not know: a run of minutes with `--cp 80` would
 * measure something else. `--json` is for who prints.
 */
export function benchOptions<N extends string, T extends string = never, F extends string = never>(
  args: readonly string[],
  numbers: Readonly<Record<N, Default>>,
  texts: readonly T[] = [],
  flags: readonly F[] = [],
): BenchOptions<N, T, F> {
  const { values }: { values: Record<string, string | boolean | undefined> } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      short: { type: 'boolean' },
      ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' }] as const)),
      ...Object.fromEntries(
        [...Object.keys(numbers), ...texts].map((name) => [name, { type: 'string' }] as const),
      ),
    },
  });
  const isShort = values['short'] === true;
  const found: Record<string, number | string | boolean> = { isShort };
  for (const [name, [full, short = full]] of Object.entries<Default>(numbers)) {
    const given = values[name];
    const otherwise = isShort ? short : full;
    const value = given === undefined ? otherwise : typeof given === 'string' ? Number(given) : Number.NaN;
    if (!Number.isFinite(value)) throw new TypeError(`--${name} needs a number`);
    found[name] = value;
  }
  for (const name of flags) found[name] = values[name] === true;
  for (const name of texts) {
    const given = values[name];
    if (typeof given === 'string') found[name] = given;
  }
  return found as BenchOptions<N, T, F>;
}
