import { decodePcma, decodePcmu, encodePcma, encodePcmu } from '../../../../audio/g711.js';

/** mulberry32: the same numbers from the same seed. */
export function generator(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A peak or dip of up to `gainDb` around `hz` (RBJ cookbook's peaking filter), in place. */
function colour(sound: Float32Array, hz: number, gainDb: number, q: number): void {
  const a = 10 ** (gainDb / 40);
  const w = (2 * Math.PI * hz) / 8000;
  const alpha = Math.sin(w) / (2 * q);
  const a0 = 1 + alpha / a;
  const b0 = (1 + alpha * a) / a0;
  const b1 = (-2 * Math.cos(w)) / a0;
  const b2 = (1 - alpha * a) / a0;
  const a2 = (1 - alpha / a) / a0;
  let x1 = 0;
  let x2 = 0;
  let y1 = 0;
  let y2 = 0;
  for (let n = 0; n < sound.length; n++) {
    const x = sound[n] as number;
    const y = b0 * x + b1 * x1 + b2 * x2 - b1 * y1 - a2 * y2;
    x2 = x1;
    x1 = x;
    y2 = y1;
    y1 = y;
    sound[n] = y;
  }
}

/** The same words through another throat's tilt, another telephone, another room's noise, and G.711. */
export function disturb(clean: Int16Array, random: () => number): Int16Array {
  const sound = Float32Array.from(clean);
  const tilt = (random() - 0.5) * 1.2;
  let before = 0;
  for (let n = 0; n < sound.length; n++) {
    const x = sound[n] as number;
    sound[n] = x + tilt * before;
    before = x;
  }
  for (let i = 0; i < 3; i++) {
    colour(sound, 200 + random() ** 1.5 * 3400, (random() - 0.5) * 16, 0.4 + random() * 2);
  }
  if (random() < 0.3) {
    const delay = Math.floor(80 + random() * 400);
    const gain = random() * 0.4;
    for (let n = delay; n < sound.length; n++) {
      sound[n] = (sound[n] as number) + gain * (sound[n - delay] as number);
    }
  }
  let peak = 1;
  for (const x of sound) peak = Math.max(peak, Math.abs(x));
  const level = 10 ** -random() * 32000;
  const noise = random() < 0.25 ? 0.5 : level * 10 ** (-(15 + random() * 45) / 20);
  const soft = random() * 0.95;
  let low = 0;
  const disturbed = new Int16Array(sound.length);
  for (let n = 0; n < sound.length; n++) {
    low = soft * low + (1 - soft) * (random() - 0.5) * 4;
    const x = ((sound[n] as number) / peak) * level + low * noise;
    disturbed[n] = Math.max(-32768, Math.min(32767, Math.round(x)));
  }
  const coded = new Uint8Array(disturbed.length);
  if (random() < 0.5) {
    encodePcmu(disturbed, coded);
    decodePcmu(coded, disturbed);
  } else {
    encodePcma(disturbed, coded);
    decodePcma(coded, disturbed);
  }
  return disturbed;
}
