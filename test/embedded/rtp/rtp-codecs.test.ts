import t, { type Test } from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import type { AudioCodec } from '../../../src/embedded/rtp/codec.js';
import { openEncoder } from '../../../src/embedded/rtp/codecs/open-codec.js';
import { parseRtp, RtpPacket, writeRtpHeader } from '../../../src/embedded/rtp/packet.js';
import { RtpReceiver } from '../../../src/embedded/rtp/rtp-receiver.js';
import { RtpSender } from '../../../src/embedded/rtp/rtp-sender.js';
import type { AgreedFormats } from '../../../src/embedded/rtp/sdp-formats.js';
import { eventOfDigit, writeEvent } from '../../../src/embedded/rtp/telephone-event.js';

const OPUS: AgreedFormats = {
  codec: 'opus',
  payloadType: 96,
  telephoneEventType: 100,
  formats: [
    { codec: 'opus', payloadType: 96 },
    { codec: 'G722', payloadType: 9 },
    { codec: 'L16/16000', payloadType: 98 },
  ],
  events: [
    { payloadType: 100, clockHz: 48_000 },
    { payloadType: 101, clockHz: 8000 },
  ],
};

const tone = Int16Array.from({ length: 8000 }, (_, i) => 10_000 * Math.sin((2 * Math.PI * 500 * i) / 8000));
const frame = (index: number): Int16Array => tone.subarray(160 * index, 160 * index + 160);

/** The packets of a sender, copied as they leave. */
function sender(format: { codec: AudioCodec; payloadType: number }, eventClockHz = 8000) {
  const sent: { header: RtpPacket; bytes: Uint8Array }[] = [];
  const rtp = new RtpSender(7, (bytes, length) => {
    const header = new RtpPacket();
    parseRtp(bytes.subarray(0, length), header);
    sent.push({ header, bytes: bytes.slice(0, length) });
    return true;
  });
  rtp.use(format, { payloadType: 100, clockHz: eventClockHz });
  return { rtp, sent };
}

interface Heard {
  readonly samples: Int16Array;
  readonly position: number;
  readonly timestamp: number;
}

function receiver(t: Test, media: AgreedFormats) {
  const clock = new ManualClock();
  const keys: [string, number][] = [];
  const heard: Heard[] = [];
  const counts = { packetsReceived: 0, bytesReceived: 0, lost: 0, malformed: 0, lastReceivedMs: undefined };
  const rtp = new RtpReceiver(
    clock,
    counts,
    { started: () => undefined, ended: (digit, samples) => void keys.push([digit, samples]) },
    media,
  );
  rtp.onAudio = (samples, position, { timestamp }) =>
    heard.push({ samples: samples.slice(), position, timestamp });
  t.teardown(() => rtp.close());
  const take = (bytes: Uint8Array): void => {
    clock.advance(20);
    if (rtp.read(bytes)) rtp.take(bytes);
  };
  return { rtp, clock, keys, heard, counts, take };
}

t.test(
  'timestamps go by the codec’s clock: 960 a frame for Opus, 320 for L16 at 16 kHz, 160 for G.722',
  (t) => {
    for (const [codec, payloadType, step] of [
      ['opus', 96, 960],
      ['L16/16000', 98, 320],
      ['G722', 9, 160],
      ['L16/8000', 97, 160],
    ] as const) {
      const { rtp, sent } = sender({ codec, payloadType });
      for (let i = 0; i < 3; i++) rtp.audio(frame(i));
      rtp.silence(160);
      rtp.audio(frame(4));
      const stamps = sent.map(({ header }) => header.timestamp);
      t.same(
        stamps.map((stamp) => (stamp - (stamps[0] as number)) >>> 0),
        [0, step, 2 * step, 4 * step],
        codec,
      );
      t.same(
        sent.map(({ header }) => header.marker),
        [true, false, false, true],
      );
      t.ok(sent.every(({ header }) => header.payloadType === payloadType));
      rtp.close();
      t.equal(rtp.audio(frame(0)), false, 'closed');
    }
    t.end();
  },
);

