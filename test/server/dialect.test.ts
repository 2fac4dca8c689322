import { t } from 'tap';
import type { Test } from 'tap';
import { ControlClient } from '../../src/http/control-client.js';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { eventually } from './house.js';
import { converse, scriptedScene, type ScriptedScene } from './scripted-call.js';

// Each has a server of its own, and waits most of its time.
t.jobs = 2;

const electricity = `
name: electricity
dialects: [cmn, yue, cmn-sichuan]
defaults: { dialect: cmn, bargeIn: none, noInputMs: 4000, retries: 1, wayOut: main.lost }
prompts:
  pardon: { cmn: 我没听明白。, yue: 我听唔明。, cmn-sichuan: 我没听懂哦。 }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: { cmn: 请问您要办什么业务？, yue: 请问你想办咩事？, cmn-sichuan: 请问你要办啥子事？ }
        noInput: { reprompts: [pardon] }
        noMatch: { reprompts: [pardon] }
        choices:
          bill:
            phrases: { cmn: [查询电费], yue: [电费几多], cmn-sichuan: [好多电费] }
            goto: confirm
      confirm:
        type: menu
        prompt: { cmn: 是查电费吗？, yue: 系咪查电费呀？, cmn-sichuan: 是不是查电费哦？ }
        noInput: { reprompts: [pardon] }
        noMatch: { reprompts: [pardon] }
        choices:
          agree:
            phrases: { cmn: [是的], yue: [系呀], cmn-sichuan: [要得] }
            goto: bye
      bye:
        type: hangup
        prompt: { cmn: 电费是一百元，再见。, yue: 电费系一百蚊，拜拜。, cmn-sichuan: 电费一百块，再见哈。 }
      lost:
        type: hangup
        prompt: pardon
`;

const electricityHouse = (t: Test): Promise<ScriptedScene> => scriptedScene(t, 'electricity', electricity);

const dialectsOf = (record: Awaited<ReturnType<typeof converse>>) =>
  record.turns.map(({ dialect }) => dialect);

for (const { dialect, name, first, second, goodbye } of [
  {
    dialect: 'yue',
    name: 'Cantonese',
    first: '唔该，我想问下我嘅电费几多呀？',
    second: '系呀',
    goodbye: '拜拜',
  },
  {
    dialect: 'cmn-sichuan',
    name: 'Sichuanese',
    first: '我要问哈好多电费嘛，我晓不得咋个交',
    second: '要得',
    goodbye: '哈',
  },
]) {
  t.test(
    `a call in ${name} is answered in it from the second prompt on, and finishes its business`,
    async (t) => {
      const scene = await electricityHouse(t);
      const { house, speech } = scene;
      const record = await converse(scene, [first, second]);
      t.strictSame(record.path, ['main.menu', 'main.confirm', 'main.bye']);
      t.strictSame(dialectsOf(record), ['cmn', dialect, dialect]);
      t.match(record.turns.at(-1)?.said.join(), goodbye);
      t.equal(speech.listenedIn[1]?.[0], dialect, 'the recognizer is told too');
      const journal = await house.journal(record);
      t.match(
        journal.filter(({ type }) => type === 'dialect'),
        [{ dialect, spoken: dialect, reason: 'sure' }],
      );
      t.strictSame(replay(dialplanOf(electricity), journal), record.path, 'the journal decides the same');

      const control = await ControlClient.open(house.dataDir);
      const memory = await eventually(async () => (await control.showCaller(record.callingNumber)).memory);
      t.match(memory, { dialect, source: 'words', confirmations: 1, lastIntents: ['agree', 'bill'] });
      const again = await converse(scene, [first, second]);
      t.strictSame(dialectsOf(again), [dialect, dialect, dialect], 'the next call begins in it');
      await eventually(
        async () =>
          ((await control.showCaller(record.callingNumber)).memory?.confirmations ?? 0) > 1.9 || undefined,
      );
      t.equal((await control.forgetCaller(record.callingNumber)).forgotten, true);
      const forgotten = await converse(scene, ['查询电费', '是的']);
      t.strictSame(dialectsOf(forgotten), ['cmn', 'cmn', 'cmn'], 'who was forgotten is a stranger again');
    },
  );
}

t.test('a call in words that tell nothing stays as it is, and leaves no memory', async (t) => {
  const scene = await electricityHouse(t);
  const record = await converse(scene, ['查询电费', '是的']);
  t.strictSame(dialectsOf(record), ['cmn', 'cmn', 'cmn']);
  t.strictSame(
    (await scene.house.journal(record)).filter(({ type }) => type === 'dialect'),
    [],
  );
  const control = await ControlClient.open(scene.house.dataDir);
  t.equal((await control.showCaller(record.callingNumber)).memory, undefined);
});

t.test('a caller who withholds his number is answered in his dialect and not remembered', async (t) => {
  const scene = await electricityHouse(t);
  const record = await converse(scene, ['唔该，我想问下我嘅电费几多呀？', '系呀'], { Privacy: 'id' });
  t.strictSame(dialectsOf(record), ['cmn', 'yue', 'yue']);
  const control = await ControlClient.open(scene.house.dataDir);
  t.equal((await control.showCaller(record.callingNumber)).memory, undefined);
});
