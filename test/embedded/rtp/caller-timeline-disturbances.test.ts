import t from 'tap';
import { FRAME_SAMPLES } from '../../../src/embedded/rtp/caller-timeline.js';
import {
  clicks,
  findClicks,
  hash,
  misplacements,
  simulate,
  spread,
  worst,
  type SimulatedPacket,
  type SimulationOptions,
} from './simulated-call.js';

t.test(
  'silence that is not sent (DTX) is silence in the recording, and sound after it does not wait',
  (t) => {
    const talks = (index: number): boolean => index % 100 < 37 || index % 100 === 80;
    const options: SimulationOptions = {
      durationMs: 20_000,
      alter: (packet, i) => (talks(i) ? packet : undefined),
      sound: (n) => (n % 1000) + 1,
    };
    let sequence = 0;
    const { alter } = options;
    const result = simulate({
      ...options,
      alter: (packet, i) => {
        const sent = alter?.(packet, i);
        return sent === undefined ? undefined : { ...sent, sequence: sequence++ };
      },
    });
    for (let i = 5; i < 990; i++) {
      const value = result.left[i * FRAME_SAMPLES + 80] as number;
      const index = i;
      if (talks(index) && talks(index - 1) && talks(index + 1)) t.not(value, 0, `packet ${i} is heard`);
      if (!talks(index) && !talks(index - 1) && !talks(index + 1)) t.equal(value, 0, `gap at ${i} is silent`);
    }
    const waiting = result.delaysMs.filter((delay) => Number.isNaN(delay)).length;
    t.ok(waiting <= 2, `every packet but ${waiting} left at once`);
    t.end();
  },
);

t.test('a lost packet is 20 ms of silence and holds the next up for 40 ms at most', (t) => {
  const lost = (i: number): boolean => i % 10 === 5;
  const options: SimulationOptions = {
    durationMs: 10_000,
    delaysMs: (_p, i) => (lost(i) ? [] : [1]),
    sound: () => 700,
  };
  const result = simulate(options);
  let silent = 0;
  for (let i = 10; i < 490; i++) if (result.left[i * FRAME_SAMPLES + 80] === 0) silent++;
  t.equal(silent, 48);
  t.ok(
    Math.max(...result.frameAgesMs.slice(5, 490)) <= 40 + 12,
    `oldest ${Math.max(...result.frameAgesMs.slice(5, 490))}`,
  );
  t.end();
});

t.test('packets out of order and twice are put where they belong', (t) => {
  const result = simulate({
    durationMs: 4000,
    delaysMs: (_p, i) => (i % 7 === 3 ? [23] : i % 5 === 0 ? [1, 9] : [1]),
    sound: (n) => 1 + (n % 20_000),
  });
  const first = result.left.indexOf(1);
  let wrong = 0;
  for (let i = 0; i < 3900 * 8 - first; i++) if (result.left[first + i] !== 1 + (i % 20_000)) wrong++;
  t.equal(wrong, 0);
  t.end();
});

t.test('a new source, or a timestamp set anew, goes on where it arrives, without a seam', (t) => {
  const changes: Record<string, (packet: SimulatedPacket) => SimulatedPacket> = {
    'new SSRC': (packet) => ({ ...packet, ssrc: 99, timestamp: 123_456 + packet.fromSample }),
    'timestamp far ahead': (packet) => ({ ...packet, timestamp: (packet.timestamp + 1_000_000_000) >>> 0 }),
    'timestamp far back': (packet) => ({ ...packet, timestamp: (packet.timestamp - 1_000_000_000) >>> 0 }),
    'timestamp 300 ms ahead': (packet) => ({ ...packet, timestamp: (packet.timestamp + 2400) >>> 0 }),
    'timestamp 300 ms back': (packet) => ({ ...packet, timestamp: (packet.timestamp - 2400) >>> 0 }),
  };
  for (const [name, change] of Object.entries(changes)) {
    const options: SimulationOptions = {
      durationMs: 8000,
      alter: (packet, i) => (i >= 200 ? change(packet) : packet),
      // The first packet lies just before the middle between two frames, the first of the new clock just behind it.
      callerFromMs: 8.5,
      delaysMs: (_p, i) => [i === 0 ? 1 : i === 200 ? 5 : 1 + (hash(i) % 40) / 10],
      sound: clicks(4000, 500),
    };
    const result = simulate(options);
    const offsets = misplacements(options, result);
    t.equal(offsets.length, 16, `${name}: no click is lost`);
    t.ok(spread(offsets) < 0.13, `${name}: none is moved (${spread(offsets)})`);
    t.equal(result.timeline.stats.anchors, 2, name);
  }
  t.end();
});

