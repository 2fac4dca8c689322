import fc from 'fast-check';
import { t } from 'tap';
import { ParallelDecision, type ParallelVerdict } from '../../src/speech/parallel-decision.js';
import { hearing, nothing } from './hearings.js';

const rules = { waitMs: 200, onlyPhrases: false };
const sure = hearing({ dialect: 'cmn', probability: 0.9 });
const unsure = hearing({ dialect: 'cmn', probability: 0.5, inGrammar: false });
const cantonese = hearing();

const order = (verdict: ParallelVerdict | undefined) => verdict?.map(({ dialect }) => dialect).join(' ');

function spokenOut(onlyPhrases = false, count = 2): ParallelDecision {
  const decision = new ParallelDecision(count, { ...rules, onlyPhrases });
  decision.finish();
  return decision;
}

t.test('what the call’s own recognizer is sure of counts at once', async (t) => {
  const decision = spokenOut();
  t.equal(decision.verdict(0), undefined);
  decision.final(0, sure, 10);
  t.equal(order(decision.verdict(10)), 'cmn');
});

t.test('not while the caller still speaks', async (t) => {
  const decision = new ParallelDecision(2, rules);
  decision.final(0, sure, 10);
  decision.final(1, cantonese, 10);
  t.equal(decision.verdict(10_000), undefined);
  t.equal(decision.deadlineMs, undefined);
  decision.finish();
  t.equal(order(decision.verdict(10_000)), 'cmn yue');
});

t.test('unsure it waits for the others, at most so long', async (t) => {
  const decision = spokenOut();
  decision.final(0, unsure, 10);
  t.equal(decision.deadlineMs, 210);
  t.equal(decision.verdict(209.9), undefined);
  t.equal(order(decision.verdict(210)), 'cmn');
  const answered = spokenOut();
  answered.final(0, unsure, 10);
  answered.final(1, cantonese, 50);
  t.equal(order(answered.verdict(50)), 'yue cmn');
});

t.test('a wait of 0 ms takes what is there', async (t) => {
  const decision = new ParallelDecision(2, { ...rules, waitMs: 0 });
  decision.finish();
  decision.final(0, unsure, 10);
  t.equal(order(decision.verdict(10)), 'cmn');
});

t.test('where phrases alone answer, sure of something else is not sure', async (t) => {
  const decision = spokenOut(true);
  decision.final(0, { ...sure, inGrammar: false }, 10);
  t.equal(decision.verdict(10), undefined);
});

t.test('words that the question does not expect must be surer', async (t) => {
  for (const [probability, told] of [
    [0.85, undefined],
    [0.9, 'cmn'],
  ] as const) {
    const decision = spokenOut();
    decision.final(0, { ...sure, inGrammar: false, probability }, 10);
    t.equal(order(decision.verdict(10)), told);
  }
});

t.test('an interim of another one that does better makes it wait for its final', async (t) => {
  const decision = spokenOut();
  decision.interim(1, hearing({ probability: 0.95 }));
  decision.final(0, { ...sure, inGrammar: false }, 10);
  t.equal(decision.verdict(10), undefined);
  t.equal(order(decision.verdict(210)), 'cmn', 'an interim itself is no answer');
});

t.test(
  'another one is not believed before the call’s own has answered, but for a phrase, after the wait',
  async (t) => {
    const words = spokenOut();
    words.final(1, { ...cantonese, inGrammar: false }, 10);
    t.equal(words.deadlineMs, undefined);
    t.equal(words.verdict(5_000), undefined);
    const phrase = spokenOut();
    phrase.final(1, cantonese, 10);
    t.equal(phrase.verdict(209), undefined);
    t.equal(order(phrase.verdict(210)), 'yue', 'the first one hangs');
  },
);

t.test('the failure of one is not seen', async (t) => {
  const other = spokenOut();
  other.failed(1);
  t.equal(other.verdict(0), undefined);
  other.final(0, unsure, 10);
  t.equal(order(other.verdict(10)), 'cmn', 'nobody is left to wait for');
  const own = spokenOut();
  own.failed(0);
  t.equal(own.verdict(5_000), undefined);
  own.final(1, cantonese, 10);
  t.equal(order(own.verdict(10)), 'yue');
});

t.test('the failure of all, or what a last one guesses, is a failure', async (t) => {
  const all = new ParallelDecision(2, rules);
  all.failed(0);
  t.equal(all.verdict(0), undefined);
  all.failed(1);
  t.strictSame(all.verdict(0), []);
  for (const last of [nothing('yue'), hearing({ probability: 0.3, inGrammar: false })]) {
    const decision = spokenOut();
    decision.failed(0);
    decision.final(1, last, 10);
    t.strictSame(decision.verdict(10), []);
  }
});

t.test(
  'a guess in another dialect takes nothing from the call’s own, though nothing was heard there',
  async (t) => {
    const decision = spokenOut();
    decision.final(0, nothing('cmn'), 10);
    decision.final(1, hearing({ probability: 0.4, inGrammar: false }), 10);
    t.equal(order(decision.verdict(10)), 'cmn yue');
  },
);

t.test('the best so far, and whether it can be left at that', async (t) => {
  const decision = new ParallelDecision(2, rules);
  t.equal(decision.soFar, undefined);
  decision.interim(0, unsure);
  t.match(decision.soFar, { best: unsure, decided: false });
  decision.interim(1, cantonese);
  t.match(decision.soFar, { best: cantonese, decided: false });
  decision.interim(1, nothing('yue'));
  decision.interim(0, sure);
  t.match(decision.soFar, { best: sure, decided: true });
});

const input = fc.record({
  afterMs: fc.integer({ min: 0, max: 300 }),
  index: fc.nat(2),
  what: fc.constantFrom('interim', 'final', 'failed'),
  probability: fc.double({ min: 0, max: 1 }),
  inGrammar: fc.boolean(),
});

t.test('whatever comes in whatever order, a verdict is of those who answered, and one comes', async (t) => {
  const isSound = fc.property(fc.array(input, { maxLength: 30 }), fc.boolean(), (inputs, onlyPhrases) => {
    const decision = spokenOut(onlyPhrases, 3);
    const open = new Set([0, 1, 2]);
    const answered = new Set<string>();
    let nowMs = 0;
    for (const { afterMs, index, what, probability, inGrammar } of inputs) {
      nowMs += afterMs;
      const dialect = ['cmn', 'yue', 'nan'][index] ?? '';
      const heard = hearing({ dialect, probability, inGrammar });
      if (what === 'interim') decision.interim(index, heard);
      else if (what === 'failed') decision.failed(index);
      else decision.final(index, heard, nowMs);
      if (what === 'final' && open.has(index)) answered.add(dialect);
      if (what !== 'interim') open.delete(index);
      const verdict = decision.verdict(nowMs);
      if (open.size === 0 && verdict === undefined) return false;
      if (verdict !== undefined) return verdict.every((one) => answered.has(one.dialect));
    }
    const { deadlineMs } = decision;
    return deadlineMs === undefined || decision.verdict(deadlineMs) !== undefined;
  });
  t.doesNotThrow(() => fc.assert(isSound, { numRuns: 2000 }));
});
