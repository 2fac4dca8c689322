import { fallbackChain } from '../dialect/catalogue.js';
import { noIntent } from '../dialect/intent-examples.js';
import type { IntentMatch, IntentMatcher } from '../dialect/intent-matcher.js';
import { languageWish } from '../dialect/language-wish.js';
import type { DialectPacks } from '../dialect/packs.js';
import { parseReply, type ReadReply, type Reply } from '../dialect/replies.js';
import type { SlotReader } from '../dialect/slots/slot-reader.js';
import type { OpenSpeech, PhraseChoice } from '../dialog/action.js';
import { withinRange } from '../dialog/answer.js';
import type { ChoiceReply, SlotSpec } from '../dialog/spoken-answer.js';
import type { Meaning } from '../dialog/event.js';
import { samePhrase } from '../dialog/read-choice.js';
import type { Alternative } from '../speech/recognizer.js';
import { spotPhrase } from './spot-phrase.js';

/** What is understood with: words, values, and the sets of intents by name. */
export interface Knowledge {
  readonly packs: DialectPacks;
  readonly slots: SlotReader;
  readonly matcherOf: (set: string) => IntentMatcher | undefined;
}

/** Open speech, and the question that it answers. Plain data: it goes to another thread. */
export interface SpeechQuestion {
  /** Best first, none of a closed set. */
  readonly alternatives: readonly Alternative[];
  /** What the caller speaks, as far as is known. */
  readonly dialect: string;
  readonly phrases: readonly PhraseChoice[];
  readonly speech: OpenSpeech | undefined;
}

export type Understood = { readonly phrase: Alternative } | { readonly meaning: Meaning };

/** A choice that is unsure is asked back from so much confidence on; below it was not understood. */
const askBackConfidence = 0.35;

/** A wish for something else than what was asked must be this clear. */
const elsewhereConfidence = 0.75;

/** A value is taken without asking back from so much confidence on; the engine's own counts as well. */
const sureValue = 0.7;
const sureHearing = 0.5;

/** Intents of a set that are answers, which every question understands. */
const replyOfIntent: Readonly<Record<string, ChoiceReply>> = {
  yes: 'yes',
  no: 'no',
  'dont-know': 'dont-know',
  repeat: 'repeat',
  'speak-to-person': 'person',
};

/** Said in the middle of a sentence they count as well. */
const urgent: ReadonlySet<Reply> = new Set(['stop-calling', 'person']);

/** What speech means to the question; undefined if nothing. Pure: `today` is the day of the call. */
export function understand(
  knowledge: Knowledge,
  question: SpeechQuestion,
  today: Date,
): Understood | undefined {
  const [best] = question.alternatives;
  const { speech, phrases, dialect } = question;
  if (best === undefined || best.text.trim() === '') return undefined;
  const whole = samePhrase(best.text);
  const exact = phrases.find(({ text }) => samePhrase(text) === whole);
  if (exact !== undefined) return { phrase: { ...best, phraseId: exact.id, dialect: exact.dialect } };
  if (speech === undefined) return spotted(best, phrases);
  const reply = parseReply(best.text, dialect, knowledge.packs);
  const control = controlOf(best.text, reply, speech);
  if (control !== undefined) return { meaning: control };
  const said = speech.confirming === undefined ? question : afterAnswer(question, reply, knowledge.packs);
  if (speech.confirming !== undefined && said === question && reply?.reply === 'yes') return answered('yes');
  const content = contentOf(knowledge, said, speech, today, reply);
  if (content !== undefined) return content;
  // Of who is hardly heard, half a sentence says nothing.
  if (speech.autonomy === 'keys') return undefined;
  const answer = reply?.reply === 'question' || reply?.reply === 'stop' ? undefined : reply?.reply;
  return answer === undefined ? undefined : answered(answer);
}

