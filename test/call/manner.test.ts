import t from 'tap';
import { louder, mannerOf, patienceOf, patiently, speedToRemember } from '../../src/call/manner.js';
import type { CollectAction } from '../../src/dialog/action.js';

const collect: CollectAction = {
  type: 'collect',
  node: 'main.ask',
  phrases: [],
  keys: undefined,
  noInputMs: 5000,
  interDigitTimeoutMs: 3000,
  sensitive: false,
};

t.test('in elder mode the bot speaks slower, and every wait is longer', async (t) => {
  for (const elderMode of ['yes', 'true', 'On']) {
    t.ok(mannerOf({ elderMode }, 0).rate < 1);
    t.ok(patienceOf({ elderMode }) > 1.5);
  }
  for (const variables of [{}, { elderMode: 'no' }, { elderMode: '' }]) {
    t.same(mannerOf(variables, 0), { rate: 1, gainDb: 0 });
    t.equal(patienceOf(variables), 1);
  }
  t.match(patiently(collect, 1.6), { noInputMs: 8000, interDigitTimeoutMs: 4800 });
  t.equal(patiently(collect, 1), collect);
});

t.test('whoever asked for a slower voice is given longer, too', async (t) => {
  t.ok(patienceOf({ voiceSpeed: '0.85' }) > 1);
  t.ok(patienceOf({ voiceSpeed: '0.85', elderMode: 'yes' }) >= patienceOf({ elderMode: 'yes' }));
});

t.test('who asked for it twice is waited for as in elder mode', async (t) => {
  t.equal(patienceOf({ voiceSpeed: '0.72' }), patienceOf({ elderMode: 'yes' }));
  t.ok(patienceOf({ voiceSpeed: '0.85' }) < patienceOf({ elderMode: 'yes' }));
});

t.test(
  'what a caller asked for, or was put into, is remembered as a speed; what all have is not',
  async (t) => {
    t.equal(speedToRemember({}, {}), undefined);
    t.equal(speedToRemember({ voiceSpeed: '0.72' }, {}), 0.72);
    t.equal(speedToRemember({ elderMode: 'yes' }, {}), mannerOf({ elderMode: 'yes' }, 0).rate);
    t.equal(speedToRemember({ elderMode: 'yes' }, { elderMode: 'yes' }), undefined);
    const remembered = String(speedToRemember({ elderMode: 'yes' }, {}));
    t.equal(
      speedToRemember({ voiceSpeed: remembered, elderMode: 'yes' }, {}),
      Number(remembered),
      'no slower each time',
    );
    t.equal(speedToRemember({ voiceSpeed: '0.72', elderMode: 'yes' }, {}), 0.72);
  },
);

t.test('louder, and louder again, but not for ever', async (t) => {
  t.equal(louder(0), 6);
  t.equal(louder(6), 12);
  t.equal(louder(12), 12);
});
