import { findDialect } from '../dialect/catalogue.js';
import { logOdds } from '../dialect/turn-evidence.js';
import type { DialectScore, Hearing } from './recognizer.js';

/** Log-odds (nats) for words that the question expects: no signal holds better from one engine to another. */
const grammarWeight = 3;
/** What an engine tells of the dialect by sound may not outweigh that: the best are wrong in one of eight calls. */
const soundLimit = 2;
/** For the dialect that the call is held in: of two alike it is the one. */
const presentWeight = 0.3;
const probabilityLimit = 4;

/**
 * The hearings of one utterance, the best first: by probability, by whether the question expects the words, and by what the
 * engines tell of the dialect. `present`: the one in the dialect that the call is held in, if it is there. Pure.
 */
export function rankHearings(hearings: readonly Hearing[], present: Hearing | undefined): Hearing[] {
  const sound = hearings.find(({ dialects = [] }) => dialects.length > 0)?.dialects ?? [];
  const score = new Map(
    hearings.map((hearing) => [
      hearing,
      logOdds(hearing.probability, probabilityLimit) +
        (hearing.inGrammar ? grammarWeight : 0) +
        soundFor(hearing.dialect, sound) +
        (hearing === present ? presentWeight : 0),
    ]),
  );
  return [...hearings].sort((a, b) => (score.get(b) ?? 0) - (score.get(a) ?? 0));
}

/** Log-odds of a dialect by what an engine tells of the sound: it may know the language and not the dialect; 0: it told nothing. */
export function soundFor(dialect: string, sound: readonly DialectScore[]): number {
  const language = findDialect(dialect)?.language;
  const told = sound.find((one) => one.dialect === dialect) ?? sound.find((one) => one.dialect === language);
  return told === undefined ? 0 : logOdds(told.score, soundLimit);
}
