import t from 'tap';
import fc from 'fast-check';
import { FRAME_SAMPLES, StereoTimeline } from '../../../src/embedded/rtp/caller-timeline.js';
import {
  CLICK,
  clicks,
  hash,
  median,
  misplacements,
  simulate,
  spread,
  worst,
  type SimulationOptions,
} from './simulated-call.js';

t.test('a call of n ticks has exactly 160 n samples, whatever the network does', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        ticks: fc.integer({ min: 1, max: 400 }),
        ptimeMs: fc.constantFrom(10, 20, 30, 40, 60),
        skewPpm: fc.integer({ min: -100, max: 100 }),
        callerFromMs: fc.integer({ min: 0, max: 1000 }),
        jitterMs: fc.integer({ min: 0, max: 80 }),
        lossPercent: fc.integer({ min: 0, max: 50 }),
        duplicatePercent: fc.integer({ min: 0, max: 20 }),
        jumpAt: fc.integer({ min: 0, max: 400 }),
        jump: fc.integer({ min: -200_000, max: 200_000 }),
        seed: fc.nat(),
      }),
      (c) => {
        const result = simulate({
          durationMs: c.ticks * 20,
          ptimeMs: c.ptimeMs,
          skewPpm: c.skewPpm,
          callerFromMs: c.callerFromMs,
          delaysMs: (_packet, i) => {
            const random = (salt: number): number => hash(c.seed + 7919 * i + salt) % 1000;
            if (random(1) < c.lossPercent * 10) return [];
            const delayMs = (random(2) * c.jitterMs) / 1000;
            return random(3) < c.duplicatePercent * 10 ? [delayMs, delayMs + 1] : [delayMs];
          },
          alter: (packet, i) => ({
            ...packet,
            timestamp: (packet.timestamp + (i >= c.jumpAt ? c.jump : 0)) >>> 0,
          }),
        });
        // simulate() throws if a frame is out of order or missing.
        t.equal(result.ticks, c.ticks);
        t.equal(result.frameAgesMs.length, c.ticks);
        t.equal(result.timeline.lengthSamples, c.ticks * FRAME_SAMPLES);
      },
    ),
    { numRuns: 60 },
  );
  t.end();
});

t.test('on a clean line every sample is there, in order, and frames leave with their packet', (t) => {
  for (const callerFromMs of [0, 3, 9.5, 14, 19.9, 250]) {
    const options: SimulationOptions = { durationMs: 4000, callerFromMs, sound: (n) => 1 + (n % 20_000) };
    const result = simulate(options);
    const first = result.left.indexOf(1);
    const said = Math.floor((4000 - callerFromMs - 20) / 20) * FRAME_SAMPLES;
    t.ok(
      Math.abs(first / 8 - callerFromMs) <= 11,
      `begins where it was spoken, to half a frame: ${first / 8 - callerFromMs}`,
    );
    let wrong = 0;
    for (let i = 0; i < said - FRAME_SAMPLES; i++) if (result.left[first + i] !== 1 + (i % 20_000)) wrong++;
    t.equal(wrong, 0);
    const late = result.delaysMs.filter((delay) => Number.isNaN(delay)).length;
    t.ok(late <= 2, `all packets but ${late} completed a frame at once`);
  }
  t.end();
});

t.test('the right channel is what each tick sent, unmoved', (t) => {
  const bot = (tick: number): Int16Array | undefined =>
    tick % 3 === 0 ? undefined : new Int16Array(FRAME_SAMPLES).fill(tick + 1);
  const { right, ticks } = simulate({ durationMs: 2000, bot, delaysMs: (_p, i) => [(i * 7) % 50] });
  for (let tick = 0; tick < ticks; tick++) {
    t.equal(right[tick * FRAME_SAMPLES], tick % 3 === 0 ? 0 : tick + 1);
    t.equal(right[tick * FRAME_SAMPLES + 159], tick % 3 === 0 ? 0 : tick + 1);
  }
  t.end();
});

