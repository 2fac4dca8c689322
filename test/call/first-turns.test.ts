import { t } from 'tap';
import { alsoIn } from '../../src/call/also-in.js';
import { DialectOfCall } from '../../src/call/dialect-of-call.js';
import { Performer } from '../../src/call/performer.js';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { initialState } from '../../src/dialog/dialog-state.js';
import type { Hearing, RecognitionResult } from '../../src/speech/recognizer.js';
import { hearing, nothing } from '../speech/hearings.js';
import { dialplanOf, FakeJournal, FakeListener, FakePlayer } from './fakes.js';
import { replay } from './replay-journal.js';
import { shippedKnowledge, understandingHere } from './understanding-here.js';
import { hearsEveryDialect } from '../speech/open-engine.js';

t.setTimeout(120_000);
const knowledge = await shippedKnowledge();
const engine = {
  name: 'chain',
  capabilities: {
    ...hearsEveryDialect,
    parallel: { recognizers: 2, turns: 2 },
  },
};

const plan = dialplanOf(`
name: bills
dialects: [cmn, yue, cmn-sichuan]
intents: { set: hotline }
defaults: { noInputMs: 5000, retries: 9, wayOut: main.bye }
prompts:
  ask: { cmn: 问, yue: 問嘢, cmn-sichuan: 问哈 }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: ask
        noInput: { reprompts: [ask] }
        noMatch: { reprompts: [ask] }
        choices:
          bill:
            phrases: { cmn: [查询电费], yue: [电费几多], cmn-sichuan: [好多电费] }
            intent: bill-query
            goto: other
          cantonese: { key: 2, set: { dialect: yue }, goto: other }
      other:
        type: menu
        prompt: ask
        noInput: { reprompts: [ask] }
        noMatch: { reprompts: [ask] }
        choices:
          outage: { phrases: { cmn: [停电], yue: [冇电], cmn-sichuan: [没得电] }, intent: report-outage, goto: ask }
      bye: { type: hangup, prompt: ask }
`);

function call(remembered?: ConstructorParameters<typeof DialectOfCall>[0]['remembered']) {
  const clock = new ManualClock();
  const listener = new FakeListener();
  const player = new FakePlayer();
  const journal = new FakeJournal(clock);
  const dialects = new DialectOfCall({ spoken: plan.dialects, assumed: undefined, remembered, engine });
  const { autonomies } = dialects;
  const performer = new Performer({
    dialplan: plan,
    state: initialState(plan, { callingNumber: '100', calledNumber: '200', autonomies }),
    player: player.asPlayer,
    listener: listener.asListener,
    dialects,
    understanding: understandingHere(knowledge),
    recognizer: engine,
    journal: journal.asJournal,
    clock,
    logger: silentLogger,
  });
  journal.write('call', { callingNumber: '100', calledNumber: '200', autonomies });
  performer.start();
  const hear = async (result: RecognitionResult): Promise<void> => {
    listener.hear(result);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  };
  return {
    performer,
    listener,
    journal,
    dialects,
    others: () => listener.armedHow.alsoIn?.map(({ dialect }) => dialect),
    /** The first is the one that the recognizers agreed on. */
    hear: (...hearings: readonly [Hearing, ...Hearing[]]) =>
      hear({ alternatives: hearings[0].alternatives, by: hearings[0].by, hearings }),
    heardAlone: (text: string) =>
      hear({ alternatives: [{ phraseId: undefined, text, dialect: undefined, confidence: 0.9 }] }),
    lines: (type: string) => journal.lines.filter((line) => line.type === type),
  };
}

const mandarin = (text: string, changes: Partial<Hearing> = {}) =>
  hearing({ dialect: 'cmn', inGrammar: false, probability: 0.5, ...changes }, text);
const cantonese = (text: string, changes: Partial<Hearing> = {}) =>
  hearing({ inGrammar: false, probability: 0.85, ...changes }, text);

