import t from 'tap';
import { fromDb } from '../../src/audio/pcm.js';
import { unmarked } from './turn-bot.js';
import { TurnCaller } from './turn-caller.js';
import { turnFigures, type SaidTurn, type TurnResult } from './turn-figures.js';
import { TurnLine } from './turn-line.js';
import { hearPacket } from './turn-meter.js';
import { markDb, markHz, promptNames } from './turn-set.js';
import { SilentCaller } from './turn-silent-caller.js';
import type { Clip } from './turn-sounds.js';

const packetSamples = 160;
/** All prompts of these tests are five seconds long. */
const promptSamples = Object.fromEntries(promptNames.map((name) => [name, 40_000]));
const silence = new Int16Array(packetSamples);

/** A packet of the prompt: its mark, and something like a voice below it. */
function packetOf(prompt: string, index: number): Int16Array {
  const amplitude = prompt === unmarked ? 0 : 32768 * Math.SQRT2 * fromDb(markDb(prompt));
  return Int16Array.from({ length: packetSamples }, (_, i) => {
    const at = index * packetSamples + i;
    const voice = 2000 * Math.sin((2 * Math.PI * 300 * at) / 8000);
    return Math.round(voice + amplitude * Math.sin((2 * Math.PI * markHz(prompt) * at) / 8000));
  });
}

/** 600 ms, voiced from the second packet to the last but one. */
function clipOf(said: string, packets = 30): Clip {
  const samples = new Int16Array(packets * packetSamples).fill(
    1000,
    packetSamples,
    (packets - 1) * packetSamples,
  );
  return { said, hasPause: false, voice: 'none', samples, firstVoiced: 1, lastVoiced: packets - 2 };
}

/** A call in steps of 20 ms: the bot says what `says` tells of the time, the caller does what he does. */
function call(said: string, intoPrompt: boolean) {
  let random = intoPrompt ? 0.6 : 0.4;
  const caller = new TurnCaller({
    line: new TurnLine(silence, undefined),
    hasEcho: false,
    clips: [clipOf(said)],
    promptSamples,
    random: () => random,
    answeredMs: 0,
    callId: 'call',
  });
  let nowMs = 0;
  let packet = 0;
  let position = 0;
  let speakingSinceMs: number | undefined;
  return {
    caller,
    get nowMs() {
      return nowMs;
    },
    /** The bot says so much of a prompt, or nothing; from its packet 0, or on. Stops early when `until` holds. */
    hears(prompt: string | undefined, ms: number, until?: () => boolean, goesOn = false): void {
      if (!goesOn) packet = 0;
      for (let end = nowMs + ms; nowMs < end && until?.() !== true; nowMs += 20, position += packetSamples) {
        caller.received(prompt === undefined ? silence : packetOf(prompt, packet++), position, nowMs);
        if (caller.tick(nowMs).some((sample) => sample > 500)) speakingSinceMs ??= nowMs;
        else if (speakingSinceMs !== undefined && nowMs - speakingSinceMs > 1000) speakingSinceMs = undefined;
      }
    },
    get speaks(): boolean {
      return speakingSinceMs !== undefined;
    },
    calmDown(): void {
      random = 0.4;
    },
  };
}

t.test('each prompt is known by its mark, from any packet of it', async (t) => {
  for (const name of promptNames) {
    for (const index of [0, 7, 123]) t.equal(hearPacket(packetOf(name, index)).prompt, name);
  }
  t.strictSame(hearPacket(silence), { prompt: undefined, peak: 0, isAudible: false });
  t.equal(hearPacket(silence.map((_, i) => (i % 20) * 300)).prompt, undefined, 'a voice has no mark');
});

