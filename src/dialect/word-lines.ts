export interface WordLines {
  /** The items of `words:` as YAML would read them. */
  readonly words: readonly unknown[];
  /** The file without them. */
  readonly rest: string;
}

const plain = String.raw`[\p{L}，。…][^,[\]{}#:&*!|%@\x60\\\p{C}\p{Zl}\p{Zp}]*`;
const quoted = String.raw`'(?:[^'\p{C}\p{Zl}\p{Zp}]|'')*'|"[^"\\\p{C}\p{Zl}\p{Zp}]*"`;
const value = `${quoted}|${plain}`;
/** A text that stands for itself or in quotes, or a list of them, and what parts it from the next. */
const pair = new RegExp(
  `([a-zA-Z]+): (?:\\[((?:${value})(?:, (?:${value}))*)\\]|(${value}))(?:, (?=.)|$)`,
  'uy',
);
const ofList = new RegExp(value, 'gu');
/** What begins with a letter and holds no sign of YAML stands for itself, but for these. */
const otherThanText = /^(?:null|true|false)$/i;

/**
 * Reads the words of a pack that stand as they are to be written, `  - { word: ..., means: ... }`, one a line: a pack is
 * hundreds of such lines, and YAML at large takes ten times as long. Undefined where anything is written in another way
 * that YAML allows or refuses: then the whole file is for it to read.
 */
export function readWordLines(source: string): WordLines | undefined {
  if (/[\r\t]|^(?:---|\.\.\.|%)/m.test(source)) return undefined;
  const lines = source.split('\n');
  const from = lines.indexOf('words:');
  if (from < 0) return undefined;
  let to = from + 1;
  while (to < lines.length && /^(?: |#|$)/.test(lines[to] ?? '')) to += 1;
  const words: unknown[] = [];
  for (const line of lines.slice(from + 1, to)) {
    if (/^ *(?:#|$)/.test(line)) continue;
    const text = /^ {2}- \{ (.*) \}$/u.exec(line)?.[1];
    const word = text === undefined ? undefined : readPairs(text);
    if (word === undefined) return undefined;
    words.push(word);
  }
  return { words, rest: [...lines.slice(0, from), ...lines.slice(to)].join('\n') };
}

function readPairs(line: string): Record<string, string | string[]> | undefined {
  const word: Record<string, string | string[]> = {};
  for (pair.lastIndex = 0; pair.lastIndex < line.length;) {
    const [, key, list, single = ''] = pair.exec(line) ?? [];
    if (key === undefined || Object.hasOwn(word, key)) return undefined;
    const texts = (list?.match(ofList) ?? [single]).map(textOf);
    if (!texts.every((text) => text !== undefined)) return undefined;
    word[key] = list === undefined ? (texts[0] ?? '') : texts;
  }
  return word;
}

function textOf(written: string): string | undefined {
  if (written.startsWith("'")) return written.slice(1, -1).replaceAll("''", "'");
  if (written.startsWith('"')) return written.slice(1, -1);
  return written.endsWith(' ') || otherThanText.test(written) ? undefined : written;
}
