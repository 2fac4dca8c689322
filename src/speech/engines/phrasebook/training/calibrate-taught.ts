/**
 * `node dist/src/speech/engines/phrasebook/training/calibrate-taught.js <target.json> [<seed>]`: fits how sure it is that
 * a taught sound was said again, and writes it to `models/taught.json`; prints what came of it on voices and sentences of
 * another seed.
 *
 * Each sentence is said by drawn espeak-ng throats over drawn telephones, and by flite's `kal` in English; each clip is a
 * template once, and is compared with what the other speakers say. Vietnamese stands for the languages that no model
 * here knows, as Wu; it and English are heard by the Mandarin model too. The threshold is where {@link wantedFalse} of
 * the comparisons with other sentences are accepted.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import initEspeak from '@echogarden/espeak-ng-emscripten';
import { melSpectrogram } from '../../../../audio/features.js';
import { resample } from '../../../../audio/resample.js';
import { parseWav } from '../../../../audio/wav.js';
import { examine } from '../alignment.js';
import { parsePhoneModel, type Calibration, type PhoneModel } from '../phone-model.js';
import { compare, heardSound, soundConfidence, soundFactNames, soundTemplate } from '../taught-sound.js';
import { disturb, generator } from './disturb.js';
import { inventedThroat } from './throats.js';

const wantedFalse = 0.002;
const throats = 4;
const modelDir = fileURLToPath(
  new URL('../../../../../../src/speech/engines/phrasebook/models/', import.meta.url),
);

const split = (list: string): string[] => list.split('|').map((sentence) => sentence.trim());

/** The first half of each list is fitted on, the other half is reported. */
const sentences: Readonly<Record<string, readonly string[]>> = {
  cmn: split(`我想查一下电费|帮我交个电费|我家停电了|电表坏了怎么办|我要改地址|你们几点下班|我要投诉|帮我转人工|再说一遍|
    好的没问题|今天天气怎么样|新装一个电表|报一下度数|电费太贵了|什么时候来电|能不能快一点|明天来修吧|喂你好|
    是不是欠费了|发票怎么开|我不知道啊|打错电话了|谢谢你啊|不是这个`),
  vi: split(`tôi muốn hỏi tiền điện|nhà tôi mất điện|tôi muốn trả tiền|đồng hồ bị hỏng|đổi địa chỉ|mấy giờ mở cửa|
    tôi muốn khiếu nại|gặp nhân viên|nói lại đi|đúng rồi anh ơi|hôm nay trời đẹp|lắp đồng hồ mới|đọc chỉ số|đắt quá đi|
    khi nào có điện|nhanh lên được không|ngày mai đến sửa|xin chào chị|còn nợ không|hóa đơn đâu|tôi không biết|
    nhầm số rồi|cảm ơn anh|không phải đâu`),
  'en-us':
    split(`I want to pay my bill|the power is out|my meter is broken|change my address|when do you open|
    I want to complain|let me talk to somebody|say that again|that is right|I have no idea|nice weather today|
    I need a new connection|here is the reading|it is too expensive|when will it be back|can you hurry up|come tomorrow|
    hello there|do I owe anything|where is my invoice|how much is it|you have the wrong number|thank you so much|
    that is not it`),
};

interface Clip {
  readonly text: string;
  readonly speaker: string;
  readonly mel: Float32Array;
}

interface Row {
  readonly group: string;
  readonly isSame: boolean;
  readonly facts: readonly number[] | undefined;
}

const [target = 'taught.json', seed = '21'] = process.argv.slice(2);

async function clipsOf(language: string, texts: readonly string[], drawnFrom: number): Promise<Clip[]> {
  const random = generator(drawnFrom);
  const espeak = await initEspeak();
  const engine = new espeak.eSpeakNGWorker();
  const clips: Clip[] = [];
  for (let i = 0; i < throats; i++) {
    const name = `taught${drawnFrom}-${i}`;
    espeak.FS.writeFile(`/usr/share/espeak-ng-data/voices/!v/${name}`, inventedThroat(random));
    for (const text of texts) {
      engine.set_voice(`${language}+${name}`);
      engine.set_rate(120 + Math.floor(random() * 100));
      const chunks: number[] = new Array<number>(3000).fill(0);
      engine.synthesize(text, (samples) => {
        for (const sample of samples) chunks.push(sample);
        return false;
      });
      const line = Int16Array.from([...chunks, ...new Array<number>(6000).fill(0)]);
      clips.push({
        text,
        speaker: name,
        mel: melSpectrogram(disturb(await resample(line, 22_050, 8000), random)),
      });
    }
  }
  if (language !== 'en-us') return clips;
  const dir = mkdtempSync(join(tmpdir(), 'xiangyin-taught-'));
  const file = join(dir, 'clip.wav');
  for (const text of texts) {
    const stretch = 0.85 + random() * 0.35;
    execFileSync('flite', ['-voice', 'kal', '--setf', `duration_stretch=${stretch}`, '-t', text, '-o', file]);
    const { samples, sampleRateHz } = parseWav(readFileSync(file));
    const line = Int16Array.from([
      ...(await resample(samples, sampleRateHz, 8000)),
      ...new Array<number>(2400).fill(0),
    ]);
    clips.push({ text, speaker: 'kal', mel: melSpectrogram(disturb(line, random)) });
  }
  rmSync(dir, { recursive: true });
  return clips;
}

