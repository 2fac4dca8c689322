import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import { OutgoingAudio, voicedSpan } from '../../src/caller/outgoing-audio.js';

/** 60 ms of silence, 100 ms of tone, 2 s of silence. */
function clip(): Int16Array {
  const samples = new Int16Array((60 + 100 + 2000) * 8);
  samples.set(tone({ frequenciesHz: [1000], durationMs: 100, sampleRateHz: 8000, fadeMs: 0 }), 60 * 8);
  return samples;
}

t.test('the voiced span is what lies within 35 dB of the peak', async (t) => {
  const span = voicedSpan(clip());
  t.ok(Math.abs((span?.first ?? 0) - 480) <= 1);
  t.ok(Math.abs((span?.last ?? 0) - 1279) <= 1);
  t.equal(voicedSpan(new Int16Array(100)), undefined);
});

t.test(
  'begin and end of a clip are timed by the ticks that sent them, its silent tail is left out',
  async (t) => {
    const out = new OutgoingAudio();
    const told: [string, number][] = [];
    const frame = new Int16Array(160);
    out.enqueue(clip(), {
      began: (atMs) => told.push(['began', atMs]),
      done: (lastVoicedMs) => told.push(['done', lastVoicedMs]),
    });
    let sentMs = 0;
    for (let nowMs = 1000; told.length < 2 && nowMs < 5000; nowMs += 20) {
      out.take(frame, nowMs);
      sentMs = nowMs + 20 - 1000;
    }
    t.ok(Math.abs((told[0]?.[1] ?? 0) - 1060) < 0.5, `began ${told[0]?.[1]}`);
    t.ok(Math.abs((told[1]?.[1] ?? 0) - 1160) < 0.5, `ended ${told[1]?.[1]}`);
    t.ok(sentMs <= 220, 'done 50 ms after the last voiced sample');
    out.take(frame, 5000);
    t.ok(
      frame.every((sample) => sample === 0),
      'then silence',
    );
  },
);

t.test('clips follow each other without a hole', async (t) => {
  const out = new OutgoingAudio();
  const sent: number[] = [];
  const listener = { began: () => undefined, done: () => undefined };
  out.enqueue(new Int16Array(250).fill(1000), listener);
  out.enqueue(new Int16Array(250).fill(2000), listener);
  const frame = new Int16Array(160);
  for (let tick = 0; tick < 4; tick++) {
    out.take(frame, tick * 20);
    sent.push(...frame);
  }
  t.same(sent.slice(0, 250), new Array(250).fill(1000));
  t.same(sent.slice(250, 500), new Array(250).fill(2000));
  t.same(sent.slice(500), new Array(140).fill(0));
});
