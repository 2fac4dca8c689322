import type { ReplyPhrases } from './pack.js';
import { replyKinds } from './pack.js';
import type { DialectPacks } from './packs.js';
import { plainWriting } from './plain-writing.js';
import { isQuestion } from './reply-questions.js';
import { WordMatcher } from './word-matcher.js';

/** `question`: the caller asks back (中不中). `stop`: he has heard enough (行了行了), which is neither yes nor no. */
export type Reply =
  | 'yes'
  | 'no'
  | 'dont-know'
  | 'repeat'
  | 'person'
  | 'slower'
  | 'louder'
  | 'stop-calling'
  | 'question'
  | 'stop';

export interface ReadReply {
  readonly reply: Reply;
  /** Nothing else was said. If not, the rest may be what counts: 好,我要交电费. */
  readonly whole: boolean;
}

const names: Readonly<Record<keyof ReplyPhrases, Reply>> = {
  yes: 'yes',
  no: 'no',
  dontKnow: 'dont-know',
  repeat: 'repeat',
  person: 'person',
  slower: 'slower',
  louder: 'louder',
  stopCalling: 'stop-calling',
};

/** What is said in the middle of a sentence too, the most urgent first. Yes and no are not: 我不交. */
const anywhere = ['stop-calling', 'person', 'slower', 'louder', 'repeat', 'dont-know'] as const;

type Token = Reply | 'around';

/** What the caller answers, if he answers at all. `dialect` is a catalogue id. */
export function readReply(raw: string, dialect: string, packs: DialectPacks): Reply | undefined {
  return parseReply(raw, dialect, packs)?.reply;
}

/** As {@link readReply}, and whether there is more to be read. */
export function parseReply(raw: string, dialect: string, packs: DialectPacks): ReadReply | undefined {
  const key = plainWriting(raw).key.trim();
  const clauses = key.split(pause).flatMap((clause) => clause.trim() || []);
  if (clauses.length === 0) return undefined;
  const matcher = matcherOf(dialect, packs);
  const read = clauses.map((clause) => readClause(clause, matcher));

  if (enough.test(clauses.join(''))) return { reply: 'stop', whole: true };
  const known = read.every((clause) => clause.whole);
  // 再讲一遍好伐 is asked for, not asked.
  const asked = anywhere.find((reply) => read.some(({ said }) => said.includes(reply)));
  const question = isQuestion(clauses.join(''), /[?？]\s*$/.test(raw) && known);
  // 知不知道 holds 不知道.
  if (asked !== undefined && !(asked === 'dont-know' && question)) return { reply: asked, whole: known };
  if (question) return { reply: 'question', whole: known };

  const whole = read.filter((clause) => clause.whole);
  if (known)
    return decided(
      whole.map(({ answer }) => answer),
      true,
    );
  // 不是,是一百二: the first clause is the answer, the others tell more.
  const first = read[0];
  return first?.answer === undefined || !(first.whole || first.leads)
    ? undefined
    : decided([first.answer], false);
}

