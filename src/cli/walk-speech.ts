import { understand } from '../call/understand.js';
import type { Dialplan } from '../dialog/dialplan.js';
import { readDialectData } from '../dialect-data.js';
import type { WalkSpeech } from './dialplan-walk.js';

/** Understands what is typed as a call understands open speech. Takes a second: it reads the words of every dialect. */
export async function readWalkSpeech({ intents }: Dialplan): Promise<WalkSpeech> {
  const { packs, slots, matcher } = await readDialectData(undefined, intents?.set);
  const knowledge = {
    packs,
    slots,
    matcherOf: (set: string) => (set === intents?.set ? matcher : undefined),
  };
  return (line, { phrases, speech }, dialect) => {
    const heard = { phraseId: undefined, text: line, dialect: undefined, confidence: 1 };
    const understood = understand(knowledge, { alternatives: [heard], dialect, phrases, speech }, new Date());
    if (understood === undefined) return undefined;
    if ('meaning' in understood) {
      return { kind: 'speech', text: line, dialect, confidence: 1, meaning: understood.meaning };
    }
    const { phraseId } = understood.phrase;
    return phraseId === undefined
      ? undefined
      : { kind: 'phrase', phraseId, text: line, dialect, confidence: 1 };
  };
}
