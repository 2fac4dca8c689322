import { StateMachine, type TransitionTable } from '../core/state-machine.js';
import { findDialect } from './catalogue.js';
import { scoreSound, scoreTurn, type TurnEvidence } from './turn-evidence.js';

/**
 * - `assumed`: nothing is known yet; the tenant's dialect is spoken.
 * - `settled`: memory or the caller's words told the dialect; it takes more to leave it.
 * - `asking`: he was asked which dialect he wants, and has not chosen.
 * - `chosen`: he said or keyed what he wants; no words change that.
 */
export type DialectState = 'assumed' | 'settled' | 'asking' | 'chosen';

const moves: TransitionTable<DialectState> = {
  assumed: ['settled', 'asking', 'chosen'],
  settled: ['asking', 'chosen'],
  asking: ['settled', 'chosen'],
  chosen: [],
};

/** What an earlier call of the same number left. */
export interface RememberedDialect {
  readonly dialect: string;
  /** Calls in which it was confirmed. */
  readonly confirmations: number;
  readonly ageDays: number;
}

export type DialectReason =
  /** Nothing spoke for another dialect, or not enough. */
  | 'kept'
  /** One turn left no doubt. */
  | 'sure'
  /** Two turns in a row said the same. */
  | 'twice'
  /** Turns contradict each other: he is to be asked, in both dialects. */
  | 'doubt'
  /** He chose. */
  | 'chosen'
  /** It would be right to switch, but twice in a call is enough. */
  | 'enough-switches';

export interface DialectDecision {
  readonly dialect: string;
  /** Whether it is another than before: engine, voice and prompts follow. */
  readonly switched: boolean;
  /** Dialects to ask between, the present first. At most once a call. */
  readonly ask: readonly [present: string, other: string] | undefined;
  readonly reason: DialectReason;
}

/** Log-odds by which another dialect must lead the present one for a turn to speak for it. */
const turnMargin = 2.5;
/** So much (log-odds) another dialect must lead in sound for what the question expects in it alone to leave no doubt. */
const soundMargin = 3;
/** A memory weighs as many confirmations as it has, up to this many, and half as much after each half-life. */
const memoryLimit = 3;
const memoryHalfLifeDays = 180;
const memoryTrusted = 1;
/** A caller who is answered in a new dialect over and over is served worse than in a wrong one. */
const maxSwitches = 2;

/**
 * Which dialect a call is held in, from turn to turn. Pure. It never switches on a turn whose words are neutral, and leaves
 * a dialect that it has settled on only after two turns in a row that say the same.
 */
export class DialectTracker {
  #dialect: string;
  #switches = 0;
  #asked = false;
  /** Another dialect that the last telling turn spoke for. */
  #challenger: string | undefined;
  /** Turns that said one thing by words and another by sound. */
  #conflicts = 0;
  /** What all turns together spoke for, log-odds by dialect. */
  readonly #told = new Map<string, number>();
  readonly #machine: StateMachine<DialectState>;

  /** `assumed` is spoken until something is known. */
  constructor(assumed: string, remembered?: RememberedDialect) {
    this.#machine = new StateMachine(moves, 'assumed');
    this.#dialect = assumed;
    if (remembered === undefined || findDialect(remembered.dialect) === undefined) return;
    this.#dialect = remembered.dialect;
    const confirmed = Math.min(memoryLimit, remembered.confirmations);
    // A shared telephone, a caller who moved: an old or single memory is where to begin, no more.
    if (confirmed * 0.5 ** (remembered.ageDays / memoryHalfLifeDays) > memoryTrusted) this.#move('settled');
  }

  get dialect(): string {
    return this.#dialect;
  }

  get state(): DialectState {
    return this.#machine.state;
  }

  /** Switches made by evidence; wishes of the caller are not counted. */
  get switches(): number {
    return this.#switches;
  }

