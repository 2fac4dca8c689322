import t from 'tap';
import { closedSets, fixedSentences, makeReady } from '../../src/call/readiness.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { dialplanOf, FakeRecognizer } from './fakes.js';

const plan = dialplanOf(`
name: two
dialects: [cmn, yue]
defaults:
  noInputMs: 5000
  retries: 1
  noInput: { reprompts: [{ cmn: 还在吗？, yue: 仲喺唔喺度？ }] }
  noMatch: { reprompts: [{ cmn: 再说一遍。, yue: 再講一次。 }] }
  wayOut: main.bye
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: { cmn: 要不要？, yue: 要唔要？ }
        saveAs: answer
        choices:
          'yes': { key: 1, phrases: { cmn: [要], yue: [要呀] }, goto: bye }
      bye: { type: hangup, prompt: { cmn: '你选了{{answer}}。', yue: '你揀咗{{answer}}。' } }
`);

t.test('what a dialplan can always say is known ahead, once each; what is filled in is not', async (t) => {
  const sentences = fixedSentences(plan).map(({ dialect, text }) => `${dialect} ${text}`);
  t.equal(new Set(sentences).size, sentences.length);
  t.same(sentences.sort(), [
    'cmn 再说一遍。',
    'cmn 要不要？',
    'cmn 还在吗？',
    'yue 仲喺唔喺度？',
    'yue 再講一次。',
    'yue 要唔要？',
  ]);
});

t.test('each closed set is made ready as a call in that dialect asks for it', async (t) => {
  const sets = closedSets(plan).map((set) => set.map(({ text }) => text));
  t.ok(sets.some((set) => set.includes('要')));
  t.ok(sets.some((set) => set.includes('要呀')));
});

t.test('a failure costs one sentence its head start, and what is stopped stops', async (t) => {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warnings.push(message) };
  const recognizer = new FakeRecognizer();
  recognizer.prepareFailure = new Error('no voice');
  const spoken: string[] = [];
  const speakReady = ({ text }: { text: string }): Promise<void> => {
    spoken.push(text);
    return spoken.length === 1 ? Promise.reject(new Error('once')) : Promise.resolve();
  };
  await makeReady([plan], { recognizer, makeReady: speakReady }, logger, () => false);
  t.equal(spoken.length, 6);
  t.equal(recognizer.prepared.length, closedSets(plan).length);
  t.equal(warnings.length, 1 + closedSets(plan).length);
  let asked = 0;
  await makeReady([plan], { recognizer, makeReady: speakReady }, logger, () => (asked += 1) > 2);
  t.equal(spoken.length, 8);
  await makeReady([plan], {}, logger, () => false);
});
