import type { DialectPacks } from '../dialect/packs.js';
import { asking, type Dialplan, type DialplanPrompt, type Retry, type Template } from '../dialog/dialplan.js';
import { edgesOf, type Edge } from '../dialog/flow-graph.js';
import { phraseSets } from '../dialog/phrase-sets.js';
import type { Phrase } from '../speech/recognizer.js';
import { rateOf } from './manner.js';
import { wishPhrases } from './turn-phrases.js';

/** A sentence that a dialplan can say whatever happens: nothing in it is filled in during the call. */
export interface FixedSentence {
  readonly text: string;
  readonly dialect: string;
  /** Times the voice's own, as calls of the dialplan begin; absent: 1. */
  readonly rate?: number;
}

/** What is made ready, and how many answers of a caller lie before it at least. */
export type Reachable =
  | { readonly kind: 'sentence'; readonly sentence: FixedSentence; readonly turns: number }
  /** A closed set, as a collect asks for it. */
  | { readonly kind: 'phrases'; readonly phrases: readonly Phrase[]; readonly turns: number };

/** Turns that each kind of way takes: who is not understood is asked again first. */
const turnsOf: Readonly<Record<Edge['kind'], number>> = { auto: 0, choice: 1, retry: 2 };

/**
 * What the dialplans can say and hear: every sentence without a variable in it and without a recording, and every closed
 * set of phrases, once each. What a caller can come to soonest is first, in the dialplans' order, that of their dialects
 * and that of their nodes; of what comes equally soon the sentences are before the phrases that answer them. Pure.
 */
export function soonestFirst(dialplans: readonly Dialplan[]): Reachable[] {
  const found = new Map<string, Reachable & { readonly rank: number }>();
  const add = (key: string, thing: Reachable, rank: number): void => {
    const known = found.get(key);
    if (known === undefined || thing.turns < known.turns) found.set(key, { ...thing, rank });
  };
  for (const dialplan of dialplans) {
    const rankOf = (dialect: string): number => {
      const rank = dialplan.dialects.indexOf(dialect);
      return rank < 0 ? dialplan.dialects.length : rank;
    };
    const rate = rateOf(dialplan.variables);
    for (const { text, dialect, turns } of sentencesOf(dialplan)) {
      const sentence = { text, dialect, ...(rate !== 1 && { rate }) };
      add(JSON.stringify(sentence), { kind: 'sentence', sentence, turns }, rankOf(dialect));
    }
    for (const { phrases, turns } of setsOf(dialplan)) {
      const key = JSON.stringify(phrases.map(({ id, text, dialect }) => [id, text, dialect]));
      add(key, { kind: 'phrases', phrases, turns }, rankOf(phrases[0]?.dialect ?? ''));
    }
  }
  // The sort is stable: what is equal stays in the order in which it was found.
  return [...found.values()].sort(
    (a, b) =>
      a.turns - b.turns || Number(a.kind === 'phrases') - Number(b.kind === 'phrases') || a.rank - b.rank,
  );
}

/** What every question understands, in each dialect that phrases are listened for in. */
export function wishSets(things: readonly Reachable[], packs: DialectPacks): (readonly Phrase[])[] {
  const dialects = new Set(
    things.flatMap((thing) => (thing.kind === 'phrases' ? thing.phrases.map(({ dialect }) => dialect) : [])),
  );
  return [...dialects].map((dialect) => wishPhrases(dialect, packs)).filter((set) => set.length > 0);
}

/** Node to the least number of answers after which a call can be there; Infinity for what no call comes to. */
function turnsAway(dialplan: Dialplan): (name: string) => number {
  const away = new Map<string, number>();
  const levels: string[][] = [[dialplan.start]];
  for (let turns = 0; turns < levels.length; turns += 1) {
    // Grows while ways are followed that take no turn.
    for (const name of levels[turns] ?? []) {
      const node = dialplan.nodes[name];
      if (node === undefined || away.has(name)) continue;
      away.set(name, turns);
      for (const { to, kind } of edgesOf(node)) (levels[turns + turnsOf[kind]] ??= []).push(to);
    }
  }
  return (name) => away.get(name) ?? Infinity;
}

function sentencesOf(dialplan: Dialplan): (FixedSentence & { readonly turns: number })[] {
  const found: (FixedSentence & { readonly turns: number })[] = [];
  const add = (prompts: readonly DialplanPrompt[], turns: number): void => {
    for (const prompt of prompts) {
      for (const [dialect, wording] of Object.entries(prompt.byDialect)) {
        const text = wording.recorded === undefined ? fixedText(wording.words) : undefined;
        if (text !== undefined && text !== '') found.push({ text, dialect, turns });
      }
    }
  };
  const addRetry = (retry: Retry, turns: number): void =>
    retry.reprompts.forEach((prompts, nth) => add(prompts, turns + 1 + nth));
  const turnsTo = turnsAway(dialplan);
  for (const [name, node] of Object.entries(dialplan.nodes)) {
    const turns = turnsTo(name);
    if ('openPrompts' in node) add(node.openPrompts, turns);
    if ('prompts' in node) add(node.prompts, turns);
    if ('confirmPrompts' in node) add(node.confirmPrompts, turns + 1);
    if ('noInput' in node) {
      addRetry(node.noInput, turns);
      addRetry(node.noMatch, turns);
    }
  }
  add(dialplan.intents?.next ?? [], 1);
  return found;
}

function setsOf(dialplan: Dialplan): { readonly phrases: Phrase[]; readonly turns: number }[] {
  const turnsTo = turnsAway(dialplan);
  return Object.entries(dialplan.nodes).flatMap(([name, node]) => {
    const asked = asking(node);
    if (asked === undefined) return [];
    return phraseSets(dialplan, asked).map((phrases) => ({ phrases, turns: turnsTo(name) }));
  });
}

function fixedText(words: Template): string | undefined {
  let text = '';
  for (const part of words) {
    if (part.kind === 'variable') return undefined;
    text += part.text;
  }
  return text;
}
