import { globMatches } from '../dialog/glob.js';

/** How a carrier's country writes numbers. */
export interface Numbering {
  /** Country code without `+`, e.g. `44`. */
  readonly country: string;
  /** What is dialled before a country code, e.g. `00`. */
  readonly internationalPrefix: string;
  /** What is dialled before an area code, e.g. `0`; may be empty. */
  readonly nationalPrefix: string;
  /** How the carrier wants called and calling numbers: `+44...`, `44...`, `0...`, or untouched. */
  readonly send: 'e164' | 'plain' | 'national' | 'untouched';
}

export interface RewriteRule {
  /** Pattern with `*` and `?`. */
  readonly match: string;
  /** Characters taken from the front. */
  readonly strip: number;
  /** Put in front after that. */
  readonly prefix: string;
}

/** The first rule that fits; the number itself when none does. */
export function rewrite(number: string, rules: readonly RewriteRule[]): string {
  const rule = rules.find(({ match }) => globMatches(match, number));
  return rule === undefined ? number : `${rule.prefix}${number.slice(rule.strip)}`;
}

/** Shorter ones are extensions, short codes and emergency numbers, which no country code belongs before. */
const shortestNational = 7;

/**
 * A number as E.164 with `+`, as far as its form tells what it is: `0044...` and `0...` by the prefixes, `44...` only where
 * it is too long for a national one. Names and short numbers stay as they are.
 */
export function toE164(number: string, { country, internationalPrefix, nationalPrefix }: Numbering): string {
  const bare = number.replace(/[\s().-]/g, '');
  if (!/^\+?\d+$/.test(bare)) return number;
  if (bare.startsWith('+')) return bare;
  if (bare.length < shortestNational) return number;
  if (internationalPrefix !== '' && bare.startsWith(internationalPrefix)) {
    return `+${bare.slice(internationalPrefix.length)}`;
  }
  if (nationalPrefix !== '') {
    if (bare.startsWith(nationalPrefix)) return `+${country}${bare.slice(nationalPrefix.length)}`;
    // Where national numbers begin with a prefix, one without it that begins with the country code is international.
    if (bare.startsWith(country) && bare.length > country.length + shortestNational) return `+${bare}`;
    return number;
  }
  if (bare.startsWith(country) && bare.length > country.length + shortestNational) return `+${bare}`;
  return `+${country}${bare}`;
}

/** A number as the carrier wants it. */
export function toCarrier(number: string, numbering: Numbering): string {
  if (numbering.send === 'untouched') return number;
  const e164 = toE164(number, numbering);
  if (!e164.startsWith('+')) return e164;
  switch (numbering.send) {
    case 'e164':
      return e164;
    case 'plain':
      return e164.slice(1);
    case 'national': {
      const own = `+${numbering.country}`;
      return e164.startsWith(own)
        ? `${numbering.nationalPrefix}${e164.slice(own.length)}`
        : `${numbering.internationalPrefix}${e164.slice(1)}`;
    }
  }
}
