import { eventually } from './house.js';
import { toneShare, type PhoneCall } from './phone.js';

/** Frames of 20 ms with the British ringing tone, 400 and 450 Hz. */
export function countRinging(samples: Int16Array): number {
  let count = 0;
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    const frame = samples.subarray(at, at + 160);
    if (toneShare(frame, 400) + toneShare(frame, 450) > 0.8) count += 1;
  }
  return count;
}

/** Waits until a caller hears that it rings. */
export function hearsRinging(caller: PhoneCall): Promise<true> {
  return eventually(() => (countRinging(caller.samples) >= 5 ? true : undefined));
}

/** Waits until a caller is spoken to. */
export function hearsWords(caller: PhoneCall): Promise<true> {
  // The tone's first and last frames are no whole ones.
  return eventually(() => (caller.audibleFrames - countRinging(caller.samples) >= 15 ? true : undefined));
}
