/**
 * `node dist/src/speech/engines/phrasebook/training/calibrate.js <model.phones> <en|cmn|yue> [<target.phones>]`:
 * fits the verdict's weights and threshold and writes them into the model, or into another one: a model that was trained
 * on the speakers takes the calibration of one that never heard them, else every other caller would be asked too much.
 * English is spoken by a man, flite's voice `kal` (Debian package `flite`, the one voice of it that anything here is
 * tuned on), and a woman, SVOX Pico's en-US; Mandarin and Cantonese by drawn espeak-ng throats.
 *
 * Random phrases of the training words, half of them with a near neighbour (one word or one letter changed), are heard
 * by random menus of ten. The threshold is where {@link wantedFalse} of the phrases that are outside
 * a menu and no neighbour of one in it are accepted.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import initEspeak from '@echogarden/espeak-ng-emscripten';
import { decodePcmu, encodePcmu } from '../../../../audio/g711.js';
import { melSpectrogram } from '../../../../audio/features.js';
import { resample } from '../../../../audio/resample.js';
import { parseWav } from '../../../../audio/wav.js';
import { createEspeakSynthesizer } from '../../espeak-ng/espeak-synthesizer.js';
import {
  align,
  examine,
  factNames,
  pronunciation,
  type Alignment,
  type Pronunciation,
} from '../alignment.js';
import { hearings } from '../languages.js';
import { parsePhoneModel, type Calibration } from '../phone-model.js';
import { disturb, generator } from './disturb.js';
import { inventedThroat } from './throats.js';
import { cantoneseCharacters, englishWords, mandarinCharacters } from './words.js';

const wantedFalse = 0.015;
const families = 120;

type Random = () => number;
const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)] as T;

function neighbour(word: string, words: readonly string[], random: Random): string | undefined {
  const near = words.filter(
    (other) =>
      other !== word &&
      Math.abs(other.length - word.length) < 2 &&
      (other.slice(1) === word.slice(1) ||
        other.slice(0, -1) === word.slice(0, -1) ||
        (other[0] === word[0] && other.at(-1) === word.at(-1) && other.length === word.length)),
  );
  return near.length === 0 ? undefined : pick(near, random);
}

/** Phrase to the number of its family: the phrases of one family are each other's neighbours. */
function phrasesOf(language: string, random: Random): Map<string, number> {
  const isEnglish = language === 'en';
  const words = isEnglish
    ? englishWords.filter((word) => word.length > 1)
    : language === 'cmn'
      ? mandarinCharacters
      : cantoneseCharacters;
  const glue = isEnglish ? ' ' : '';
  const phrases = new Map<string, number>();
  for (let i = 0; i < families; i++) {
    const phrase = Array.from({ length: 1 + (i % 4) + (isEnglish ? 0 : 1) }, () => pick(words, random));
    phrases.set(phrase.join(glue), i);
    const changed = [...phrase];
    const at = Math.floor(random() * changed.length);
    const near = isEnglish ? neighbour(changed[at] ?? '', words, random) : undefined;
    changed[at] = near ?? pick(words, random);
    if (phrase.length > 1 || near !== undefined) phrases.set(changed.join(glue), i);
  }
  return phrases;
}

function throughG711(samples: Int16Array): Int16Array {
  const coded = new Uint8Array(samples.length);
  encodePcmu(samples, coded);
  decodePcmu(coded, samples);
  return samples;
}

async function speakers(language: string, random: Random): Promise<(text: string) => Promise<Int16Array>> {
  if (language === 'en') {
    let isMan = false;
    return async (text) => {
      const dir = mkdtempSync(join(tmpdir(), 'xiangyin-calibrate-'));
      const file = join(dir, 'clip.wav');
      const stretch = pick([0.85, 1, 1.2], random);
      isMan = !isMan;
      if (isMan) {
        execFileSync('flite', [
          '-voice',
          'kal',
          '--setf',
          `duration_stretch=${stretch}`,
          '-t',
          text,
          '-o',
          file,
        ]);
      } else {
        const marked = `<speed level="${Math.round(100 / stretch)}">${text}</speed>`;
        execFileSync('pico2wave', ['-l', 'en-US', '-w', file, marked]);
      }
      const wav = parseWav(readFileSync(file));
      rmSync(dir, { recursive: true });
      const samples = await resample(wav.samples, wav.sampleRateHz, 8000);
      const tailed = new Int16Array(samples.length + 2400);
      tailed.set(samples);
      return throughG711(tailed);
    };
  }
  const espeak = await initEspeak();
  const engine = new espeak.eSpeakNGWorker();
  let count = 0;
  return async (text) => {
    const name = `calibration${count++}`;
    espeak.FS.writeFile(`/usr/share/espeak-ng-data/voices/!v/${name}`, inventedThroat(random));
    engine.set_voice(`${language}+${name}`);
    engine.set_rate(120 + Math.floor(random() * 100));
    const chunks: number[] = [];
    engine.synthesize(text, (samples) => {
      chunks.push(...samples);
      return false;
    });
    const padded = Int16Array.from([...new Array<number>(3000).fill(0), ...chunks]);
    return disturb(await resample(padded, 22_050, 8000), random);
  };
}

interface Row {
  readonly said: string;
  /** By score, best first. */
  readonly ranked: readonly { readonly phrase: string; readonly alignment: Alignment }[];
}

