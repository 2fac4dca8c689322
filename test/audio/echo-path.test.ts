import t from 'tap';
import { EchoPath } from '../../src/audio/echo-path.js';
import { meanSquareOf } from '../../src/audio/noise-floor.js';
import { random } from '../bench/noise-corpus.js';

const floor = meanSquareOf(-65);
const coupling = 10 ** -2.2;

/** Levels of somebody who speaks, in blocks of 10 ms: syllables between pauses. */
function talk(blocks: number, seed: number): number[] {
  const next = random(seed);
  const levels: number[] = [];
  while (levels.length < blocks) {
    const db = next() < 0.3 ? -70 : -12 - 16 * next();
    for (let i = 0; i < 3 + next() * 12; i++) levels.push(meanSquareOf(db));
  }
  return levels.slice(0, blocks);
}

/** The bot speaks, and the line brings it back so much weaker and so many blocks later, with the caller's own sound. */
function follow(
  heard: readonly number[],
  echoDb: number,
  lag: number,
  own: readonly number[] = [],
): EchoPath {
  const path = new EchoPath();
  heard.forEach((level, i) => {
    path.hear(level);
    const back = (heard[i - lag] ?? 0) * 10 ** (echoDb / 10);
    path.follow(back + (own[i] ?? 0) + floor, 0, floor, coupling);
  });
  return path;
}

t.test('within a second of speech it is known how late and how weak the echo is', async (t) => {
  for (const echoDb of [-15, -20, -24]) {
    for (const lag of [2, 7, 14, 20, 30]) {
      const heard = talk(100, lag);
      const path = follow(heard, echoDb, lag);
      t.equal(path.delayMs, lag * 10);
      const loudest = Math.max(...heard.slice(100 - lag - 3, 100 - lag + 1));
      const foundDb = 10 * Math.log10(path.expect() / loudest);
      // The gate adds 6 dB: noise on the line hides the softest of it.
      t.ok(Math.abs(foundDb - echoDb) < 3, `${echoDb} dB, ${lag} blocks: ${foundDb}`);
    }
  }
});

t.test('who speaks himself is no echo, and a quiet line has none', async (t) => {
  t.equal(follow(talk(300, 1), -100, 5, talk(300, 2)).known, false);
  t.equal(follow(talk(300, 1), -100, 5).known, false);
  t.equal(follow(talk(300, 1), -100, 5).delayMs, undefined);
  t.equal(follow(talk(300, 1), -100, 5).expect(), 0);
});

t.test('a level that does not move tells nothing', async (t) => {
  const steady = new Array<number>(300).fill(meanSquareOf(-20));
  t.equal(follow(steady, -20, 0).known, false);
});

t.test('a caller who talks on over the bot makes the way unknown, and it is found again', async (t) => {
  const heard = talk(900, 3);
  const own = [...new Array<number>(200).fill(0), ...talk(300, 4)];
  t.equal(follow(heard.slice(0, 500), -20, 9, own).known, false);
  t.equal(follow(heard, -20, 9, own).delayMs, 90);
});

t.test('a room is not silent at once', async (t) => {
  const path = follow(talk(150, 8), -20, 4);
  const first = path.expect();
  for (let i = 0; i < 20; i++) path.hear(0);
  t.ok(path.expect() > first / 2);
  for (let i = 0; i < 40; i++) path.expect();
  t.ok(path.expect() < first / 10_000);
});
