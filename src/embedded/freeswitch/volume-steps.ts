/** What one step of the real server's volumes (-4 to 4) multiplies by. */
const LOUDER = [1.3, 2.3, 3.3, 4.3];
const QUIETER = [0.8, 0.6, 0.4, 0.2];

/** A volume as the real server takes it: whole steps, nothing beyond -4 and 4. */
export function clampVolume(steps: number): number {
  return Math.min(4, Math.max(-4, Math.trunc(steps)));
}

/** A volume after `+1` or `-1`, which change it, or a bare number, which sets it. */
export function changeVolume(now: number, value: string): number {
  const number = Number.parseInt(value, 10) || 0;
  return clampVolume(/^[+-]/.test(value) ? now + number : number);
}

/** The factor of a volume of -4 to 4 steps; 0 is 1. */
export function volumeFactor(steps: number): number {
  if (steps === 0) return 1;
  const table = steps > 0 ? LOUDER : QUIETER;
  return table[Math.abs(clampVolume(steps)) - 1] as number;
}
