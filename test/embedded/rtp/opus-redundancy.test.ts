import t, { type Test } from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import { OpusDecoder } from '../../../src/embedded/rtp/codecs/opus-codec.js';
import { opusLibrary } from '../../../src/embedded/rtp/codecs/opus-library.js';
import { saysTwice } from '../../../src/embedded/rtp/codecs/opus-packet.js';
import { writeRtpHeader } from '../../../src/embedded/rtp/packet.js';
import { RtpReceiver } from '../../../src/embedded/rtp/rtp-receiver.js';

/** Requests of opus_defines.h. */
const SET_BITRATE = 4002;
const SET_INBAND_FEC = 4012;
const SET_PACKET_LOSS_PERC = 4014;
const SET_DTX = 4016;

const FRAMES = 150;

/** Something like a voice at 8 kHz: harmonics of a pitch that moves, in syllables. */
function voice(frames: number): Int16Array {
  return Int16Array.from({ length: 160 * frames }, (_, i) => {
    const at = i / 8000;
    const turns = 2 * Math.PI * (140 * at + 1.5 * Math.sin(4 * at));
    const syllable = 0.6 + 0.4 * Math.sin(2 * Math.PI * 3 * at);
    return syllable * (4000 * Math.sin(turns) + 2500 * Math.sin(3 * turns) + 1500 * Math.sin(7 * turns));
  });
}

/** The packets of a far side that is set so. */
function packets(sound: Int16Array, settings: readonly (readonly [number, number])[]): Uint8Array[] {
  const library = opusLibrary();
  const encoder = library.openEncoder(8000, settings);
  const payload = new Uint8Array(1300);
  const made = [];
  for (let at = 0; at + 160 <= sound.length; at += 160) {
    made.push(payload.slice(0, library.encode(encoder, sound.subarray(at, at + 160), payload, 0)));
  }
  library.free(encoder);
  return made;
}

const twice = packets(voice(FRAMES), [
  [SET_BITRATE, 24_000],
  [SET_INBAND_FEC, 1],
  [SET_PACKET_LOSS_PERC, 25],
]);
const once = packets(voice(FRAMES), [[SET_BITRATE, 24_000]]);

interface Heard {
  readonly samples: Int16Array;
  readonly position: number;
  readonly sequence: number;
  readonly step: number;
}

/** What is handed over of packets of which some do not come. */
function receive(t: Test, payloads: readonly Uint8Array[], comes: (index: number) => boolean): Heard[] {
  const clock = new ManualClock();
  const counts = { packetsReceived: 0, bytesReceived: 0, lost: 0, malformed: 0, lastReceivedMs: undefined };
  const keys = { started: () => undefined, ended: () => undefined };
  const rtp = new RtpReceiver(clock, counts, keys, {
    codec: 'opus',
    payloadType: 96,
    telephoneEventType: undefined,
  });
  t.teardown(() => rtp.close());
  const heard: Heard[] = [];
  rtp.onAudio = (samples, position, { sequence, sequenceStep }) =>
    heard.push({ samples: samples.slice(), position, sequence, step: sequenceStep });
  for (const [index, payload] of payloads.entries()) {
    clock.advance(20);
    if (!comes(index)) continue;
    const bytes = new Uint8Array(12 + payload.length);
    writeRtpHeader(bytes, 96, false, (65_500 + index) & 0xffff, (2 ** 32 - 9600 + 960 * index) >>> 0, 7);
    bytes.set(payload, 12);
    if (rtp.read(bytes)) rtp.take(bytes);
  }
  return heard;
}

