import t from 'tap';
import fc from 'fast-check';
import { ManualClock } from '../../../src/core/clock.js';
import {
  eventOfDigit,
  KeyReceiver,
  KeySender,
  MAX_SEGMENT_SAMPLES,
  writeEvent,
} from '../../../src/embedded/rtp/telephone-event.js';

function receiver(clock = new ManualClock()): {
  clock: ManualClock;
  log: string[];
  keys: KeyReceiver;
  packet: (
    event: number,
    timestamp: number,
    durationSamples: number,
    end?: boolean,
    marker?: boolean,
  ) => void;
} {
  const log: string[] = [];
  const keys = new KeyReceiver(clock, {
    started: (digit) => void log.push(`+${digit}`),
    ended: (digit, durationSamples) => void log.push(`${digit}:${durationSamples}`),
  });
  const bytes = new Uint8Array(4);
  return {
    clock,
    log,
    keys,
    packet: (event, timestamp, durationSamples, end = false, marker = false) => {
      writeEvent(bytes, 0, event, end, durationSamples);
      keys.receive(bytes, 0, 4, timestamp, marker);
    },
  };
}

t.test('one key is one event: three ends, no marker, late updates', (t) => {
  const { packet, log, clock } = receiver();
  for (const duration of [160, 320, 480]) packet(5, 1000, duration);
  t.same(log, ['+5'], 'not before its end');
  for (let i = 0; i < 3; i++) packet(5, 1000, 640, true);
  packet(5, 1000, 320);
  t.same(log, ['+5', '5:640']);
  packet(5, 3000, 160, false, true);
  packet(5, 3000, 800, true);
  packet(5, 1000, 640, true);
  t.same(log, ['+5', '5:640', '+5', '5:800'], 'the same key again is another timestamp');
  clock.advance(1000);
  t.equal(log.length, 4);
  t.equal(clock.pendingTimers, 0);
  t.end();
});

t.test('a key of which only an end came is a key', (t) => {
  const { packet, log } = receiver();
  packet(11, 77, 800, true);
  packet(11, 77, 800, true);
  t.same(log, ['+#', '#:800']);
  t.end();
});

t.test('a key whose ends are all lost ends with the next, or when nothing more comes', (t) => {
  const { packet, log, clock } = receiver();
  packet(1, 1000, 160);
  clock.advance(20);
  packet(1, 1000, 320);
  clock.advance(100);
  packet(2, 2000, 160);
  t.same(log, ['+1', '1:320', '+2']);
  clock.advance(150);
  t.equal(log.length, 3);
  clock.advance(60);
  t.same(log.slice(3), ['2:160']);
  t.equal(clock.pendingTimers, 0);
  t.end();
});

t.test('a long key is one key, through all its segments', (t) => {
  const { packet, log, clock } = receiver();
  let timestamp = 4_294_960_000;
  for (let segment = 0; segment < 3; segment++) {
    for (let duration = 160; duration <= MAX_SEGMENT_SAMPLES - 135; duration += 160) {
      packet(0, timestamp, duration, false, segment === 0 && duration === 160);
      clock.advance(20);
    }
    packet(0, timestamp, MAX_SEGMENT_SAMPLES);
    timestamp = (timestamp + MAX_SEGMENT_SAMPLES) >>> 0;
  }
  packet(0, timestamp, 100, true);
  t.same(log, ['+0', `0:${3 * MAX_SEGMENT_SAMPLES + 100}`]);
  t.end();
});

t.test('what is no key is passed over, and after close nothing is told', (t) => {
  const { packet, log, clock, keys } = receiver();
  packet(16, 1, 160, true);
  packet(255, 2, 160, true);
  keys.receive(Uint8Array.of(1, 0x80, 0), 0, 3, 3, true);
  t.same(log, []);
  packet(3, 1000, 160);
  keys.close();
  clock.advance(1000);
  t.same(log, ['+3']);
  t.equal(clock.pendingTimers, 0);
  t.end();
});

