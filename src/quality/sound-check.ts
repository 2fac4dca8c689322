import type { Phrase } from '../speech/recognizer.js';
import { listed } from './words-check.js';

/** A recording that is to be taught. */
export interface CandidateSound {
  readonly id: string;
  readonly dialect: string;
  readonly phrases: readonly { readonly text: string; readonly dialect: string }[];
  /** Mono s16 at 8 kHz. */
  readonly samples: Int16Array;
}

/** What was heard among a menu's phrases. */
export interface SoundHeard {
  readonly phraseId: string | undefined;
  /** The taught sound that told it. */
  readonly taught: string | undefined;
}

/** A phrasebook of its own, apart from that of the calls, and a voice that reads to it. */
export interface SoundExaminer {
  /** Undefined when it can be used, else why not. */
  teach(sound: CandidateSound): Promise<'short' | 'long' | undefined>;
  /** Undefined: noMatch. Rejects when none of the phrases can be heard. */
  hear(phrases: readonly Phrase[], samples: Int16Array): Promise<SoundHeard | undefined>;
  /** The `voice`-th of a few voices reads it over a telephone line; undefined for a dialect that none of them speaks. */
  say(text: string, dialect: string, voice: number): Promise<Int16Array | undefined>;
}

/** Everyday sentences that are in no menu, by which false alarms are counted. */
export type EverydaySentences = (dialect: string) => readonly string[];

/** Of so many sentences of everyday speech one may be taken for what was taught. */
const mostEveryday = 24;
/** Voices that read each phrase. */
const voices = 2;
/** A phrase of a large menu that is read: the rest are as many again of the same. */
const mostPhrases = 40;

export interface SoundReport {
  /** Clips of the dialplans' own phrases, and of everyday sentences. */
  readonly phrases: number;
  readonly everyday: number;
}

/** Checks a sound against menus; the reason for a refusal, or the report. Leaves the examiner with the sound taught. */
export async function checkSound(
  examiner: SoundExaminer,
  menus: readonly (readonly Phrase[])[],
  everyday: EverydaySentences,
  candidate: CandidateSound,
): Promise<string | SoundReport> {
  const clips = await clipsOf(examiner, menus, everyday);
  const before: (SoundHeard | undefined)[] = [];
  for (const { menu, samples } of clips) before.push(await examiner.hear(menu, samples));
  const unusable = await examiner.teach(candidate);
  if (unusable === 'short')
    return 'what was said is too short or too quiet to be told from other words: it takes 0.3 s and four sounds';
  if (unusable === 'long') return 'what was said is longer than 6 s: a story, no wording of a choice';
  const isTaken = (heard: SoundHeard | undefined) => heard?.taught === candidate.id;
  for (const menu of menus) {
    if (!isTaken(await examiner.hear(menu, candidate.samples))) {
      return 'the recording is not found again beside the phrases of its own menu: one of them goes before it';
    }
    for (const near of nearSounds(candidate.samples)) {
      if (isTaken(await examiner.hear(menu, near)))
        return 'a part of the recording is taken for the whole: there is too little in it';
    }
  }
  const stolen: string[] = [];
  const alarms: string[] = [];
  for (const [index, { menu, samples, said, own }] of clips.entries()) {
    const heard = await examiner.hear(menu, samples);
    if (!isTaken(heard) || heard?.phraseId === own) continue;
    if (own === undefined) alarms.push(said);
    else if (before[index]?.phraseId === own) stolen.push(said);
  }
  if (stolen.length > 0) return `the phrases ${listed([...new Set(stolen)])} would now be taken for it`;
  const asked = clips.filter(({ own }) => own === undefined).length;
  if (alarms.length > Math.floor(asked / mostEveryday)) {
    return `${alarms.length} of ${asked} everyday sentences would be taken for it: ${listed([...new Set(alarms)])}`;
  }
  return { phrases: clips.length - asked, everyday: asked };
}

interface Clip {
  readonly menu: readonly Phrase[];
  readonly said: string;
  /** Id of the phrase; undefined for an everyday sentence. */
  readonly own: string | undefined;
  readonly samples: Int16Array;
}

async function clipsOf(
  examiner: SoundExaminer,
  menus: readonly (readonly Phrase[])[],
  everyday: EverydaySentences,
): Promise<Clip[]> {
  const clips: Clip[] = [];
  const said = new Set<string>();
  const add = async (menu: readonly Phrase[], text: string, dialect: string, own?: string, voice = 0) => {
    const name = `${dialect} ${text} ${own ?? ''} ${voice}`;
    if (said.has(name)) return;
    said.add(name);
    const samples = await examiner.say(text, dialect, voice);
    if (samples !== undefined) clips.push({ menu, said: text, own, samples });
  };
  for (const menu of menus) {
    for (const { id, text, dialect } of menu.slice(0, mostPhrases)) {
      for (let voice = 0; voice < voices; voice += 1) await add(menu, text, dialect, id, voice);
    }
    const own = new Set(menu.map(({ text }) => text));
    for (const dialect of new Set(menu.map((phrase) => phrase.dialect))) {
      const sentences = everyday(dialect).filter((text) => !own.has(text));
      for (const text of sentences.slice(0, mostEveryday)) await add(menu, text, dialect);
    }
  }
  return clips;
}

/** Near words of a recording whose words nobody knows: its halves in the wrong order, and each alone. */
function nearSounds(samples: Int16Array): Int16Array[] {
  const middle = Math.floor(samples.length / 2);
  const swapped = new Int16Array(samples.length);
  swapped.set(samples.subarray(middle));
  swapped.set(samples.subarray(0, middle), samples.length - middle);
  return [swapped, samples.slice(0, middle), samples.slice(middle)];
}
