import { t } from 'tap';
import { systemClock } from '../src/core/clock.js';
import { silentLogger } from '../src/core/logger.js';
import { DialectThread } from '../src/dialect-thread.js';
import { dialplanOf } from './call/fakes.js';

t.setTimeout(120_000);

const plain = dialplanOf(`
name: plain
dialects: [en-gb]
flows: { main: { nodes: { bye: { type: hangup, prompt: Goodbye. } } } }
`);
const bills = dialplanOf(`
name: bills
dialects: [cmn, yue]
intents: hotline
defaults: { wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: { cmn: 什么事？, yue: 咩事？ }
        choices: { pay: { key: 1, intent: pay-bill, goto: bye } }
      bye: { type: hangup }
`);

t.test('nothing is begun for dialplans of one language that ask for keys and phrases', async (t) => {
  const thread = new DialectThread({ clock: systemClock, logger: silentLogger });
  t.teardown(() => thread.close());
  await thread.prepare([plain]);
  t.equal(thread.running, false);
  t.equal(await thread.identify('唔该'), undefined);
});

t.test('speech is understood in the other thread, until it is closed', async (t) => {
  const thread = new DialectThread({ clock: systemClock, logger: silentLogger });
  t.teardown(() => thread.close());
  await thread.prepare([plain, bills]);
  t.equal(thread.running, true);
  t.match(await thread.identify('唔该，我想问下电费几多钱呀，我唔知点交'), { dialect: 'yue', sure: true });
  const question = {
    alternatives: [{ phraseId: undefined, text: '我想交电费呀', dialect: undefined, confidence: 0.9 }],
    dialect: 'yue',
    phrases: [],
    speech: {
      autonomy: 'open',
      set: 'hotline',
      intents: [{ intent: 'pay-bill', id: 'pay', own: true }],
      replies: [],
      slot: undefined,
      confirming: undefined,
      spoken: ['cmn', 'yue'],
      expected: true,
    },
  } as const;
  t.match(await thread.understand(question), { meaning: { type: 'choices', ids: ['pay'], sure: true } });
  await thread.close();
  t.equal(thread.running, false);
  t.equal(await thread.understand(question), undefined);
  await thread.close();
});

t.test('without the files of words nothing is understood, and nothing rejects', async (t) => {
  const told: string[] = [];
  const logger = { ...silentLogger, warn: (_: object, text: string) => void told.push(text) };
  const thread = new DialectThread({ clock: systemClock, logger, dir: `${t.testdir()}/gone` });
  t.teardown(() => thread.close());
  await thread.prepare([bills]);
  t.match(told, [/the words of the dialects: ENOENT/]);
  t.equal(await thread.identify('唔该'), undefined);
});
