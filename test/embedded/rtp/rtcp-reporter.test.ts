import t from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import { ReceptionStatistics } from '../../../src/embedded/rtp/reception-statistics.js';
import { readRtcp } from '../../../src/embedded/rtp/rtcp.js';
import { RtcpReporter } from '../../../src/embedded/rtp/rtcp-reporter.js';

/** One side of a call: what it writes goes to `out`. */
function side(clock: ManualClock, ssrc: number, random = 0.5) {
  const reception = new ReceptionStatistics();
  const figures = { packets: 0, octets: 0, rtpTimestamp: 0, clockHz: 8000 };
  const out: { bytes: Uint8Array; atMs: number }[] = [];
  let isOpen = true;
  const reporter = new RtcpReporter({
    clock,
    ssrc,
    cname: `side-${ssrc}`,
    reception,
    sent: () => figures,
    write: (bytes) => {
      if (isOpen) out.push({ bytes, atMs: clock.nowMs() });
      return isOpen;
    },
    random: () => random,
  });
  return { reporter, reception, figures, out, open: (open: boolean) => (isOpen = open) };
}

t.test(
  'the round trip is what the network takes, without the time that a report lay on the other side',
  (t) => {
    const clock = new ManualClock();
    const [one, other] = [side(clock, 1, 0.5), side(clock, 2, 0.9)];
    one.figures.packets = 10;
    one.figures.octets = 1600;
    other.reception.packet(1, 100);
    clock.advance(2100);
    t.equal(one.out.length, 1, 'half of 5 s, by 1.21828');
    clock.advance(40);
    const thereMs = clock.nowMs() - (one.out[0]?.atMs as number);
    other.reporter.receive(one.out[0]?.bytes as Uint8Array);
    const before = other.out.length;
    while (other.out.length === before) clock.advance(1);
    clock.advance(60);
    const answer = other.out.at(-1);
    one.reporter.receive(answer?.bytes as Uint8Array);
    const { roundTripMs = -1 } = one.reporter.stats;
    const wayMs = thereMs + clock.nowMs() - (answer?.atMs as number);
    t.ok(Math.abs(roundTripMs - wayMs) < 0.1, `${roundTripMs} ms of ${wayMs}`);
    t.equal(one.reporter.stats.remoteLost, 0);
    t.end();
  },
);

t.test('who has sent says so in a sender report, who has not in a receiver report', (t) => {
  const clock = new ManualClock();
  const { figures, out, reporter } = side(clock, 7);
  clock.advance(2100);
  figures.packets = 250;
  figures.octets = 40_000;
  figures.rtpTimestamp = 1234;
  clock.advance(20_000);
  const reports = out.map(({ bytes }) => readRtcp(bytes)?.[0]);
  t.equal(reports.length, 5);
  t.notOk(reports[0] !== undefined && 'sender' in reports[0]);
  t.match(reports[1], { sender: { packets: 250, octets: 40_000, rtpTimestamp: 1234 } });
  t.match(reports[2], { sender: { packets: 250 } }, 'also when it sent before the last report');
  t.notOk(reports[3] !== undefined && 'sender' in reports[3], 'no more after two intervals of silence');
  t.match(readRtcp(out[0]?.bytes as Uint8Array)?.[1], { kind: 'description' });
  reporter.close();
  t.end();
});

t.test('the intervals lie between 2 and 6.2 seconds, and are not all alike', (t) => {
  for (const [random, ms] of [
    [0, 5000 * 0.5],
    [0.999, 5000 * 1.499],
  ] as const) {
    const clock = new ManualClock();
    const { out, reporter } = side(clock, 7, random);
    clock.advance(40_000);
    const gaps = out.slice(1).map(({ atMs }, i) => atMs - (out[i]?.atMs as number));
    t.ok(gaps.length > 4 && gaps.every((gap) => Math.abs(gap - ms / 1.21828) < 1), `${gaps[0]}`);
    reporter.close();
    t.equal(clock.pendingTimers, 0);
  }
  t.end();
});

t.test('what the other side tells of our packets is kept, in its units', (t) => {
  const clock = new ManualClock();
  const [one, other] = [side(clock, 1), side(clock, 2)];
  one.figures.clockHz = 8000;
  for (let i = 0; i < 100; i++) {
    if (i % 10 === 5) continue;
    other.reception.packet(1, i);
    other.reception.sound(i * 160, i * 20 + (i % 2) * 5);
  }
  clock.advance(2100);
  one.reporter.receive(other.out[0]?.bytes as Uint8Array);
  const { remoteLost, remoteFractionLost = 0, remoteJitterMs = 0, roundTripMs } = one.reporter.stats;
  t.equal(remoteLost, 10);
  t.ok(Math.abs(remoteFractionLost - 0.1) < 0.01);
  t.ok(Math.abs(remoteJitterMs - 5) < 1.5, `${remoteJitterMs}`);
  t.equal(roundTripMs, undefined, 'it has heard no report of ours');
  t.end();
});

t.test('BYE is said once, by who was ever heard; nothing after it', (t) => {
  const clock = new ManualClock();
  const silent = side(clock, 1);
  silent.reporter.close();
  t.equal(silent.out.length, 0);
  const [one, other] = [side(clock, 2), side(clock, 3)];
  one.figures.packets = 5;
  one.reporter.close();
  one.reporter.close();
  clock.advance(60_000);
  t.equal(one.out.length, 1);
  other.reporter.receive(one.out[0]?.bytes as Uint8Array);
  t.ok(other.reporter.stats.byeReceived);
  t.end();
});

t.test('junk is counted and disturbs nothing; what cannot be sent is not counted as sent', (t) => {
  const clock = new ManualClock();
  const { reporter, open } = side(clock, 1);
  reporter.receive(new Uint8Array([1, 2, 3]));
  t.equal(reporter.stats.malformed, 1);
  t.equal(reporter.stats.lastReceivedMs, undefined);
  open(false);
  clock.advance(30_000);
  t.equal(reporter.stats.packetsSent, 0);
  t.end();
});
