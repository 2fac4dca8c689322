import t from 'tap';
import { Speculation } from '../../src/call/speculation.js';
import { initialState } from '../../src/dialog/dialog-state.js';
import { step } from '../../src/dialog/interpreter.js';
import type { PrepareOptions } from '../../src/speech/synthesis-cache.js';
import type { SynthesisRequest } from '../../src/speech/synthesizer.js';
import { dialplanOf } from './fakes.js';

const choices = Array.from(
  { length: 20 },
  (_, n) => `          c${n}: { key: ${n}, phrases: [word ${n}], goto: n${n} }`,
);
const nodes = Array.from({ length: 20 }, (_, n) => `      n${n}: { type: hangup, prompt: Answer ${n}. }`);
const dialplan = dialplanOf(`
name: test
dialects: [en-gb]
defaults: { wayOut: main.n0, noInputMs: 5000 }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: Which?
        choices:
${choices.join('\n')}
${nodes.join('\n')}
`);
const { state } = step(dialplan, initialState(dialplan, { callingNumber: '1', calledNumber: '2' }), {
  type: 'start',
});

function subject() {
  const asked: { requests: readonly SynthesisRequest[]; options: PrepareOptions }[] = [];
  const speculation = new Speculation(dialplan, {
    prepare: (requests, options) => {
      asked.push({ requests, options });
      return Promise.resolve();
    },
    recorded: () => undefined,
  });
  return { asked, speculation };
}

t.test(
  'while the caller speaks the likeliest next sentences are made, in the background, as fast as they will be said',
  async (t) => {
    const { asked, speculation } = subject();
    speculation.begin(state, { rate: 0.85, gainDb: 6 });
    t.equal(asked.length, 1);
    t.equal(asked[0]?.requests.length, 8, 'not all of a long menu');
    t.strictSame(asked[0]?.requests[0], { text: 'Answer 0.', dialect: 'en-gb', rate: 0.85 });
    t.equal(asked[0]?.options.background, true);
    t.notOk(asked[0]?.options.store, 'nothing of a call is kept');
  },
);

t.test('what was made for an earlier turn, or a call that is over, is wanted no more', async (t) => {
  const { asked, speculation } = subject();
  speculation.begin(state, { rate: 1, gainDb: 0 });
  t.equal(asked[0]?.options.signal?.aborted, false);
  speculation.begin(state, { rate: 1, gainDb: 0 });
  t.equal(asked[0]?.options.signal?.aborted, true);
  speculation.close();
  speculation.close();
  t.equal(asked[1]?.options.signal?.aborted, true);
});

t.test('without a synthesizer nothing happens', async (t) => {
  const speculation = new Speculation(dialplan, { recorded: () => undefined });
  t.doesNotThrow(() => speculation.begin(state, { rate: 1, gainDb: 0 }));
});
