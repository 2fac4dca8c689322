import type { CollectAction } from '../dialog/action.js';

/** How a caller is spoken to and waited for. */
export interface Manner {
  /** Times the rate at which a prompt is said. */
  readonly rate: number;
  /** Louder than the prompts are, dB. */
  readonly gainDb: number;
}

export const usualManner: Manner = { rate: 1, gainDb: 0 };

/** By so much each wish for more, dB, and at most so much: beyond that a telephone's sound is clipped. */
const louderByDb = 6;
const mostGainDb = 12;

/** Elder mode: slower, and everything that is waited for takes longer. */
const elderRate = 0.85;
const elderPatience = 1.6;

/** Whoever asked to be spoken to slower needs longer himself. */
const slowPatience = 1.3;

/** Who asked for it twice is spoken to no faster than this, and waited for as in elder mode. */
const askedTwiceSpeed = 0.75;

type Variables = Readonly<Record<string, string>>;

/** `elderMode` is a variable of the dialplan: `yes`, `true` or `on`. */
function isElder({ elderMode }: Variables): boolean {
  return elderMode !== undefined && ['yes', 'true', 'on'].includes(elderMode.toLowerCase());
}

export function mannerOf(variables: Variables, gainDb: number): Manner {
  return { rate: isElder(variables) ? elderRate : 1, gainDb };
}

/** Times the voice's own rate at which a prompt is said while these are the dialog's variables. */
export function rateOf(variables: Variables): number {
  return Number(variables['voiceSpeed'] ?? 1) * mannerOf(variables, 0).rate;
}

export function louder(gainDb: number): number {
  return Math.min(mostGainDb, gainDb + louderByDb);
}

/** By how much every wait is longer than usual. A function of the dialog's variables, so that a journal tells it. */
export function patienceOf(variables: Variables): number {
  const speed = Number(variables['voiceSpeed'] ?? 1);
  if (isElder(variables) || speed <= askedTwiceSpeed) return elderPatience;
  return speed < 1 ? slowPatience : 1;
}

/**
 * The speed at which the next call of this caller shall begin, by what he said or chose in this one; undefined: as it does for
 * everybody, whose variables the dialplan has.
 */
export function speedToRemember(variables: Variables, everybodys: Variables): number | undefined {
  const { voiceSpeed } = variables;
  const becameElder = isElder(variables) && !isElder(everybodys);
  if (voiceSpeed === undefined && !becameElder) return undefined;
  // Not their product: a dialplan that chooses elder mode in each call would make each call slower than the last.
  return Math.min(Number(voiceSpeed ?? 1), becameElder ? elderRate : 1);
}

/** The same question with longer waits. */
export function patiently(collect: CollectAction, patience: number): CollectAction {
  if (patience === 1) return collect;
  const { noInputMs, interDigitTimeoutMs } = collect;
  return {
    ...collect,
    noInputMs: Math.round(noInputMs * patience),
    interDigitTimeoutMs: Math.round(interDigitTimeoutMs * patience),
  };
}
