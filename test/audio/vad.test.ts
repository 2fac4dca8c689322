import t from 'tap';
import { EnergyVad, vadFrameSamples, type VadChange } from '../../src/audio/vad.js';

/** `ms` of a tone or of noise at `db` of full scale (RMS), from a seeded generator. */
function sound(ms: number, db: number, kind: 'tone' | 'noise' = 'tone'): Int16Array {
  let state = 12345;
  const level = 32768 * 10 ** (db / 20);
  return Int16Array.from({ length: ms * 8 }, (_, n) => {
    if (kind === 'tone') return Math.SQRT2 * level * Math.sin((2 * Math.PI * 300 * n) / 8000);
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state / 0x7fffffff - 0.5) * Math.sqrt(12) * level;
  });
}

function run(vad: EnergyVad, ...parts: Int16Array[]): { atMs: number; change: VadChange }[] {
  const changes: { atMs: number; change: VadChange }[] = [];
  let frame = 0;
  for (const part of parts) {
    for (let at = 0; at + vadFrameSamples <= part.length; at += vadFrameSamples) {
      const change = vad.push(part.subarray(at, at + vadFrameSamples));
      frame++;
      if (change !== undefined) changes.push({ atMs: frame * 20, change });
    }
  }
  return changes;
}

t.test('speech is noticed 60 ms after it begins and ends after the hangover', async (t) => {
  const vad = new EnergyVad();
  const changes = run(vad, sound(1000, -60, 'noise'), sound(400, -20), sound(600, -60, 'noise'));
  t.strictSame(changes, [
    { atMs: 1060, change: 'begin' },
    { atMs: 1700, change: 'end' },
  ]);
  t.equal(vad.beginSample, 8000, 'the first voiced sample is known, for the pre-roll');
  t.equal(vad.lastVoicedSample, 11_200);
});

t.test('a click is no speech', async (t) => {
  t.strictSame(run(new EnergyVad(), sound(500, -60, 'noise'), sound(40, -10), sound(500, -60, 'noise')), []);
});

t.test('the gap of a stop consonant does not end speech', async (t) => {
  const vad = new EnergyVad();
  const changes = run(
    vad,
    sound(300, -60, 'noise'),
    sound(200, -20),
    sound(160, -60, 'noise'),
    sound(200, -20),
    sound(400, -60, 'noise'),
  );
  t.strictSame(
    changes.map((c) => c.change),
    ['begin', 'end'],
  );
});

t.test('a loud line is learned and is not speech; a voice above it is', async (t) => {
  const vad = new EnergyVad();
  run(vad, sound(8000, -42, 'noise'));
  t.equal(vad.speaking, false, 'noise that stays becomes the floor');
  const changes = run(vad, sound(300, -25));
  t.strictSame(
    changes.map((c) => c.change),
    ['begin'],
  );
});

t.test('digital silence, then a faint hiss, is no speech', async (t) => {
  t.strictSame(run(new EnergyVad(), new Int16Array(16_000), sound(2000, -55, 'noise')), []);
});

t.test('a sound held for two seconds is still speech at its end', async (t) => {
  const vad = new EnergyVad();
  run(vad, sound(500, -60, 'noise'), sound(2000, -25));
  t.equal(vad.speaking, true);
});
