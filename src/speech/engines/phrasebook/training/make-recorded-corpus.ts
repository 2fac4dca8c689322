/**
 * `node dist/src/speech/engines/phrasebook/training/make-recorded-corpus.js <file> <model.phones> <list.tsv> <copies> <seed>`:
 * makes a corpus (see corpus.ts) of English clips whose text is known and whose phones are not dated. espeak-ng tells
 * which phones the text has, the model finds where they are, and each clip is taken `copies` times, through other
 * throats' sizes and other telephones. Clips that do not fit their text are left out.
 */
import { readFileSync } from 'node:fs';
import { decodePcmu, encodePcmu } from '../../../../audio/g711.js';
import { frameHopSamples, frameSamples, melBands, melSpectrogram } from '../../../../audio/features.js';
import { resample } from '../../../../audio/resample.js';
import { parseWav } from '../../../../audio/wav.js';
import { createEspeakSynthesizer } from '../../espeak-ng/espeak-synthesizer.js';
import { pronunciation } from '../alignment.js';
import { loudness, parsePhoneModel, phonePosteriors } from '../phone-model.js';
import { writeCorpus } from './corpus.js';
import { disturb, generator } from './disturb.js';

/** Frames that a phone and a pause last at least, and what a pause between two phones costs. */
const leastPhone = 2;
const leastPause = 4;
const pauseCost = 10;
/** Mean log likelihood ratio per frame under which a clip is not what its text says. */
const leastFit = -1.2;

const [file, modelFile, list, copies = '2', seed = '1'] = process.argv.slice(2);
if (file === undefined || modelFile === undefined || list === undefined) throw new Error('see the comment');
const model = parsePhoneModel(readFileSync(modelFile), modelFile);
const random = generator(Number(seed));
const synthesizer = await createEspeakSynthesizer();
const mels: Float32Array[] = [];
const labels: Uint8Array[] = [];
let misfits = 0;
for (const line of readFileSync(list, 'utf8').trim().split('\n')) {
  const [wavFile = '', accent = '', text = ''] = line.split('\t');
  const wav = parseWav(readFileSync(wavFile));
  const clean = padded(await resample(wav.samples, wav.sampleRateHz, 8000), 1200);
  const coded = new Uint8Array(clean.length);
  encodePcmu(clean, coded);
  decodePcmu(coded, new Int16Array(clean.length));
  const mel = melSpectrogram(clean);
  const loud = loudness(mel);
  const scores = phonePosteriors(model, mel, loud);
  scores.forEach((posterior, i) => {
    const frequency = Math.max(model.frequencies[i % model.phones.length] as number, 2e-3);
    scores[i] = Math.log(posterior + 1e-4) - 0.6 * Math.log(frequency);
  });
  const phones = pronunciation(model, await synthesizer.phones({ text, dialect: accent }));
  const best =
    phones &&
    place(
      scores,
      phones.map(({ phone }) => phone),
    );
  if (best === undefined || best.fit < leastFit) {
    misfits++;
    continue;
  }
  for (let copy = 0; copy < Number(copies); copy++) {
    const size = 0.84 + random() * 0.36;
    const heard = disturb(await resample(clean, Math.round(8000 * size), 8000), random);
    const heardMel = melSpectrogram(heard);
    const label = new Uint8Array(heardMel.length / melBands);
    for (let t = 0; t < label.length; t++) {
      const centre = (t * frameHopSamples + frameSamples / 2) * size;
      const source = Math.round((centre - frameSamples / 2) / frameHopSamples);
      label[t] = best.path[Math.max(0, Math.min(best.path.length - 1, source))] as number;
    }
    mels.push(heardMel);
    labels.push(label);
  }
}
await synthesizer.close();
process.stderr.write(`${misfits} clips do not fit their text\n`);
writeCorpus(file, { phones: model.phones, mels, labels });

function padded(samples: Int16Array, by: number): Int16Array {
  const result = new Int16Array(samples.length + 2 * by);
  result.set(samples, by);
  return result;
}

interface Found {
  readonly path: Uint8Array;
  /** To the best phone of each frame. */
  readonly fit: number;
}

interface State {
  readonly phone: number;
  readonly from: readonly number[];
  readonly cost: number;
  readonly stays: boolean;
}

/** The likeliest division of the frames among the phones, with a pause possible anywhere (Viterbi). */
function place(scores: Float32Array, phones: readonly number[]): Found | undefined {
  const count = model.phones.length;
  const frames = scores.length / count;
  const states: State[] = [];
  const add = (phone: number, least: number, from: number[], cost: number): number => {
    for (let i = 0; i < least; i++) {
      const stays = i === least - 1;
      states.push({ phone, from: i === 0 ? from : [states.length - 1], cost: i === 0 ? cost : 0, stays });
    }
    return states.length - 1;
  };
  let before = [add(model.silence, 1, [], 0)];
  for (const phone of phones) {
    const end = add(phone, leastPhone, before, 0);
    before = [end, add(model.silence, leastPause, [end], pauseCost)];
  }
  // The last pause may be short and costs nothing.
  before[1] = add(model.silence, 1, [before[0] as number], 0);
  const last = states.length - 1;
  let reached = new Float64Array(states.length).fill(-Infinity);
  const came = Array.from({ length: frames }, () => new Int32Array(states.length).fill(-1));
  for (let t = 0; t < frames; t++) {
    const next = new Float64Array(states.length).fill(-Infinity);
    for (let s = 0; s < states.length; s++) {
      const state = states[s] as State;
      let most = state.stays ? (reached[s] as number) : -Infinity;
      let source = s;
      if (t === 0 && s === 0) most = 0;
      for (const from of state.from) {
        const value = (reached[from] as number) - state.cost;
        if (value > most) [most, source] = [value, from];
      }
      if (most === -Infinity) continue;
      next[s] = most + (scores[t * count + state.phone] as number);
      (came[t] as Int32Array)[s] = source;
    }
    reached = next;
  }
  if (reached[last] === -Infinity) return undefined;
  const path = new Uint8Array(frames);
  let fit = 0;
  for (let t = frames - 1, s = last; t >= 0; t--) {
    const phone = states[s]?.phone ?? 0;
    path[t] = phone;
    let best = -Infinity;
    for (let p = 0; p < count; p++) best = Math.max(best, scores[t * count + p] as number);
    fit += (scores[t * count + phone] as number) - best;
    s = came[t]?.[s] ?? 0;
  }
  return { path, fit: fit / frames };
}
