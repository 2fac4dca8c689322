/** Arithmetic on PCM frames: signed 16 bit, any rate. Full scale (0 dBFS) is 32768, as a peak and as the rms of a square wave. */

const FULL_SCALE = 32768;

/** What silence measures: the quietest a 16-bit sample can be is -90.3 dB, below that it is "nothing". */
export const SILENCE_DB = -100;

/** Loudest sample in dB below full scale; {@link SILENCE_DB} for digital silence or no samples. */
export function peakDb(samples: Int16Array): number {
  return toDb(peak(samples));
}

/** Hot: largest magnitude, 0 to 32768. */
export function peak(samples: Int16Array): number {
  let top = 0;
  for (let i = 0; i < samples.length; i++) {
    const magnitude = Math.abs(samples[i] as number);
    if (magnitude > top) top = magnitude;
  }
  return top;
}

/** Root mean square in dB below full scale (a full-scale sine measures -3); {@link SILENCE_DB} for silence. */
export function rmsDb(samples: Int16Array): number {
  return toDb(rms(samples));
}

/** Hot: root mean square, 0 to 32768. */
export function rms(samples: Int16Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] as number;
    sum += sample * sample;
  }
  return Math.sqrt(sum / samples.length);
}

/** Magnitude (0 to 32768) to dB below full scale. */
export function toDb(magnitude: number): number {
  return magnitude <= 0 ? SILENCE_DB : Math.max(SILENCE_DB, 20 * Math.log10(magnitude / FULL_SCALE));
}

/** dB to a factor: 0 is 1, -6 is about a half. */
export function fromDb(db: number): number {
  return 10 ** (db / 20);
}

/** Hot: adds `samples` to `into` from `offset` on, clipped; what would reach beyond the end of `into` is left out. */
export function mixInto(into: Int16Array, samples: Int16Array, offset = 0): void {
  const end = Math.min(into.length, offset + samples.length);
  for (let i = Math.max(0, offset); i < end; i++) {
    into[i] = clip((into[i] as number) + (samples[i - offset] as number));
  }
}

/** Hot: multiplies in place by `factor`, clipped. */
export function scale(samples: Int16Array, factor: number): void {
  for (let i = 0; i < samples.length; i++) samples[i] = clip(Math.round((samples[i] as number) * factor));
}

/** Hot: the nearest value that fits in 16 bits. */
export function clip(sample: number): number {
  return sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample;
}

/** Hot: left, right, left, right ... of two channels of equal length. `into` must hold both. */
export function interleave(
  left: Int16Array,
  right: Int16Array,
  into: Int16Array = new Int16Array(2 * left.length),
): Int16Array {
  if (left.length !== right.length || into.length < 2 * left.length) {
    throw new RangeError('channels to interleave differ in length');
  }
  for (let i = 0; i < left.length; i++) {
    into[2 * i] = left[i] as number;
    into[2 * i + 1] = right[i] as number;
  }
  return into;
}

/** The channels of interleaved `samples`, each in an array of its own. An incomplete last sample is left out. */
export function deinterleave(samples: Int16Array, channels: number): Int16Array[] {
  const length = Math.floor(samples.length / channels);
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Int16Array(length);
    for (let i = 0; i < length; i++) out[i] = samples[i * channels + channel] as number;
    return out;
  });
}

/** One array of all `parts`, in order. */
export function concatSamples(parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Little-endian bytes of `samples`, sharing no memory with them. */
export function samplesToBytes(samples: Int16Array): Buffer {
  const bytes = Buffer.allocUnsafe(2 * samples.length);
  for (let i = 0; i < samples.length; i++) bytes.writeInt16LE(samples[i] as number, 2 * i);
  return bytes;
}

/** Samples of little-endian `bytes`, sharing no memory with them; an odd last byte is left out. */
export function bytesToSamples(bytes: Uint8Array): Int16Array {
  const out = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < out.length; i++) {
    // The high byte's sign comes with the store into 16 bits.
    out[i] = (bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8);
  }
  return out;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Hot: the samples in signed 16-bit little-endian bytes, an odd last byte left out. A view of `bytes` where the machine
 * allows it, else a copy: not to be kept or written to.
 */
export function samplesOf(bytes: Uint8Array): Int16Array {
  return isLittleEndian && bytes.byteOffset % 2 === 0
    ? new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1)
    : bytesToSamples(bytes);
}