t.test('jitter of the network moves nothing', (t) => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 25 }), (seed, jitterMs) => {
      const options: SimulationOptions = {
        durationMs: 6000,
        // The first packet is one of those that met no queue: where it lies, all lie.
        delaysMs: (_p, i) => [i === 0 ? 1 : 1 + (hash(seed + i) % (jitterMs * 10)) / 10],
        sound: clicks(4000, 1000),
      };
      const result = simulate(options);
      const offsets = misplacements(options, result);
      t.equal(offsets.length, 12);
      t.ok(spread(offsets) < 0.13, 'all clicks equally far');
      t.ok(worst(offsets) <= 12);
    }),
    { numRuns: 15 },
  );
  t.end();
});

t.test('a first packet that met a queue is made good in the next silence', (t) => {
  const options: SimulationOptions = { durationMs: 8000, delaysMs: (_p, i) => [i === 0 ? 46 : 1] };
  const offsets = misplacements(options, simulate(options));
  t.ok(worst(offsets.slice(4)) <= 13, `after two seconds all lie within 13 ms: ${worst(offsets.slice(4))}`);
  t.end();
});

t.test(
  'ten minutes of a clock that is 100 ppm off: exact length, every click near where it was spoken',
  (t) => {
    for (const skewPpm of [-100, 100]) {
      const options: SimulationOptions = {
        durationMs: 600_000,
        skewPpm,
        delaysMs: (_p, i) => [1 + (hash(i) % 60) / 10],
      };
      const result = simulate(options);
      t.equal(result.left.length, 4_800_000);
      t.equal(result.timeline.lengthSamples, 4_800_000);
      const offsets = misplacements(options, result);
      t.ok(Math.abs(offsets.length - 1200) <= 1, `all clicks are there: ${offsets.length}`);
      t.ok(worst(offsets) <= 14, `worst ${worst(offsets)} ms`);
      const { insertedSamples, droppedSamples, hardCorrections } = result.timeline.stats;
      t.equal(hardCorrections, 0, 'all corrected in silence');
      const moved = skewPpm < 0 ? insertedSamples - droppedSamples : droppedSamples - insertedSamples;
      t.ok(moved >= 320 && moved <= 640, `60 ms in ten minutes: ${moved / 8} ms`);
    }
    t.end();
  },
);

t.test('where no silence comes the clock is followed all the same, late but bounded', (t) => {
  for (const skewPpm of [-500, 500]) {
    const loud = clicks(4000, 8000);
    const options: SimulationOptions = { durationMs: 240_000, skewPpm, sound: loud };
    const result = simulate(options);
    t.ok(result.timeline.stats.hardCorrections >= 1);
    const { latePackets, droppedSamples } = result.timeline.stats;
    t.ok(latePackets * FRAME_SAMPLES <= droppedSamples, 'no more is lost than what must be left out');
    t.ok(worst(misplacements(options, result)) <= 51, `worst ${worst(misplacements(options, result))}`);
  }
  t.end();
});

t.test('noise on the line counts as silence for a correction, and leaves no hole', (t) => {
  const options: SimulationOptions = { durationMs: 300_000, skewPpm: -100, sound: clicks(4000, 60) };
  const result = simulate(options);
  t.equal(result.timeline.stats.hardCorrections, 0);
  t.ok(result.timeline.stats.insertedSamples >= 160);
  let zeros = 0;
  let longest = 0;
  // The first second and the last frames may be silent.
  for (let i = 8000; i < result.left.length - 1000; i++) {
    zeros = result.left[i] === 0 ? zeros + 1 : 0;
    longest = Math.max(longest, zeros);
  }
  t.ok(longest < 10, `longest run of zeros: ${longest}`);
  t.end();
});

t.test('packets of 10, 30, 40 and 60 ms give the same recording as those of 20', (t) => {
  for (const ptimeMs of [10, 30, 40, 60]) {
    const options: SimulationOptions = {
      durationMs: 12_000,
      ptimeMs,
      sound: clicks(4000, 900),
      delaysMs: (_p, i) => [1 + (hash(i) % 30) / 10],
    };
    const result = simulate(options);
    const offsets = misplacements(options, result);
    t.ok(offsets.length >= 23, `${ptimeMs} ms: ${offsets.length} clicks`);
    t.ok(spread(offsets) < 0.13 && worst(offsets) <= 12, `${ptimeMs} ms: worst ${worst(offsets)}`);
  }
  t.end();
});

