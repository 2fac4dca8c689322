import t from 'tap';
import { KeysInstead } from '../../src/call/keys-instead.js';
import type { CollectAction, DialogAction, Prompt } from '../../src/dialog/action.js';
import { speechError } from '../../src/speech/errors.js';

const prompt = (text: string): Prompt => ({ text, dialect: 'en-gb', recorded: undefined });
const collect: CollectAction = {
  type: 'collect',
  node: 'main.ask',
  phrases: [{ id: 'pay', text: 'pay', dialect: 'en-gb' }],
  keys: { kind: 'choices', choices: ['1'] },
  noInputMs: 5000,
  interDigitTimeoutMs: 2000,
  sensitive: false,
};
const asked: readonly DialogAction[] = [
  { type: 'say', node: 'main.ask', prompts: [prompt('Pay, or press one.')], bargeIn: 'speech' },
  collect,
];
const gone = speechError('SPEECH_NO_RECOGNIZER', { dialect: 'en-gb', tried: 2 });

function subject(hears = true) {
  const engine = { hears: () => hears };
  const instead = new KeysInstead(engine, (dialect) => prompt(`keys in ${dialect}`));
  const said = (actions: readonly DialogAction[] | undefined) =>
    actions?.flatMap((action) => (action.type === 'say' ? action.prompts.map(({ text }) => text) : []));
  return {
    instead,
    set: (value: boolean) => (hears = value),
    apply: (actions: readonly DialogAction[] = asked) => said(instead.apply(actions, 'en-gb', ['en-gb'])),
  };
}

t.test('while somebody hears nothing changes', async (t) => {
  const { instead } = subject();
  t.equal(instead.apply(asked, 'en-gb', ['en-gb']), asked);
});

t.test('a listening that found no engine: the question is asked again with a word about keys', async (t) => {
  const { instead, apply } = subject();
  instead.failed(gone);
  t.strictSame(apply(), ['keys in en-gb', 'Pay, or press one.']);
  t.strictSame(apply(), ['Pay, or press one.'], 'once');
  instead.failed(gone);
  t.strictSame(apply(), ['keys in en-gb', 'Pay, or press one.'], 'and again when it fails again');
});

t.test('another failure of a recognizer says nothing about keys', async (t) => {
  const { instead, apply } = subject();
  instead.failed(speechError('SPEECH_ENGINE_FAILED', { engine: 'x', reason: 'y' }));
  t.strictSame(apply(), ['Pay, or press one.']);
});

t.test('where every engine is left alone each call says so at its first question, not at each', async (t) => {
  const { apply, set } = subject(false);
  t.strictSame(apply(), ['keys in en-gb', 'Pay, or press one.']);
  t.strictSame(apply(), ['Pay, or press one.']);
  set(true);
  t.strictSame(apply(), ['Pay, or press one.']);
  set(false);
  t.strictSame(apply(), ['keys in en-gb', 'Pay, or press one.'], 'they were back in between');
});

t.test('a question without keys that nobody hears the answer to is given up', async (t) => {
  const spoken: readonly DialogAction[] = [{ ...collect, keys: undefined }];
  const { instead, apply, set } = subject(false);
  t.equal(apply(spoken), undefined);
  set(true);
  instead.failed(gone);
  t.strictSame(apply(spoken), [], 'one failure alone is no reason: it is asked again');
});

t.test('what takes no speech is left as it is', async (t) => {
  const { apply } = subject(false);
  t.strictSame(apply([{ ...collect, phrases: [] }]), []);
  t.strictSame(apply([{ type: 'hangup', node: 'main.end' }]), []);
});
