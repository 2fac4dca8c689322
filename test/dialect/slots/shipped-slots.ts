import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSlotWords } from '../../../src/dialect/slots/read-slot-words.js';
import { SlotReader } from '../../../src/dialect/slots/slot-reader.js';
import type { SlotWords } from '../../../src/dialect/slots/slot-words.js';

const folder = fileURLToPath(new URL('../../../../src/dialect/slots-data/', import.meta.url));

/** The files as they are shipped, by name. */
export const slotFiles: readonly { readonly file: string; readonly source: string }[] = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({ file, source: readFileSync(join(folder, file), 'utf8') }));

/** The words of every dialect, from all files. */
export const shippedWords: ReadonlyMap<string, SlotWords> = new Map(
  slotFiles.flatMap(({ file, source }) => {
    const { words, problems } = readSlotWords(source, file);
    if (words === undefined)
      throw new Error(problems.map((p) => `${p.file}:${String(p.line)} ${p.message}`).join('\n'));
    return [...words];
  }),
);

export const shippedSlots = new SlotReader(shippedWords);

/** The day on which the examples of the files are said: a Saturday. */
export const saturday = new Date(2026, 10, 21, 12);
