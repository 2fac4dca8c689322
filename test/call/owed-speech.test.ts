import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import { OwedSpeech } from '../../src/call/owed-speech.js';

const silent = new Int16Array(160);
const loud = tone({ frequenciesHz: [500], durationMs: 20, sampleRateHz: 8000, fadeMs: 0 });

/** Feeds `ms` of sound; gives when, ms after its begin, fillers were asked for, and which. */
function feed(subject: OwedSpeech, ms: number, how: { caller?: boolean; heard?: boolean; owes?: boolean }) {
  const orders: [atMs: number, nth: number][] = [];
  for (let at = 20; at <= ms; at += 20) {
    const nth = subject.frame(
      how.caller === true ? loud : silent,
      how.heard === true ? loud : silent,
      how.owes ?? true,
    );
    if (nth !== undefined) orders.push([at, nth]);
  }
  return orders;
}

t.test('after 900 ms of owed silence a filler, and another if it is not heard', async (t) => {
  t.strictSame(feed(new OwedSpeech(), 2700, {}), [
    [900, 0],
    [1700, 1],
    [2500, 2],
  ]);
});

t.test(
  'a filler that is heard begins the silence anew: never 1500 ms, however long the answer takes',
  async (t) => {
    const subject = new OwedSpeech();
    let silentMs = 0;
    let longest = 0;
    let sounding = 0;
    for (let at = 0; at < 30_000; at += 20) {
      // What is ordered sounds 60 ms later for 360 ms.
      const isLoud = sounding > 0 && sounding <= 360;
      if (subject.frame(silent, isLoud ? loud : silent, true) !== undefined) sounding = 420;
      sounding -= 20;
      silentMs = isLoud ? 0 : silentMs + 20;
      longest = Math.max(longest, silentMs);
    }
    t.ok(longest <= 1000, `${longest} ms`);
  },
);

t.test('silence in which nothing is owed asks for nothing', async (t) => {
  t.strictSame(feed(new OwedSpeech(), 10_000, { owes: false }), []);
});

t.test('counts from the last sound of either side', async (t) => {
  const subject = new OwedSpeech();
  feed(subject, 5000, { owes: false, caller: true });
  t.strictSame(feed(subject, 1000, {}), [[900, 0]]);
  feed(subject, 3000, { heard: true });
  t.strictSame(feed(subject, 880, {}), []);
});

t.test('a silence in which nothing was owed yet still counts when it is', async (t) => {
  const subject = new OwedSpeech();
  // The endpoint is found 800 ms after the caller's last sound.
  feed(subject, 800, { owes: false });
  t.strictSame(feed(subject, 400, {}), [[100, 0]]);
});

t.test(
  'each wait counts its fillers from the first; the begin of the dialog forgets what was before',
  async (t) => {
    const subject = new OwedSpeech();
    feed(subject, 2000, {});
    feed(subject, 100, { owes: false, caller: true });
    t.strictSame(
      feed(subject, 1200, {}).map(([, nth]) => nth),
      [0],
    );
    feed(subject, 5000, { owes: false });
    subject.begin();
    t.strictSame(feed(subject, 880, {}), []);
  },
);