t.test('after a hold the caller is where he speaks, whether his timestamps went on or stood still', (t) => {
  for (const frozen of [false, true]) {
    let sequence = 0;
    const options: SimulationOptions = {
      durationMs: 12_000,
      alter: (packet, i) => {
        if (i >= 150 && i < 400) return undefined;
        const timestamp = frozen && i >= 400 ? packet.timestamp - 250 * FRAME_SAMPLES : packet.timestamp;
        return { ...packet, timestamp: timestamp >>> 0, sequence: sequence++ };
      },
    };
    const result = simulate(options);
    const offsets = misplacements(options, result);
    t.equal(offsets.length, 14, `frozen ${frozen}: 3 s before and 4 s after: ${offsets.length} clicks`);
    t.ok(worst(offsets) <= 13, `frozen ${frozen}: worst ${worst(offsets)}`);
    t.ok(result.left.subarray(3100 * 8, 7900 * 8).every((sample) => sample === 0));
  }
  t.end();
});

t.test('what a queue held up for 300 ms comes in one burst, is too late, and moves nothing after it', (t) => {
  const options: SimulationOptions = {
    durationMs: 10_000,
    delaysMs: (packet) => {
      const stuck = packet.sentMs >= 4000 && packet.sentMs < 4300;
      return [stuck ? 4301 - packet.sentMs + (packet.sentMs - 4000) / 1000 : 1];
    },
  };
  const result = simulate(options);
  const offsets = misplacements(options, result);
  t.ok(offsets.length >= 18, `${offsets.length}`);
  const after = findClicks(result.left).filter((at) => at > 4400 * 8);
  t.equal(after.length, 11);
  t.ok(worst(offsets) <= 13, `worst ${worst(offsets)}`);
  t.end();
});

t.test('a longer way through the network is followed within a second', (t) => {
  const ways: Record<string, (sentMs: number) => number> = {
    'at once': (sentMs) => (sentMs >= 4000 ? 151 : 1),
    'over 300 ms': (sentMs) => 1 + 150 * Math.min(1, Math.max(0, (sentMs - 4000) / 300)),
  };
  for (const [name, way] of Object.entries(ways)) {
    const result = simulate({
      durationMs: 10_000,
      delaysMs: ({ sentMs }) => [way(sentMs)],
      sound: clicks(4000, 900),
    });
    const after = findClicks(result.left).filter((at) => at > 5000 * 8);
    t.ok(after.length >= 9, `${name}: ${after.length} clicks`);
    for (const at of after) {
      const lag = (((at / 8 - 3 - 250) % 500) + 500) % 500;
      t.ok(Math.abs(lag - 150) <= 13, `${name}: 150 ms later than spoken: ${lag}`);
    }
  }
  t.end();
});

t.test('a caller who changes his packet length in the midst of speech is heard through', (t) => {
  // 20 ms packets, two of which are then sent as one of 40 ms.
  let sequence = 0;
  const said = (n: number): number => 1 + (n % 20_000);
  const result = simulate({
    durationMs: 8000,
    sound: said,
    alter: (packet, i) => {
      if (i < 200) return { ...packet, sequence: sequence++ };
      if (i % 2 === 0) return undefined;
      return {
        ...packet,
        fromSample: packet.fromSample - FRAME_SAMPLES,
        timestamp: (packet.timestamp - FRAME_SAMPLES) >>> 0,
        lengthSamples: 2 * FRAME_SAMPLES,
        sequence: sequence++,
      };
    },
  });
  const first = result.left.indexOf(1);
  let missing = 0;
  for (let i = 0; i < 7800 * 8; i++) if (result.left[first + i] !== said(i)) missing++;
  t.ok(missing <= FRAME_SAMPLES, `at most the frame of the change is cut: ${missing} samples`);
  t.end();
});

t.test('keys in the place of sound leave their gap, with timestamps that go on or stand still', (t) => {
  for (const frozen of [false, true]) {
    const options: SimulationOptions = {
      durationMs: 8000,
      alter: (packet, i) => {
        // Ten packets of a key: they take sequence numbers, and are not handed to the timeline.
        if (i >= 200 && i < 210) return undefined;
        const timestamp = frozen && i >= 210 ? packet.timestamp - 10 * FRAME_SAMPLES : packet.timestamp;
        return { ...packet, timestamp: timestamp >>> 0, sequence: i < 200 ? i : i - 10 };
      },
    };
    const result = simulate(options);
    const offsets = misplacements(options, result);
    t.equal(offsets.length, 16, `frozen ${frozen}`);
    t.ok(worst(offsets) <= 13, `frozen ${frozen}: worst ${worst(offsets)}`);
  }
  t.end();
});
