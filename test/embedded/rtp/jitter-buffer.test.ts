import t, { type Test } from 'tap';
import { JitterBuffer } from '../../../src/embedded/rtp/jitter-buffer.js';

/** Speech for the ear of this test: harmonics of a wandering pitch, 1.5 s of it, then 0.7 s of quiet noise, again and again. */
function speech(seconds: number): Int16Array {
  const out = new Int16Array(seconds * 8000);
  const random = generator(3);
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const isSpoken = i % 17_600 < 12_000;
    phase += (2 * Math.PI * (130 + 25 * Math.sin(i / 9000))) / 8000;
    const voice = Math.sin(phase) + 0.5 * Math.sin(2 * phase + 1) + 0.3 * Math.sin(6 * phase);
    out[i] = Math.round((isSpoken ? 4000 * voice : 0) + 20 * (random() - 0.5));
  }
  return out;
}

/** Uniform in 0..1, the same with each run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Network {
  /** Way of the packet through the network; undefined: lost. */
  readonly delayMs: (index: number) => number | undefined;
  readonly packetMs?: number;
  /** The sender's clock runs fast by so many millionths. */
  readonly skewPpm?: number;
  /** Packets that are not sent, and whether the sender's time stands still meanwhile. */
  readonly isPaused?: (index: number) => boolean;
  readonly standsStill?: boolean;
}

interface Heard {
  readonly buffer: JitterBuffer;
  readonly concealedShare: number;
  /** From a sample's being spoken, packet whole, to its being played; less the quickest way through the network. */
  readonly meanDelayMs: number;
  readonly snrDb: number;
  /** The same sound with silence in the place of what the network lost (late packets in time). */
  readonly silenceSnrDb: number;
}

function play(sound: Int16Array, network: Network): Heard {
  const { packetMs = 20, skewPpm = 0 } = network;
  const length = packetMs * 8;
  const arrivals: { atMs: number; position: number; samples: Int16Array }[] = [];
  const silenced = sound.slice();
  let position = 0;
  for (let index = 0; (index + 1) * length <= sound.length; index++) {
    const paused = network.isPaused?.(index) === true;
    const samples = sound.slice(index * length, (index + 1) * length);
    const sentMs = ((index + 1) * packetMs) / (1 + skewPpm / 1e6);
    const delayMs = network.delayMs(index);
    if (delayMs === undefined) silenced.fill(0, index * length, (index + 1) * length);
    else if (!paused) arrivals.push({ atMs: sentMs + delayMs, position, samples });
    if (!(paused && network.standsStill === true)) position += length;
  }
  arrivals.sort((a, b) => a.atMs - b.atMs);
  const buffer = new JitterBuffer();
  let [signal, noise, silenceNoise, delay, frames] = [1, 1, 1, 0, 0];
  const until = arrivals.at(-1)?.atMs ?? 0;
  let next = 0;
  for (let nowMs = 7; nowMs < until; nowMs += 20) {
    for (
      let packet = arrivals[next];
      packet !== undefined && packet.atMs <= nowMs;
      packet = arrivals[++next]
    ) {
      buffer.put(packet.samples, packet.position, packet.atMs);
    }
    const frame = buffer.take(nowMs);
    const from = buffer.framePosition;
    if (frame === undefined || from === undefined) continue;
    for (let i = 0; i < 160; i++) {
      const spoken = sound[from + i] ?? 0;
      signal += spoken ** 2;
      noise += (spoken - (frame[i] as number)) ** 2;
      silenceNoise += (spoken - (silenced[from + i] ?? 0)) ** 2;
    }
    delay += nowMs - (from + 160) / 8;
    frames++;
  }
  return {
    buffer,
    concealedShare: buffer.stats.concealedSamples / (buffer.stats.frames * 160),
    meanDelayMs: delay / frames,
    snrDb: 10 * Math.log10(signal / noise),
    silenceSnrDb: 10 * Math.log10(signal / silenceNoise),
  };
}

function tell(t: Test, name: string, heard: Heard): void {
  const { buffer, concealedShare, meanDelayMs, snrDb, silenceSnrDb } = heard;
  t.comment(
    `${name}: concealed ${(100 * concealedShare).toFixed(2)} %, delay ${meanDelayMs.toFixed(0)} ms (aim ${buffer.targetMs}), ` +
      `late ${buffer.stats.latePackets}, in ${buffer.stats.insertedFrames}, out ${buffer.stats.droppedFrames}, ` +
      `SNR ${snrDb.toFixed(1)} dB, silence ${silenceSnrDb.toFixed(1)} dB`,
  );
}

t.test('on a perfect line every sample comes out once, in order, with less than two frames of delay', (t) => {
  const sound = speech(20);
  const heard = play(sound, { delayMs: () => 1 });
  tell(t, 'perfect', heard);
  t.equal(heard.buffer.stats.concealedFrames, 0);
  t.equal(heard.buffer.stats.latePackets, 0);
  t.ok(heard.snrDb > 60);
  t.ok(heard.meanDelayMs < 40);
  t.end();
});

