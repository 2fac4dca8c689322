import { isDialectId } from '../dialect/catalogue.js';
import type { CompileScope } from './compile-scope.js';
import type { Assignment, Choice, Target } from './dialplan.js';
import type { ChoiceSource, Scalar } from './dialplan-schema.js';
import { listOf } from './one-or-more.js';
import type { Path } from './problem.js';
import { readPrompts, unknownDialect } from './read-prompt.js';
import { advice } from './suggest.js';

/** Finds the node that a written target means; reports and returns undefined when there is none. */
export type ResolveTarget = (raw: string, path: Path, again?: boolean) => Target | undefined;

/** `common`: one of those that every menu has. */
export function readChoice(
  scope: CompileScope,
  id: string,
  source: ChoiceSource,
  path: Path,
  resolve: ResolveTarget,
  common = false,
): Choice | undefined {
  const key = source.key === undefined ? undefined : readKey(scope, source.key, [...path, 'key']);
  const replies = listOf(source.reply);
  const phrases =
    source.phrases === undefined
      ? answerPhrases(scope, replies)
      : readPhrases(scope, source.phrases, [...path, 'phrases']);
  const intents = listOf(source.intent);
  if (intents.length > 0 && scope.intentSet === undefined) {
    scope.error(
      [...path, 'intent'],
      "nothing says of which set this intent is: add 'intents: hotline' at the top of the file",
    );
  }
  checkIntents(scope, intents, [...path, 'intent']);
  const label = source.label === undefined ? [] : readPrompts(scope, source.label, [...path, 'label'], false);
  const assignments = readAssignments(scope, source.set ?? {}, [...path, 'set']);
  const next = resolve(source.goto, [...path, 'goto'], true);
  if (next === undefined) return undefined;
  return { id, key, phrases, intents, replies, label, common, assignments, next };
}