const [file, language = 'en', target = file] = process.argv.slice(2);
const hearing = hearings[language];
if (file === undefined || hearing === undefined) throw new Error('usage: <model.phones> <language>');
const bytes = readFileSync(file);
const model = parsePhoneModel(bytes, file);
const random = generator(77);
const familyOf = phrasesOf(language, random);
const phrases = [...familyOf.keys()];
const synthesizer = await createEspeakSynthesizer();
const readings = new Map(phrases.map((text) => [text, [] as Pronunciation[]]));
for (const text of phrases) {
  for (const dialect of hearing.accents) {
    const made = pronunciation(model, await synthesizer.phones({ text, dialect }));
    if (made !== undefined) readings.get(text)?.push(made);
  }
}
await synthesizer.close();
const speak = await speakers(language, random);
const rows: Row[] = [];
for (const said of phrases) {
  for (let take = 0; take < 2; take++) {
    const utterance = examine(model, melSpectrogram(await speak(said)));
    if (utterance === undefined) continue;
    const ranked = [...readings]
      .flatMap(([phrase, pronunciations]) => {
        const alignments = pronunciations.flatMap((made) => align(utterance, made) ?? []);
        const best = alignments.sort((a, b) => b.score - a.score)[0];
        return best === undefined ? [] : [{ phrase, alignment: best }];
      })
      .sort((a, b) => b.alignment.score - a.alignment.score);
    rows.push({ said, ranked });
  }
}
const calibration = fit(rows);
const menus = simulate(rows, calibration);
const verdicts = menus
  .filter((menu) => !menu.isInside && !menu.isNear)
  .map(({ verdict }) => verdict)
  .sort((a, b) => b - a);
const threshold = verdicts[Math.floor(verdicts.length * wantedFalse)] ?? Infinity;
const nearMenus = menus.filter((menu) => !menu.isInside && menu.isNear);
const inside = menus.filter((menu) => menu.isInside);
const accepted = inside.filter((menu) => menu.verdict > threshold);
const share = (list: readonly unknown[], whole: readonly unknown[] = inside): string =>
  (list.length / whole.length).toFixed(3);
process.stderr.write(
  `${rows.length} clips of ${phrases.length} phrases; menus of ten: ` +
    `right ${share(accepted.filter((menu) => menu.isRight))}, ` +
    `substituted ${share(accepted.filter((menu) => !menu.isRight))} at ${wantedFalse} accepted outside, ` +
    `${share(
      nearMenus.filter((menu) => menu.verdict > threshold),
      nearMenus,
    )} of the near ones\n` +
    factNames.map((name, i) => `  ${(calibration.weights[i] ?? 0).toFixed(2)} ${name}\n`).join(''),
);
const targetBytes = target === undefined ? bytes : readFileSync(target);
const end = targetBytes.indexOf(10);
const header = JSON.parse(targetBytes.subarray(0, end).toString()) as object;
const written = { ...header, calibration: { ...calibration, bias: calibration.bias - threshold } };
writeFileSync(
  target ?? file,
  Buffer.concat([Buffer.from(JSON.stringify(written)), targetBytes.subarray(end)]),
);

/** Log odds that the alignment's phrase was said. */
function verdictOf(calibration: Calibration, facts: readonly number[]): number {
  return facts.reduce(
    (sum, fact, i) =>
      sum +
      ((calibration.weights[i] ?? 0) * (fact - (calibration.means[i] ?? 0))) / (calibration.scales[i] ?? 1),
    calibration.bias,
  );
}

/** Logistic regression of "this was said" on the facts: each clip's own phrase, and the six best of the others. */
function fit(rows: readonly Row[]): Calibration {
  const samples = rows.flatMap(({ said, ranked }) =>
    ranked
      .filter(({ phrase }, rank) => phrase === said || rank < 7)
      .map(({ phrase, alignment }) => ({
        facts: alignment.facts,
        wanted: phrase === said ? 1 : 0,
        weight: phrase === said ? 1 : 0.5,
      })),
  );
  const size = factNames.length;
  const indices = Array.from({ length: size }, (_, i) => i);
  const means = indices.map(
    (i) => samples.reduce((sum, { facts }) => sum + (facts[i] ?? 0), 0) / samples.length,
  );
  const scales = indices.map(
    (i) =>
      Math.sqrt(
        samples.reduce((sum, { facts }) => sum + ((facts[i] ?? 0) - (means[i] ?? 0)) ** 2, 0) /
          samples.length,
      ) + 1e-6,
  );
  let fitted: Calibration = { weights: indices.map(() => 0), means, scales, bias: 0 };
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  for (let step = 0; step < 2000; step++) {
    const slopes = indices.map(() => 0);
    let biasSlope = 0;
    for (const { facts, wanted, weight } of samples) {
      const error = (1 / (1 + Math.exp(-verdictOf(fitted, facts))) - wanted) * weight;
      biasSlope += error;
      for (const i of indices) {
        slopes[i] = (slopes[i] ?? 0) + (error * ((facts[i] ?? 0) - (means[i] ?? 0))) / (scales[i] ?? 1);
      }
    }
    fitted = {
      ...fitted,
      weights: fitted.weights.map((w, i) => w - 0.5 * ((slopes[i] ?? 0) / total + 0.003 * w)),
      bias: fitted.bias - (0.5 * biasSlope) / total,
    };
  }
  return fitted;
}

function simulate(
  rows: readonly Row[],
  calibration: Calibration,
): { isInside: boolean; isNear: boolean; isRight: boolean; verdict: number }[] {
  return Array.from({ length: 60 }, () => {
    const menu = new Set<string>();
    while (menu.size < 10) menu.add(pick(phrases, random));
    const inMenu = new Set([...menu].map((phrase) => familyOf.get(phrase)));
    return rows.map(({ said, ranked }) => {
      const best = ranked.find(({ phrase }) => menu.has(phrase));
      return {
        isInside: menu.has(said),
        isNear: inMenu.has(familyOf.get(said)),
        isRight: best?.phrase === said,
        verdict: best === undefined ? -Infinity : verdictOf(calibration, best.alignment.facts),
      };
    });
  }).flat();
}