for (const [name, share] of [
  ['1 %', 0.01],
  ['5 %', 0.05],
] as const) {
  t.test(`with ${name} of the packets lost, as much is concealed, and better than by silence`, (t) => {
    const random = generator(11);
    const heard = play(speech(60), { delayMs: () => (random() < share ? undefined : 5 + 4 * random()) });
    tell(t, `loss ${name}`, heard);
    t.ok(heard.concealedShare > 0.5 * share && heard.concealedShare < 1.5 * share);
    t.ok(heard.snrDb > heard.silenceSnrDb + 3);
    t.ok(heard.meanDelayMs < 50);
    t.end();
  });
}

for (const jitterMs of [30, 50, 80]) {
  t.test(`a jitter of ${jitterMs} ms, with packets out of order, costs its delay and little sound`, (t) => {
    const random = generator(5);
    const heard = play(speech(60), { delayMs: () => 10 + jitterMs * random() });
    tell(t, `jitter ${jitterMs} ms`, heard);
    t.ok(heard.concealedShare < 0.02, 'nearly nothing is late');
    t.ok(heard.meanDelayMs < 10 + jitterMs + 40, 'and the delay is what the network asks for');
    t.ok(heard.snrDb > 15);
    t.end();
  });
}

t.test('5 % lost on a jitter of 50 ms: still better than silence on a line without jitter', (t) => {
  const random = generator(9);
  const heard = play(speech(60), { delayMs: () => (random() < 0.05 ? undefined : 10 + 50 * random()) });
  tell(t, 'loss 5 %, jitter 50 ms', heard);
  t.ok(heard.concealedShare < 0.08);
  t.ok(heard.snrDb > heard.silenceSnrDb + 2);
  t.end();
});

t.test('when the jitter is over, the delay shrinks again, in the pauses of speech alone', (t) => {
  const random = generator(5);
  const buffer = play(speech(90), { delayMs: (index) => (index < 1000 ? 10 + 80 * random() : 12) }).buffer;
  t.ok(buffer.targetMs <= 20, `aims at ${buffer.targetMs} ms`);
  t.ok(buffer.waitingSamples <= 8 * 60);
  t.ok(buffer.stats.droppedFrames >= 2);
  t.end();
});

t.test('packets of 10, 30 and 60 ms are played without a gap', (t) => {
  for (const packetMs of [10, 30, 60]) {
    const heard = play(speech(12), { delayMs: () => 5, packetMs });
    tell(t, `packets of ${packetMs} ms`, heard);
    t.ok(heard.buffer.stats.concealedFrames <= 3);
    t.ok(heard.buffer.stats.latePackets === 0);
  }
  t.end();
});

t.test('a sender whose clock is fast or slow by 200 ppm is followed for five minutes', (t) => {
  for (const skewPpm of [200, -200]) {
    const heard = play(speech(300), { delayMs: () => 5, skewPpm });
    tell(t, `skew ${skewPpm} ppm`, heard);
    t.ok(heard.buffer.waitingSamples < 8 * 80, 'the delay does not grow');
    t.ok(heard.concealedShare < 0.002);
  }
  t.end();
});

t.test('a pause of the sender is silence, not repetition, and what follows is heard whole', (t) => {
  for (const standsStill of [false, true]) {
    const isPaused = (index: number): boolean => index >= 100 && index < 200;
    const sound = speech(8);
    const heard = play(sound, { delayMs: () => 5, isPaused, standsStill });
    const { stats } = heard.buffer;
    t.ok(stats.concealedSamples <= 640, `at most 80 ms are concealed: ${stats.concealedSamples / 8} ms`);
    t.ok(stats.frames >= 295 && stats.frames <= 310, `${stats.frames} frames of 300 were heard`);
  }
  t.end();
});

t.test('a network that stands still for half a second loses nothing that it delivers late', (t) => {
  const stall = (index: number): number => (index >= 300 && index < 325 ? 5 + (325 - index) * 20 : 5);
  const heard = play(speech(20), { delayMs: stall });
  tell(t, 'stall', heard);
  t.ok(heard.buffer.stats.latePackets <= 4);
  t.ok(heard.buffer.waitingSamples < 8 * 100, 'and the delay is soon as before');
  t.end();
});

t.test('a clock set anew is a new beginning at once', (t) => {
  const buffer = new JitterBuffer();
  const loud = new Int16Array(160).fill(3000);
  for (let i = 0; i < 50; i++) {
    buffer.put(loud, i * 160, i * 20);
    buffer.take(i * 20 + 5);
  }
  for (let i = 50; i < 60; i++) {
    buffer.put(loud, 90_000_000 + i * 160, i * 20);
    const frame = buffer.take(i * 20 + 5);
    if (i > 53) t.ok(frame !== undefined && (frame[80] as number) > 2900);
  }
  t.equal(buffer.stats.restarts, 1);
  t.end();
});

t.test('nothing comes out before the first packet', (t) => {
  t.equal(new JitterBuffer().take(100), undefined);
  t.end();
});
