import t from 'tap';
import { initialState } from '../../src/dialog/dialog-state.js';
import { step } from '../../src/dialog/interpreter.js';
import { nextPrompts } from '../../src/dialog/next-prompts.js';
import { dialplanOf } from '../call/fakes.js';

const dialplan = dialplanOf(`
name: test
dialects: [en-gb]
defaults: { wayOut: main.bye, noInputMs: 5000, retries: 1 }
variables: { name: Ada }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: Hours or prices?
        noInput: { reprompts: [Still there?] }
        noMatch: { reprompts: [Pardon?] }
        choices:
          hours: { key: 1, phrases: [hours], goto: hours }
          prices: { key: 2, phrases: [prices], goto: prices }
      hours: { type: say, prompt: 'From eight to six, {{name}}.', goto: ask }
      prices: { type: say, prompt: Ten pounds., goto: bye }
      bye: { type: hangup, prompt: Goodbye. }
`);
const call = { callingNumber: '1', calledNumber: '2' };

t.test('everything that may be said after the next answer, once, choices first', async (t) => {
  const { state } = step(dialplan, initialState(dialplan, call), { type: 'start' });
  t.strictSame(
    nextPrompts(dialplan, state).map(({ text }) => text),
    ['From eight to six, Ada.', 'Hours or prices?', 'Ten pounds.', 'Goodbye.', 'Pardon?', 'Still there?'],
  );
});

t.test('where nothing is asked nothing can be known', async (t) => {
  t.strictSame(nextPrompts(dialplan, initialState(dialplan, call)), []);
  const { state } = step(dialplan, initialState(dialplan, call), { type: 'hangup' });
  t.strictSame(nextPrompts(dialplan, state), []);
});