t.test(
  'a caller who waits for the end of the prompt is answered, and the gap is taken from his last word',
  async (t) => {
    const line = call('hours', false);
    line.hears('welcome', 5000);
    line.hears(undefined, 3000, () => line.speaks);
    // 27 voiced packets are still to come.
    line.hears(undefined, 520 + 260);
    line.hears('hours', 400);
    t.equal(line.caller.turns.length, 1);
    const [turn] = line.caller.turns;
    t.match(turn, { said: 'hours', answer: 'hours', isBargeIn: false, isCutOff: false, isWrongStart: false });
    t.equal(turn?.bargeInMs, undefined);
    t.equal(turn?.gapMs, 260, 'from the last voiced packet to the first of the answer');
    t.equal(turn?.silenceMs, turn?.gapMs);
    t.equal(line.caller.firstSoundMs, 0);
  },
);

t.test('a caller who speaks into the prompt measures when it is silent', async (t) => {
  const line = call('hours', true);
  line.hears('welcome', 5000, () => line.speaks);
  t.ok(line.nowMs >= 700 && line.nowMs < 2100, `interrupted at ${line.nowMs} ms`);
  line.hears('welcome', 100, undefined, true);
  line.hears(undefined, 800);
  line.hears('hours', 400);
  const [turn] = line.caller.turns;
  t.match(turn, { isBargeIn: true, wasInterrupted: true, answer: 'hours', isCutOff: false });
  t.ok((turn?.bargeInMs ?? 0) >= 100 && (turn?.bargeInMs ?? 0) <= 140, `${turn?.bargeInMs} ms`);
  t.equal(line.caller.pausesUnasked, 0);
});

t.test('an answer while the caller speaks cuts him off, and so does one to his first words', async (t) => {
  const early = call('pay-bill', false);
  early.hears('welcome', 5000);
  early.hears(undefined, 3000, () => early.speaks);
  early.hears(undefined, 200);
  early.hears('pay-bill', 1000);
  t.match(early.caller.turns[0], { isCutOff: true, answer: 'pay-bill' });
  const short = call('pay-bill', false);
  short.hears('welcome', 5000);
  short.hears(undefined, 3000, () => short.speaks);
  short.hears(undefined, 800);
  short.hears('pay', 400);
  t.match(short.caller.turns[0], { isCutOff: true, answer: 'pay' });
  const other = call('pay-bill', false);
  other.hears('welcome', 5000);
  other.hears(undefined, 3000, () => other.speaks);
  other.hears(undefined, 800);
  other.hears('hours', 400);
  t.match(other.caller.turns[0], { isCutOff: false, answer: 'hours' }, 'what is misheard is not cut off');
});

t.test('what is heard for a moment before the answer is a wrong start, however long it was', async (t) => {
  for (const ms of [60, 1000]) {
    const line = call('hours', false);
    line.hears('welcome', 5000);
    line.hears(undefined, 3000, () => line.speaks);
    line.hears(undefined, 800);
    line.hears('person', ms);
    line.hears('hours', 400);
    t.match(line.caller.turns[0], { isWrongStart: true }, `${ms} ms`);
  }
});

t.test(
  'a filler without mark ends the silence and is no answer; a blip of it is counted apart',
  async (t) => {
    for (const { fillerMs, isBroken } of [
      { fillerMs: 600, isBroken: false },
      { fillerMs: 40, isBroken: true },
    ]) {
      const line = call('hours', false);
      line.hears('welcome', 5000);
      line.hears(undefined, 3000, () => line.speaks);
      line.hears(undefined, 520 + 300);
      line.hears(unmarked, fillerMs);
      line.hears(undefined, 1000);
      line.hears('hours', 400);
      const [turn] = line.caller.turns;
      t.match(turn, { answer: 'hours', isWrongStart: false, isCutOff: false });
      t.equal(line.caller.brokenFillers, isBroken ? 1 : 0);
      t.equal(turn?.silenceMs, isBroken ? turn?.gapMs : 300);
      t.ok((turn?.gapMs ?? 0) > 1300, 'the gap is that to the answer');
    }
  },
);

t.test('a prompt that goes on after it was interrupted has understood nothing', async (t) => {
  const line = call('hours', true);
  line.hears('welcome', 5000, () => line.speaks);
  line.hears(undefined, 1500);
  line.hears('welcome', 1000, undefined, true);
  t.match(line.caller.turns[0], { answer: 'resumed', isWrongStart: false, isCutOff: false });
});

