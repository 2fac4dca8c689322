import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { t } from 'tap';
import { parse } from 'yaml';
import { readWordLines } from '../../src/dialect/word-lines.js';
import { dialectDataDir } from '../../src/dialect-files.js';

/** What YAML says to the whole, undefined if it refuses it. */
function byYaml(source: string): { words?: unknown } | undefined {
  try {
    return parse(source, { uniqueKeys: true, logLevel: 'error' }) as { words?: unknown };
  } catch {
    return undefined;
  }
}

t.test('every shipped pack is read by lines, as YAML reads it', async (t) => {
  const dir = join(dialectDataDir, 'packs');
  const files = (await readdir(dir)).filter((file) => file.endsWith('.yaml'));
  let byLines = 0;
  for (const file of files) {
    const source = await readFile(join(dir, file), 'utf8');
    const lines = readWordLines(source);
    if (lines === undefined) {
      t.notMatch(source, /^words:/m, file);
      continue;
    }
    byLines += 1;
    t.strictSame({ ...parse(lines.rest), words: lines.words }, parse(source), file);
  }
  t.ok(byLines > 20, `${byLines} of ${files.length}`);
});

t.test('whatever a line holds, it is read as YAML reads it, or left to it', async (t) => {
  const bit = fc.constantFrom(
    ...['电', 'a', 'é', '7', '-', '?', '~', 'null', 'True', 'no', ':', ': ', ',', ', ', ' ', '  ', '#', ' #'],
    ...['[', ']', '{', '}', '[a, b]', '"', "'", "'a'", '"b"', '&x', '*x', '!', '|', '>', '%', '@', '`', '\\'],
    ...['=>', ' => ', 'word: ', 'means: ', 'word', '\n', '\n    ', '  - ', '…', '\u00a0', '\u2028', '\ufeff'],
  );
  const usual = fc.constantFrom('电费', 'a b', "it's", "'it''s'", '"x y"', '没电 => 停电', '，', '…');
  const text = fc.oneof(
    { weight: 3, arbitrary: usual },
    fc.array(fc.oneof(usual, bit), { maxLength: 4 }).map((bits) => bits.join('')),
  );
  const line = fc.oneof(
    fc.tuple(text, text).map(([word, means]) => `  - { word: ${word}, means: ${means} }`),
    fc.tuple(text, text).map(([word, list]) => `  - { word: ${word}, spellings: [${list}] }`),
    text.map((any) => `  - { word: a, example: 我${any}b => c }`),
    text.map((any) => `  ${any}`),
    text,
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), (body) => {
      const source = `dialect: x\nwords:\n${body.join('\n')}\nplain: [b]\n`;
      const lines = readWordLines(source);
      if (lines === undefined) return true;
      const whole = byYaml(source);
      const rest = byYaml(lines.rest);
      // A problem of the rest is found there.
      if (rest === undefined || 'words' in rest || lines.words.length === 0) return true;
      read += 1;
      return isDeepStrictEqual({ ...rest, words: lines.words }, whole);
    }),
    { numRuns: 1000 },
  );
  t.ok(read > 150, `${read} were read by lines`);
});
