import { t } from 'tap';
import { evaluate, type Understanding } from '../../src/dialect/evaluate.js';
import type { TestLine } from '../../src/dialect/test-set.js';

/** Understands what is written before and after the colon: `intent+intent:dialect`; a question mark is "not sure". */
const understanding: Understanding = {
  intentOf: (text) => {
    const [intents = ''] = text.split(':');
    const [intent, ...also] = intents.replace('?', '').split('+');
    return { intent, confidence: 0.9, sure: !intents.endsWith('?'), also };
  },
  slotOf: (_type, text) => text,
  dialectOf: (text) => {
    const dialect = text.split(':')[1];
    return { dialect, sure: dialect !== undefined };
  },
};

const line = (text: string, rest: Partial<TestLine>): TestLine => ({
  line: 1,
  text,
  dialect: 'yue',
  ...rest,
});

t.test('intents, sure or not, and all of several', async (t) => {
  const result = evaluate(
    [
      line('yes', { intent: 'yes' }),
      line('yes?', { intent: 'yes' }),
      line('no', { intent: 'yes', dialect: 'wuu' }),
      line('no?', { intent: 'yes', dialect: 'wuu' }),
      line('yes+no', { intent: 'yes', intents: ['yes', 'no'] }),
      line('yes', { intent: 'yes', intents: ['yes', 'no'] }),
    ],
    understanding,
  );
  t.match(result, {
    lines: 6,
    intentLines: 6,
    intentAccuracy: 0.6667,
    intentSureShare: 0.6667,
    intentAccuracyWhenSure: 0.75,
    severalIntentsLines: 2,
    severalIntentsAccuracy: 0.5,
    slotAccuracy: null,
    perDialect: { yue: { intentAccuracy: 1 }, wuu: { intentAccuracy: 0, lines: 2 } },
    perIntent: { yes: { lines: 6, accuracy: 0.6667 } },
  });
  t.strictSame(
    result.errors.map(({ kind, got }) => `${kind} ${got}`),
    ['intent no (0.90)', 'intent no (0.90)', 'intents yes'],
  );
});

t.test('several intents count in their order; what was one wish must not be parted', async (t) => {
  const result = evaluate(
    [
      line('bill+outage', { intent: 'bill', intents: ['bill', 'outage'] }),
      line('outage+bill', { intent: 'bill', intents: ['bill', 'outage'] }),
      line('bill+outage+fault', { intent: 'bill', intents: ['bill', 'outage'] }),
      line('bill', { intent: 'bill' }),
      line('bill+outage', { intent: 'bill' }),
      line('bill+yes', { intent: 'bill' }),
      line('none', { intent: 'none' }),
      line('120', { slot: 'amount', value: '120' }),
    ],
    understanding,
  );
  t.match(result, { severalIntentsLines: 3, severalIntentsAccuracy: 0.3333, wronglyPartedShare: 0.25 });
  t.strictSame(
    result.errors.filter(({ kind }) => kind === 'intents').map(({ expected, got }) => [expected, got]),
    [
      ['bill + outage', 'outage + bill'],
      ['bill + outage', 'bill + outage + fault'],
      ['bill', 'bill + outage'],
    ],
  );
});

t.test('slots by value, amounts by what they are worth', async (t) => {
  const slot = (text: string, value: string, type: TestLine['slot'] = 'amount') =>
    line(text, { ...(type && { slot: type }), value });
  const result = evaluate(
    [slot('120', '120.0'), slot('12', '120'), slot('007', '7', 'digits'), slot('08:30', '08:30', 'time')],
    understanding,
  );
  t.match(result, { slotLines: 4, slotAccuracy: 0.5, intentAccuracy: null });
});

t.test('identification counts when it commits itself, and must not on neutral sentences', async (t) => {
  const result = evaluate(
    [
      line('a:yue', { neutral: false }),
      line('b:wuu', { neutral: false }),
      line('c', { neutral: false }),
      line('d', { intent: 'd' }),
      line('e:yue', { neutral: true }),
      line('f', { neutral: true }),
    ],
    understanding,
  );
  t.match(result, {
    tellingLines: 4,
    identificationAccuracyWhenSure: 0.5,
    sureShare: 0.5,
    neutralLines: 2,
    switchedOnNeutral: 1,
  });
  t.strictSame(
    result.errors.map(({ kind, expected, got }) => [kind, expected, got]),
    [
      ['identification', 'yue', 'wuu'],
      ['neutral', 'undecided', 'yue'],
    ],
  );
});

t.test('a set of nothing has no figures', async (t) => {
  t.match(evaluate([], understanding), { lines: 0, intentAccuracy: null, sureShare: null, perDialect: {} });
});