t.test('a source that changes ends its key and starts with new timestamps', (t) => {
  const { packet, log, keys } = receiver();
  packet(1, 500_000, 160);
  keys.reset();
  packet(2, 499_000, 160, true);
  t.same(log, ['+1', '1:160', '+2', '2:160']);
  t.end();
});

t.test('keys that are sent are received, each once, whatever is lost, doubled or late', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...'0123456789*#ABCD'), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 320, max: 4000 }),
      fc.nat(4294967295),
      fc.nat(),
      (digits, durationSamples, start, seed) => {
        const { log, clock, keys } = receiver();
        const sender = new KeySender();
        for (const digit of digits) sender.push(eventOfDigit(digit) as number, durationSamples);
        let timestamp = start;
        const bytes = new Uint8Array(4);
        let n = seed;
        let lostInRow = 0;
        while (sender.busy) {
          const packet = sender.next(timestamp, 160);
          timestamp = (timestamp + 160) >>> 0;
          clock.advance(20);
          if (packet === undefined) {
            lostInRow = 0;
            continue;
          }
          n = (Math.imul(n, 1103515245) + 12345) >>> 0;
          // Any two packets in a row may be lost: of three ends one comes.
          if ((n >> 16) % 3 === 0 && lostInRow < 2) {
            lostInRow++;
            continue;
          }
          lostInRow = 0;
          writeEvent(bytes, 0, packet.event, packet.end, packet.durationSamples);
          keys.receive(bytes, 0, 4, packet.timestamp, packet.marker);
          if ((n >> 20) % 4 === 0) keys.receive(bytes, 0, 4, packet.timestamp, packet.marker);
        }
        clock.advance(300);
        t.same(
          log.filter((entry) => entry.startsWith('+')).map((entry) => entry.slice(1)),
          digits,
        );
        t.same(
          log.filter((entry) => !entry.startsWith('+')),
          digits.map((digit) => `${digit}:${durationSamples}`),
        );
      },
    ),
    { numRuns: 60 },
  );
  t.end();
});

t.test(
  'a sent key grows, has its marker first and its end three times, and long ones are cut in segments',
  (t) => {
    const sender = new KeySender();
    sender.push(7, 480);
    const seen = [];
    for (let tick = 0; sender.busy; tick++) {
      const p = sender.next(1000 + 160 * tick, 160);
      if (p !== undefined) seen.push([p.timestamp, p.durationSamples, p.marker, p.end]);
    }
    t.same(seen, [
      [1000, 160, true, false],
      [1000, 320, false, false],
      [1000, 480, false, true],
      [1000, 480, false, true],
      [1000, 480, false, true],
    ]);
    sender.push(1, 100_000);
    const segments = new Map<number, number>();
    for (let tick = 0; sender.busy; tick++) {
      const p = sender.next(160 * tick, 160);
      if (p !== undefined) segments.set(p.timestamp, p.durationSamples);
    }
    t.same(
      [...segments],
      [
        [0, 65_440],
        [65_440, 100_000 - 65_440],
      ],
    );
    t.end();
  },
);

t.test('two keys with the same timestamp are two keys', (t) => {
  const { packet, log, clock } = receiver();
  packet(1, 500, 160, false, true);
  packet(1, 500, 640, true);
  packet(1, 500, 640, true);
  packet(2, 500, 160, false, true);
  packet(1, 500, 640, true);
  packet(2, 500, 800, true);
  t.same(log, ['+1', '1:640', '+2', '2:800'], 'a late end of the first is none of the second');
  clock.advance(300);
  packet(2, 500, 160, false, true);
  packet(2, 500, 720, true);
  t.same(log.slice(4), ['+2', '2:720'], 'and the same key after a pause is pressed again');
  clock.advance(20);
  packet(2, 500, 160, false, true);
  t.equal(log.length, 6, 'but not by a first packet that comes late');
  t.end();
});

t.test('an event that is no key, as a flash (16), neither is a key nor ends one', (t) => {
  const { packet, log } = receiver();
  packet(16, 100, 400, true, true);
  packet(3, 900, 160, false, true);
  packet(16, 1000, 400, true);
  packet(3, 900, 640, true);
  t.same(log, ['+3', '3:640']);
  t.end();
});
