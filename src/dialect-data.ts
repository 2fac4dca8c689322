import { createHash } from 'node:crypto';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { DialectIdentifier } from './dialect/identify.js';
import type { IntentExamples } from './dialect/intent-examples.js';
import type { LearnedIntents } from './dialect/intent-model.js';
import { learnedBytes, readLearned } from './dialect/learned-file.js';
import type { PackProblem } from './dialect/pack-problem.js';
import { IntentMatcher } from './dialect/intent-matcher.js';
import { DialectPacks, familyOf } from './dialect/packs.js';
import { readIntentExamples, readIntents } from './dialect/read-intents.js';
import { readPack } from './dialect/read-pack.js';
import { readSlotWords } from './dialect/slots/read-slot-words.js';
import { SlotReader } from './dialect/slots/slot-reader.js';
import type { SlotWords } from './dialect/slots/slot-words.js';
import { dialectDataDir } from './dialect-files.js';

/** Reads every pack of words. Problems are told with file and line; a file that has some is left out. */
export async function readDialectPacks(
  dir = join(dialectDataDir, 'packs'),
): Promise<{ readonly packs: DialectPacks; readonly problems: readonly PackProblem[] }> {
  const read = await Promise.all((await textsIn(dir)).map(({ file, text }) => readPack(text, file)));
  return {
    packs: new DialectPacks(read.flatMap(({ pack }) => pack ?? [])),
    problems: read.flatMap(({ problems }) => problems),
  };
}

export interface IntentData {
  /** What each intent means, by its id. */
  readonly intents: ReadonlyMap<string, string>;
  readonly examples: readonly IntentExamples[];
  /** What the examples taught, by family; empty if they or the packs changed since: then they are learned anew. */
  readonly learned: ReadonlyMap<string, LearnedIntents>;
  readonly problems: readonly PackProblem[];
}

/** Reads a hotline's intents (`<name>.yaml`) and each language's examples beside it (`<name>/<language>.yaml`). */
export async function readIntentData(
  name = 'hotline',
  dir = join(dialectDataDir, 'intents'),
): Promise<IntentData> {
  const file = join(dir, `${name}.yaml`);
  const { intents = new Map<string, string>(), problems } = readIntents(await readFile(file, 'utf8'), file);
  const known = new Set(intents.keys());
  const read = (await textsIn(join(dir, name))).map(({ file: one, text }) =>
    readIntentExamples(text, one, known),
  );
  return {
    intents,
    examples: read.flatMap(({ examples }) => examples ?? []),
    learned: await readLearnedIntents(name, dir),
    // Without the list every example would be told as unknown.
    problems: intents.size === 0 ? problems : [...problems, ...read.flatMap((one) => one.problems)],
  };
}

async function readLearnedIntents(name: string, dir: string): Promise<ReadonlyMap<string, LearnedIntents>> {
  const packed = await readFile(learnedPath(name, dir)).catch(() => undefined);
  if (packed === undefined) return new Map();
  const file = readLearned(unpacked(packed));
  return file?.digest === (await sourcesDigest(name, dir)) ? file.families : new Map();
}

/**
 * Keeps what the examples teach now, so that no start has to learn it (`xiangyin dialect train`). To be called after a
 * change of examples, packs, or how they are learned. Gives the file and its length.
 */
export async function writeLearnedIntents(
  name = 'hotline',
  dir = join(dialectDataDir, 'intents'),
): Promise<{ readonly file: string; readonly bytes: number; readonly families: readonly string[] }> {
  const [{ packs }, { examples }] = await Promise.all([
    readDialectPacks(join(dir, '../packs')),
    readIntentData(name, dir),
  ]);
  const matcher = IntentMatcher.build(examples, packs);
  const families = new Map(
    [...new Set(examples.map(({ language }) => familyOf(language)))].flatMap((family) => {
      const learned = matcher.learned(family);
      return learned === undefined ? [] : [[family, learned] as const];
    }),
  );
  const packed = brotliCompressSync(learnedBytes({ digest: await sourcesDigest(name, dir), families }));
  const file = learnedPath(name, dir);
  // Whole or not at all: a server may start meanwhile.
  await writeFile(`${file}.new`, packed);
  await rename(`${file}.new`, file);
  return { file, bytes: packed.length, families: [...families.keys()] };
}

function learnedPath(name: string, dir: string): string {
  return join(dir, `${name}.learned`);
}

function unpacked(packed: Uint8Array): Uint8Array {
  try {
    return brotliDecompressSync(packed);
  } catch {
    return new Uint8Array();
  }
}

/** Of the examples and of the words that they are normalised with; what else stands in a pack (answers, wishes) may change. */
async function sourcesDigest(name: string, dir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const [folder, keys] of [
    [join(dir, name), /^(?:language|concepts|examples|dialects):/],
    [join(dir, '../packs'), /^(?:words|plain|fillers):/],
  ] as const) {
    for (const { file, text } of await textsIn(folder)) {
      hash.update(`${basename(file)}\0`);
      for (const section of text.split(/^(?=[a-zA-Z]+:)/mu))
        if (keys.test(section)) hash.update(`${section}\0`);
    }
  }
  return hash.digest('hex');
}

/** The words that slots are read with. */
export async function readSlotReader(
  dir = join(dialectDataDir, 'slots-data'),
): Promise<{ readonly slots: SlotReader; readonly problems: readonly PackProblem[] }> {
  const read = (await textsIn(dir)).map(({ file, text }) => readSlotWords(text, file));
  const words = new Map<string, SlotWords>(read.flatMap(({ words: of }) => [...(of ?? [])]));
  return { slots: new SlotReader(words), problems: read.flatMap(({ problems }) => problems) };
}

/** All that is understood with, of one hotline. */
export interface DialectData extends IntentData {
  readonly packs: DialectPacks;
  readonly matcher: IntentMatcher;
  readonly slots: SlotReader;
  readonly identifier: DialectIdentifier;
}

/**
 * Reads everything. To be called once, at the start; intents are trained later, at the first sentence of each family of
 * languages or by `matcher.prepare`. With problems it is still whole, without the files that have them.
 */
export async function readDialectData(dir = dialectDataDir, hotline = 'hotline'): Promise<DialectData> {
  const [{ packs, problems: inPacks }, intents, { slots, problems: inSlots }] = await Promise.all([
    readDialectPacks(join(dir, 'packs')),
    readIntentData(hotline, join(dir, 'intents')),
    readSlotReader(join(dir, 'slots-data')),
  ]);
  return {
    ...intents,
    packs,
    slots,
    identifier: new DialectIdentifier(packs),
    matcher: IntentMatcher.build(intents.examples, packs, intents.learned),
    problems: [...inPacks, ...intents.problems, ...inSlots],
  };
}

async function textsIn(dir: string): Promise<{ readonly file: string; readonly text: string }[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(dir, name);
      return { file, text: await readFile(file, 'utf8') };
    }),
  );
}