t.test('a codec that changes in mid-stream leaves no hole in sequence and time, there and back', (t) => {
  const { rtp, sent } = sender({ codec: 'PCMU', payloadType: 0 });
  const { heard, take } = receiver(t, OPUS);
  rtp.audio(frame(0));
  rtp.audio(frame(1));
  rtp.use({ codec: 'opus', payloadType: 96 }, undefined);
  rtp.audio(frame(2));
  rtp.audio(frame(3));
  rtp.use({ codec: 'G722', payloadType: 9 }, undefined);
  rtp.audio(frame(4));
  for (const { bytes } of sent) take(bytes);
  t.same(
    heard.map(({ position }) => position),
    [0, 160, 320, 480, 640],
  );
  const first = heard[0]?.timestamp as number;
  t.same(
    heard.map(({ timestamp }) => (timestamp - first) >>> 0),
    [0, 160, 320, 480, 640],
  );
  t.same(
    sent.map(({ header }) => (header.sequence - (sent[0]?.header.sequence as number)) & 0xffff),
    [0, 1, 2, 3, 4],
  );
  rtp.close();
  t.end();
});

t.test('48 kHz timestamps that wrap, and lost packets, keep their places in samples of ours', (t) => {
  const { heard, take, counts } = receiver(t, OPUS);
  const encoder = openEncoder('opus');
  for (const index of [0, 1, 4, 5]) {
    const bytes = new Uint8Array(1300);
    const length = encoder.encode(frame(index), bytes, 12);
    writeRtpHeader(bytes, 96, false, 65_534 + index, (2 ** 32 - 1000 + 960 * index) >>> 0, 7);
    take(bytes.subarray(0, 12 + length));
  }
  encoder.close();
  t.same(
    heard.map(({ position }) => position),
    [0, 160, 640, 800],
  );
  t.equal(counts.lost, 2);
  t.end();
});

t.test('the same packet of a codec with memory is decoded once', (t) => {
  const { rtp, sent } = sender({ codec: 'G722', payloadType: 9 });
  const [clean, doubled] = [receiver(t, OPUS), receiver(t, OPUS)];
  for (let i = 0; i < 20; i++) rtp.audio(frame(i));
  for (const { bytes } of sent) {
    clean.take(bytes);
    doubled.take(bytes);
    doubled.take(bytes);
  }
  t.same(
    doubled.heard.map(({ samples }) => samples),
    clean.heard.map(({ samples }) => samples),
  );
  t.end();
});

t.test('another SSRC is another stream: its first packet is decoded as by a new decoder', (t) => {
  for (const [codec, payloadType] of [
    ['G722', 9],
    ['opus', 96],
  ] as const) {
    const { heard, take } = receiver(t, OPUS);
    const fresh = receiver(t, OPUS);
    const one = sender({ codec, payloadType });
    for (let i = 0; i < 10; i++) one.rtp.audio(frame(i));
    const two = sender({ codec, payloadType });
    two.rtp.audio(frame(3));
    const other = two.sent[0]?.bytes as Uint8Array;
    other[11] = 9;
    for (const { bytes } of one.sent) take(bytes);
    take(other);
    fresh.take(other);
    t.same(heard.at(-1)?.samples, fresh.heard[0]?.samples, codec);
    one.rtp.close();
    two.rtp.close();
  }
  t.end();
});

t.test('a payload that is none of its codec is counted, and the stream goes on', (t) => {
  const { heard, take, counts } = receiver(t, OPUS);
  const { rtp, sent } = sender({ codec: 'opus', payloadType: 96 });
  rtp.audio(frame(0));
  rtp.audio(frame(1));
  const broken = (sent[0]?.bytes as Uint8Array).slice(0, 19);
  // RFC 6716 §3.4: code 3 with more frames than the packet can hold.
  broken.set([0xff, 0xff, 0xff, 0, 1, 2, 3], 12);
  take(broken);
  take(sent[1]?.bytes as Uint8Array);
  t.equal(counts.malformed, 1);
  t.equal(heard.length, 1);
  rtp.close();
  t.end();
});