function rowsOf(group: string, model: PhoneModel, clips: readonly Clip[]): Row[] {
  const heard = clips.map(({ mel }) => {
    const utterance = examine(model, mel);
    return utterance && heardSound(utterance);
  });
  return clips.flatMap((clip) => {
    const template = soundTemplate(model, clip.mel);
    if (typeof template === 'string') return [];
    return clips.flatMap((other, j): Row[] => {
      const sound = heard[j];
      if (other.speaker === clip.speaker || sound === undefined) return [];
      return [{ group, isSame: other.text === clip.text, facts: compare(sound, template) }];
    });
  });
}

async function rows(isReported: boolean): Promise<Row[]> {
  const all: Row[] = [];
  for (const [language, texts] of Object.entries(sentences)) {
    const half = texts.length / 2;
    const some = isReported ? texts.slice(half) : texts.slice(0, half);
    const clips = await clipsOf(language, some, Number(seed) + (isReported ? 1 : 0));
    for (const name of language === 'en-us' ? ['cmn', 'en'] : ['cmn']) {
      const file = join(modelDir, `${name}.phones`);
      all.push(...rowsOf(`${language} by ${name}`, parsePhoneModel(readFileSync(file), file), clips));
    }
  }
  return all;
}

const logOdds = (calibration: Calibration, { facts }: Row): number => {
  if (facts === undefined) return -Infinity;
  const confidence = soundConfidence(calibration, facts);
  return Math.log(confidence / (1 - confidence));
};

/** Logistic regression of "it is the same sentence" on the facts. */
function fit(all: readonly Row[]): Calibration {
  const known = all.flatMap(({ isSame, facts }) => (facts === undefined ? [] : [{ isSame, facts }]));
  const indices = soundFactNames.map((_, i) => i);
  const mean = (value: (facts: readonly number[]) => number) =>
    known.reduce((sum, { facts }) => sum + value(facts), 0) / known.length;
  const means = indices.map((i) => mean((facts) => facts[i] ?? 0));
  const scales = indices.map(
    (i) => Math.sqrt(mean((facts) => ((facts[i] ?? 0) - (means[i] ?? 0)) ** 2)) + 1e-6,
  );
  let weights = indices.map(() => 0);
  let bias = 0;
  for (let step = 0; step < 3000; step++) {
    const slopes = indices.map(() => 0);
    let biasSlope = 0;
    for (const { isSame, facts } of known) {
      const normal = indices.map((i) => ((facts[i] ?? 0) - (means[i] ?? 0)) / (scales[i] ?? 1));
      const sum = normal.reduce((total, value, i) => total + value * (weights[i] ?? 0), bias);
      const error = 1 / (1 + Math.exp(-sum)) - Number(isSame);
      biasSlope += error;
      normal.forEach((value, i) => (slopes[i] = (slopes[i] ?? 0) + error * value));
    }
    weights = weights.map((w, i) => w - 1.5 * ((slopes[i] ?? 0) / known.length + 5e-4 * w));
    bias -= (1.5 * biasSlope) / known.length;
  }
  return { weights, means, scales, bias };
}

const fittedOn = await rows(false);
const fitted = fit(fittedOn);
const others = fittedOn
  .filter(({ isSame }) => !isSame)
  .map((row) => logOdds(fitted, row))
  .sort((a, b) => b - a);
const threshold = others[Math.floor(others.length * wantedFalse)] ?? 0;
const calibration = { ...fitted, bias: fitted.bias - threshold };
writeFileSync(target, `${JSON.stringify(calibration)}\n`);
const reported = await rows(true);
for (const group of new Set(reported.map((row) => row.group))) {
  const share = (isSame: boolean): string => {
    const own = reported.filter((row) => row.group === group && row.isSame === isSame);
    return (own.filter((row) => logOdds(calibration, row) > 0).length / own.length).toFixed(4);
  };
  process.stdout.write(`${group}: found ${share(true)}, accepted of others ${share(false)}\n`);
}
soundFactNames.forEach((name, i) =>
  process.stdout.write(`  ${(calibration.weights[i] ?? 0).toFixed(2)} ${name}\n`),
);
