import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { errorCode, XiangyinError } from '../core/errors.js';
import { isDialectId } from '../dialect/catalogue.js';
import type { TaughtSentence } from '../dialect/taught-sentences.js';
import { asking, type Dialplan } from '../dialog/dialplan.js';
import { samePhrase } from '../dialog/read-choice.js';
import type { CallRecord, TurnRecord } from '../store/call-record.js';
import type { CallStore } from '../store/call-store.js';
import type { TaughtEntry, TaughtStore } from '../store/taught.js';
import { callerSound } from './caller-sound.js';
import { qualityError } from './errors.js';
import { menusWith } from './menus.js';
import type { CandidateSound, SoundReport } from './sound-check.js';
import { meaningOf, type TaughtMeaning } from './taught-meaning.js';
import { heardInTurn, type HeardTurn } from './turn-heard.js';
import { holdsPhrase, sentenceRefusal, wordingRefusal, type WordsReport } from './words-check.js';
import type { Phrase } from '../speech/recognizer.js';

/** What is to be taught. */
export interface TeachOrder {
  /** Id, SIP Call-ID, or a beginning of the id that only one call has. */
  readonly call: string;
  /** As `calls show` counts: 1 is the first. */
  readonly turn: number;
  /** An intent, a choice of the question, or one of its phrases. */
  readonly means: string;
  /** What the caller spoke; default: the dialect in which he was asked. */
  readonly dialect?: string;
  readonly by: string;
}

/** What was checked before it counted. */
export interface TeachReport {
  readonly words?: WordsReport | undefined;
  readonly sound?: SoundReport;
}

export interface TaughtResult {
  readonly entry: TaughtEntry;
  readonly report: TeachReport;
}

export interface TeachingPorts {
  readonly calls: Pick<CallStore, 'find'>;
  readonly taught: TaughtStore;
  /** Folder to which recordings and journals are relative. */
  readonly dataDir: string;
  readonly dialplans: () => readonly Dialplan[];
  /** Intents of a set by id; empty if there is no such set. */
  readonly intents: (set: string) => Promise<ReadonlySet<string>>;
  /** Keyed hash of a number, undefined for none. */
  readonly callerKey: (number: string) => Promise<string | undefined>;
  /** Evaluates the regression set with a sentence more, where no call waits for it. */
  readonly checkSentence: (
    set: string,
    taught: readonly TaughtSentence[],
    candidate: TaughtSentence,
  ) => Promise<WordsReport>;
  /** Hears menus with a sound more; a text is the reason for a refusal. Rejects QUALITY_NO_ENGINE. */
  readonly checkSound: (
    menus: readonly (readonly Phrase[])[],
    taught: readonly CandidateSound[],
    candidate: CandidateSound,
  ) => Promise<string | SoundReport>;
  /** Something was taught or taken back: calls go by this from now on. */
  readonly changed: (entries: readonly TaughtEntry[]) => Promise<void>;
  readonly newId: () => string;
  readonly clock: Clock;
}

/** The set of a dialplan that names none. */
const usualSet = 'hotline';

/**
 * Makes what was not understood, or was taken for something else, understood: finds it, checks it, keeps it, and takes it back.
 * Everything rejects QUALITY_.
 */
export class Teaching {
  /** One after the other: each is checked beside what was taught before. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly ports: TeachingPorts) {}

  teach(order: TeachOrder): Promise<TaughtResult> {
    return this.#inTurn(() => this.#teach(order));
  }

  /** Everything that is taught, the first first. */
  list(): Promise<readonly TaughtEntry[]> {
    return this.ports.taught.list();
  }