t.test(
  'a prompt that breaks off while nobody spoke is a pause unasked; packets that are late are not',
  async (t) => {
    const line = call('hours', false);
    line.hears('welcome', 1000);
    line.hears(undefined, 300);
    t.equal(line.caller.pausesUnasked, 1);
    const late = new SilentCaller(new TurnLine(silence, undefined), 'quiet', false, promptSamples, 0);
    for (let i = 0; i < 250; i++)
      late.received(packetOf('listen', i), i * packetSamples, i * 20 + (i > 100 ? 300 : 0));
    for (let i = 250; i < 260; i++) late.received(silence, i * packetSamples, i * 20 + 300);
    t.strictSame(late.result, { noise: 'quiet', hasEcho: false, pauses: 0, talkedMs: 5000 });
    const broken = new SilentCaller(new TurnLine(silence, undefined), 'quiet', false, promptSamples, 0);
    for (let i = 0; i < 100; i++) broken.received(packetOf('listen', i), i * packetSamples, i * 20);
    for (let i = 100; i < 110; i++) broken.received(silence, i * packetSamples, i * 20);
    for (let i = 110; i < 260; i++) broken.received(packetOf('listen', i - 10), i * packetSamples, i * 20);
    for (let i = 260; i < 270; i++) broken.received(silence, i * packetSamples, i * 20);
    t.strictSame(
      broken.result,
      { noise: 'quiet', hasEcho: false, pauses: 1, talkedMs: 5000 },
      'it goes on to its end',
    );
  },
);

t.test('the echo comes back so much weaker and so much later', async (t) => {
  const line = new TurnLine(silence, { levelDb: -20, delayMs: 60 });
  const sent: number[] = [];
  for (let i = 0; i < 12; i++) {
    line.hear(new Int16Array(packetSamples).fill(i === 4 ? 10_000 : 0));
    sent.push(line.next(undefined)[80] ?? 0);
  }
  t.strictSame(
    sent.flatMap((sample, i) => (sample === 0 ? [] : [[i, sample]])),
    [[6, 1000]],
    'three packets lie between hearing it and hearing it again',
  );
});

t.test('figures: gaps without what was cut off, pauses per minute of the bot', async (t) => {
  const turn: SaidTurn = {
    callId: 'call',
    atMs: 1,
    said: 'hours',
    hasPause: false,
    hasEcho: false,
    isBargeIn: false,
    wasInterrupted: false,
    bargeInMs: undefined,
    gapMs: 250,
    silenceMs: 250,
    answer: 'hours',
    isCutOff: false,
    isWrongStart: false,
  };
  const result: TurnResult = {
    turns: [
      turn,
      { ...turn, gapMs: 310, silenceMs: 310, isBargeIn: true, wasInterrupted: true, bargeInMs: 90 },
      { ...turn, gapMs: -50, silenceMs: 0, said: 'pay-bill', answer: 'pay', isCutOff: true },
      { ...turn, gapMs: 400, silenceMs: 400, answer: 'nomatch' },
      { ...turn, gapMs: undefined, silenceMs: 6000, answer: undefined, isBargeIn: true, bargeInMs: 2000 },
    ],
    noiseCalls: [
      { noise: 'a', hasEcho: false, pauses: 1, talkedMs: 60_000 },
      { noise: 'b', hasEcho: true, pauses: 0, talkedMs: 180_000 },
    ],
    firstSoundMs: [30, 50],
    pausesUnasked: 0,
    brokenFillers: 0,
    failures: [],
    lagP99Ms: 1,
    cpuPercent: 10,
  };
  t.match(turnFigures(result), {
    gapMsP50: 310,
    gapMsP95: 400,
    cutOff: 1,
    bargeInMsP50: 2000,
    falsePausesPerMinute: 0.25,
    wrongStarts: 0,
    maxSilenceMs: 6000,
    right: 0.4,
    noMatch: 1,
    misheard: 1,
    unanswered: 1,
    notInterrupted: 1,
    samples: 3,
    bargeIns: 2,
    noiseMinutes: 4,
  });
});
