import { t } from 'tap';
import { DialectOfCall } from '../../src/call/dialect-of-call.js';
import { Performer } from '../../src/call/performer.js';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { initialState } from '../../src/dialog/dialog-state.js';
import { dialplanOf, FakeJournal, FakeListener, FakePlayer } from './fakes.js';
import { replay } from './replay-journal.js';
import { shippedKnowledge, understandingHere } from './understanding-here.js';
import { hearsEveryDialect } from '../speech/open-engine.js';

t.setTimeout(120_000);
const understanding = understandingHere(await shippedKnowledge());
const engine = {
  name: 'some-engine',
  capabilities: hearsEveryDialect,
};

const plan = dialplanOf(`
name: bills
dialects: [cmn, yue, cmn-sichuan]
defaults:
  noInputMs: 5000
  retries: 9
  noInput: { reprompts: [ask] }
  noMatch: { reprompts: [ask], repeatPrompt: false }
  wayOut: main.bye
prompts:
  ask: { cmn: 问, yue: 問嘢, cmn-sichuan: 问哈 }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: ask
        choices:
          bill: { phrases: { cmn: [电费多少], yue: [电费几多], cmn-sichuan: [好多电费] }, goto: language }
      language:
        type: menu
        prompt: ask
        choices:
          mandarin: { key: 1, set: { dialect: cmn }, goto: language }
          cantonese: { key: 2, set: { dialect: yue }, goto: language }
      bye: { type: hangup, prompt: ask }
`);

function setUp() {
  const clock = new ManualClock();
  const player = new FakePlayer();
  const listener = new FakeListener();
  const journal = new FakeJournal(clock);
  const dialects = new DialectOfCall({
    spoken: plan.dialects,
    assumed: undefined,
    remembered: undefined,
    engine,
  });
  const performer = new Performer({
    dialplan: plan,
    state: initialState(plan, { callingNumber: '100', calledNumber: '200' }),
    player: player.asPlayer,
    listener: listener.asListener,
    dialects,
    understanding,
    journal: journal.asJournal,
    clock,
    logger: silentLogger,
  });
  journal.write('call', { callingNumber: '100', calledNumber: '200' });
  performer.start();
  return {
    performer,
    listener,
    journal,
    dialects,
    asked: () => player.last.prompts.map(({ dialect }) => dialect),
    /** Resolves when it has been understood. */
    say: async (text: string) => {
      listener.hear({ alternatives: [{ phraseId: undefined, text, dialect: undefined, confidence: 0.9 }] });
      await new Promise(setImmediate);
    },
  };
}

const yue = '唔该，我想问下我唔知点交钱呀';
const sichuan = '我晓不得咋个交嘛，啥子意思哦';

t.test('what is not understood is asked again in the dialect that it told', async (t) => {
  const { asked, say, journal, performer, listener } = setUp();
  t.strictSame(asked(), ['cmn']);
  await say('嗯嗯');
  t.strictSame(asked(), ['cmn'], 'neutral words leave it');
  await say(yue);
  t.strictSame(asked(), ['yue']);
  t.strictSame(
    listener.armedWith.map(({ dialect }) => dialect),
    ['yue'],
  );
  await say('电费几多');
  t.strictSame(performer.path, ['main.ask', 'main.language']);
  t.strictSame(performer.intents, ['bill']);
  t.strictSame(replay(plan, journal.lines), performer.path);
});

t.test(
  'in doubt the next question is asked in both dialects, once, and an answer in either counts',
  async (t) => {
    const { asked, say, journal, performer, listener } = setUp();
    await say(yue);
    for (let turn = 0; turn < 2; turn += 1) await say(sichuan);
    t.strictSame(asked(), ['yue', 'cmn-sichuan']);
    t.strictSame(
      listener.armedWith.map(({ dialect }) => dialect),
      ['yue', 'cmn-sichuan', 'cmn'],
    );
    t.match(journal.lines.filter(({ type }) => type === 'dialect').at(-1), { ask: ['yue', 'cmn-sichuan'] });
    await say('好多电费');
    t.strictSame(performer.path, ['main.ask', 'main.language']);
    t.equal(asked().length, 1);
    t.strictSame(replay(plan, journal.lines), performer.path);
  },
);

t.test('a dialect chosen by key is spoken at once, and words change it no more', async (t) => {
  const { asked, say, journal, performer, dialects } = setUp();
  await say('电费多少');
  performer.key('2');
  t.strictSame(asked(), ['yue']);
  t.match(dialects.learnt, { dialect: 'yue', source: 'choice' });
  await say(sichuan);
  await say(sichuan);
  t.strictSame(asked(), ['yue']);
  t.match(
    journal.lines.filter(({ type }) => type === 'dialect'),
    [{ spoken: 'yue', reason: 'chosen' }],
  );
  performer.key('1');
  t.strictSame(asked(), ['cmn'], 'but another choice does');
  performer.key('1');
  t.match(dialects.learnt, { dialect: 'cmn', source: 'choice' });
  t.strictSame(replay(plan, journal.lines), performer.path);
});

t.test(
  'what an engine of one dialect at a time did not get is heard once more in the right one',
  async (t) => {
    const { say, listener, performer, journal, asked } = setUp();
    const again = () => listener.calls.filter((call) => call.startsWith('again'));
    const hears = async (text: string) => {
      listener.tell('recognized', {
        alternatives: [{ phraseId: undefined, text, dialect: undefined, confidence: 0.9 }],
      });
      await new Promise(setImmediate);
    };
    listener.keeps = true;
    await say('唔该，佢哋喺边度呀');
    t.strictSame(again(), ['again yue cmn']);
    t.strictSame(asked(), ['cmn'], 'nothing is said meanwhile');
    await hears('唔该，电费几多呀');
    t.strictSame(performer.path, ['main.ask', 'main.language']);
    t.match(
      journal.lines.filter(({ type }) => type === 'heardAgain'),
      [{ dialects: ['yue', 'cmn'] }],
    );
    t.strictSame(replay(plan, journal.lines), performer.path);

    const twice = setUp();
    twice.listener.keeps = true;
    await twice.say('唔该，佢哋喺边度呀');
    twice.listener.tell('recognized', {
      alternatives: [{ phraseId: undefined, text: '佢哋喺边度', dialect: undefined, confidence: 0.9 }],
    });
    await new Promise(setImmediate);
    t.equal(twice.listener.calls.filter((call) => call.startsWith('again')).length, 1, 'once is enough');
    t.strictSame(twice.asked(), ['yue']);
  },
);
