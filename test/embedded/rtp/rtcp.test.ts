import t from 'tap';
import { ReceptionStatistics } from '../../../src/embedded/rtp/reception-statistics.js';
import { readRtcp, writeRtcp, type ReportBlock } from '../../../src/embedded/rtp/rtcp.js';

const BLOCK: ReportBlock = {
  ssrc: 0xdeadbeef,
  fractionLost: 13,
  cumulativeLost: -5,
  highestSequence: 0x0001fffe,
  jitter: 77,
  lastSenderReport: 0x89abcdef,
  delaySinceLast: 65_536,
};

t.test('what is written is read: sender report, CNAME, BYE, in whole words', (t) => {
  const sender = {
    ntpSeconds: 3_900_000_000,
    ntpFraction: 0x80000000,
    rtpTimestamp: 0xfffffff0,
    packets: 9,
    octets: 1440,
  };
  for (const cname of ['a', 'ab', 'abc', 'abcd', 'abcdefgh']) {
    const bytes = writeRtcp({ ssrc: 0x90000001, cname, sender, blocks: [BLOCK], isBye: true });
    t.equal(bytes.length % 4, 0);
    t.same(readRtcp(bytes), [
      { kind: 'report', ssrc: 0x90000001, sender, blocks: [BLOCK] },
      { kind: 'description', names: new Map([[0x90000001, cname]]) },
      { kind: 'bye', ssrcs: [0x90000001] },
    ]);
  }
  t.same(readRtcp(writeRtcp({ ssrc: 1, cname: 'x', blocks: [] }))?.[0], {
    kind: 'report',
    ssrc: 1,
    blocks: [],
  });
  t.end();
});

t.test('a packet of another implementation is read', (t) => {
  // SR with one block, SDES with CNAME and TOOL, BYE with a reason, an application packet: written by hand from the RFC.
  const hex =
    '81c8000c' +
    '00000001' +
    'e0000000' +
    '40000000' +
    '00000010' +
    '00000002' +
    '00000140' +
    '00000002' +
    '05fffffe' +
    '00010003' +
    '00000004' +
    '00000000' +
    '00000000' +
    '81ca0004' +
    '00000001' +
    '0103' +
    '612e62' +
    '0602' +
    '7a7a' +
    '000000' +
    '81cb0002' +
    '00000001' +
    '03627965' +
    '80cc0002' +
    '00000001' +
    '61626364';
  const packets = readRtcp(Buffer.from(hex, 'hex'));
  t.equal(packets?.length, 4);
  t.match(packets?.[0], {
    kind: 'report',
    blocks: [{ ssrc: 2, fractionLost: 5, cumulativeLost: -2, jitter: 4 }],
  });
  t.same(packets?.[1], { kind: 'description', names: new Map([[1, 'a.b']]) });
  t.same(packets?.[2], { kind: 'bye', ssrcs: [1], reason: 'bye' });
  t.same(packets?.[3], { kind: 'other', type: 204 });
  t.end();
});

t.test(
  'what is no compound packet is refused: every cut, wrong versions, lengths, padding, another first packet',
  (t) => {
    const whole = writeRtcp({ ssrc: 1, cname: 'abc', blocks: [BLOCK], isBye: true });
    const ends = new Set([32, 48, 56]);
    for (let length = 0; length < whole.length; length++) {
      if (!ends.has(length))
        t.equal(readRtcp(whole.subarray(0, length)), undefined, `cut to ${length} bytes`);
    }
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = whole.slice();
      bytes[at] = value;
      return bytes;
    };
    t.equal(readRtcp(changed(0, 0x41)), undefined, 'version 1');
    t.equal(readRtcp(changed(0, 0x9f)), undefined, 'more blocks than there is room for');
    t.equal(readRtcp(changed(1, 202)), undefined, 'a description first');
    t.equal(readRtcp(changed(3, 0xff)), undefined, 'longer than it is');
    t.equal(readRtcp(changed(0, 0xa1)), undefined, 'padding in the first of several');
    let seed = 1;
    for (let i = 0; i < 3000; i++) {
      const bytes = whole.slice();
      for (let n = 0; n < 3; n++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        bytes[seed % bytes.length] = seed >>> 24;
      }
      readRtcp(bytes);
    }
    t.pass('3000 wounded packets threw nothing');
    t.end();
  },
);

t.test(
  'loss is counted as RFC 3550 §A.3 does: by the interval and in all, over the wrap of the sequence',
  (t) => {
    const statistics = new ReceptionStatistics();
    t.equal(statistics.report(0), undefined);
    for (let i = 0; i < 100; i++) if (i % 4 !== 3) statistics.packet(9, (65_500 + i) & 0xffff);
    const first = statistics.report(0);
    t.match(first, { ssrc: 9, cumulativeLost: 24, highestSequence: 65_500 + 98 });
    t.equal(first?.fractionLost, Math.floor((256 * 24) / 99));
    for (let i = 100; i < 150; i++) statistics.packet(9, (65_500 + i) & 0xffff);
    t.match(statistics.report(0), { fractionLost: Math.floor(256 / 51), cumulativeLost: 25 });
    for (let i = 0; i < 5; i++) statistics.packet(9, (65_500 + 149) & 0xffff);
    t.match(
      statistics.report(0),
      { fractionLost: 0, cumulativeLost: 20 },
      'what comes twice counts against it',
    );
    statistics.packet(10, 7);
    t.match(
      statistics.report(0),
      { ssrc: 10, cumulativeLost: 0, highestSequence: 7 },
      'another source begins anew',
    );
    t.end();
  },
);

t.test('jitter is that of RFC 3550 §A.8', (t) => {
  const steady = new ReceptionStatistics();
  for (let i = 0; i < 200; i++) steady.sound(0xffffff00 + i * 160, 1000 + i * 20);
  t.equal(steady.jitterSamples, 0);
  const shaky = new ReceptionStatistics();
  for (let i = 0; i < 400; i++) shaky.sound(i * 160, i * 20 + (i % 2) * 10);
  t.ok(Math.abs(shaky.jitterSamples - 80) < 2, `10 ms to and fro are 80 samples: ${shaky.jitterSamples}`);
  shaky.packet(1, 1);
  t.equal(shaky.report(0, 6)?.jitter, Math.round(shaky.jitterSamples * 6), 'in units of the stream');
  shaky.sound(400 * 160, 60_000);
  t.ok(shaky.jitterSamples < 85, 'a pause is no jitter');
  t.end();
});

t.test('the last sender report and the time since it are told', (t) => {
  const statistics = new ReceptionStatistics();
  statistics.packet(1, 1);
  t.match(statistics.report(500), { lastSenderReport: 0, delaySinceLast: 0 });
  statistics.senderReport(0x12345678, 1000);
  t.match(statistics.report(3500), { lastSenderReport: 0x12345678, delaySinceLast: 2.5 * 65_536 });
  t.end();
});
