import t from 'tap';
import { Turn, type TurnAction } from '../../src/call/turn.js';
import type { BargeIn, CollectAction, KeyGrammar } from '../../src/dialog/action.js';

const menu: KeyGrammar = { kind: 'choices', choices: ['1', '2', '12'] };
const digits: KeyGrammar = { kind: 'digits', minDigits: 2, maxDigits: 4, termChar: '#' };

function collect(keys: KeyGrammar | undefined, phrases = true): CollectAction {
  return {
    type: 'collect',
    node: 'main.ask',
    phrases: phrases ? [{ id: 'hours', text: 'opening hours', dialect: 'en-gb' }] : [],
    keys,
    noInputMs: 5000,
    interDigitTimeoutMs: 2000,
    sensitive: false,
  };
}

function turnAt0(keys: KeyGrammar | undefined, bargeIn: BargeIn = 'speech', hasPrompts = true): Turn {
  return new Turn(collect(keys), bargeIn, hasPrompts, 0);
}

const answer = (actions: readonly TurnAction[]) => actions.find((action) => action.type === 'answer');

t.test('a key that completes a choice ends the turn and cuts the prompts first', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'key', key: '2' }, 10), [
    { type: 'cutPrompts', by: 'key' },
    { type: 'answer', event: { type: 'input', input: { kind: 'keys', keys: '2' } }, bargedIn: true },
  ]);
  t.ok(turn.answered);
  t.equal(turn.deadlineMs, undefined);
  t.same(
    turn.handle({ type: 'key', key: '1' }, 11),
    [],
    'what comes after the answer belongs to the next turn',
  );
});

t.test('a choice that another begins with waits for the inter-digit time', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'key', key: '1' }, 100), [{ type: 'cutPrompts', by: 'key' }]);
  t.equal(turn.deadlineMs, 2100);
  t.same(turn.handle({ type: 'tick' }, 2099), []);
  t.match(answer(turn.handle({ type: 'tick' }, 2100)), { event: { input: { keys: '1' } } });
});

t.test('the longer choice wins when its keys come in time', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'key', key: '1' }, 100);
  t.match(answer(turn.handle({ type: 'key', key: '2' }, 900)), { event: { input: { keys: '12' } } });
});

t.test('a key that fits no choice is a noMatch', async (t) => {
  t.match(answer(turnAt0(menu).handle({ type: 'key', key: '9' }, 1)), { event: { type: 'noMatch' } });
});

t.test('digits end at their greatest length, at termChar, or at rest', async (t) => {
  const full = turnAt0(digits);
  for (const key of '123') t.equal(answer(full.handle({ type: 'key', key }, 1)), undefined);
  t.match(answer(full.handle({ type: 'key', key: '4' }, 2)), { event: { input: { keys: '1234' } } });

  const ended = turnAt0(digits);
  for (const key of '12') ended.handle({ type: 'key', key }, 1);
  t.match(answer(ended.handle({ type: 'key', key: '#' }, 2)), { event: { input: { keys: '12' } } });

  const rested = turnAt0(digits);
  for (const key of '123') rested.handle({ type: 'key', key }, 1);
  t.match(answer(rested.handle({ type: 'tick' }, 2001)), { event: { input: { keys: '123' } } });
});

t.test('too few digits at termChar or at rest are a noMatch', async (t) => {
  const ended = turnAt0(digits);
  ended.handle({ type: 'key', key: '1' }, 1);
  t.match(answer(ended.handle({ type: 'key', key: '#' }, 2)), { event: { type: 'noMatch' } });
  const rested = turnAt0(digits);
  rested.handle({ type: 'key', key: '1' }, 1);
  t.match(answer(rested.handle({ type: 'tick' }, 2001)), { event: { type: 'noMatch' } });
});

