import { isEdge } from './folded-text.js';

/**
 * A way of saying something, as it stands in the data: `(quarter|1/4) past {h}`. Words stand for themselves, `(a|b)` is a
 * choice, a `?` after the bracket makes it optional, `{name}` is a number or a listed word. Spaces and commas
 * between the parts do not matter.
 */
export type SayPattern = readonly Part[];

type Part =
  | { readonly kind: 'words'; readonly text: string }
  | { readonly kind: 'blank'; readonly name: string }
  | { readonly kind: 'choice'; readonly options: readonly SayPattern[]; readonly optional: boolean };

/** What a blank can be at a place of the text. */
export type BlankReader = (
  name: string,
  index: number,
) => readonly { readonly end: number; readonly value: number }[];

export interface PatternMatch {
  readonly start: number;
  readonly end: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Reads a pattern; a mistake in it is a sentence in the thrown error. `fold` writes its words as the text is. */
export function parsePattern(source: string, fold: (text: string) => string): SayPattern {
  let index = 0;
  const sequence = (depth: number): SayPattern => {
    const parts: Part[] = [];
    while (index < source.length) {
      const char = source[index] ?? '';
      if (char === '|' || char === ')') {
        if (depth === 0) throw new Error(`'${char}' without a bracket before it in '${source}'`);
        break;
      }
      if (char === '(') parts.push(choice(depth + 1));
      else if (char === '{') parts.push(blank());
      else {
        const words = /^[^({|)]+/.exec(source.slice(index))?.[0] ?? char;
        index += words.length;
        const text = fold(words);
        if (text !== '') parts.push({ kind: 'words', text });
      }
    }
    return parts;
  };
  const blank = (): Part => {
    const name = /^\{([a-z]+)\}/.exec(source.slice(index))?.[1];
    if (name === undefined) throw new Error(`'{' without a name and '}' in '${source}'`);
    index += name.length + 2;
    return { kind: 'blank', name };
  };
  const choice = (depth: number): Part => {
    const options: SayPattern[] = [];
    do {
      index += 1;
      options.push(sequence(depth));
    } while (source[index] === '|');
    if (source[index] !== ')') throw new Error(`'(' is not closed in '${source}'`);
    index += 1;
    const optional = source[index] === '?';
    if (optional) index += 1;
    return { kind: 'choice', options, optional };
  };
  return sequence(0);
}

/** The blanks a pattern names. */
export function blanksOf(pattern: SayPattern): readonly string[] {
  return pattern.flatMap((part) => {
    if (part.kind === 'blank') return [part.name];
    return part.kind === 'choice' ? part.options.flatMap((option) => [...blanksOf(option)]) : [];
  });
}

/** The longest way the pattern fits from `start` on. */
export function matchPattern(
  pattern: SayPattern,
  text: string,
  start: number,
  blanks: BlankReader,
): PatternMatch | undefined {
  let best: PatternMatch | undefined;
  for (const found of walk(pattern, text, start, true, blanks)) {
    if (found.end > start && (best === undefined || found.end > best.end)) best = { start, ...found };
  }
  return best;
}

type Step = Omit<PatternMatch, 'start'>;

function* walk(
  pattern: SayPattern,
  text: string,
  start: number,
  first: boolean,
  blanks: BlankReader,
): Generator<Step> {
  const [part, ...rest] = pattern;
  if (part === undefined) {
    yield { end: start, values: {} };
    return;
  }
  const from = first ? start : skipGap(text, start);
  for (const step of stepsOf(part, text, from, first, blanks)) {
    const moved = step.end > from;
    // A choice that was left out does not use up the gap before it.
    for (const after of walk(rest, text, moved ? step.end : start, first && !moved, blanks)) {
      yield { end: after.end, values: { ...step.values, ...after.values } };
    }
  }
}

function* stepsOf(
  part: Part,
  text: string,
  from: number,
  first: boolean,
  blanks: BlankReader,
): Generator<Step> {
  switch (part.kind) {
    case 'words': {
      const end = from + part.text.length;
      // The Arabic "and" is written together with the word after it.
      const closed = isEdge(text, end) || /(?:^| )و$/.test(part.text);
      if (text.startsWith(part.text, from) && isEdge(text, from) && closed) yield { end, values: {} };
      return;
    }
    case 'blank':
      for (const { end, value } of blanks(part.name, from)) yield { end, values: { [part.name]: value } };
      return;
    case 'choice':
      for (const option of part.options) yield* walk(option, text, from, first, blanks);
      if (part.optional) yield { end: from, values: {} };
  }
}

function skipGap(text: string, index: number): number {
  while (/[\s,、]/.test(text[index] ?? '')) index += 1;
  return index;
}
