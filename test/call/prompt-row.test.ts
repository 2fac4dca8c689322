import t from 'tap';
import { promptRow } from '../../src/call/prompt-row.js';
import type { BargeIn, DialogAction } from '../../src/dialog/action.js';

const say = (text: string, bargeIn: BargeIn): DialogAction => ({
  type: 'say',
  node: 'main.say',
  prompts: [{ text, dialect: 'en-gb', recorded: undefined }],
  bargeIn,
});
const row = (...actions: DialogAction[]) =>
  promptRow(actions).map(({ prompt, bargeIn }) => [prompt.text, bargeIn]);

t.test('who interrupts a prompt cannot miss one behind it that must be heard', async (t) => {
  t.same(row(say('hello', 'speech'), say('legal', 'none'), say('question', 'speech')), [
    ['hello', 'none'],
    ['legal', 'none'],
    ['question', 'speech'],
  ]);
  t.same(row(say('hello', 'speech'), say('long', 'phrase'), say('keys', 'key')), [
    ['hello', 'key'],
    ['long', 'key'],
    ['keys', 'key'],
  ]);
  t.same(row(say('legal', 'none'), say('long', 'phrase')), [
    ['legal', 'none'],
    ['long', 'phrase'],
  ]);
});

t.test('where nothing is said there is no row', async (t) => {
  t.same(row({ type: 'hangup', node: 'main.bye' }), []);
});
