import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fallbackChain } from './dialect/catalogue.js';
import type { DialectPack } from './dialect/pack.js';
import { DialectPacks, familyOf } from './dialect/packs.js';
import { readPack } from './dialect/read-pack.js';
import { dialectDataDir } from './dialect-files.js';

/** What a call needs at hand of a pack: whether a turn is over, and what every question understands. */
const neededParts = /^(dialect|fillers|replies|backchannels|turnFinal|turnHolding):/;
const neededReplies = /^(replies| +(repeat|slower|louder)):/;

/**
 * Of the packs of these dialects only what the turns of a call need: to read all their words takes seconds, and the calls
 * are in this thread. A file with problems is left out; whoever reads the whole of it tells them.
 */
export async function readTurnPacks(
  dialects: readonly string[],
  dir = join(dialectDataDir, 'packs'),
): Promise<DialectPacks> {
  const ids = new Set(dialects.flatMap((dialect) => [...fallbackChain(dialect), familyOf(dialect)]));
  const packs: DialectPack[] = [];
  for (const id of ids) {
    const file = join(dir, `${id}.yaml`);
    const text = await readFile(file, 'utf8').catch(() => '');
    const { pack } = readPack(needed(text), file);
    if (pack !== undefined) packs.push(pack);
  }
  return new DialectPacks(packs);
}

function needed(text: string): string {
  const parts = text.split(/^(?=\S)/m).filter((part) => neededParts.test(part));
  return parts
    .map((part) => {
      if (!part.startsWith('replies:')) return part;
      const replies = part.split(/^(?=\S| {1,4}[a-z]\w*:)/im).filter((reply) => neededReplies.test(reply));
      return replies.length > 1 ? replies.join('') : '';
    })
    .join('');
}
