/**
 * Whether a text fits a pattern in which `*` stands for any characters (also none) and `?` for one. Letters fit in
 * either case. Never slower than the product of the lengths: patterns are written by admins, texts come from callers.
 */
export function globMatches(pattern: string, text: string): boolean {
  return covers(pattern, text, true);
}

/** Whether every text that fits `inner` fits `outer`; may say no for odd pairs, never wrongly yes. */
export function globCovers(outer: string, inner: string): boolean {
  return covers(outer, inner, false);
}

function covers(pattern: string, text: string, questionTakesStar: boolean): boolean {
  const p = [...pattern.toLowerCase()];
  const t = [...text.toLowerCase()];
  let pi = 0;
  let ti = 0;
  let star = -1;
  let starText = 0;
  while (ti < t.length) {
    if (pi < p.length && p[pi] === '*') {
      star = pi;
      starText = ti;
      pi += 1;
    } else if (pi < p.length && fits(p[pi], t[ti], questionTakesStar)) {
      pi += 1;
      ti += 1;
    } else if (star >= 0) {
      starText += 1;
      ti = starText;
      pi = star + 1;
    } else {
      return false;
    }
  }
  while (p[pi] === '*') pi += 1;
  return pi === p.length;
}

function fits(
  pattern: string | undefined,
  character: string | undefined,
  questionTakesStar: boolean,
): boolean {
  if (pattern === '?') return questionTakesStar || character !== '*';
  if (!questionTakesStar && (character === '*' || character === '?')) return false;
  return pattern === character;
}
