import { melBands } from '../../../audio/features.js';
import { speechError } from '../../errors.js';
import { PhoneNetwork, type Layer } from './phone-network.js';
import { SoundLevel } from './sound-level.js';

/**
 * A small neural network that says, for each 10 ms of speech, how likely each phone of a language is. It was trained by
 * the scripts in `training/`, and is one file: a line of JSON ({@link Header}), then the average spectrum (float32 per
 * band), how frequent each phone is (float32 per phone), and per layer its biases and column scales (float32) and
 * weights (int8, inputs × outputs).
 */
export interface PhoneModel {
  readonly phones: readonly string[];
  readonly silence: number;
  /** What the alignment's facts are worth, fitted by `training/calibrate.ts`. */
  readonly calibration: Calibration;
  readonly averageSpectrum: Float32Array;
  readonly frequencies: Float32Array;
  readonly network: PhoneNetwork;
  /** The engine's phone names to this model's, where they differ; a name may stand for two sounds. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
}

export interface Calibration {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly scales: readonly number[];
  readonly bias: number;
}

interface Header {
  readonly version: number;
  readonly phones: readonly string[];
  readonly sizes: readonly number[];
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly calibration: Calibration;
}

const fileVersion = 1;

/** Frames around the one that is classified, in frames of 10 ms: dense near, sparse far. */
const context = [-12, -9, -6, -4, -2, 0, 2, 4, 6, 9, 12];
/** Frames that count as speech for the average: within 6 nepers of energy (26 dB) of the loudest, and above the noise. */
const speechWithin = 6;
/** The known average spectrum weighs as much as so many frames: a short "yes" does not turn into its own average. */
const averageWeightFrames = 60;

/** Throws SPEECH_MODEL_UNREADABLE when the bytes are no such file. */
export function parsePhoneModel(bytes: Uint8Array, file: string): PhoneModel {
  const end = bytes.indexOf(10);
  const unreadable = (reason: string): Error => speechError('SPEECH_MODEL_UNREADABLE', { file, reason });
  let header: Header;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Header;
  } catch {
    throw unreadable('it has no header');
  }
  if (header.version !== fileVersion) throw unreadable(`its version is not ${fileVersion}`);
  let at = end + 1;
  const take = (length: number): Uint8Array<ArrayBuffer> => {
    if (at + length > bytes.length) throw unreadable('it is cut short');
    at += length;
    // A copy: a Buffer's slice would share the whole file's memory.
    return new Uint8Array(bytes.subarray(at - length, at));
  };
  const floats = (count: number): Float32Array => new Float32Array(take(count * 4).buffer);
  const averageSpectrum = floats(melBands);
  const frequencies = floats(header.phones.length);
  if (header.sizes[0] !== context.length * melBands || header.sizes.at(-1) !== header.phones.length) {
    throw unreadable('its layers do not fit');
  }
  const layers: Layer[] = [];
  for (let i = 0; i + 1 < header.sizes.length; i++) {
    const inputs = header.sizes[i] ?? 0;
    const outputs = header.sizes[i + 1] ?? 0;
    const bias = floats(outputs);
    const scales = floats(outputs);
    const packed = new Int8Array(take(inputs * outputs).buffer);
    const weights = new Float32Array(packed.length);
    for (let row = 0; row < weights.length; row += outputs) {
      for (let o = 0; o < outputs; o++)
        weights[row + o] = (packed[row + o] as number) * (scales[o] as number);
    }
    layers.push({ inputs, outputs, bias, weights });
  }
  return {
    phones: header.phones,
    silence: header.phones.indexOf('sil'),
    calibration: header.calibration,
    averageSpectrum,
    frequencies,
    network: new PhoneNetwork(layers),
    aliases: header.aliases,
  };
}

/** Mean log energy per frame. */
export function loudness(mel: Float32Array): Float32Array {
  const frames = mel.length / melBands;
  const result = new Float32Array(frames);
  for (let t = 0; t < frames; t++) {
    let sum = 0;
    for (let band = 0; band < melBands; band++) sum += mel[t * melBands + band] as number;
    result[t] = sum / melBands;
  }
  return result;
}

/**
 * Hot. Probability of each phone in the frames `from` up to, not including, `to`: frames × phones. What lies around them
 * counts too. `loud` is {@link loudness} of `mel`.
 */
export function phonePosteriors(
  model: PhoneModel,
  mel: Float32Array,
  loud: Float32Array,
  from = 0,
  to = loud.length,
): Float32Array {
  const last = loud.length - 1;
  const average = averageOf(model, mel, loud);
  const input = new Float32Array((to - from) * context.length * melBands);
  let at = 0;
  for (let t = from; t < to; t++) {
    for (const offset of context) {
      const frame = Math.min(last, Math.max(0, t + offset)) * melBands;
      for (let band = 0; band < melBands; band++) {
        input[at++] = (mel[frame + band] as number) - (average[band] as number);
      }
    }
  }
  const result = model.network.forward(input);
  for (let row = 0; row < result.length; row += model.phones.length) {
    softmax(result, row, row + model.phones.length);
  }
  return result;
}

/** The average spectrum of the speech: what is subtracted takes the line's and the throat's colour out. */
function averageOf(model: PhoneModel, mel: Float32Array, loud: Float32Array): Float32Array {
  const least = SoundLevel.of(loud).least(speechWithin);
  const average = new Float32Array(melBands);
  let speechFrames = 0;
  let level = 0;
  for (let t = 0; t < loud.length; t++) {
    const value = loud[t] as number;
    if (value <= least) continue;
    speechFrames++;
    level += value;
    for (let band = 0; band < melBands; band++) {
      average[band] = (average[band] as number) + (mel[t * melBands + band] as number);
    }
  }
  level /= Math.max(1, speechFrames);
  for (let band = 0; band < melBands; band++) {
    const known = (model.averageSpectrum[band] as number) + level;
    average[band] =
      ((average[band] as number) + averageWeightFrames * known) / (speechFrames + averageWeightFrames);
  }
  return average;
}

/** In place, of the values `from` up to, not including, `to`. */
function softmax(values: Float32Array, from: number, to: number): void {
  let most = -Infinity;
  for (let i = from; i < to; i++) most = Math.max(most, values[i] as number);
  let sum = 0;
  for (let i = from; i < to; i++) {
    const value = Math.exp((values[i] as number) - most);
    values[i] = value;
    sum += value;
  }
  for (let i = from; i < to; i++) values[i] = (values[i] as number) / sum;
}
