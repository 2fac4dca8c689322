import t from 'tap';
import { concatSamples } from '../../src/audio/pcm.js';
import type { G711Codec } from '../../src/audio/g711.js';
import { VoiceActivity } from '../../src/audio/voice-activity.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import {
  atLevel,
  babble,
  breaths,
  clicks,
  echoOf,
  keyTones,
  lossy,
  mixed,
  musicOnHold,
  noiseCorpus,
  pink,
  white,
} from '../bench/noise-corpus.js';
import { overG711 } from './over-g711.js';

const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

async function speak(text: string, dialect: string, variant?: string): Promise<Int16Array> {
  const chunks: Int16Array[] = [];
  const request = { text, dialect, ...(variant === undefined ? {} : { voice: `+${variant}` }) };
  for await (const chunk of synthesizer?.synthesize(request, 8000) ?? []) chunks.push(chunk);
  return concatSamples(chunks);
}

/** What callers say, and what the bot says to them. */
const said: { words: string; samples: Int16Array }[] = [];
const hoarse: { words: string; samples: Int16Array }[] = [];
let prompt: Int16Array = white(5, -20);
if (synthesizer !== undefined) {
  for (const [dialect, words] of Object.entries({
    'en-gb': ['no', 'pay my bill', 'opening hours', 'yes please'],
    cmn: ['查电费', '不是'],
    yue: ['係', '查电费'],
  })) {
    for (const variant of ['f4', 'm5', 'Hugo']) {
      for (const text of words) {
        said.push({ words: `${text} (${variant})`, samples: await speak(text, dialect, variant) });
      }
    }
  }
  for (const variant of ['m5', 'Hugo']) {
    hoarse.push({ words: variant, samples: await speak('technical support', 'en-gb', variant) });
  }
  prompt = await speak(
    'You can say pay, opening hours, or talk to a person at any time. What would you like to do today?',
    'en-gb',
  );
  await synthesizer.close();
}
const talk = said.map(({ samples }) => samples);

/** The bot's voice, on and on. */
function botFor(seconds: number, levelDb = -20): Int16Array {
  const loud = atLevel(prompt, levelDb);
  return overG711(
    Int16Array.from({ length: seconds * 8000 }, (_, i) => loud[i % loud.length] ?? 0),
    'PCMU',
  );
}

interface Change {
  readonly change: 'begin' | 'end';
  /** End of the frame that told it. */
  readonly atMs: number;
}

function listen(vad: VoiceActivity, line: Int16Array, heard?: Int16Array, law: G711Codec = 'PCMU'): Change[] {
  const coded = overG711(line, law);
  const changes: Change[] = [];
  for (let at = 0; at + 160 <= coded.length; at += 160) {
    const change = vad.push(coded.subarray(at, at + 160), heard?.subarray(at, at + 160));
    if (change !== undefined) changes.push({ change, atMs: (at + 160) / 8 });
  }
  return changes;
}

function starts(line: Int16Array, heard?: Int16Array, law?: G711Codec): number[] {
  const vad = new VoiceActivity();
  const changes = listen(vad, line, heard, law);
  vad.close();
  return changes.filter(({ change }) => change === 'begin').map(({ atMs }) => atMs);
}

/** The first and the last sample within 35 dB of the peak, ms. */
function extentMs(samples: Int16Array): { fromMs: number; toMs: number } {
  const least = samples.reduce((top, sample) => Math.max(top, Math.abs(sample)), 0) * 10 ** (-35 / 20);
  const isLoud = (sample: number): boolean => Math.abs(sample) >= least;
  return { fromMs: samples.findIndex(isLoud) / 8, toMs: samples.findLastIndex(isLoud) / 8 };
}

const saidAtMs = 2000;

/** A line with one phrase on it, three seconds after it was opened, and where the phrase is. */
function lineWith(samples: Int16Array, noise: (seconds: number) => Int16Array) {
  const { fromMs, toMs } = extentMs(samples);
  const line = mixed(noise(3 + Math.ceil(samples.length / 8000)), samples, saidAtMs * 8);
  return { line, fromMs: saidAtMs + fromMs, toMs: saidAtMs + toMs };
}