  /**
   * These dialects, the likeliest first. Where nothing tells, a language that is not among those before goes first: who
   * listens in one of its dialects gets something of the others too.
   */
  likeliest(dialects: readonly string[]): readonly string[] {
    const told = (id: string): number => this.#told.get(id) ?? 0;
    const left = [...dialects];
    const ranked: string[] = [];
    const heard = new Set([findDialect(this.#dialect)?.language]);
    while (left.length > 0) {
      const most = Math.max(...left.map(told));
      const alike = left.filter((id) => told(id) === most);
      const next = alike.find((id) => !heard.has(findDialect(id)?.language)) ?? alike[0];
      if (next === undefined) break;
      heard.add(findDialect(next)?.language);
      ranked.push(next);
      left.splice(left.indexOf(next), 1);
    }
    return ranked;
  }

  /** The caller keyed or said which dialect he wants, or answered when he was asked: at once, and for the whole call. */
  choose(dialect: string): DialectDecision {
    const switched = dialect !== this.#dialect;
    this.#dialect = dialect;
    this.#challenger = undefined;
    this.#move('chosen');
    return { dialect, switched, ask: undefined, reason: 'chosen' };
  }

  /** After each turn of the caller. */
  hear(turn: TurnEvidence): DialectDecision {
    if (this.state === 'chosen') return this.#kept();
    for (const [id, value] of scoreTurn(turn)) this.#told.set(id, (this.#told.get(id) ?? 0) + value);
    const other = this.#otherOf(turn);
    if (other === 'conflict') return this.#inConflict(turn);
    if (other === undefined) {
      // A turn that tells something, and not another dialect, ends the streak; a neutral one does not.
      if (this.#confirms(turn)) this.#confirmed(turn);
      return this.#kept();
    }
    const again = this.#challenger === other.dialect;
    this.#challenger = other.dialect;
    if (other.sure && this.state !== 'settled') return this.#switch(other.dialect, 'sure');
    return again ? this.#switch(other.dialect, 'twice') : this.#kept();
  }

  /** Another dialect that the turn speaks for; `conflict` if its words and its sound speak for different ones. */
  #otherOf(turn: TurnEvidence): { dialect: string; sure: boolean } | 'conflict' | undefined {
    const { words } = turn;
    const score = scoreTurn(turn);
    const best = leader(score, words?.dialect);
    if (best === undefined || best === this.#dialect) return undefined;
    const lead = (score.get(best) ?? 0) - Math.max(0, score.get(this.#dialect) ?? 0);
    if (lead < turnMargin) return undefined;
    if (words === undefined) return { dialect: best, sure: false };
    if (words.sure && words.dialect !== best) return 'conflict';
    const named = words.markers.some(({ weight }) => weight.has(best));
    const soundOf = scoreSound(turn);
    const sound = soundOf.get(best) ?? 0;
    // Neutral words never switch, whatever the sound says; nor do words that every speaker of the language has.
    if (!named || (findDialect(best)?.language === best && !words.sure && sound <= 0)) {
      return sound > 0 ? 'conflict' : undefined;
    }
    // Words of its own, found where only its words are expected, by who hears it well where the present one's does not.
    const proven = turn.understoodIn === best && sound - (soundOf.get(this.#dialect) ?? 0) >= soundMargin;
    return { dialect: best, sure: words.sure || proven };
  }

  /** Whether the turn speaks for the present dialect. */
  #confirms(turn: TurnEvidence): boolean {
    return (turn.words?.score.get(this.#dialect) ?? 0) > 0;
  }

  #confirmed({ words }: TurnEvidence): void {
    this.#challenger = undefined;
    this.#conflicts = 0;
    if (words?.sure === true && words.dialect === this.#dialect) this.#move('settled');
  }

  #inConflict(turn: TurnEvidence): DialectDecision {
    this.#conflicts += 1;
    const other = turn.words?.dialect ?? leader(scoreTurn(turn), undefined);
    return this.#conflicts >= 2 && other !== undefined && other !== this.#dialect
      ? this.#ask(other)
      : this.#kept();
  }

  #switch(dialect: string, reason: 'sure' | 'twice'): DialectDecision {
    if (this.#switches >= maxSwitches) return { ...this.#kept(), reason: 'enough-switches' };
    // Back and forth: before the second switch he is asked what he wants, once.
    if (this.#switches === 1 && !this.#asked) return this.#ask(dialect);
    this.#switches += 1;
    this.#dialect = dialect;
    this.#challenger = undefined;
    this.#conflicts = 0;
    this.#move('settled');
    return { dialect, switched: true, ask: undefined, reason };
  }

  #ask(other: string): DialectDecision {
    if (this.#asked) return this.#kept();
    this.#asked = true;
    this.#conflicts = 0;
    this.#move('asking');
    return { dialect: this.#dialect, switched: false, ask: [this.#dialect, other], reason: 'doubt' };
  }

  #kept(): DialectDecision {
    return { dialect: this.#dialect, switched: false, ask: undefined, reason: 'kept' };
  }

  #move(to: DialectState): void {
    this.#machine.move(to);
  }
}

/**
 * The dialect with the highest score. Of several alike, the one that the words name (`guess`), or the language that all of
 * them are accents of; else undefined.
 */
function leader(score: ReadonlyMap<string, number>, guess: string | undefined): string | undefined {
  const top = Math.max(...score.values());
  if (score.size === 0 || top <= 0) return undefined;
  const best = [...score].flatMap(([id, value]) => (value === top ? id : []));
  if (best.length === 1) return best[0];
  if (guess !== undefined && best.includes(guess)) return guess;
  const language = findDialect(best[0] ?? '')?.language;
  const alike = best.every((id) => findDialect(id)?.language === language);
  return alike && language !== undefined && best.includes(language) ? language : undefined;
}
