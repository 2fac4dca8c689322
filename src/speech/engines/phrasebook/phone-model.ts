import { melBands } from '../../../audio/features.js';
import { speechError } from '../../errors.js';

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
  readonly layers: readonly Layer[];
  /** The engine's phone names to this model's, where they differ; a name may stand for two sounds. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
}

export interface Calibration {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly scales: readonly number[];
  readonly bias: number;
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: Float32Array;
  readonly weights: Float32Array;
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
/** Frames that count as speech for the average: within 6 nepers of energy (26 dB) of the loudest. */
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
  const layers: Layer[] = [];
  for (let i = 0; i + 1 < header.sizes.length; i++) {
    const inputs = header.sizes[i] ?? 0;
    const outputs = header.sizes[i + 1] ?? 0;
    const bias = floats(outputs);
    const scales = floats(outputs);
    const packed = new Int8Array(take(inputs * outputs).buffer);
    const weights = Float32Array.from(packed, (value, index) => value * (scales[index % outputs] as number));
    layers.push({ inputs, outputs, bias, weights });
  }
  return {
    phones: header.phones,
    silence: header.phones.indexOf('sil'),
    calibration: header.calibration,
    averageSpectrum,
    frequencies,
    layers,
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

/** Probability of each phone in each frame, frames × phones. `loud` is {@link loudness} of `mel`. */
export function phonePosteriors(model: PhoneModel, mel: Float32Array, loud: Float32Array): Float32Array {
  const frames = loud.length;
  const normal = withoutAverage(model, mel, loud);
  const phones = model.phones.length;
  const result = new Float32Array(frames * phones);
  const input = new Float32Array(context.length * melBands);
  const values = model.layers.map((layer) => new Float32Array(layer.outputs));
  for (let t = 0; t < frames; t++) {
    context.forEach((offset, i) => {
      const from = Math.min(frames - 1, Math.max(0, t + offset)) * melBands;
      input.set(normal.subarray(from, from + melBands), i * melBands);
    });
    let current: Float32Array = input;
    model.layers.forEach((layer, i) => {
      const output = values[i] as Float32Array;
      propagate(layer, current, output, i + 1 < model.layers.length);
      current = output;
    });
    softmax(current, result, t * phones);
  }
  return result;
}

/** Takes the line's and the throat's colour out: the average spectrum of the speech is subtracted. */
function withoutAverage(model: PhoneModel, mel: Float32Array, loud: Float32Array): Float32Array {
  let loudest = -Infinity;
  for (const value of loud) loudest = Math.max(loudest, value);
  const average = new Float32Array(melBands);
  let speechFrames = 0;
  let level = 0;
  for (let t = 0; t < loud.length; t++) {
    const value = loud[t] as number;
    if (value <= loudest - speechWithin) continue;
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
  return mel.map((value, i) => value - (average[i % melBands] as number));
}

/**
 * Hot: two hundred thousand multiplications per frame. Inputs that are 0, half of them after a rectifier, are skipped;
 * four rows at a time, so that the output is read and written a fourth as often.
 */
function propagate(layer: Layer, input: Float32Array, output: Float32Array, rectify: boolean): void {
  const { inputs, outputs, weights } = layer;
  output.set(layer.bias);
  const rows = [0, 0, 0, 0];
  for (let i = 0; i < inputs;) {
    let count = 0;
    for (; i < inputs && count < 4; i++) if (input[i] !== 0) rows[count++] = i;
    // Fewer than four are left: the same row again, times 0.
    const [i0 = 0, i1 = 0, i2 = 0, i3 = 0] = rows;
    const x0 = count > 0 ? (input[i0] as number) : 0;
    const x1 = count > 1 ? (input[i1] as number) : 0;
    const x2 = count > 2 ? (input[i2] as number) : 0;
    const x3 = count > 3 ? (input[i3] as number) : 0;
    const row0 = i0 * outputs;
    const row1 = i1 * outputs;
    const row2 = i2 * outputs;
    const row3 = i3 * outputs;
    for (let o = 0; o < outputs; o++) {
      output[o] =
        (output[o] as number) +
        x0 * (weights[row0 + o] as number) +
        x1 * (weights[row1 + o] as number) +
        x2 * (weights[row2 + o] as number) +
        x3 * (weights[row3 + o] as number);
    }
  }
  if (!rectify) return;
  for (let o = 0; o < outputs; o++) if ((output[o] as number) < 0) output[o] = 0;
}

function softmax(values: Float32Array, into: Float32Array, at: number): void {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.exp((values[i] as number) - most);
    into[at + i] = value;
    sum += value;
  }
  for (let i = 0; i < values.length; i++) into[at + i] = (into[at + i] as number) / sum;
}
