/**
 * `node dist/src/speech/engines/phrasebook/training/make-flite-corpus.js <file> <utterances> <seed>`: speech of flite's
 * `kal16` (Debian package `flite`) at many tempos, pitches and throat sizes, labelled by flite, as a corpus (see
 * corpus.ts). kal is a real man's voice cut into diphones, and the one voice of flite that anything is tuned on: it
 * shows the network how a throat differs from espeak-ng's formulas. The bench never reports it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePcmu, encodePcmu } from '../../../../audio/g711.js';
import { frameHopSamples, frameSamples, melBands, melSpectrogram } from '../../../../audio/features.js';
import { resample } from '../../../../audio/resample.js';
import { parseWav } from '../../../../audio/wav.js';
import { writeCorpus } from './corpus.js';
import { generator } from './disturb.js';
import { englishWords } from './words.js';

/** flite's phones that espeak-ng writes otherwise. */
const names: Readonly<Record<string, string>> = {
  aa: 'ɑ',
  ae: 'æ',
  ah: 'ʌ',
  ao: 'ɔ',
  aw: 'aʊ',
  ax: 'ə',
  ay: 'aɪ',
  ch: 'tʃ',
  dh: 'ð',
  eh: 'ɛ',
  er: 'ɜ',
  ey: 'eɪ',
  g: 'ɡ',
  hh: 'h',
  ih: 'ɪ',
  iy: 'i',
  jh: 'dʒ',
  ng: 'ŋ',
  ow: 'oʊ',
  oy: 'ɔɪ',
  pau: 'sil',
  r: 'ɹ',
  sh: 'ʃ',
  th: 'θ',
  uh: 'ʊ',
  uw: 'u',
  y: 'j',
  zh: 'ʒ',
};

const [file, utterances = '1300', seed = '77'] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: <file> <utterances> <seed>');
const random = generator(Number(seed));
const dir = mkdtempSync(join(tmpdir(), 'xiangyin-flite-'));
const wavFile = join(dir, 'clip.wav');
const phones = ['sil'];
const mels: Float32Array[] = [];
const labels: Uint8Array[] = [];
for (let i = 0; i < Number(utterances); i++) {
  const text = Array.from(
    { length: 1 + Math.floor(random() * 5) },
    () => englishWords[Math.floor(random() * englishWords.length)],
  ).join(' ');
  const stretch = (0.8 + random() * 0.5).toFixed(2);
  const pitchHz = Math.round(80 + random() * random() * 170);
  const printed = execFileSync('flite', [
    ...['-voice', 'kal16', '--setf', `duration_stretch=${stretch}`],
    ...['--setf', `int_f0_target_mean=${pitchHz}`, '-psdur', '-t', text, '-o', wavFile],
  ]).toString();
  const wav = parseWav(readFileSync(wavFile));
  const size = 0.86 + random() * 0.34;
  const samples = await resample(wav.samples, Math.round(wav.sampleRateHz * size), 8000);
  const coded = new Uint8Array(samples.length);
  encodePcmu(samples, coded);
  decodePcmu(coded, samples);
  const mel = melSpectrogram(samples);
  const ends = [...printed.matchAll(/([a-z]+):([\d.]+)/g)].map(([, name = '', seconds]) => ({
    name: names[name] ?? name,
    sample: (Number(seconds) / size) * 8000,
  }));
  const label = new Uint8Array(mel.length / melBands);
  let at = 0;
  for (let t = 0; t < label.length; t++) {
    const centre = t * frameHopSamples + frameSamples / 2;
    while (at < ends.length - 1 && (ends[at]?.sample ?? 0) < centre) at++;
    const name = ends[at]?.name ?? 'sil';
    label[t] = phones.includes(name) ? phones.indexOf(name) : phones.push(name) - 1;
  }
  mels.push(mel);
  labels.push(label);
}
rmSync(dir, { recursive: true });
writeCorpus(file, { phones, mels, labels });