/** What is heard in every question: it goes before whatever else was said. */
function controlOf(text: string, reply: ReadReply | undefined, speech: OpenSpeech): Meaning | undefined {
  const answer = reply?.reply;
  if (answer !== undefined && answer !== 'question' && answer !== 'stop') {
    if (reply?.whole === true || urgent.has(answer)) return { type: 'reply', reply: answer };
  }
  const wish = languageWish(text, speech.spoken);
  if (wish === undefined) return undefined;
  const there = wish !== 'other' && fallbackChain(wish.dialect).some((id) => speech.spoken.includes(id));
  return there ? { type: 'language', dialect: wish.dialect } : { type: 'reply', reply: 'language' };
}

/** 不是,是星期二: what follows the answer is what he means instead. The question itself if nothing does. */
function afterAnswer(
  question: SpeechQuestion,
  reply: ReadReply | undefined,
  packs: DialectPacks,
): SpeechQuestion {
  const [best, ...others] = question.alternatives;
  if (best === undefined || reply?.whole === true) return question;
  const pause = /[\s,.，。、;；:：!！?？]+/gu;
  for (const { index, 0: mark } of best.text.matchAll(pause)) {
    const head = parseReply(best.text.slice(0, index), question.dialect, packs);
    if (head?.whole !== true || head.reply !== 'no') continue;
    const rest = best.text.slice(index + mark.length);
    if (/[\p{L}\p{N}]/u.test(rest)) {
      return { ...question, alternatives: [{ ...best, text: rest }, ...others] };
    }
  }
  return question;
}

/** A value, or a choice. */
function contentOf(
  knowledge: Knowledge,
  question: SpeechQuestion,
  speech: OpenSpeech,
  today: Date,
  reply: ReadReply | undefined,
): Understood | undefined {
  const [best] = question.alternatives;
  if (best === undefined) return undefined;
  if (speech.autonomy === 'keys')
    return taughtWish(knowledge, question, speech) ?? spotted(best, question.phrases);
  const { slot } = speech;
  if (slot !== undefined && slot.type !== 'text') {
    const value = valueOf(knowledge, question, slot, today);
    if (value !== undefined) return denies(value, question, speech, knowledge.packs) ?? { meaning: value };
  }
  const ownIntents = speech.intents.some(({ own }) => own);
  const phrase = spotted(best, question.phrases);
  // A phrase may stand in a sentence that means something else: 我不是要投诉, 我要交电费.
  if (phrase !== undefined && !ownIntents) return phrase;
  const wish = wishOf(knowledge, question, speech, reply);
  if (wish !== undefined) return { meaning: wish };
  if (phrase !== undefined) return phrase;
  return slot?.type === 'text' ? freeText(best, speech, reply) : undefined;
}

/** 不是一百二: the value that was read back, and nothing in its place. */
function denies(
  value: Extract<Meaning, { type: 'value' }>,
  { alternatives: [best], dialect }: SpeechQuestion,
  { confirming }: OpenSpeech,
  packs: DialectPacks,
): Understood | undefined {
  if (confirming?.value !== value.value || best === undefined) return undefined;
  const said = samePhrase(best.text).replace(/ /g, '');
  const begins = (kind: 'no' | 'yes') =>
    Math.max(
      0,
      ...packs
        .repliesOf(dialect, kind)
        .map((word) => samePhrase(word).replace(/ /g, ''))
        .filter((word) => said.startsWith(word))
        .map((word) => word.length),
    );
  return begins('no') > begins('yes') ? answered('no') : undefined;
}

