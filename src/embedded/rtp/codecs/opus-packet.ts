/** Configurations (RFC 6716 §3.1, Table 2) from here on have no speech layer, which alone can say something twice. */
const FIRST_CELT_ONLY = 16;

/** Frames of 20 ms in one of the speech layer, by the last two bits of its configuration; hybrid frames have one. */
const SPEECH_FRAMES = [1, 1, 2, 3] as const;
const FIRST_HYBRID = 12;

/**
 * Whether a packet's first frame holds the frame before it once more, for the case that it was lost: the LBRR flag of
 * RFC 6716 §4.2.3. Packets with a count of frames (code 3) are not looked into.
 */
export function saysTwice(bytes: Uint8Array, start: number, end: number): boolean {
  const toc = bytes[start] ?? 0;
  const configuration = toc >> 3;
  const code = toc & 3;
  if (configuration >= FIRST_CELT_ONLY || code === 3) return false;
  // §3.2.4: two frames of different lengths begin with the first one's, in one byte or two.
  const lengthBytes = code === 2 ? ((bytes[start + 1] ?? 0) < 252 ? 1 : 2) : 0;
  const at = start + 1 + lengthBytes;
  if (at >= end) return false;
  const frames = configuration >= FIRST_HYBRID ? 1 : (SPEECH_FRAMES[configuration & 3] as number);
  const flags = bytes[at] as number;
  // One bit of voice activity for each 20 ms, then the flag; the side channel's of a stereo packet follow.
  const isStereo = (toc & 4) !== 0;
  const ofMid = (flags >> (7 - frames)) & 1;
  const ofSide = isStereo ? (flags >> (6 - 2 * frames)) & 1 : 0;
  return ofMid + ofSide > 0;
}
