/**
 * `node dist/src/speech/engines/phrasebook/training/make-corpus.js <file> <minutes> <language> <seed>`: speech of
 * espeak-ng in many voices, disturbed as telephone lines and throats differ, as mel frames with the phone of each frame.
 * Only espeak-ng is used: no recording, no other synthesizer.
 *
 * File: a line of JSON {phones, frames}, then per frame melBands float32, then per frame one uint8 (phone), then per
 * utterance one uint32 (frames).
 */
import { writeFileSync } from 'node:fs';
import initEspeak from '@echogarden/espeak-ng-emscripten';
import { decodePcma, decodePcmu, encodePcma, encodePcmu } from '../../../../audio/g711.js';
import { frameHopSamples, frameSamples, melBands, melSpectrogram } from '../../../../audio/features.js';
import { resample } from '../../../../audio/resample.js';
import { cantoneseCharacters, englishWords, mandarinCharacters } from './words.js';

interface Language {
  readonly voices: readonly string[];
  readonly text: (random: () => number) => string;
}

const pick = <T>(list: readonly T[], random: () => number): T =>
  list[Math.floor(random() * list.length)] as T;
const several = (list: readonly string[], most: number, glue: string, random: () => number): string =>
  Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(list, random)).join(glue);

const onsets =
  'b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sh sk sl sm sn sp st str sw t th tr v w y z'.split(
    ' ',
  );
const nuclei = 'a e i o u ai ea ee oa oo ou ow oi er ar or ay ie igh'.split(' ');
const codas = [
  '',
  '',
  '',
  ...'b ck d dge f g l ll m n nd ng nt p r rd s sh sk ss st t tch th ve x'.split(' '),
];
const inventedWord = (random: () => number): string =>
  Array.from(
    { length: 1 + Math.floor(random() * 3) },
    () => pick(onsets, random) + pick(nuclei, random) + pick(codas, random),
  ).join('');

const languages: Readonly<Record<string, Language>> = {
  en: {
    voices: ['en-us', 'en-us', 'en-us', 'en', 'en', 'en-gb-scotland', 'en-us-nyc', 'en-gb-x-rp'],
    text: (random) =>
      random() < 0.7
        ? several(englishWords, 5, ' ', random)
        : [inventedWord(random), inventedWord(random)].slice(0, 1 + Math.floor(random() * 2)).join(' '),
  },
  cmn: { voices: ['cmn'], text: (random) => several(mandarinCharacters, 8, '', random) },
  yue: { voices: ['yue'], text: (random) => several(cantoneseCharacters, 8, '', random) },
};

/** Variants that sound like a throat, not like a machine, a whisper or a choir. */
const variants =
  `Alex Alicia Andrea Andy Annie AnxiousAndy Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario
Michael Mike Nguyen Reed RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky adam anika announcer antonio aunty belinda
benjamin boris caleb david ed edward edward2 f1 f2 f3 f4 f5 fast grandma grandpa gustave ian iven iven2 iven3 iven4 john
kaukovalta klatt klatt2 klatt3 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m5 m6 m7 m8 marcelo max michel miguel mike2 norbert
pablo paul pedro quincy rob robert sandro shelby steph steph2 steph3 travis victor zac`.split(/\s+/);

/** espeak-ng dates a stop by its release; its closure before that is quiet and belongs to it too. */
const stops = new Set('p b t d k ɡ tʃ dʒ ts dz ɾ c ɟ q ʔ'.split(' '));
const closureLoudness = 500;

/** Mean magnitude of the 5 ms from `ms` on, at espeak-ng's own rate. */
function loudness(sound: Int16Array, lead: number, ms: number): number {
  const from = lead + Math.round(ms * 22.05);
  let sum = 0;
  for (let n = from; n < from + 110; n++) sum += Math.abs(sound[n] ?? 0);
  return sum / 110;
}

/** mulberry32 */
function generator(seed: number): () => number {
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
function disturb(clean: Int16Array, random: () => number): Int16Array {
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

const [file, minutes, languageName = 'en', seed = '1'] = process.argv.slice(2);
const language = languages[languageName];
if (file === undefined || language === undefined)
  throw new Error('usage: <file> <minutes> <language> <seed>');
const random = generator(Number(seed));
const espeak = await initEspeak();
const engine = new espeak.eSpeakNGWorker();
const phones = ['sil'];
const mels: Float32Array[] = [];
const labels: Uint8Array[] = [];
let frames = 0;
while (frames < Number(minutes) * 6000) {
  const voice = `${pick(language.voices, random)}${random() < 0.1 ? '' : `+${pick(variants, random)}`}`;
  if (engine.set_voice(voice) !== 0) throw new Error(`no voice ${voice}`);
  engine.set_rate(110 + Math.floor(random() ** 1.3 * 150));
  engine.set_pitch(20 + Math.floor(random() * 60));
  engine.set_range(20 + Math.floor(random() * 60));
  const chunks: Int16Array[] = [];
  const onsetsOf: { phone: number; ms: number }[] = [];
  engine.synthesize(language.text(random), (samples, events) => {
    chunks.push(samples);
    for (const event of events) {
      if (event.type !== 'phoneme') continue;
      const name = String(event.id).replace(/[ˈˌː]/g, '') || 'sil';
      let phone = phones.indexOf(name);
      if (phone < 0) phone = phones.push(name) - 1;
      onsetsOf.push({ phone, ms: event.audio_position });
    }
    return false;
  });
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  // Another throat: everything moves up or down, formants and pitch alike; the tempo with them.
  const stretch = 0.86 + random() * 0.34;
  const lead = Math.floor(random() * 6000);
  const whole = new Int16Array(lead + length + Math.floor(random() * 4000));
  let at = lead;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  const heard = disturb(await resample(whole, Math.round(22050 * stretch), 8000), random);
  const mel = melSpectrogram(heard);
  const count = mel.length / melBands;
  const label = new Uint8Array(count);
  for (let i = 1; i < onsetsOf.length; i++) {
    const onset = onsetsOf[i] as { phone: number; ms: number };
    if (!stops.has(phones[onset.phone] ?? '')) continue;
    const earliestMs = Math.max(onset.ms - 140, ((onsetsOf[i - 1] as { ms: number }).ms + onset.ms) / 2 - 40);
    while (onset.ms - 5 > earliestMs && loudness(whole, lead, onset.ms - 5) < closureLoudness) onset.ms -= 5;
  }
  const timeline = onsetsOf.map(({ phone, ms }) => ({
    phone,
    sample: ((lead / 22.05 + ms) / stretch) * 8,
  }));
  let next = 0;
  let phone = 0;
  for (let t = 0; t < count; t++) {
    const centre = t * frameHopSamples + frameSamples / 2;
    while (next < timeline.length && (timeline[next]?.sample ?? 0) <= centre)
      phone = timeline[next++]?.phone ?? 0;
    label[t] = at / 2.756 / stretch < centre ? 0 : phone;
  }
  mels.push(mel);
  labels.push(label);
  frames += count;
}
const header = Buffer.from(`${JSON.stringify({ phones, frames, utterances: mels.length })}\n`);
const floats = mels.map((mel) => Buffer.from(mel.buffer, mel.byteOffset, mel.byteLength));
const lengths = Uint32Array.from(labels, (label) => label.length);
writeFileSync(file, Buffer.concat([header, ...floats, ...labels, Buffer.from(lengths.buffer)]));
process.stderr.write(
  `${mels.length} utterances, ${frames} frames, ${phones.length} phones: ${phones.join(' ')}\n`,
);
