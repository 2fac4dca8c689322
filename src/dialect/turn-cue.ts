import type { DialectPacks } from './packs.js';
import { plainWriting, wordKey } from './plain-writing.js';

/** `final`: the caller has finished. `holding`: he goes on after this pause. */
export type TurnCue = 'final' | 'holding';

const cues = new WeakMap<DialectPacks, Map<string, ReadonlyMap<string, TurnCue>>>();

/**
 * What the last word heard says about whether the turn is over; undefined if it says nothing. For partial results too, so
 * it is quick. Of two words that fit, the longer counts: 然后呢 holds although 呢 ends.
 */
export function turnCue(heard: string, dialect: string, packs: DialectPacks): TurnCue | undefined {
  const key = plainWriting(heard).key.replace(/[\s\p{P}]+$/u, '');
  const words = cuesOf(dialect, packs);
  const longest = Math.max(0, ...[...words.keys()].map((word) => word.length));
  for (let length = Math.min(longest, key.length); length > 0; length -= 1) {
    const cue = words.get(key.slice(-length));
    if (cue !== undefined && startsWord(key, key.length - length)) return cue;
  }
  return undefined;
}

/** Words of alphabets are whole words; Chinese writing has no borders. */
function startsWord(key: string, at: number): boolean {
  const letter = /[\p{L}\p{N}]/u;
  const han = /\p{Script=Han}/u;
  const before = key.charAt(at - 1);
  return !letter.test(before) || han.test(before) || han.test(key.charAt(at));
}

function cuesOf(dialect: string, packs: DialectPacks): ReadonlyMap<string, TurnCue> {
  const ofPacks = cues.get(packs) ?? new Map<string, ReadonlyMap<string, TurnCue>>();
  cues.set(packs, ofPacks);
  let words = ofPacks.get(dialect);
  if (words === undefined) {
    const made = new Map<string, TurnCue>();
    // A word in both lists holds: to wait too long is less rude than to interrupt.
    for (const word of packs.turnFinalOf(dialect)) made.set(wordKey(word), 'final');
    for (const word of packs.turnHoldingOf(dialect)) made.set(wordKey(word), 'holding');
    words = made;
    ofPacks.set(dialect, words);
  }
  return words;
}

/** Whether all that was heard is a sign of listening (嗯, uh-huh) or a filler: by it nothing was said. */
export function isBackchannel(heard: string, dialect: string, packs: DialectPacks): boolean {
  const key = plainWriting(heard).key.replace(/\p{P}+/gu, ' ');
  const known = backchannelsOf(dialect, packs);
  const words = key.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return false;
  return known.has(words.join(' ')) || words.every((word) => known.has(word) || isRepeated(word, known));
}

/** 嗯嗯嗯. */
function isRepeated(word: string, known: ReadonlySet<string>): boolean {
  const [first = ''] = word;
  return /\p{Script=Han}/u.test(first) && known.has(first) && [...word].every((sign) => sign === first);
}

const backchannels = new WeakMap<DialectPacks, Map<string, ReadonlySet<string>>>();

function backchannelsOf(dialect: string, packs: DialectPacks): ReadonlySet<string> {
  const ofPacks = backchannels.get(packs) ?? new Map<string, ReadonlySet<string>>();
  backchannels.set(packs, ofPacks);
  let words = ofPacks.get(dialect);
  if (words === undefined) {
    const all = packs.chain(dialect).flatMap((pack) => [...pack.backchannels, ...pack.fillers]);
    words = new Set(all.map((word) => wordKey(word).replace(/\p{P}+/gu, ' ')));
    ofPacks.set(dialect, words);
  }
  return words;
}
