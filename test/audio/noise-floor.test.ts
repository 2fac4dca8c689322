import t from 'tap';
import { dbOf, meanSquareOf, NoiseFloor } from '../../src/audio/noise-floor.js';

function follow(noise: NoiseFloor, seconds: number, db: number, isVoice: boolean, isCaller = false): void {
  for (let i = 0; i < seconds * 50; i++) noise.follow(meanSquareOf(db), isVoice, false, isCaller);
}

const near = (db: number, meanSquare: number): boolean => Math.abs(dbOf(meanSquare) - db) < 1;

t.test('what is no voice is learned in less than a second, voice is not in several', async (t) => {
  const noise = new NoiseFloor();
  follow(noise, 0.8, -35, false);
  t.ok(near(-35, noise.floor), `${dbOf(noise.floor)} dB`);
  const voice = new NoiseFloor();
  follow(voice, 3, -25, true, true);
  t.ok(dbOf(voice.floor) < -50, `${dbOf(voice.floor)} dB`);
});

t.test('the floor falls at once, but not below what any line has', async (t) => {
  const noise = new NoiseFloor();
  follow(noise, 2, -35, false);
  follow(noise, 0.3, -60, false);
  t.ok(near(-60, noise.floor));
  for (let i = 0; i < 100; i++) noise.follow(0, false, false, false);
  t.ok(near(-75, noise.floor));
});

t.test('the ceiling remembers bursts for seconds, and leaves the caller out', async (t) => {
  const noise = new NoiseFloor();
  // One frame in eight is a burst.
  for (let i = 0; i < 500; i++) noise.follow(meanSquareOf(i % 8 === 0 ? -30 : -50), true, false, false);
  t.ok(dbOf(noise.ceiling) > -32, `${dbOf(noise.ceiling)} dB`);
  follow(noise, 1, -60, false);
  t.ok(dbOf(noise.ceiling) > -36, 'a second later it is still there');
  follow(noise, 12, -60, false);
  t.ok(dbOf(noise.ceiling) < -55, 'it is forgotten');
  follow(noise, 2, -15, true, true);
  t.ok(dbOf(noise.ceiling) < -48, 'his own voice is no background');
  noise.learn(meanSquareOf(-20));
  t.ok(near(-20, noise.ceiling));
});
