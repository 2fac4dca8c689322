import t from 'tap';
import { TurnLedger } from '../../src/caller/turn-ledger.js';

const KEY = { kind: 'press', keys: '1', via: 'rfc4733', toneMs: 100 } as const;
const WORDS = { kind: 'say', sentence: { text: 'opening hours', dialect: 'en-gb' } } as const;

t.test('the gap runs from the end of the input to the first sample of the answer', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(100);
  ledger.speechStart(150);
  ledger.speechEnd(900);
  ledger.input(WORDS);
  ledger.inputBegan(1000);
  ledger.inputDone(1800);
  ledger.speechStart(2050);
  ledger.heard('We are open.', 0.9, 2060);
  t.match(ledger.turns(), [
    { said: null, pressed: null, gapMs: null, heardMs: 150 },
    {
      said: 'opening hours',
      gapMs: 250,
      heard: 'We are open.',
      confidence: 0.9,
      bargedIn: false,
      stopMs: null,
    },
  ]);
});

t.test('edges may be told in any order: speech is certain only after it began', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.input(KEY);
  ledger.inputBegan(1000);
  ledger.speechStart(1150);
  ledger.inputDone(1080);
  t.equal(ledger.turns()[1]?.gapMs, 70);
});

t.test('a barge-in is measured by when the far side stopped, and by when it spoke anew', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.speechStart(100);
  ledger.input(KEY);
  ledger.inputBegan(1000);
  ledger.speechEnd(1060);
  ledger.inputDone(1100);
  ledger.speechStart(1300);
  t.match(ledger.turns()[1], { bargedIn: true, stopMs: 60, gapMs: 200 });
});

t.test('a prompt that pauses and goes on has not stopped yet', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.speechStart(100);
  ledger.input(WORDS);
  ledger.inputBegan(1000);
  ledger.speechEnd(1020);
  ledger.speechStart(1150);
  ledger.speechEnd(1200);
  ledger.inputDone(1900);
  ledger.speechStart(2200);
  t.match(ledger.turns()[1], { bargedIn: true, stopMs: 200, gapMs: 300 });
});

t.test('a far side that speaks on gives no gap: an old pause is no answer', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.speechStart(100);
  ledger.input(KEY);
  ledger.inputBegan(1000);
  ledger.inputDone(1100);
  ledger.speechEnd(2000);
  ledger.speechStart(2200);
  t.match(ledger.turns()[1], { bargedIn: true, stopMs: null, gapMs: null });
});

t.test(
  'a prompt that gives way to the next almost without a silence: the recognised sentence tells',
  async (t) => {
    const ledger = new TurnLedger();
    ledger.answered(0);
    ledger.speechStart(100);
    ledger.input(KEY);
    ledger.inputBegan(1000);
    ledger.dip(1005, 1025);
    ledger.inputDone(1080);
    ledger.dip(1090, 1130);
    ledger.dip(1300, 1360);
    ledger.speechEnd(2000);
    ledger.speechStart(2200);
    ledger.heard('We are open.', 1, 1140);
    t.match(ledger.turns()[1], { bargedIn: true, stopMs: 90, gapMs: 50, heardMs: 1130 });
  },
);

t.test('a sentence that began before the interruption is not its answer', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.speechStart(100);
  ledger.input(KEY);
  ledger.inputBegan(1000);
  ledger.inputDone(1100);
  ledger.heard('Welcome.', 1, 110);
  t.match(ledger.turns(), [{ heard: 'Welcome.' }, { heard: null, gapMs: null }]);
});

t.test('an answer that begins while the caller still speaks is early, not missing', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.input(WORDS);
  ledger.inputBegan(1000);
  ledger.speechStart(1500);
  ledger.inputDone(1800);
  t.equal(ledger.turns()[1]?.gapMs, -300);
});

t.test('keys that nothing answers in between are one turn; an answer ends it', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.input(KEY);
  ledger.inputBegan(1000);
  ledger.inputDone(1100);
  ledger.input({ ...KEY, keys: '2' });
  ledger.inputDone(1400);
  ledger.speechStart(1500);
  ledger.speechEnd(2000);
  ledger.input({ ...KEY, keys: '3' });
  ledger.inputBegan(2100);
  ledger.inputDone(2200);
  ledger.speechStart(2400);
  t.match(ledger.turns().slice(1), [
    { pressed: '12', gapMs: 100 },
    { pressed: '3', gapMs: 200 },
  ]);
});

t.test(
  'an answer that follows the interrupted prompt at once begins with its recognised sentence',
  async (t) => {
    const ledger = new TurnLedger();
    ledger.answered(0);
    ledger.speechStart(100);
    ledger.input(KEY);
    ledger.inputBegan(1000);
    ledger.inputDone(1100);
    ledger.heard('We are open.', 1, 1140);
    ledger.input({ ...KEY, keys: '2' });
    t.match(ledger.turns().slice(1), [{ pressed: '1', gapMs: 40, stopMs: 140 }, { pressed: '2' }]);
  },
);

t.test('what is heard after the next input belongs to the next turn', async (t) => {
  const ledger = new TurnLedger();
  ledger.answered(0);
  ledger.input(KEY);
  ledger.inputBegan(1000);
  ledger.inputDone(1100);
  ledger.input(KEY);
  ledger.speechStart(1200);
  const turns = ledger.turns();
  t.equal(turns.length, 2);
  t.equal(turns[1]?.gapMs, null, 'its end is not known yet');
});
