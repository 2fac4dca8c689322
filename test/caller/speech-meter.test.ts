import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import { SpeechMeter } from '../../src/caller/speech-meter.js';

function measure() {
  const edges: [string, number][] = [];
  const dips: [number, number][] = [];
  const meter = new SpeechMeter({
    speechStart: (atMs) => edges.push(['start', atMs]),
    dip: (fromMs, toMs) => dips.push([fromMs, toMs]),
    speechEnd: (atMs) => edges.push(['end', atMs]),
  });
  return { edges, dips, meter };
}

/** Pushes sound in packets of `packetMs`, the first arriving at `fromMs`. */
function play(meter: SpeechMeter, samples: Int16Array, fromMs: number, packetMs = 20) {
  const step = packetMs * 8;
  for (let at = 0; at < samples.length; at += step)
    meter.push(samples.subarray(at, at + step), fromMs + at / 8);
}

function burst(
  durationMs: number,
  levelDb: number,
  offsetMs = 0,
  totalMs = durationMs + offsetMs,
): Int16Array {
  const samples = new Int16Array(totalMs * 8);
  samples.set(
    tone({ frequenciesHz: [1000], durationMs, sampleRateHz: 8000, levelDb, fadeMs: 0 }),
    offsetMs * 8,
  );
  return samples;
}

t.test('edges are found to the sample, whatever the packet length', async (t) => {
  for (const packetMs of [10, 20, 30, 60]) {
    const { edges, meter } = measure();
    play(meter, burst(300, -12, 127, 700), 1000, packetMs);
    t.equal(edges.length, 2);
    t.ok(Math.abs((edges[0]?.[1] ?? 0) - 1127) < 0.5, `start ${edges[0]?.[1]} with ${packetMs} ms packets`);
    t.ok(Math.abs((edges[1]?.[1] ?? 0) - 1427) < 0.5, `end ${edges[1]?.[1]} with ${packetMs} ms packets`);
  }
});

t.test('-40 dBFS is the limit of what is audible', async (t) => {
  const quiet = measure();
  play(quiet.meter, burst(300, -41), 0);
  t.same(quiet.edges, []);
  const loud = measure();
  play(loud.meter, burst(300, -39), 0);
  t.same(
    loud.edges.map(([edge]) => edge),
    ['start'],
  );
});

t.test('a click is no speech, a short gap does not end it, a hole in the packets does', async (t) => {
  const click = measure();
  play(click.meter, burst(20, -6, 0, 400), 0);
  t.same(click.edges, []);

  const gap = measure();
  play(gap.meter, burst(200, -12, 0, 280), 0);
  play(gap.meter, burst(200, -12), 280);
  t.same(gap.edges, [['start', 0.125]], 'a stop consonant of 80 ms');
  t.equal(gap.dips.length, 1);
  t.ok(Math.abs((gap.dips[0]?.[0] ?? 0) - 200) < 0.5 && Math.abs((gap.dips[0]?.[1] ?? 0) - 280) < 0.5);

  const hole = measure();
  play(hole.meter, burst(200, -12), 0);
  hole.meter.tick(250);
  t.equal(hole.edges.length, 1);
  hole.meter.tick(310);
  t.same(hole.edges[1]?.[0], 'end');
  t.ok(Math.abs((hole.edges[1]?.[1] ?? 0) - 200) < 0.5);
});

t.test('two clicks far apart do not add up to speech', async (t) => {
  const { edges, meter } = measure();
  for (const at of [0, 200, 400, 600]) play(meter, burst(15, -6, 0, 200), at);
  t.same(edges, []);
});
