import { dialectIds, findDialect } from './catalogue.js';
import type { DialectEvidence } from './identify.js';

/** What one turn of the caller told about his dialect. Whatever is not known is left out. */
export interface TurnEvidence {
  /**
   * What his words tell, of an engine that writes what was said. Left out for one that writes standard Mandarin for every
   * dialect: its text tells nothing, not even that he speaks standard.
   */
  readonly words?: DialectEvidence;
  /** Language identification of the engine: probability by language or dialect id. */
  readonly engineLanguage?: ReadonlyMap<string, number>;
  /** Milliseconds of voice that it heard; 喂 is too short to tell. */
  readonly voicedMs?: number;
  /** Recognizers that heard the turn in parallel, by dialect: calibrated probability (0 to 1) that it got the words. */
  readonly recognizers?: ReadonlyMap<string, number>;
  /** In which dialect's words an intent, a slot or a phrase was found; undefined if in none, or in those of several. */
  readonly understoodIn?: string;
}

/** Less voice than this identifies no language. */
const leastVoicedMs = 1500;
/** Even a good identifier is wrong in one of eight calls; it may not outweigh a word. */
const engineLimit = 2;
const recognizerLimit = 3;
const understoodWeight = 1;

/** Log-odds of each dialect that something of the turn speaks for or against. */
export function scoreTurn(turn: TurnEvidence): Map<string, number> {
  const score = scoreSound(turn);
  for (const [dialect, value] of turn.words?.score ?? []) add(score, dialect, value);
  if (turn.understoodIn !== undefined) add(score, turn.understoodIn, understoodWeight);
  return score;
}

/** The part of {@link scoreTurn} that was heard, not read. */
export function scoreSound(turn: TurnEvidence): Map<string, number> {
  const score = new Map<string, number>();
  if ((turn.voicedMs ?? leastVoicedMs) >= leastVoicedMs) {
    for (const [id, probability] of turn.engineLanguage ?? []) {
      // An identifier of languages cannot part Mandarin's accents: what it says of the language holds for each.
      for (const dialect of dialectsOf(id)) add(score, dialect, logOdds(probability, engineLimit));
    }
  }
  for (const [dialect, probability] of turn.recognizers ?? []) {
    add(score, dialect, logOdds(probability, recognizerLimit));
  }
  return score;
}

function add(score: Map<string, number>, dialect: string, value: number): void {
  score.set(dialect, (score.get(dialect) ?? 0) + value);
}

function dialectsOf(id: string): readonly string[] {
  const ofLanguage = dialectIds.filter((dialect) => findDialect(dialect)?.language === id);
  return ofLanguage.length > 0 ? ofLanguage : [id];
}

export function logOdds(probability: number, limit: number): number {
  if (Number.isNaN(probability)) return 0;
  const p = Math.min(1, Math.max(0, probability));
  return Math.min(limit, Math.max(-limit, Math.log(p / (1 - p))));
}