function valueOf(
  { slots }: Knowledge,
  { alternatives, dialect }: SpeechQuestion,
  slot: SlotSpec,
  today: Date,
): Extract<Meaning, { type: 'value' }> | undefined {
  if (slot.type === 'text') return undefined;
  for (const [index, { text, confidence: heard }] of alternatives.entries()) {
    const read = slots.readSlot(slot.type, text, dialect, today);
    if (read === undefined) continue;
    const candidates = [read.value, ...(read.ambiguous ?? [])].filter((value) => fits(slot, value));
    const [value, ...others] = candidates;
    if (value === undefined) continue;
    // What only a second hearing has, or what can be read in two ways, is asked back.
    const sure = index === 0 && others.length === 0 && value === read.value && read.confidence >= sureValue;
    return { type: 'value', value, sure: sure && heard >= sureHearing, others };
  }
  return undefined;
}

function fits(slot: SlotSpec, value: string): boolean {
  if (slot.type === 'amount') return withinRange(slot, value);
  if (slot.type !== 'digits' && slot.type !== 'phone') return true;
  return value.length >= slot.minDigits && value.length <= slot.maxDigits;
}

/** What somebody taught counts however far the caller is let speak. */
function taughtWish(
  { matcherOf }: Knowledge,
  { alternatives: [best], dialect }: SpeechQuestion,
  { set, intents }: OpenSpeech,
): Understood | undefined {
  const matcher = set === undefined ? undefined : matcherOf(set);
  const match = best && matcher?.understand(best.text, dialect);
  const choice = match?.taught && intents.find(({ intent }) => intent === match.intent);
  return choice ? { meaning: { type: 'choices', ids: [choice.id], sure: true } } : undefined;
}

/** The choices that a sentence means by its intents. */
function wishOf(
  { matcherOf }: Knowledge,
  { alternatives: [best, ...others], dialect }: SpeechQuestion,
  speech: OpenSpeech,
  reply: ReadReply | undefined,
): Meaning | undefined {
  const matcher = speech.set === undefined ? undefined : matcherOf(speech.set);
  if (matcher === undefined || best === undefined) return undefined;
  const match = matcher.understand(best.text, dialect, others);
  const choiceOf = (intent: string) => speech.intents.find((one) => one.intent === intent);
  if (match.sure) {
    const ids = [match.intent ?? noIntent, ...match.also].flatMap((intent) => {
      const choice = choiceOf(intent);
      const clear = choice?.own === true || match.confidence >= elsewhereConfidence;
      return choice !== undefined && clear ? [choice.id] : [];
    });
    if (ids.length > 0) return { type: 'choices', ids: [...new Set(ids)], sure: true };
    const answer = replyOfIntent[match.intent ?? noIntent];
    return answer === undefined ? undefined : { type: 'reply', reply: answer };
  }
  // 好,我要...: an answer with something unclear behind it is an answer.
  if (reply !== undefined && speech.replies.some((one) => one.reply === reply.reply)) return undefined;
  const likely = likeliest(match).find(({ intent }) => choiceOf(intent)?.own === true);
  const id = likely === undefined ? undefined : choiceOf(likely.intent)?.id;
  return id === undefined ? undefined : { type: 'choices', ids: [id], sure: false };
}

function likeliest({ intent = noIntent, confidence, runnerUp }: IntentMatch) {
  return [{ intent, confidence }, ...(runnerUp === undefined ? [] : [runnerUp])].filter(
    (one) => one.confidence >= askBackConfidence,
  );
}

/** Any words, but not the answer to what was read back. */
function freeText(
  { text, confidence }: Alternative,
  { confirming }: OpenSpeech,
  reply: ReadReply | undefined,
): Understood | undefined {
  const words = text.trim().replace(/[\s.。!！]+$/u, '');
  // One syllable is no address.
  if ([...words].length < 2 || (confirming !== undefined && reply?.whole === true)) return undefined;
  return { meaning: { type: 'value', value: words, sure: confidence >= sureHearing, others: [] } };
}

function spotted(best: Alternative, phrases: readonly PhraseChoice[]): Understood | undefined {
  const phrase = spotPhrase(best, phrases);
  return phrase === undefined ? undefined : { phrase };
}

function answered(reply: ChoiceReply): Understood {
  return { meaning: { type: 'reply', reply } };
}
