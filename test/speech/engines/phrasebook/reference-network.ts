import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { melBands } from '../../../../src/audio/features.js';
import type { Layer } from '../../../../src/speech/engines/phrasebook/phone-network.js';

/** The layers one after the other by the definition, in double precision: frames × inputs in, frames × outputs out. */
export function referenceForward(layers: readonly Layer[], input: Float32Array): Float32Array {
  let rows: ArrayLike<number> = input;
  const frames = input.length / (layers[0]?.inputs ?? 1);
  layers.forEach(({ inputs, outputs, bias, weights }, depth) => {
    const next = new Float64Array(frames * outputs);
    for (let frame = 0; frame < frames; frame++) {
      for (let output = 0; output < outputs; output++) {
        let sum = bias[output] as number;
        for (let i = 0; i < inputs; i++) {
          sum += (rows[frame * inputs + i] as number) * (weights[i * outputs + output] as number);
        }
        next[frame * outputs + output] = depth + 1 < layers.length ? Math.max(0, sum) : sum;
      }
    }
    rows = next;
  });
  return Float32Array.from(rows);
}

/** Pseudo-random numbers of a seed, evenly in [-1, 1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x80000000 - 1;
  };
}

const models = new URL('../../../../../src/speech/engines/phrasebook/models/', import.meta.url);

/** The file of a shipped model. */
export function shippedModel(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`${name}.phones`, models)));
}

/** What of a model's file the posteriors are made of; the file is described at PhoneModel. */
export interface ReferenceModel {
  readonly averageSpectrum: Float32Array;
  readonly layers: readonly Layer[];
}

export function readReference(file: Buffer): ReferenceModel {
  let at = file.indexOf(10) + 1;
  const { phones, sizes } = JSON.parse(file.toString('utf8', 0, at)) as { phones: string[]; sizes: number[] };
  const floats = (count: number): Float32Array => {
    at += count * 4;
    return Float32Array.from({ length: count }, (_, i) => file.readFloatLE(at - count * 4 + i * 4));
  };
  const averageSpectrum = floats(melBands);
  floats(phones.length);
  const layers = sizes.slice(1).map((outputs, i): Layer => {
    const inputs = sizes[i] as number;
    const bias = floats(outputs);
    const scales = floats(outputs);
    const weights = Float32Array.from(
      { length: inputs * outputs },
      (_, w) => file.readInt8(at + w) * (scales[w % outputs] as number),
    );
    at += weights.length;
    return { inputs, outputs, bias, weights };
  });
  return { averageSpectrum, layers };
}

/** Probability of each phone in each frame, frames × phones, by the definition. */
export function referencePosteriors(
  { averageSpectrum, layers }: ReferenceModel,
  mel: Float32Array,
): Float32Array {
  const frames = mel.length / melBands;
  const row = (t: number): Float32Array => mel.subarray(t * melBands, (t + 1) * melBands);
  const level = (t: number): number => row(t).reduce((sum, value) => sum + value, 0) / melBands;
  const levels = Array.from({ length: frames }, (_, t) => level(t));
  const loudest = Math.max(...levels);
  const speech = [...levels.keys()].filter((t) => (levels[t] as number) > loudest - 6);
  const meanLevel = speech.reduce((sum, t) => sum + (levels[t] as number), 0) / speech.length;
  const average = Array.from({ length: melBands }, (_, band) => {
    const known = 60 * ((averageSpectrum[band] as number) + meanLevel);
    return (speech.reduce((sum, t) => sum + (row(t)[band] as number), 0) + known) / (speech.length + 60);
  });
  const input = Array.from({ length: frames }, (_, t) =>
    [-12, -9, -6, -4, -2, 0, 2, 4, 6, 9, 12].flatMap((offset) =>
      Array.from(row(Math.min(frames - 1, Math.max(0, t + offset))), (value, band) => {
        return value - (average[band] as number);
      }),
    ),
  );
  const values = referenceForward(layers, Float32Array.from(input.flat()));
  const phones = values.length / frames;
  const result = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += phones) {
    const powers = Array.from(values.subarray(at, at + phones), (value) => Math.exp(value));
    const sum = powers.reduce((total, power) => total + power, 0);
    powers.forEach((power, i) => (result[at + i] = power / sum));
  }
  return result;
}