/** Signal to noise of one packet's sound against what a decoder without loss made of it. */
function snrDb(found: Int16Array, wanted: Int16Array): number {
  let [signal, noise] = [0, 1e-9];
  for (const [i, sample] of wanted.entries()) {
    signal += sample ** 2;
    noise += (sample - (found[i] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

t.test('a packet says whether it says the one before it again', (t) => {
  const share = twice.filter((packet) => saysTwice(packet, 0, packet.length)).length / FRAMES;
  t.ok(share > 0.5, `${share} of the packets`);
  t.notOk(once.some((packet) => saysTwice(packet, 0, packet.length)));
  t.notOk(saysTwice(Uint8Array.of(0x08), 0, 1), 'a packet without a frame');
  t.notOk(saysTwice(Uint8Array.of(0xf8, 0xff), 0, 2), 'music has no such thing');
  t.notOk(
    saysTwice(Uint8Array.of(0x0b, 0xff, 0xff), 0, 3),
    'packets with a count of frames are not looked into',
  );
  t.ok(saysTwice(Uint8Array.of(0x08, 0b0100_0000), 0, 2), 'one frame of 20 ms: the second bit');
  t.ok(saysTwice(Uint8Array.of(0x18, 0b0001_0000), 0, 2), '60 ms: after three bits of voice activity');
  t.ok(saysTwice(Uint8Array.of(0x0c, 0b0001_0000), 0, 2), 'stereo: of the side channel');
  t.ok(saysTwice(Uint8Array.of(0x0a, 0x01, 0b0100_0000, 0), 0, 4), 'two frames of different lengths');
  t.end();
});

t.test('a lost packet is heard out of the next one, in its place and in order', (t) => {
  const lost = (index: number): boolean =>
    index % 10 === 5 && saysTwice(twice[index + 1] as Uint8Array, 0, 99);
  const whole = receive(t, twice, () => true);
  const heard = receive(t, twice, (index) => !lost(index));
  const gone = Array.from({ length: FRAMES }, (_, index) => index).filter(lost);
  t.ok(gone.length > 5, `${gone.length} were lost`);
  t.strictSame(
    heard.map(({ position }) => position),
    whole.map(({ position }) => position),
    'no hole is left',
  );
  t.strictSame(
    heard.map(({ sequence }) => sequence),
    whole.map(({ sequence }) => sequence),
  );
  t.ok(
    heard.every(({ step }) => step === 1),
    'nothing is missing for those who hear it',
  );
  for (const index of gone) {
    const [found, wanted] = [heard[index], whole[index]];
    const db = snrDb(found?.samples as Int16Array, wanted?.samples as Int16Array);
    t.ok(db > 3, `packet ${index}: ${db.toFixed(1)} dB`);
  }
  t.end();
});

t.test('of several lost packets the last one is heard; where nothing is said twice there is a hole', (t) => {
  const at = twice.findIndex((packet, index) => index > 20 && saysTwice(packet, 0, packet.length));
  const three = receive(t, twice, (index) => index < at - 3 || index >= at);
  t.strictSame(
    three.slice(at - 4, at).map(({ position, step }) => [position / 160, step]),
    [
      [at - 4, 1],
      [at - 1, 3],
      [at, 1],
      [at + 1, 1],
    ],
  );
  const none = receive(t, once, (index) => index !== 40);
  t.equal(none.length, FRAMES - 1);
  t.strictSame([none[40]?.position, none[40]?.step], [41 * 160, 2]);
  t.end();
});

t.test(
  'a sender that is silent in pauses (DTX) loses nothing: the sound after a pause is in its place',
  (t) => {
    const sound = voice(FRAMES);
    sound.fill(0, 40 * 160, 120 * 160);
    const sparse = packets(sound, [
      [SET_BITRATE, 16_000],
      [SET_DTX, 1],
    ]);
    const isSent = (index: number): boolean => (sparse[index]?.length ?? 0) > 2;
    t.ok(
      sparse.some((_, index) => !isSent(index)),
      'the far side is silent',
    );
    // RFC 7587 §4.1: the sequence goes on without a step, the timestamp with one.
    const decoder = new OpusDecoder();
    const into = new Int16Array(1600);
    for (const payload of sparse.filter((_, index) => !isSent(index))) {
      t.equal(
        decoder.decode(payload, 0, payload.length, into),
        160,
        'one that sends them all the same is understood',
      );
    }
    decoder.close();
    const clock = new ManualClock();
    const counts = { packetsReceived: 0, bytesReceived: 0, lost: 0, malformed: 0, lastReceivedMs: undefined };
    const keys = { started: () => undefined, ended: () => undefined };
    const rtp = new RtpReceiver(clock, counts, keys, {
      codec: 'opus',
      payloadType: 96,
      telephoneEventType: undefined,
    });
    const places: number[] = [];
    rtp.onAudio = (_samples, position) => places.push(position / 160);
    let sequence = 0;
    for (const [index, payload] of sparse.entries()) {
      clock.advance(20);
      if (!isSent(index)) continue;
      const bytes = new Uint8Array(12 + payload.length);
      writeRtpHeader(bytes, 96, false, sequence++, 960 * index, 7);
      bytes.set(payload, 12);
      if (rtp.read(bytes)) rtp.take(bytes);
    }
    rtp.close();
    t.strictSame(
      places,
      sparse.flatMap((_, index) => (isSent(index) ? [index] : [])),
    );
    t.equal(counts.lost, 0);
    t.end();
  },
);