t.test('an odd packet length is placed to the sample', (t) => {
  // 18.75 ms: lies on no grid.
  const options: SimulationOptions = { durationMs: 6000, ptimeMs: 18.75, sound: clicks(4000, 900) };
  const result = simulate(options);
  const offsets = misplacements(options, result);
  t.ok(offsets.length >= 11);
  t.ok(worst(offsets) < 2, `worst ${worst(offsets)}`);
  t.end();
});

t.test('a stall of our own loses nothing that the system kept for us', (t) => {
  const timeline = new StereoTimeline(0);
  const heard: number[] = [];
  timeline.frames.subscribe((frame) => heard.push(frame.left[80] as number));
  const samples = (i: number): Int16Array => new Int16Array(FRAME_SAMPLES).fill(i + 1);
  const tick = (i: number, wakeMs: number): void => {
    timeline.onSent(undefined, i);
    timeline.onTick(wakeMs);
  };
  for (let i = 0; i < 10; i++) {
    tick(i, i * 20);
    timeline.onReceived(samples(i), i * 160, 1, i * 20 + 19);
  }
  // 180 ms in which neither timer nor socket was served; then all missed ticks, then all packets.
  for (let i = 10; i < 19; i++) tick(i, 365);
  for (let i = 10; i < 18; i++) timeline.onReceived(samples(i), i * 160, 1, 366);
  for (let i = 19; i < 30; i++) {
    tick(i, i * 20);
    timeline.onReceived(samples(i - 1), (i - 1) * 160, 1, i * 20 - 1);
  }
  timeline.close();
  const first = heard.indexOf(1);
  t.same(
    heard.slice(first, first + 29),
    Array.from({ length: 29 }, (_, i) => i + 1),
  );
  t.equal(heard.length, 30);
  t.end();
});

t.test('ticks that were skipped are silence to the caller, and count', (t) => {
  const timeline = new StereoTimeline(0);
  const right: number[] = [];
  timeline.frames.subscribe((frame) => right.push(frame.right[0] as number));
  const sound = new Int16Array(FRAME_SAMPLES).fill(5);
  timeline.onSent(sound, 100);
  timeline.onSent(sound, 104);
  timeline.onSent(sound, 104);
  timeline.onSent(sound.subarray(0, 10), 900);
  timeline.close();
  timeline.close();
  t.equal(right.length, 801);
  t.same([right[0], right[1], right[3], right[4], right[5], right[800]], [5, 0, 0, 5, 0, 5]);
  t.end();
});

t.test('a subscriber that throws stops neither the frames nor the others', (t) => {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', warn);
  t.teardown(() => process.off('warning', warn));
  const timeline = new StereoTimeline(0);
  let frames = 0;
  timeline.frames.subscribe(() => {
    throw new Error('disk full');
  });
  timeline.frames.subscribe(() => void frames++);
  for (let i = 0; i < 10; i++) timeline.onSent(undefined, i);
  timeline.close();
  t.equal(frames, 10);
  t.end();
});

t.test(
  'frames leave within 3 ms of their packet, in the median, at any phase and jitter of a local line',
  (t) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 199 }), fc.nat(), (phase, seed) => {
        const result = simulate({
          durationMs: 3000,
          callerFromMs: phase / 10,
          delaysMs: (_p, i) => [1 + (hash(seed + i) % 30) / 10],
        });
        const left = result.delaysMs.map((delay) => (Number.isNaN(delay) ? 100 : delay));
        t.ok(median(left) < 3);
        t.ok(left.filter((delay) => delay > 8).length <= 0.05 * left.length, 'nine of ten and more at once');
      }),
      { numRuns: 30 },
    );
    t.equal(CLICK, 30_000);
    t.end();
  },
);
