import { parseArgs } from 'node:util';

/** What holds without the option, and with `--short` where that differs. */
type Default = readonly [full: number, short?: number];

/**
 * A bench's command line: numbers (`--cps 20`) and texts (`--prof FOLDER`). Throws where something else than a number is
 * written. `--json` and what it does not know is let pass.
 */
export function benchOptions<N extends string, T extends string = never>(
  args: readonly string[],
  numbers: Readonly<Record<N, Default>>,
  texts: readonly T[] = [],
): Record<N, number> & Partial<Record<T, string>> {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: {
      short: { type: 'boolean' },
      ...Object.fromEntries(
        [...Object.keys(numbers), ...texts].map((name) => [name, { type: 'string' }] as const),
      ),
    },
  });
  const found: Record<string, number | string> = {};
  for (const [name, [full, short = full]] of Object.entries<Default>(numbers)) {
    const given = values[name];
    const otherwise = values.short === true ? short : full;
    const value = given === undefined ? otherwise : typeof given === 'string' ? Number(given) : Number.NaN;
    if (!Number.isFinite(value)) throw new TypeError(`--${name} needs a number`);
    found[name] = value;
  }
  for (const name of texts) {
    const given = values[name];
    if (typeof given === 'string') found[name] = given;
  }
  return found as Record<N, number> & Partial<Record<T, string>>;
}