export function readKey(scope: CompileScope, raw: Scalar, path: Path): string {
  const key = String(raw);
  if (!/^[0-9*#A-D]{1,4}$/.test(key)) {
    scope.error(path, `'${key}' is no key: write digits, '*' or '#' as on a telephone`);
  }
  return key;
}

/** A yes or no without phrases of its own is said as `answers` says. */
function answerPhrases(
  scope: CompileScope,
  replies: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  if (replies.includes('yes')) return scope.answers.yes.phrases;
  return replies.includes('no') ? scope.answers.no.phrases : {};
}

function checkIntents(scope: CompileScope, intents: readonly string[], path: Path): void {
  const known = scope.intentSet === undefined ? undefined : scope.intentSets?.get(scope.intentSet);
  if (known === undefined) return;
  for (const intent of intents) {
    if (known.has(intent)) continue;
    scope.error(
      path,
      `the set '${scope.intentSet ?? ''}' has no intent '${intent}'${advice(intent, [...known], 'it has')}`,
    );
  }
}

export function readPhrases(
  scope: CompileScope,
  raw: unknown,
  path: Path,
): Readonly<Record<string, readonly string[]>> {
  if (typeof raw === 'string' || Array.isArray(raw)) {
    return { [scope.defaultDialect]: phraseList(scope, raw, path) };
  }
  const phrases: Record<string, readonly string[]> = {};
  for (const [dialect, list] of Object.entries(raw as Readonly<Record<string, unknown>>)) {
    if (isDialectId(dialect)) phrases[dialect] = phraseList(scope, list, [...path, dialect]);
    else unknownDialect(scope, dialect, [...path, dialect], 'key');
  }
  return phrases;
}

function phraseList(scope: CompileScope, raw: unknown, path: Path): readonly string[] {
  const list = (Array.isArray(raw) ? raw : [raw]) as readonly string[];
  for (const [index, phrase] of list.entries()) {
    const here = Array.isArray(raw) ? [...path, index] : path;
    if (samePhrase(phrase) === '') scope.error(here, 'this phrase has no words: write what callers say');
    else if (phrase.includes('{{'))
      scope.error(here, 'a phrase cannot have a variable in it: write what callers say');
    else if (phrase.length > 120)
      scope.error(here, 'a phrase of more than 120 characters will not be heard: shorten it');
  }
  return list;
}

/** What two phrases have in common when a caller cannot tell them apart. */
export function samePhrase(phrase: string): string {
  return phrase
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{S}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

export function readAssignments(
  scope: CompileScope,
  source: Readonly<Record<string, Scalar>>,
  path: Path,
): readonly Assignment[] {
  return Object.entries(source).map(([variable, value]) => {
    const here = [...path, variable];
    checkSettable(scope, variable, here);
    const text = String(value);
    if (variable === 'dialect' && !text.includes('{{')) {
      if (!isDialectId(text)) unknownDialect(scope, text, here);
      else if (!scope.dialects.includes(text)) {
        scope.error(
          here,
          `'${text}' is not in the list of dialects (${scope.dialects.join(', ')}): add it there`,
        );
      }
    }
    return { variable, value: scope.template(text, here) };
  });
}

/** Variables that the call gives cannot be written over. */
export function checkSettable(scope: CompileScope, variable: string, path: Path): void {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(variable)) {
    scope.error(path, `'${variable}' is no variable name: use letters and digits, e.g. accountNumber`, 'key');
  } else if (variable === 'callingNumber' || variable === 'calledNumber') {
    scope.error(path, `'${variable}' is given by the call and cannot be set: use another name`, 'key');
  }
}

/** Where a choice is written, and its phrases as they are written. */
export interface ChoicePlace {
  readonly path: Path;
  readonly phrases: unknown;
}

function phrasePath(place: ChoicePlace, dialect: string, index: number): Path {
  const path = [...place.path, 'phrases'];
  const listOf = (raw: unknown, at: Path): Path => (Array.isArray(raw) ? [...at, index] : at);
  if (typeof place.phrases !== 'object' || Array.isArray(place.phrases)) return listOf(place.phrases, path);
  return listOf((place.phrases as Readonly<Record<string, unknown>> | null)?.[dialect], [...path, dialect]);
}

/** Finds keys and phrases that stand for two choices, and choices that cannot be chosen. */
export function checkChoices(
  scope: CompileScope,
  choices: readonly Choice[],
  placeOf: (choice: Choice) => ChoicePlace,
  keysCount: boolean,
): void {
  const keys = new Map<string, Choice>();
  const wordings = new Map<string, Choice>();
  const meanings = new Map<string, Choice>();
  for (const choice of choices) {
    const place = placeOf(choice);
    const { path } = place;
    const spoken = Object.values(choice.phrases).some((list) => list.length > 0);
    const understood = choice.intents.length > 0 || choice.replies.length > 0;
    if (choice.key === undefined && !spoken && !understood) {
      scope.error(path, `nobody can choose '${choice.id}': give it a key or phrases`, 'key');
    } else if (choice.key === undefined && keysCount && !(choice.common && understood)) {
      scope.warn(
        path,
        `'${choice.id}' can only be said: give it a key as well, for callers on a noisy line`,
        'key',
      );
    }
    if (choice.key !== undefined && keysCount) {
      const other = keys.get(choice.key);
      if (other !== undefined) {
        scope.error(
          [...path, 'key'],
          `key ${choice.key} already stands for '${other.id}': give '${choice.id}' another`,
        );
      }
      for (const [key, longer] of keys) {
        if (key === choice.key || !(key.startsWith(choice.key) || choice.key.startsWith(key))) continue;
        const short = key.length < choice.key.length ? longer : choice;
        scope.warn(
          [...path, 'key'],
          `keys ${key} and ${choice.key} begin alike, so '${short.id}' waits for a second key: use keys of one length`,
        );
      }
      keys.set(choice.key, other ?? choice);
    }
    for (const meaning of [...choice.intents, ...choice.replies]) {
      const other = meanings.get(meaning);
      if (other !== undefined) {
        scope.error(
          path,
          `'${meaning}' already stands for '${other.id}': it may belong to one choice only`,
          'key',
        );
      }
      meanings.set(meaning, other ?? choice);
    }
    for (const [dialect, list] of Object.entries(choice.phrases)) {
      for (const [index, phrase] of list.entries()) {
        const wording = `${dialect} ${samePhrase(phrase)}`;
        const other = wordings.get(wording);
        if (other === undefined) wordings.set(wording, choice);
        else if (other !== choice) {
          scope.error(
            phrasePath(place, dialect, index),
            `'${phrase}' already stands for '${other.id}': a phrase may belong to one choice only`,
          );
        }
      }
    }
  }
}