t.test('a stranger is listened to in the other dialects of the dialplan, for two turns', async (t) => {
  const { listener, others, heardAlone } = call();
  t.strictSame(others(), ['yue', 'cmn-sichuan']);
  t.match(listener.armedHow.alsoIn?.[0]?.phrases, [{ id: 'bill', text: '电费几多', dialect: 'yue' }]);
  await heardAlone('查询电费');
  t.strictSame(others(), ['yue', 'cmn-sichuan']);
  t.match(listener.armedHow.alsoIn?.[0]?.phrases, [{ id: 'outage', text: '冇电' }], 'by what is asked then');
  await heardAlone('停电');
  t.equal(others(), undefined);
});

t.test(
  'a sound without a word is half a turn: a cough does not use them up, a noisy line does',
  async (t) => {
    const { dialects } = call();
    for (let noise = 0; noise < 3; noise += 1) dialects.heard({ alternatives: [] }, undefined);
    t.strictSame(dialects.alsoIn, ['yue', 'cmn-sichuan']);
    dialects.heard({ alternatives: [] }, undefined);
    t.strictSame(dialects.alsoIn, []);
  },
);

t.test('not who is remembered, nor who has chosen or told his dialect', async (t) => {
  t.equal(call({ dialect: 'yue', confirmations: 1, ageDays: 300 }).others(), undefined);
  const chosen = call();
  chosen.performer.key('2');
  t.strictSame(chosen.performer.path, ['main.ask', 'main.other']);
  t.equal(chosen.others(), undefined);
  const told = call();
  await told.heardAlone('唔该，我想问下我嘅电费几多呀，我唔知点交');
  t.equal(told.dialects.dialect, 'yue');
  t.equal(told.others(), undefined);
});

t.test('the words of who heard best are understood in their dialect, and tell it', async (t) => {
  const { hear, performer, dialects, journal, lines } = call();
  await hear(cantonese('唔该，我想问下电费几多呀', { inGrammar: true }), mandarin('无该我想问下店飞'));
  t.strictSame(performer.path, ['main.ask', 'main.other']);
  t.equal(dialects.dialect, 'yue');
  t.match(lines('dialect'), [{ dialect: 'yue', spoken: 'yue', reason: 'sure' }]);
  t.match(lines('heardIn'), [{ hearings: [{ dialect: 'yue' }, { dialect: 'cmn', probability: 0.5 }] }]);
  t.strictSame(replay(plan, journal.lines), performer.path);
});

t.test('what means something to the question in one dialect alone goes first', async (t) => {
  const { hear, performer, dialects, lines } = call();
  // Likelier by its confidence, and nothing that the question knows.
  await hear(
    mandarin('无该我想嘎', { probability: 0.95 }),
    cantonese('唔该我想查下呢个月嘅电费', { probability: 0.6 }),
  );
  t.strictSame(performer.path, ['main.ask', 'main.other']);
  t.equal(dialects.dialect, 'yue');
  t.match(lines('heardIn'), [
    {
      hearings: [
        { dialect: 'yue', inGrammar: true },
        { dialect: 'cmn', inGrammar: false },
      ],
    },
  ]);
});

t.test('a Mandarin sentence stays one, whatever the other recognizer makes of it', async (t) => {
  const { hear, performer, dialects } = call();
  await hear(mandarin('我想查询电费', { probability: 0.85 }), cantonese('我想查詢電費'));
  await hear(mandarin('我家停电了', { probability: 0.85 }), cantonese('我家停电啊'), nothing('cmn-sichuan'));
  t.strictSame(performer.path, ['main.ask', 'main.other', 'main.ask']);
  t.equal(dialects.dialect, 'cmn');
});

t.test('neutral words heard in another dialect are understood, and switch nothing', async (t) => {
  const { hear, performer, dialects, lines } = call();
  await hear(cantonese('电费'), nothing('cmn'));
  t.strictSame(performer.path[1], 'main.other');
  t.equal(dialects.dialect, 'cmn');
  t.strictSame(lines('dialect'), []);
});