  /** Takes one back, in every call from the next listening on. Resolves with what it was. */
  unteach(id: string): Promise<TaughtEntry> {
    return this.#inTurn(async () => {
      const entries = await this.ports.taught.list();
      const wanted = entries.find((entry) => entry.id === id || entry.id === `taught-${id}`);
      if (wanted === undefined || !(await this.ports.taught.unteach(wanted.id)))
        throw qualityError('QUALITY_NOT_TAUGHT', { id });
      await this.#changed();
      return wanted;
    });
  }

  /** Takes back every sound that was cut from this caller's recordings. Resolves with how many, and what of his stays. */
  forgetCaller(number: string): Promise<{ readonly erased: number; readonly kept: number }> {
    return this.#inTurn(async () => {
      const key = await this.ports.callerKey(number);
      if (key === undefined) return { erased: 0, kept: 0 };
      const erased = await this.ports.taught.forgetSounds(key);
      if (erased > 0) await this.#changed();
      return { erased, kept: await this.#of(key) };
    });
  }

  /** How much of this caller's is taught. */
  async ofCaller(number: string): Promise<number> {
    const key = await this.ports.callerKey(number);
    return key === undefined ? 0 : this.#of(key);
  }

  async #of(key: string): Promise<number> {
    return (await this.ports.taught.list()).filter(({ callerKey }) => callerKey === key).length;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #changed(): Promise<void> {
    await this.ports.changed(await this.ports.taught.list());
  }

  async #teach(order: TeachOrder): Promise<TaughtResult> {
    const { taught, clock, newId } = this.ports;
    if (order.dialect !== undefined && !isDialectId(order.dialect))
      throw qualityError('QUALITY_DIALECT_UNKNOWN', { dialect: order.dialect });
    const record = await this.ports.calls.find(order.call);
    if (record === undefined) throw qualityError('QUALITY_NO_SUCH_CALL', { call: order.call });
    const { turn, heard } = await this.#heard(record, order.turn);
    const dialplan = this.ports.dialplans().find(({ name }) => name === record.dialplan);
    const meaning = await this.#meaning(order, dialplan, turn);
    const understood = () =>
      qualityError('QUALITY_TURN_UNDERSTOOD', {
        turn: order.turn,
        means: order.means,
        others: teachable(record),
      });
    const misunderstood = turn.outcome !== 'noMatch';
    if (misunderstood && meaning.phrases.some((phrase) => holdsPhrase(turn.heard ?? '', phrase)))
      throw understood();
    const entries = await taught.list();
    const sound = heard.words === undefined ? await this.#cut(record, heard) : null;
    const person = record.direction === 'inbound' ? record.callingNumber : record.calledNumber;
    const entry: TaughtEntry = {
      id: newId(),
      dialect: order.dialect ?? turn.dialect,
      words: heard.words ?? null,
      sound,
      ...meaning,
      callId: record.id,
      turn: order.turn,
      callerKey: (await this.ports.callerKey(person)) ?? null,
      taughtBy: order.by,
      taughtAtMs: clock.wallMs(),
      matches: 0,
      lastMatchedMs: null,
    };
    const report = await this.#check(entry, entries, order, dialplan, turn);
    if (misunderstood && report.words?.known === true) throw understood();
    await taught.teach(entry);
    await this.#changed();
    return { entry, report };
  }

  async #heard(record: CallRecord, number: number): Promise<{ turn: TurnRecord; heard: HeardTurn }> {
    const turn = record.turns[number - 1];
    const turns = record.turns.length;
    if (turn === undefined)
      throw qualityError('QUALITY_NO_SUCH_TURN', { call: record.id, turn: number, turns });
    const others = teachable(record);
    if (turn.outcome === 'noInput' || turn.outcome === 'none')
      throw qualityError('QUALITY_TURN_SILENT', { turn: number, others });
    if (turn.outcome === 'keys') throw qualityError('QUALITY_TURN_KEYED', { turn: number, others });
    const journal = await this.#journal(record);
    const heard = heardInTurn(journal, turn);
    if (heard === 'silent') throw qualityError('QUALITY_TURN_SILENT', { turn: number, others });
    if (heard === 'sensitive') throw qualityError('QUALITY_TURN_SENSITIVE', { turn: number });
    return { turn, heard };
  }

  async #journal(record: CallRecord): Promise<string> {
    try {
      if (record.journal === null) throw new Error('the call has none');
      return await readFile(join(this.ports.dataDir, record.journal), 'utf8');
    } catch (error) {
      throw qualityError('QUALITY_JOURNAL_GONE', { call: record.id, reason: reasonOf(error) }, error);
    }
  }

  async #cut(record: CallRecord, { span }: HeardTurn): Promise<Int16Array> {
    try {
      if (record.recording === null || span === undefined) throw new Error('the call has none');
      return await callerSound(join(this.ports.dataDir, record.recording), span.from, span.to);
    } catch (error) {
      throw qualityError('QUALITY_RECORDING_GONE', { call: record.id, reason: reasonOf(error) }, error);
    }
  }

  async #meaning(
    { means, turn }: TeachOrder,
    dialplan: Dialplan | undefined,
    { node }: TurnRecord,
  ): Promise<TaughtMeaning> {
    const asked = asking(dialplan?.nodes[node]);
    if (asked === undefined)
      throw qualityError('QUALITY_NODE_GONE', { dialplan: dialplan?.name ?? 'of this call', node });
    if (asked.sensitive) throw qualityError('QUALITY_TURN_SENSITIVE', { turn });
    const intents = await this.ports.intents(dialplan?.intents?.set ?? usualSet);
    const meaning = meaningOf(means, asked.choices, intents);
    if (meaning !== undefined) return meaning;
    throw qualityError('QUALITY_MEANING_UNKNOWN', {
      means,
      node,
      choices: asked.choices.map(({ id }) => id).join(', ') || 'none',
      intents: [...intents].join(', ') || 'none',
    });
  }

  async #check(
    entry: TaughtEntry,
    entries: readonly TaughtEntry[],
    { means }: TeachOrder,
    dialplan: Dialplan | undefined,
    turn: TurnRecord,
  ): Promise<TeachReport> {
    const before = entries.find(
      (other) =>
        (other.callId === entry.callId && other.turn === entry.turn) ||
        (other.words !== null && entry.words !== null && samePhrase(other.words) === samePhrase(entry.words)),
    );
    if (before !== undefined) throw qualityError('QUALITY_ALREADY_TAUGHT', { id: before.id });
    try {
      const menus = menusWith(this.ports.dialplans(), entry.phrases);
      if (entry.words !== null)
        return { words: await this.#checkWords(entry, entries, menus, dialplan, turn.outcome !== 'noMatch') };
      if (menus.length === 0)
        throw qualityError('QUALITY_NO_PHRASE', { means, node: turn.node, dialplan: dialplan?.name ?? '' });
      const sound = await this.ports.checkSound(
        menus,
        entries.flatMap(soundOf),
        ...(soundOf(entry) as [CandidateSound]),
      );
      if (typeof sound === 'string') throw qualityError('QUALITY_REFUSED', { reason: sound });
      return { sound };
    } catch (error) {
      if (error instanceof XiangyinError && error.code.startsWith('QUALITY_')) throw error;
      throw qualityError('QUALITY_CHECK_FAILED', { reason: errorCode(error) }, error);
    }
  }

  async #checkWords(
    entry: TaughtEntry,
    entries: readonly TaughtEntry[],
    menus: readonly (readonly Phrase[])[],
    dialplan: Dialplan | undefined,
    misunderstood: boolean,
  ): Promise<WordsReport | undefined> {
    const words = entry.words ?? '';
    if (menus.length > 0) {
      const reason = wordingRefusal(menus, entries.flatMap(wordingOf), {
        id: entry.id,
        words,
        phrases: entry.phrases,
      });
      if (reason !== undefined) throw qualityError('QUALITY_REFUSED', { reason });
    }
    const [candidate] = sentenceOf(entry);
    if (candidate === undefined) return undefined;
    const set = dialplan?.intents?.set ?? usualSet;
    const report = await this.ports.checkSentence(set, entries.flatMap(sentenceOf), candidate);
    const reason = sentenceRefusal(report, candidate.intent, misunderstood);
    if (reason !== undefined) throw qualityError('QUALITY_REFUSED', { reason });
    return report;
  }
}

/** Numbers of the turns that nobody understood; which were misunderstood, only who was there can tell. */
function teachable({ turns }: CallRecord): string {
  return (
    turns.flatMap(({ outcome }, index) => (outcome === 'noMatch' ? [index + 1] : [])).join(', ') || 'none'
  );
}

/** What the intents' matcher is told of an entry: a list of one, or none. */
export function sentenceOf({ id, dialect, words, intent }: TaughtEntry): TaughtSentence[] {
  return words === null || intent === null ? [] : [{ id, dialect, words, intent }];
}

/** What menus are told of an entry. */
export function wordingOf({ id, words, phrases }: TaughtEntry) {
  return words === null || phrases.length === 0 ? [] : [{ id, words, phrases }];
}

/** What the phrasebook is told of an entry. */
export function soundOf({ id, dialect, sound, phrases }: TaughtEntry): CandidateSound[] {
  return sound === null ? [] : [{ id, dialect, phrases, samples: sound }];
}

function reasonOf(error: unknown): string {
  const code = errorCode(error);
  return code === 'Error' && error instanceof Error ? error.message : code;
}
