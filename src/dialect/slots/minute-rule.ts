/** `-30 + m`, `5m`, `m`, `15`: what is added to the hour, and per number said. A rule that is none is a thrown sentence. */
export function minuteRule(rule: string): { readonly base: number; readonly perMinute: number } {
  const match = /^(-?\d+(?![\dm]))?(?: ?([+-])? ?(\d*)m)?$/.exec(rule.trim());
  if (match === null)
    throw new Error(`'${rule}' is no rule for minutes: write one such as 15, m, 5m, -30 + m`);
  const [, base, sign, factor] = match;
  const perMinute = rule.includes('m') ? Number(factor === '' || factor === undefined ? 1 : factor) : 0;
  return { base: Number(base ?? 0), perMinute: sign === '-' ? -perMinute : perMinute };
}