t.test('a phrase of a closed set tells the dialect at once if its words do too', async (t) => {
  const phrase = (dialect: string, text: string, id = 'bill') =>
    hearing({
      dialect,
      alternatives: [{ phraseId: id, text, dialect, confidence: 0.95 }],
      by: { engine: 'phrasebook', openSpeech: false, dialectPreserving: true },
    });
  const told = call();
  await told.hear(phrase('yue', '电费几多'), nothing('cmn'));
  t.strictSame(told.performer.path, ['main.ask', 'main.other']);
  t.equal(told.dialects.dialect, 'yue');
  const neutral = call();
  await neutral.hear(phrase('yue', '停电', 'bill'), nothing('cmn'));
  t.equal(neutral.dialects.dialect, 'cmn');
});

t.test('what recognizers said is decided again from the journal alone', async (t) => {
  const { hear, journal, dialects } = call();
  await hear(mandarin('电费'), cantonese('电费'));
  await hear(cantonese('我唔知点解冇电', { inGrammar: true }), mandarin('我不知店姐'));
  const again = new DialectOfCall({
    spoken: plan.dialects,
    assumed: undefined,
    remembered: undefined,
    engine,
  });
  const changes = journal.lines
    .filter(({ type }) => type === 'heardIn')
    .flatMap((line) => {
      const hearings = line['hearings'] as readonly Hearing[];
      const [best] = hearings;
      if (best === undefined) return [];
      const told = knowledge.identifier.identifyText(best.alternatives[0]?.text ?? '');
      return again.heard({ alternatives: best.alternatives, by: best.by, hearings }, told) ?? [];
    });
  t.equal(again.dialect, dialects.dialect);
  t.match(
    journal.lines.filter(({ type }) => type === 'dialect'),
    changes.map((change) => ({ ...change })),
  );
  t.equal(changes.length, 1);
});

t.test('nothing of a sensitive answer is in the journal', async (t) => {
  const secret = dialplanOf(`
name: secret
dialects: [cmn, yue]
defaults: { wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        sensitive: true
        prompt: { cmn: 问, yue: 問 }
        choices: { yes: { key: 1, phrases: { cmn: [是的], yue: [系呀] }, goto: bye } }
      bye: { type: hangup, prompt: { cmn: 再见, yue: 拜拜 } }
`);
  const state = initialState(secret, { callingNumber: '100', calledNumber: '200' });
  const clock = new ManualClock();
  const listener = new FakeListener();
  const journal = new FakeJournal(clock);
  const performer = new Performer({
    dialplan: secret,
    state,
    player: new FakePlayer().asPlayer,
    listener: listener.asListener,
    dialects: new DialectOfCall({
      spoken: ['cmn', 'yue'],
      assumed: undefined,
      remembered: undefined,
      engine,
    }),
    journal: journal.asJournal,
    clock,
    logger: silentLogger,
  });
  performer.start();
  const hearings = [hearing({}, '系呀'), nothing('cmn')] as const;
  listener.hear({ alternatives: hearings[0].alternatives, by: hearings[0].by, hearings });
  t.strictSame(performer.path, ['main.ask', 'main.bye']);
  t.notMatch(JSON.stringify(journal.lines), '系呀');
  t.match(
    journal.lines.filter(({ type }) => type === 'heardIn'),
    [{ hearings: [{ dialect: 'yue', probability: 0.9 }, { dialect: 'cmn' }] }],
  );
});

t.test('dialects in which the question expects nothing of its own are asked for all the same', async (t) => {
  const state = initialState(plan, { callingNumber: '100', calledNumber: '200' });
  t.strictSame(alsoIn(plan, state, ['yue'], undefined), [], 'but not where nothing is asked');
  const asked = { ...state, node: 'main.ask' };
  t.strictSame(alsoIn(plan, asked, ['wuu'], undefined), [{ dialect: 'wuu', phrases: [] }]);
});
