import t from 'tap';
import { DtmfDetector } from '../../src/audio/dtmf-detector.js';
import { clip } from '../../src/audio/pcm.js';
import { dtmfFrequenciesHz } from '../../src/audio/tone.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { overG711 } from './over-g711.js';

const ALL = '0123456789*#ABCD';

interface Dialled {
  readonly toneMs?: number;
  readonly pauseMs?: number;
  /** Of each tone, dBm0. */
  readonly levelDbm?: number;
  /** High over low. */
  readonly twistDb?: number;
  /** How far the tones are off, low and high. */
  readonly offset?: readonly [number, number];
  readonly snrDb?: number;
  readonly gap?: { readonly atMs: number; readonly lengthMs: number };
  readonly seed?: number;
}

/** Keys as the telephone network brings them. */
function dial(digits: string, options: Dialled = {}): Int16Array {
  const {
    toneMs = 40,
    pauseMs = 40,
    levelDbm = -10,
    twistDb = 0,
    offset = [0, 0],
    snrDb,
    gap,
    seed = 1,
  } = options;
  const [tone, pause] = [toneMs * 8, pauseMs * 8];
  const out = new Int16Array(digits.length * (tone + pause) + 800);
  const peak = 32767 * 10 ** ((levelDbm - 3.17) / 20);
  const [low, high] = [peak * 10 ** (-twistDb / 40), peak * 10 ** (twistDb / 40)];
  const noise = snrDb === undefined ? 0 : Math.sqrt((low ** 2 + high ** 2) / 2) * 10 ** (-snrDb / 20);
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < out.length; i++) {
    const n = i - 400;
    const key = n < 0 ? undefined : digits[Math.floor(n / (tone + pause))];
    const at = n % (tone + pause);
    const isGap = gap !== undefined && at >= gap.atMs * 8 && at < (gap.atMs + gap.lengthMs) * 8;
    const pair = key === undefined || at >= tone || isGap ? undefined : dtmfFrequenciesHz(key);
    let sample = noise * Math.sqrt(12) * (random() + random() + random() + random() - 2) * 0.5;
    if (pair !== undefined) {
      sample += low * Math.sin((2 * Math.PI * pair[0] * (1 + offset[0]) * at) / 8000 + 0.7);
      sample += high * Math.sin((2 * Math.PI * pair[1] * (1 + offset[1]) * at) / 8000);
    }
    out[i] = clip(Math.round(sample));
  }
  return out;
}

function detect(samples: Int16Array): string {
  let found = '';
  const detector = new DtmfDetector(({ digit }) => (found += digit));
  for (let at = 0; at < samples.length; at += 160) detector.push(samples.subarray(at, at + 160));
  detector.end();
  return found;
}

t.test('every key of 40 ms with pauses of 40 ms is found once, loud and quiet, through G.711', (t) => {
  for (const levelDbm of [0, -10, -25])
    for (const law of ['PCMU', 'PCMA'] as const)
      t.equal(detect(overG711(dial(ALL, { levelDbm }), law)), ALL, `${levelDbm} dBm, ${law}`);
  t.equal(detect(dial('5555')), '5555', 'the same key again is another key');
  t.end();
});

t.test('the twist of Q.24 is borne: high 4 dB over low, 8 dB under it; far beyond it is none', (t) => {
  for (const twistDb of [4, -8])
    t.equal(detect(overG711(dial(ALL, { twistDb }), 'PCMU')), ALL, `${twistDb} dB`);
  for (const twistDb of [14, -18]) t.equal(detect(dial(ALL, { twistDb })), '', `${twistDb} dB`);
  t.end();
});

t.test('tones 1.5 % off are keys, in both directions', (t) => {
  for (const low of [-0.015, 0, 0.015])
    for (const high of [-0.015, 0, 0.015])
      t.equal(detect(overG711(dial(ALL, { offset: [low, high] }), 'PCMU')), ALL, `${low} ${high}`);
  t.end();
});

t.test('at 15 dB over noise every key of 50 is found, ten times', (t) => {
  const digits = ALL.repeat(3) + '12';
  for (let seed = 1; seed <= 10; seed++)
    t.equal(
      detect(overG711(dial(digits, { snrDb: 15, seed, levelDbm: -15 }), 'PCMA')),
      digits,
      `seed ${seed}`,
    );
  t.end();
});

t.test('20 ms of tone are no key; a gap of 10 ms does not make two of one', (t) => {
  t.equal(detect(dial(ALL, { toneMs: 20, pauseMs: 60 })), '');
  for (const atMs of [35, 38, 41, 44])
    t.equal(detect(dial(ALL, { toneMs: 100, gap: { atMs, lengthMs: 10 } })), ALL);
  t.end();
});

t.test(
  'what is quieter than -36 dBm is no key, nor are single tones, a dial tone, music of two tones beside them',
  (t) => {
    t.equal(detect(dial(ALL, { levelDbm: -36 })), '');
    const tones = (...hz: number[]): Int16Array =>
      Int16Array.from({ length: 8000 }, (_, i) =>
        Math.round(hz.reduce((sum, f) => sum + 4000 * Math.sin((2 * Math.PI * f * i) / 8000), 0)),
      );
    for (const hz of [
      [697],
      [1209],
      [350, 440],
      [480, 620],
      [1400, 2060],
      [697, 770],
      [1000, 1300],
      [733, 1270],
    ])
      t.equal(detect(tones(...hz)), '', hz.join(' + '));
    t.end();
  },
);

t.test('a key is told at its end with its length, and its beginning as soon as it is sure', (t) => {
  const log: string[] = [];
  let at = 0;
  const detector = new DtmfDetector(
    ({ digit, durationSamples }) => log.push(`${digit}:${Math.round(durationSamples / 80) * 10}`),
    (digit) => log.push(`+${digit}@${at / 8 - 50}`),
  );
  const sound = dial('7', { toneMs: 300 });
  for (; at < sound.length; at += 40) detector.push(sound.subarray(at, at + 40));
  t.match(log[0], /^\+7@(3[0-9]|4[0-5])$/);
  t.match(log[1], /^7:(290|300|310)$/);
  t.end();
});

const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

t.test('there is no key in speech: prompts of five voices', { skip }, async (t) => {
  if (synthesizer === undefined) return;
  t.teardown(() => synthesizer.close());
  const texts: [string, string][] = [
    [
      'en-gb',
      'Thank you for calling. For appointments press one, for opening hours press two, to speak to somebody press zero.',
    ],
    ['cmn', '欢迎致电，预约请按一，查询请按二，人工服务请按零。谢谢您的来电，请稍后。'],
    ['yue', '多謝你嘅來電，預約請按一，查詢請按二，搵職員請按零。'],
    [
      'de',
      'Vielen Dank für Ihren Anruf. Bitte nennen Sie jetzt Ihre Kundennummer, eine Ziffer nach der anderen.',
    ],
    [
      'es',
      'Gracias por su llamada. Diga ahora su número de cliente, una cifra tras otra, por favor, despacio.',
    ],
  ];
  let seconds = 0;
  for (const [dialect, text] of texts) {
    const sound: Int16Array[] = [];
    for await (const chunk of synthesizer.synthesize({ text, dialect }, 8000)) sound.push(chunk);
    const samples = Int16Array.from(sound.flatMap((chunk) => [...chunk]));
    seconds += samples.length / 8000;
    for (const gain of [1, 0.5, 1.8])
      t.equal(detect(samples.map((sample) => clip(Math.round(sample * gain)))), '', `${dialect} at ${gain}`);
  }
  t.comment(`${seconds.toFixed(0)} s of speech`);
  t.ok(seconds > 20);
});
