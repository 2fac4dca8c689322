import type { KeyGrammar } from '../dialog/action.js';

export type KeyVerdict =
  | { readonly type: 'wait' }
  | { readonly type: 'complete'; readonly keys: string }
  | { readonly type: 'mismatch' };

/** After each key: complete, hopeless, or worth waiting for more. */
export function judgeKeys(grammar: KeyGrammar, keys: string): KeyVerdict {
  if (grammar.kind === 'choices') {
    const longer = grammar.choices.some((choice) => choice.length > keys.length && choice.startsWith(keys));
    if (longer) return { type: 'wait' };
    return grammar.choices.includes(keys) ? { type: 'complete', keys } : { type: 'mismatch' };
  }
  if (grammar.termChar !== '' && keys.endsWith(grammar.termChar)) {
    return digitsOf(grammar, keys.slice(0, -grammar.termChar.length));
  }
  return keys.length >= grammar.maxDigits ? { type: 'complete', keys } : { type: 'wait' };
}

/** After the inter-digit time: what is there is all that comes. */
export function judgeKeysAtRest(grammar: KeyGrammar, keys: string): KeyVerdict {
  if (grammar.kind === 'choices') {
    return grammar.choices.includes(keys) ? { type: 'complete', keys } : { type: 'mismatch' };
  }
  return digitsOf(grammar, keys);
}

/** The key that a caller may still press after digits that were complete without it; undefined if there is none. */
export function lateTermChar(grammar: KeyGrammar | undefined, keys: string): string | undefined {
  if (grammar?.kind !== 'digits' || grammar.termChar === '') return undefined;
  return keys.length === grammar.maxDigits ? grammar.termChar : undefined;
}

function digitsOf(grammar: KeyGrammar & { kind: 'digits' }, keys: string): KeyVerdict {
  const enough = keys.length >= grammar.minDigits && keys.length <= grammar.maxDigits;
  return enough ? { type: 'complete', keys } : { type: 'mismatch' };
}
