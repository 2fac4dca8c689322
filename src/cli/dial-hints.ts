import type { NumberRules } from '../dialog/number-rules.js';

/** So many are shown to somebody who has just started the server. */
const shown = 3;

/**
 * What may be dialled, `sip:1001@127.0.0.1:5060 (clinic)`: one number of each of the first rules that are open to whoever
 * calls and name one.
 */
export function dialHints(rules: NumberRules, host: string): readonly string[] {
  return rules
    .filter(({ calling, trunk }) => calling === undefined && trunk === undefined)
    .flatMap(({ called, dialplan }) => {
      const number = called.find((text) => /^[\w.+-]+$/.test(text));
      return number === undefined ? [] : [`sip:${number}@${host} (${dialplan})`];
    })
    .slice(0, shown);
}