const quiet = (seconds: number): Int16Array => white(seconds, -65);

t.test('a caller is heard soon after he begins, and his end soon after he ends', { skip }, async (t) => {
  for (const law of ['PCMU', 'PCMA'] as const) {
    for (const { words, samples } of said) {
      const { line, fromMs, toMs } = lineWith(atLevel(samples, -22), quiet);
      const vad = new VoiceActivity({ endpointMs: 300 });
      const [begin, end, ...more] = listen(vad, line, undefined, law);
      vad.close();
      t.same(
        [begin?.change, end?.change, more],
        ['begin', 'end', []],
        `${words}, ${law}: one begin, one end`,
      );
      t.ok((begin?.atMs ?? 0) > fromMs, 'not before he spoke');
      t.ok(
        (begin?.atMs ?? Infinity) <= fromMs + 240,
        `${words}: begun after ${(begin?.atMs ?? 0) - fromMs} ms`,
      );
      const endMs = (end?.atMs ?? Infinity) - toMs;
      t.ok(endMs >= 200 && endMs <= 400, `${words}: ended after ${endMs} ms`);
    }
  }
});

t.test('most begin within 120 ms, over the bot and its echo too', { skip }, async (t) => {
  const within = (share: number, options: { echo: boolean }): number => {
    const delays = said.map(({ samples }) => {
      const { line, fromMs } = lineWith(atLevel(samples, -22), quiet);
      const heard = botFor(Math.ceil(line.length / 8000)).subarray(0, line.length);
      const [atMs = Infinity] = starts(options.echo ? mixed(line, echoOf(heard, -20, 130)) : line, heard);
      return atMs - fromMs;
    });
    return delays.sort((a, b) => a - b)[Math.floor(delays.length * share)] ?? Infinity;
  };
  t.ok(within(0.5, { echo: false }) <= 120);
  t.ok(within(0.5, { echo: true }) <= 120);
  t.ok(within(0.9, { echo: true }) <= 240);
});

t.test('a loud and hoarse first vowel is no cough: the rest of the phrase counts', { skip }, async (t) => {
  for (const { words, samples } of hoarse) {
    const { line } = lineWith(atLevel(samples, -18), quiet);
    for (let shift = 0; shift < 8; shift++) {
      const heard = botFor(Math.ceil(line.length / 8000) + 4).subarray(
        shift * 4000,
        shift * 4000 + line.length,
      );
      t.equal(starts(mixed(line, echoOf(heard, -20, 90)), heard).length, 1, `${words}, place ${shift}`);
    }
  }
});

t.test('a quiet talker at -38 dB is heard, over noise 12 dB below too', { skip }, async (t) => {
  const heardOf = (noise: (seconds: number) => Int16Array, levelDb: number): number =>
    said.filter(({ samples }) => starts(lineWith(atLevel(samples, levelDb), noise).line).length > 0).length;
  t.ok(heardOf(quiet, -38) >= said.length - 1);
  t.ok(heardOf((seconds) => white(seconds, -50), -38) >= said.length - 1);
  t.equal(
    heardOf((seconds) => pink(seconds, -34), -22),
    said.length,
  );
});

t.test('lost packets do not cut a phrase in two', { skip }, async (t) => {
  for (const { words, samples } of said) {
    const { line } = lineWith(atLevel(samples, -22), quiet);
    t.equal(starts(lossy(line, 0.03, 4)).length, 1, words);
  }
});

t.test(
  'steady noise, clicks, breath and keys begin no speech, whether the bot speaks or not',
  { skip },
  async (t) => {
    const seconds = 20;
    const lines = {
      white: white(seconds, -35),
      pink: pink(seconds, -32),
      clicks: clicks(seconds, -6),
      breath: breaths(seconds),
      keys: keyTones(seconds),
      'lossy noise': lossy(pink(seconds, -38), 0.03),
    };
    for (const [name, line] of Object.entries(lines)) {
      t.same(starts(line), [], name);
      t.same(starts(line, botFor(seconds)), [], `${name} while the bot speaks`);
    }
  },
);

