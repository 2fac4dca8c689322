import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { sameLanguageChain } from '../dialect/catalogue.js';
import type { DialectPacks } from '../dialect/packs.js';
import type { Dialplan, DialplanPrompt, Retry, Template } from '../dialog/dialplan.js';
import type { Phrase, Recognizer } from '../speech/recognizer.js';
import { wishPhrases } from './turn-phrases.js';

/** A sentence that a dialplan can say whatever happens: nothing in it is filled in during the call. */
export interface FixedSentence {
  readonly text: string;
  readonly dialect: string;
}

/** Every sentence of the dialplan without a variable in it and without a recording, once each. */
export function fixedSentences(dialplan: Dialplan): FixedSentence[] {
  const found = new Map<string, FixedSentence>();
  const add = (prompts: readonly DialplanPrompt[]): void => {
    for (const prompt of prompts) {
      for (const [dialect, wording] of Object.entries(prompt.byDialect)) {
        const text = wording.recorded === undefined ? fixedText(wording.words) : undefined;
        if (text !== undefined && text !== '') found.set(`${dialect}\0${text}`, { text, dialect });
      }
    }
  };
  const addRetry = (retry: Retry): void => retry.reprompts.forEach(add);
  add(dialplan.intents?.next ?? []);
  for (const node of Object.values(dialplan.nodes)) {
    if ('prompts' in node) add(node.prompts);
    if ('openPrompts' in node) add(node.openPrompts);
    if ('confirmPrompts' in node) add(node.confirmPrompts);
    if ('noInput' in node) {
      addRetry(node.noInput);
      addRetry(node.noMatch);
    }
  }
  return [...found.values()];
}

/** Every closed set of phrases that a node of the dialplan can listen for, dialect by dialect as a collect asks for it. */
export function closedSets(dialplan: Dialplan): Phrase[][] {
  const sets: Phrase[][] = [];
  for (const node of Object.values(dialplan.nodes)) {
    if (!('choices' in node)) continue;
    const together = node.listenIn === undefined ? dialplan.dialects.map(sameLanguageChain) : [node.listenIn];
    for (const dialects of together) {
      const phrases = node.choices.flatMap((choice) =>
        dialects.flatMap((dialect) =>
          (choice.phrases[dialect] ?? []).map((text) => ({ id: choice.id, text, dialect })),
        ),
      );
      if (phrases.length > 0) sets.push(phrases);
    }
  }
  return sets;
}

/** What is made ready with; nothing is where something is not there. */
export interface ReadyWith {
  readonly recognizer?: Recognizer | undefined;
  readonly makeReady?: ((sentence: FixedSentence) => Promise<unknown>) | undefined;
  /** Words that every question understands. */
  readonly packs?: DialectPacks | undefined;
}

/**
 * Makes ready what the dialplans can say and hear, before a caller waits for it. One thing after the other: this runs
 * beside live calls. A failure costs that sentence its head start and is logged.
 */
export async function makeReady(
  dialplans: readonly Dialplan[],
  { recognizer, makeReady: speakReady, packs }: ReadyWith,
  logger: Logger,
  stopped: () => boolean,
): Promise<void> {
  const failed = (what: string) => (error: unknown) =>
    logger.warn({ code: errorCode(error), what }, 'could not be made ready ahead of calls');
  for (const dialplan of dialplans) {
    if (speakReady !== undefined) {
      for (const sentence of fixedSentences(dialplan)) {
        if (stopped()) return;
        await speakReady(sentence).catch(failed('a prompt'));
      }
    }
    const sets = recognizer === undefined ? [] : closedSets(dialplan);
    for (const phrases of packs === undefined ? sets : [...sets, ...everywhere(sets, packs)]) {
      if (stopped()) return;
      await recognizer?.prepare(phrases).catch(failed('phrases'));
    }
  }
}

/** What every question understands, in each dialect that phrases are listened for in. */
function everywhere(sets: readonly Phrase[][], packs: DialectPacks): Phrase[][] {
  const dialects = new Set(sets.flat().map(({ dialect }) => dialect));
  return [...dialects].map((dialect) => wishPhrases(dialect, packs));
}

function fixedText(words: Template): string | undefined {
  let text = '';
  for (const part of words) {
    if (part.kind === 'variable') return undefined;
    text += part.text;
  }
  return text;
}
