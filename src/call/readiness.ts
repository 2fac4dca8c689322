import { errorCode } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { sameLanguageChain } from '../dialect/catalogue.js';
import type { Dialplan, DialplanPrompt, Retry, Template } from '../dialog/dialplan.js';
import type { Phrase, Recognizer } from '../speech/recognizer.js';

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
  for (const node of Object.values(dialplan.nodes)) {
    if ('prompts' in node) add(node.prompts);
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

/**
 * Makes ready what the dialplans can say and hear, before a caller waits for it. One thing after the other: this runs
 * beside live calls. A failure costs that sentence its head start and is logged.
 */
export async function makeReady(
  dialplans: readonly Dialplan[],
  recognizer: Recognizer | undefined,
  speakReady: ((sentence: FixedSentence) => Promise<unknown>) | undefined,
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
    for (const phrases of recognizer === undefined ? [] : closedSets(dialplan)) {
      if (stopped()) return;
      await recognizer?.prepare(phrases).catch(failed('phrases'));
    }
  }
}

function fixedText(words: Template): string | undefined {
  let text = '';
  for (const part of words) {
    if (part.kind === 'variable') return undefined;
    text += part.text;
  }
  return text;
}