t.test('noInput counts from the end of the prompts', async (t) => {
  const turn = turnAt0(menu);
  t.equal(turn.deadlineMs, undefined, 'while the bot speaks nobody is late');
  turn.handle({ type: 'promptsEnded' }, 3000);
  t.equal(turn.deadlineMs, 8000);
  t.match(answer(turn.handle({ type: 'tick' }, 8000)), { event: { type: 'noInput' } });
});

t.test('without prompts noInput counts from the beginning', async (t) => {
  t.equal(turnAt0(menu, 'speech', false).deadlineMs, 5000);
});

t.test('speech cuts the prompts, is recognized, and answers with its phrase', async (t) => {
  const turn = turnAt0(menu);
  t.same(turn.handle({ type: 'speechStarted' }, 500), [{ type: 'cutPrompts', by: 'speech' }]);
  t.same(turn.handle({ type: 'speechEnded' }, 1500), [{ type: 'finishRecognizer' }]);
  const result = {
    alternatives: [{ phraseId: 'hours', text: 'opening hours', dialect: 'en-gb', confidence: 0.9 }],
  };
  t.same(turn.handle({ type: 'recognized', result }, 1510), [
    {
      type: 'answer',
      event: {
        type: 'input',
        input: {
          kind: 'phrase',
          phraseId: 'hours',
          text: 'opening hours',
          dialect: 'en-gb',
          confidence: 0.9,
        },
      },
      bargedIn: true,
    },
  ]);
});

t.test('speech during a prompt that may not be interrupted is heard but cuts nothing', async (t) => {
  for (const bargeIn of ['none', 'key'] as const) {
    const turn = turnAt0(menu, bargeIn);
    t.same(turn.handle({ type: 'speechStarted' }, 500), []);
    t.same(turn.handle({ type: 'speechEnded' }, 900), [{ type: 'finishRecognizer' }]);
  }
});

t.test('a key pressed during a prompt that may not be interrupted still answers', async (t) => {
  t.match(turnAt0(menu, 'none').handle({ type: 'key', key: '2' }, 5), [{ type: 'answer', bargedIn: false }]);
});

t.test('a result that fits nothing, and a recognizer that fails, are a noMatch', async (t) => {
  for (const input of [
    { type: 'recognized', result: { alternatives: [] } },
    { type: 'recognizerFailed' },
  ] as const) {
    const turn = turnAt0(menu);
    turn.handle({ type: 'speechStarted' }, 0);
    turn.handle({ type: 'speechEnded' }, 800);
    t.match(answer(turn.handle(input, 900)), { event: { type: 'noMatch' } });
  }
});

t.test('a recognizer that never answers costs three seconds, not the call', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 0);
  turn.handle({ type: 'speechEnded' }, 1000);
  t.equal(turn.deadlineMs, 4000);
  t.match(turn.handle({ type: 'tick' }, 4000), [
    { type: 'dropRecognizer' },
    { type: 'answer', event: { type: 'noMatch' } },
  ]);
});

t.test('speech without end (music on hold) is cut off after twenty seconds', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 0);
  t.equal(turn.deadlineMs, 20_000);
  t.same(turn.handle({ type: 'tick' }, 20_000), [{ type: 'finishRecognizer' }]);
});

t.test('a key while speaking means the key', async (t) => {
  const turn = turnAt0(menu);
  turn.handle({ type: 'speechStarted' }, 0);
  t.match(turn.handle({ type: 'key', key: '2' }, 300), [
    { type: 'dropRecognizer' },
    { type: 'answer', event: { input: { kind: 'keys', keys: '2' } } },
  ]);
});

t.test('without phrases speech is nothing, without a key grammar keys are nothing', async (t) => {
  const keysOnly = new Turn(collect(menu, false), 'speech', true, 0);
  t.same(keysOnly.handle({ type: 'speechStarted' }, 1), []);
  const speechOnly = new Turn(collect(undefined), 'speech', true, 0);
  t.same(speechOnly.handle({ type: 'key', key: '1' }, 1), []);
});