t.test('keys at 48 kHz are sent in that clock and read in samples of ours', (t) => {
  const { rtp, sent } = sender({ codec: 'opus', payloadType: 96 }, 48_000);
  const { keys, take } = receiver(t, OPUS);
  rtp.audio(frame(0));
  rtp.keys.push(eventOfDigit('5') as number, 800);
  for (let i = 0; i < 9; i++) rtp.key(160, 100);
  const events = sent.slice(1);
  const durations = events.map(({ bytes }) => ((bytes[14] as number) << 8) | (bytes[15] as number));
  t.same(durations, [960, 1920, 2880, 3840, 4800, 4800, 4800]);
  t.equal((sent[1]?.header.timestamp as number) - (sent[0]?.header.timestamp as number), 960);
  t.equal(new Set(events.map(({ header }) => header.timestamp)).size, 1);
  for (const { bytes } of sent) take(bytes);
  t.same(keys, [['5', 800]]);
  rtp.close();
  t.end();
});

t.test('a key that is held for 3 s at 48 kHz goes on over its segments and is one', (t) => {
  const { rtp, sent } = sender({ codec: 'opus', payloadType: 96 }, 48_000);
  const { keys, take } = receiver(t, OPUS);
  rtp.keys.push(eventOfDigit('#') as number, 24_000);
  while (rtp.keys.busy) rtp.key(160, 100);
  for (const { bytes } of sent) take(bytes);
  t.ok(new Set(sent.map(({ header }) => header.timestamp)).size > 2, 'in segments of 1.4 s');
  t.same(keys, [['#', 24_000]]);
  t.end();
});

t.test('keys at 8 kHz beside Opus are read too', (t) => {
  const { keys, take } = receiver(t, OPUS);
  for (let index = 0; index < 4; index++) {
    const bytes = new Uint8Array(16);
    writeRtpHeader(bytes, 101, index === 0, index, 5000, 7);
    writeEvent(bytes, 12, 9, index > 0, index === 0 ? 160 : 320);
    take(bytes);
  }
  t.same(keys, [['9', 320]]);
  t.end();
});

t.test(
  'both G.711 laws are read by their static types whatever was agreed, unless a type is another’s',
  (t) => {
    const { heard, take } = receiver(t, { ...OPUS, formats: [{ codec: 'L16/8000', payloadType: 8 }] });
    for (const [index, type] of [0, 8].entries()) {
      const bytes = new Uint8Array(12 + 160);
      writeRtpHeader(bytes, type, false, index, 160 * index, 7);
      take(bytes);
    }
    t.same(
      heard.map(({ samples }) => samples.length),
      [160, 80],
    );
    t.end();
  },
);

t.test('what may come changes with the next agreement; a codec that stays keeps its memory', (t) => {
  const { rtp, heard, take } = receiver(t, OPUS);
  const whole = receiver(t, OPUS);
  const { rtp: far, sent } = sender({ codec: 'G722', payloadType: 9 });
  for (let i = 0; i < 10; i++) far.audio(frame(i));
  for (const [index, { bytes }] of sent.entries()) {
    if (index === 5) rtp.use({ codec: 'G722', payloadType: 9, telephoneEventType: undefined });
    take(bytes);
    whole.take(bytes);
  }
  t.same(
    heard.map(({ samples }) => samples),
    whole.heard.map(({ samples }) => samples),
  );
  const opus = sender({ codec: 'opus', payloadType: 96 });
  opus.rtp.audio(frame(0));
  t.notOk(rtp.read(opus.sent[0]?.bytes as Uint8Array), 'Opus was taken back');
  opus.rtp.close();
  t.end();
});
