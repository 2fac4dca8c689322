/**
 * G.711 (ITU-T G.711) as tables: 64 Ki entries to encode, 256 to decode, per law. RTP payload types 0 and 8 (RFC 3551 §6).
 */

/** RFC 3551 name of a G.711 law. */
export type G711Codec = 'PCMU' | 'PCMA';

const ULAW_BIAS = 0x84;
const ULAW_CLIP = 32635;

const ulawToLinear = new Int16Array(256);
const alawToLinear = new Int16Array(256);
/** Indexed by the sample's 16 bits taken as unsigned, so that the lookup needs no branch. */
const linearToUlaw = new Uint8Array(65536);
const linearToAlaw = new Uint8Array(65536);

for (let code = 0; code < 256; code++) {
  ulawToLinear[code] = ulawSample(code);
  alawToLinear[code] = alawSample(code);
}
for (let sample = -32768; sample < 32768; sample++) {
  linearToUlaw[sample & 0xffff] = ulawCode(sample);
  linearToAlaw[sample & 0xffff] = alawCode(sample);
}

/** Hot: mu-law bytes of `samples` (8 kHz, 16 bit) into the first `samples.length` bytes of `into`. */
export function encodePcmu(samples: Int16Array, into: Uint8Array): void {
  encode(linearToUlaw, samples, into);
}

/** Hot: A-law bytes of `samples` into the first `samples.length` bytes of `into`. */
export function encodePcma(samples: Int16Array, into: Uint8Array): void {
  encode(linearToAlaw, samples, into);
}

/** Hot: samples of mu-law `bytes` into the first `bytes.length` samples of `into`. */
export function decodePcmu(bytes: Uint8Array, into: Int16Array): void {
  decode(ulawToLinear, bytes, into);
}

/** Hot: samples of A-law `bytes` into the first `bytes.length` samples of `into`. */
export function decodePcma(bytes: Uint8Array, into: Int16Array): void {
  decode(alawToLinear, bytes, into);
}

/** Hot: {@link encodePcmu} or {@link encodePcma} by the codec's name, from byte `at` of `into` on. */
export function encodeG711(codec: G711Codec, samples: Int16Array, into: Uint8Array, at = 0): void {
  encode(codec === 'PCMU' ? linearToUlaw : linearToAlaw, samples, into, at);
}

/** Hot: {@link decodePcmu} or {@link decodePcma} by the codec's name, of the bytes from `start` to before `end`. */
export function decodeG711(
  codec: G711Codec,
  bytes: Uint8Array,
  into: Int16Array,
  start = 0,
  end = bytes.length,
): void {
  decode(codec === 'PCMU' ? ulawToLinear : alawToLinear, bytes, into, start, end);
}

function encode(table: Uint8Array, samples: Int16Array, into: Uint8Array, at = 0): void {
  const length = samples.length;
  if (into.length - at < length) throw new RangeError('G.711 output is shorter than its input');
  for (let i = 0; i < length; i++) into[at + i] = table[(samples[i] as number) & 0xffff] as number;
}

function decode(table: Int16Array, bytes: Uint8Array, into: Int16Array, start = 0, end = bytes.length): void {
  const length = end - start;
  if (into.length < length) throw new RangeError('G.711 output is shorter than its input');
  for (let i = 0; i < length; i++) into[i] = table[bytes[start + i] as number] as number;
}

function ulawSample(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + ULAW_BIAS) << ((bits & 0x70) >> 4)) - ULAW_BIAS;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
}

function ulawCode(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const biased = Math.min(Math.abs(sample), ULAW_CLIP) + ULAW_BIAS;
  const segment = Math.max(0, 31 - Math.clz32(biased) - 7);
  return ~(sign | (segment << 4) | ((biased >> (segment + 3)) & 0x0f)) & 0xff;
}

function alawSample(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const step = ((bits & 0x0f) << 4) + (segment === 0 ? 0x08 : 0x108);
  const magnitude = segment < 2 ? step : step << (segment - 1);
  return (bits & 0x80) !== 0 ? magnitude : -magnitude;
}

function alawCode(sample: number): number {
  // G.711 works on 13 bits for A-law; ~ instead of - maps -1 to the smallest negative step.
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = (sample < 0 ? ~sample : sample) >> 3;
  const segment = magnitude < 32 ? 0 : 31 - Math.clz32(magnitude) - 4;
  const mantissa = segment < 2 ? (magnitude >> 1) & 0x0f : (magnitude >> segment) & 0x0f;
  return (sign | (segment << 4) | mantissa) ^ 0x55;
}