t.test('nothing on the line but noise interrupts the bot, once the line is known', { skip }, async (t) => {
  const seconds = 30;
  const heard = botFor(seconds);
  for (const { name, samples } of noiseCorpus(seconds, talk, 3)) {
    const late = (line: Int16Array): number[] => starts(line, heard).filter((atMs) => atMs > 1000);
    t.same(late(samples), [], name);
    t.same(late(mixed(samples, echoOf(heard, -20, 90))), [], `${name} and echo`);
  }
});

t.test('the echo of the bot is no speech, however late and from its first word on', { skip }, async (t) => {
  const heard = botFor(20);
  for (const delayMs of [20, 60, 130, 250, 300]) {
    for (const levelDb of [-15, -20, -30]) {
      const line = mixed(quiet(20), echoOf(heard, levelDb, delayMs));
      t.same(starts(line, heard), [], `${levelDb} dB, ${delayMs} ms`);
    }
  }
  t.ok(
    starts(mixed(quiet(20), echoOf(heard, -20, 130))).length > 0,
    'who does not know what was heard is fooled',
  );
});

t.test(
  'music on hold is background after ten seconds: it ends, and begins nothing more',
  { skip },
  async (t) => {
    for (const levelDb of [-35, -24]) {
      const vad = new VoiceActivity();
      const changes = listen(vad, musicOnHold(60, levelDb));
      t.ok(changes.length <= 6, `${changes.length} changes`);
      t.equal(vad.speaking, false);
      t.ok((changes.at(-1)?.atMs ?? 0) < 40_000);
      vad.close();
    }
  },
);

t.test('babble behind the caller seldom counts, the caller before it does', { skip }, async (t) => {
  t.ok(starts(babble(talk, 40, -42)).length <= 2);
  const heard = said.filter(({ samples }) => {
    const { line, fromMs } = lineWith(atLevel(samples, -22), (seconds) => babble(talk, seconds, -38, 8));
    return starts(line, botFor(Math.ceil(line.length / 8000))).some(
      (atMs) => atMs > fromMs && atMs < fromMs + 300,
    );
  });
  t.ok(heard.length >= said.length - 1, `${heard.length} of ${said.length}`);
});

t.test('endpointMs may be changed while somebody speaks; the times of speech are told', async (t) => {
  const vowel = Int16Array.from({ length: 16_000 }, (_, i) => {
    let sum = 0;
    for (let n = 1; n <= 12; n++) sum += Math.sin((2 * Math.PI * 140 * n * i) / 8000) / n;
    return Math.round(3000 * sum);
  });
  const vad = new VoiceActivity({ endpointMs: 300 });
  t.equal(vad.silentMs, 0, 'nothing was said yet');
  t.equal(vad.lastVoicedSample, 0);
  listen(vad, quiet(1));
  const [begin] = listen(vad, vowel.subarray(0, 3200));
  t.equal(begin?.change, 'begin');
  t.equal(vad.beginSample, 8000, 'the first voiced sample is known, for what came before it');
  t.ok(Math.abs(vad.voicedMs - 400) <= 20);
  t.equal(vad.silentMs, 0);
  vad.endpointMs = 700;
  t.same(listen(vad, quiet(0.6)), [], '300 ms would have passed');
  t.ok(Math.abs(vad.silentMs - 600) <= 60, `${vad.silentMs} ms of silence`);
  t.ok(vad.voicedMs <= 480, 'silence is no voice');
  t.ok(vad.lastVoicedSample >= 11_200 && vad.lastVoicedSample <= 11_680);
  t.equal(vad.speaking, true);
  vad.endpointMs = 200;
  t.strictSame(listen(vad, quiet(0.02)), [{ change: 'end', atMs: 20 }], 'the next frame is judged anew');
  t.equal(vad.speaking, false);
  t.ok(vad.floorDb < -55);
  vad.close();
});

t.test('close may be called twice, and frames may come after it', async (t) => {
  const vad = new VoiceActivity();
  vad.close();
  vad.close();
  t.same(listen(vad, quiet(1)), []);
});