/** Punctuation, but not inside a word: that's, uh-huh. */
const pause = /(?:(?!(?<=\p{L})['-](?=\p{L}))[\p{P}\p{S}])+/u;

/** 行了行了, 好了好了: neither yes nor no, but enough of it. */
const enough = /^(行了|好了|得了|够了|可以了|行啦行啦|好哒好哒){2,}[\u4e00-\u9fff]{0,4}$/u;

function decided(answers: readonly (Reply | undefined)[], whole: boolean): ReadReply | undefined {
  const [first, ...more] = answers.filter((answer) => answer !== undefined);
  if (first === undefined) return undefined;
  // 对,不要: the later no is what he wants. 不要,好的: the yes only closes.
  return { reply: first === 'yes' && more.includes('no') ? 'no' : first, whole };
}

interface ReadClause {
  /** Only answers, and what comes along with them. */
  readonly whole: boolean;
  /** It begins with an answer of its own, after which he goes on. */
  readonly leads: boolean;
  /** Yes, no, or nothing clear. */
  readonly answer: Reply | undefined;
  /** Whatever {@link anywhere} was in it. */
  readonly said: readonly Reply[];
}

function readClause(clause: string, matcher: WordMatcher<Token>): ReadClause {
  const matches = matcher.match(clause);
  let done = 0;
  let gap = false;
  for (const { start, end } of matches) {
    gap ||= clause.slice(done, start).trim() !== '';
    done = end;
  }
  gap ||= clause.slice(done).trim() !== '';
  const tokens = matches.filter(({ value }) => value !== 'around');
  const said = tokens.flatMap(({ start, end, value }) => {
    if (value === 'yes' || value === 'no' || value === 'around') return [];
    if (denied.test(clause.slice(0, start))) return [];
    // 啥 alone asks to repeat; at the end of a sentence it does not.
    if (end - start === 1 && clause.length > 2) return [];
    return !gap || standsAlone(clause, start, end) ? [value] : [];
  });
  const answers = tokens.map(({ start, end, value }) => ({ text: clause.slice(start, end), value }));
  const first = matches[0];
  const whole = !gap && tokens.length > 0;
  return {
    whole,
    leads: first?.start === 0 && isLong(clause.slice(0, first.end)) && goesOn.test(clause.slice(first.end)),
    // Of a clause that goes on, words further in (不是我要交) are no answers.
    answer: answerOf(whole ? answers : answers.slice(0, 1)),
    said,
  };
}

/** After 好的 or 不是 without a pause. */
const goesOn = /^\s*(我|你|您|那|就|请|帮|麻烦|是|俺|额|侬|阿拉|唔该|系)/u;

/** 没有不对 is yes; what 不是不要 is, nobody knows. */
function answerOf(answers: readonly { text: string; value: Token }[]): Reply | undefined {
  const clear = answers.filter(({ value }) => value === 'yes' || value === 'no');
  const [first, second] = clear;
  if (first === undefined) return undefined;
  if (first.value === 'no' && second?.value === 'no' && first.text !== second.text) {
    if (isNothing.test(first.text) && denies.test(second.text)) return 'yes';
    if (isNot.test(first.text) && denies.test(second.text)) return undefined;
  }
  if (first.value === 'no' && second?.value === 'yes' && !closes.test(second.text)) return undefined;
  return first.value === 'yes' && second?.value === 'no' ? 'no' : first.value === 'yes' ? 'yes' : 'no';
}

const denies = /^(不|唔|勿|弗|毋|袂|错)/u;
const isNothing = /^(没有?|没[啥得]|冇[得乜]?|呒没|莫得|木有|无)$/u;
const isNot = /^(并?不是|唔系|勿是|弗是|毋是|毋系|不)$/u;
const closes = /^(好|嗯|行|可以|谢|ok)/u;

/** 不用转人工. */
const denied = /(不用|不要|不需要|别|不想|唔使|唔要|勿要|覅|莫|不必)$/u;

/** A phrase in the middle of a sentence counts if it is long enough to be no accident. */
function standsAlone(clause: string, start: number, end: number): boolean {
  if (!isLong(clause.slice(start, end)) || end - start < 3) return false;
  // 找个人来修 is about the repair, not about whom to talk to.
  return !/^(过?来|上门)?([帮给](我|俺|额|咱|𠊎|侬))?(过?来)?(修|看|检|换|装|抄|弄|处理|查)/u.test(
    clause.slice(end),
  );
}

function isLong(phrase: string): boolean {
  return /\p{Script=Han}/u.test(phrase) ? phrase.length >= 2 : phrase.length >= 8 || /\S\s+\S/.test(phrase);
}

const matchers = new WeakMap<DialectPacks, Map<string, WordMatcher<Token>>>();

function matcherOf(dialect: string, packs: DialectPacks): WordMatcher<Token> {
  const ofPacks = matchers.get(packs) ?? new Map<string, WordMatcher<Token>>();
  matchers.set(packs, ofPacks);
  let matcher = ofPacks.get(dialect);
  if (matcher === undefined) {
    matcher = new WordMatcher([...entriesOf(dialect, packs)]);
    ofPacks.set(dialect, matcher);
  }
  return matcher;
}

/** The dialect's own meaning of a phrase comes before that of what it falls back to. */
function* entriesOf(dialect: string, packs: DialectPacks): Generator<{ word: string; value: Token }> {
  const chain = packs.chain(dialect);
  for (const pack of chain) {
    for (const kind of replyKinds) {
      for (const word of pack.replies[kind]) yield { word, value: names[kind] };
    }
  }
  for (const pack of chain) {
    for (const word of [...pack.fillers, ...pack.turnFinal, ...pack.aroundReplies])
      yield { word, value: 'around' };
  }
}
