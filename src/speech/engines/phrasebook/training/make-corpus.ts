/**
 * `node dist/src/speech/engines/phrasebook/training/make-corpus.js <file> <minutes> <language> <seed>`: speech of
 * espeak-ng in many voices, disturbed as telephone lines and throats differ, as mel frames with the phone of each frame.
 * Only espeak-ng is used: no recording, no other synthesizer.
 */
import initEspeak from '@echogarden/espeak-ng-emscripten';
import { frameHopSamples, frameSamples, melBands, melSpectrogram } from '../../../../audio/features.js';
import { resample } from '../../../../audio/resample.js';
import { writeCorpus } from './corpus.js';
import { disturb, generator } from './disturb.js';
import { inventedThroat, variants } from './throats.js';
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
  const drawn = `drawn${mels.length}`;
  const drawnFile = `/usr/share/espeak-ng-data/voices/!v/${drawn}`;
  const invented = random() < 0.6;
  if (invented) espeak.FS.writeFile(drawnFile, inventedThroat(random));
  const variant = invented ? `+${drawn}` : random() < 0.1 ? '' : `+${pick(variants, random)}`;
  const voice = `${pick(language.voices, random)}${variant}`;
  if (engine.set_voice(voice) !== 0) throw new Error(`no voice ${voice}`);
  engine.set_rate(110 + Math.floor(random() ** 1.3 * 150));
  engine.set_pitch(20 + Math.floor(random() * 60));
  engine.set_range(20 + Math.floor(random() * 60));
  const chunks: Int16Array[] = [];
  const onsetsOf: { phone: number; ms: number }[] = [];
  engine.synthesize(language.text(random), (samples, events) => {
    chunks.push(samples);
    for (const event of events) {
      if (event.type !== 'phoneme' || String(event.id).startsWith('(')) continue;
      const name = String(event.id).replace(/[ˈˌː]/g, '') || 'sil';
      let phone = phones.indexOf(name);
      if (phone < 0) phone = phones.push(name) - 1;
      onsetsOf.push({ phone, ms: event.audio_position });
    }
    return false;
  });
  if (invented) espeak.FS.unlink(drawnFile);
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
writeCorpus(file, { phones, mels, labels });
