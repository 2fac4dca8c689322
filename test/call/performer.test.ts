import t from 'tap';
import { Performer } from '../../src/call/performer.js';
import { ManualClock } from '../../src/core/clock.js';
import { DialectPacks } from '../../src/dialect/packs.js';
import { readPack } from '../../src/dialect/read-pack.js';
import type { Dialplan } from '../../src/dialog/dialplan.js';
import { silentLogger } from '../../src/core/logger.js';
import { initialState } from '../../src/dialog/dialog-state.js';
import type { TurnRecord } from '../../src/store/call-record.js';
import { dialplanOf, FakeJournal, FakeListener, FakePlayer, heard } from './fakes.js';
import { replay } from './replay-journal.js';

const plan = dialplanOf(`
name: desk
dialects: [en-gb]
defaults:
  bargeIn: speech
  noInputMs: 5000
  retries: 1
  noInput: { reprompts: [Is anybody there?] }
  noMatch: { reprompts: [Pardon?] }
  wayOut: main.bye
flows:
  main:
    nodes:
      hello: { type: say, prompt: Hello., goto: ask }
      ask:
        type: menu
        prompt: 'Yes or no?'
        choices:
          'yes': { key: 1, phrases: ['yes', yes please], goto: legal }
          'no': { key: 2, phrases: ['no'], goto: pin }
      legal: { type: say, prompt: This call is recorded., bargeIn: none, goto: ask }
      pin:
        type: digits
        prompt: Your PIN please.
        saveAs: pin
        minDigits: 4
        maxDigits: 4
        sensitive: true
        goto: repeat
      repeat:
        type: menu
        prompt: 'You keyed {{pin}}. Right?'
        choices:
          'yes': { key: 1, phrases: ['yes'], goto: bye }
      bye: { type: hangup, prompt: Goodbye. }
`);

const keysYaml = `
name: keys
dialects: [en-gb]
defaults: { noInputMs: 5000, retries: 9, wayOut: main.bye }
flows:
  main:
    nodes:
      number: { type: digits, prompt: Which number?, saveAs: number, minDigits: 2, maxDigits: 2, goto: more }
      more: { type: menu, prompt: More?, choices: { 'yes': { key: 1, goto: number }, pound: { key: '#', goto: bye } } }
      bye: { type: hangup }
`;
const keysPlan = dialplanOf(keysYaml);

const english = readPack(
  `
dialect: en
replies: { repeat: [what, say that again], slower: [more slowly], louder: [speak up] }
`,
  'en.yaml',
).pack;
const packs = new DialectPacks(english === undefined ? [] : [english]);

interface SetUp {
  readonly dialplan?: Dialplan;
  readonly packs?: DialectPacks;
  /** Pressed before the dialog begins. */
  readonly keysBefore?: string;
}

function setUp({ dialplan = plan, packs, keysBefore = '' }: SetUp = {}) {
  const clock = new ManualClock();
  const player = new FakePlayer();
  const listener = new FakeListener();
  const journal = new FakeJournal(clock);
  const turns: TurnRecord[] = [];
  let finished = 0;
  const performer = new Performer({
    dialplan,
    state: initialState(dialplan, { callingNumber: '100', calledNumber: '200' }),
    player: player.asPlayer,
    listener: listener.asListener,
    journal: journal.asJournal,
    clock,
    logger: silentLogger,
    ...(packs !== undefined && { packs }),
  });
  performer.on('turn', (turn) => turns.push(turn)).on('finished', () => (finished += 1));
  journal.write('call', { callingNumber: '100', calledNumber: '200' });
  for (const key of keysBefore) performer.key(key);
  performer.start();
  const texts = () => player.last.prompts.map(({ text }) => text);
  return {
    clock,
    player,
    listener,
    journal,
    performer,
    turns,
    texts,
    finished: () => finished,
    /** What a journal must be able to do: lead the pure cores the same way again. */
    replays: () => t.same(replay(dialplan, journal.lines), performer.path),
  };
}

t.test('a phrase in the prompt cuts it, is recognized, and leads on', async (t) => {
  const { clock, player, listener, journal, performer, turns, texts, replays } = setUp();
  t.same(texts(), ['Hello.', 'Yes or no?'], 'what is said in one go is one row');
  t.match(
    listener.armedWith.map(({ id }) => id),
    ['yes', 'yes', 'no'],
  );
  const first = player.last;
  clock.advance(1000);
  listener.tell('speechStarted', false, false);
  t.same(first.calls, ['pause'], 'silent, but nothing is lost yet');
  clock.advance(400);
  listener.tell('speechEnded', 600, 0);
  t.same(listener.calls.at(-1), 'finish');
  clock.advance(100);
  listener.tell('recognized', heard('yes', 'yes please'));
  t.match(turns, [
    {
      node: 'main.ask',
      said: ['Hello.', 'Yes or no?'],
      outcome: 'phrase',
      heard: 'yes please',
      confidence: 0.9,
      startMs: 0,
      heardMs: 1500,
      bargedIn: true,
    },
  ]);
  t.same(performer.path, ['main.hello', 'main.ask', 'main.legal', 'main.ask']);
  t.ok(journal.lines.some(({ type, by }) => type === 'bargeIn' && by === 'speech'));
  replays();
});

t.test('a prompt that must be heard is cut by nothing', async (t) => {
  const { player, listener, performer, texts, replays } = setUp();
  performer.key('1');
  t.same(texts(), ['This call is recorded.', 'Yes or no?']);
  const legal = player.last;
  listener.tell('speechStarted', false, false);
  t.same(legal.calls, []);
  listener.tell('speechEnded', 600, 0);
  listener.tell('recognized', heard('no', 'no'));
  t.equal(legal.wasCut, false);
  performer.key('1');
  t.equal(performer.path.at(-1), 'main.ask', 'a key says nothing either');
  legal.reach(1);
  t.equal(performer.path.at(-1), 'main.pin', 'the answer counts from the next prompt on');
  replays();
});

t.test('noInput counts from the end of the prompts, asks again, then takes the way out', async (t) => {
  const { clock, player, turns, performer, texts, finished, replays } = setUp();
  clock.advance(20_000);
  t.same(turns, [], 'as long as the prompt lasts nobody is waited for');
  await player.last.end();
  clock.advance(4999);
  t.same(turns, []);
  clock.advance(1);
  t.match(turns, [{ outcome: 'noInput', heard: null, heardMs: 25_000 }]);
  t.same(texts(), ['Is anybody there?', 'Yes or no?'].slice(0, texts().length));
  await player.last.end();
  clock.advance(5000);
  t.equal(performer.path.at(-1), 'main.bye');
  t.same(texts(), ['Goodbye.']);
  t.equal(finished(), 0, 'the goodbye is heard first');
  await player.last.end();
  t.equal(finished(), 1);
  t.equal(clock.pendingTimers, 0);
  replays();
});

t.test('what nobody expected is a noMatch, a recognizer that fails too', async (t) => {
  const { player, listener, turns, performer, replays } = setUp();
  await player.last.end();
  listener.hear({ alternatives: [] });
  t.equal(turns.at(-1)?.outcome, 'noMatch');
  await player.last.end();
  listener.tell('speechStarted', false, false);
  listener.tell('speechEnded', 600, 0);
  listener.tell('failed', new Error('the caller said 1234'));
  t.equal(turns[1]?.outcome, 'noMatch');
  t.equal(performer.path.at(-1), 'main.bye', 'after as many as the node allows');
  replays();
});

t.test('after a cough the prompt goes on, and the call replays', async (t) => {
  const { clock, player, listener, journal, performer, turns, replays } = setUp();
  clock.advance(1000);
  listener.hear({ alternatives: [] }, 180);
  t.same(player.last.calls, ['pause', 'resume']);
  t.equal(player.last.wasCut, false);
  t.same(turns, [], 'it is no answer');
  t.match(
    journal.lines.map(({ type }) => type),
    ['call', 'dialog', 'say', 'speechStarted', 'bargeIn', 'speechEnded', 'recognized', 'resumed'],
  );
  clock.advance(1000);
  listener.hear(heard('no', 'no'));
  t.equal(performer.path.at(-1), 'main.pin');
  replays();
});

t.test('with barge-in by phrase an interim result that fits silences the prompt', async (t) => {
  const bills = dialplanOf(`
name: bills
dialects: [en-gb]
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: You can pay or ask.
        bargeIn: phrase
        noInput: { goto: bye }
        noMatch: { goto: bye }
        choices: { pay: { phrases: [pay], goto: bye } }
      bye: { type: hangup }
`);
  const { listener, player, journal, performer, finished } = setUp({ dialplan: bills });
  listener.tell('speechStarted', false, false);
  t.same(player.last.calls, []);
  listener.tell('interim', { alternatives: [] });
  listener.tell('interim', heard('pay', 'pay'));
  t.same(player.last.calls, ['pause']);
  listener.tell('speechEnded', 300, 0);
  listener.tell('recognized', heard('pay', 'pay'));
  await Promise.resolve();
  t.equal(finished(), 1);
  t.same(replay(bills, journal.lines), performer.path);
});

t.test('the key that ends digits may come after they were complete', async (t) => {
  const { clock, performer, replays, texts } = setUp({ dialplan: keysPlan });
  for (const key of '12#') performer.key(key);
  t.equal(performer.path.at(-1), 'main.more', 'and is no answer to the next question');
  t.same(texts(), ['More?']);
  clock.advance(1000);
  performer.key('1');
  t.same(performer.path, ['main.number', 'main.more', 'main.number']);
  replays();
});

t.test(
  'keys pressed before the call can ask count for its first question, and nothing is said first',
  async (t) => {
    const { performer, player, replays } = setUp({ dialplan: keysPlan, keysBefore: '12' });
    t.equal(performer.path.at(-1), 'main.more');
    t.same(
      player.sayings.map(({ prompts }) => prompts.map(({ text }) => text)),
      [['More?']],
    );
    replays();
  },
);

t.test('keys pressed ahead go on to the questions after the one that the first of them answer', async (t) => {
  for (const keysBefore of ['121', '12#1']) {
    const { performer, player, replays } = setUp({ dialplan: keysPlan, keysBefore });
    t.same(performer.path, ['main.number', 'main.more', 'main.number'], keysBefore);
    t.same(
      player.sayings.map(({ prompts }) => prompts.map(({ text }) => text)),
      [['Which number?']],
    );
    replays();
  }
});

t.test('keys pressed ahead count for nothing where the dialplan says so', async (t) => {
  const without = dialplanOf(keysYaml.replace('defaults: {', 'defaults: { typeAhead: false,'));
  const { performer, texts } = setUp({ dialplan: without, keysBefore: '12' });
  t.equal(performer.path.at(-1), 'main.number');
  t.same(texts(), ['Which number?']);
});

t.test(
  'say it again, slower, louder: understood in every question, without a word in the dialplan',
  async (t) => {
    const { clock, listener, player, performer, turns, texts, replays } = setUp({ packs });
    const wishes = listener.armedWith.filter(({ id }) => id.startsWith('#'));
    t.match(
      wishes.map(({ text }) => text),
      ['say that again', 'more slowly', 'speak up'],
    );
    const say = (text: string) => {
      const { id = '' } = wishes.find((phrase) => phrase.text === text) ?? {};
      clock.advance(3000);
      listener.hear(heard(id, text));
    };
    say('say that again');
    t.same(texts(), ['Yes or no?']);
    t.match(turns.at(-1), { outcome: 'phrase', heard: 'say that again' });
    say('more slowly');
    t.ok((player.last.prompts[0]?.rate ?? 1) < 1, 'the voice is slower from now on');
    say('speak up');
    t.equal(player.last.manner.gainDb, 6);
    t.ok((player.last.prompts[0]?.rate ?? 1) < 1);
    t.equal(performer.path.at(-1), 'main.ask', 'none of it was a failure');
    await player.last.end();
    clock.advance(5000);
    t.match(turns.at(-1), { outcome: 'phrase' }, 'whoever asked for that is given longer');
    clock.advance(1500);
    t.match(turns.at(-1), { outcome: 'noInput' });
    replays();
  },
);

t.test('in elder mode the bot speaks slower and waits longer', async (t) => {
  const elder = dialplanOf(keysYaml.replace('flows:', 'variables: { elderMode: on }\nflows:'));
  const { clock, player, turns, journal, performer } = setUp({ dialplan: elder });
  t.ok(player.last.manner.rate < 1);
  await player.last.end();
  clock.advance(5001);
  t.same(turns, []);
  clock.advance(3000);
  t.match(turns, [{ outcome: 'noInput' }]);
  t.same(replay(elder, journal.lines), performer.path);
});

t.test('what was said while the caller was with somebody else is no answer', async (t) => {
  const { listener, performer } = setUp();
  performer.interrupt();
  performer.key('1');
  performer.transferred('answered');
  t.ok(listener.calls.includes('forget'));
  t.same(performer.path, ['main.hello', 'main.ask'], 'and neither are keys');
});

t.test('a sensitive answer is in no journal line and no record, read back or not', async (t) => {
  const { journal, performer, turns, texts, player } = setUp();
  performer.key('2');
  for (const key of '4711') performer.key(key);
  t.equal(performer.path.at(-1), 'main.repeat');
  t.match(texts().join(' '), /four seven one one/, 'the caller hears it');
  t.match(turns[1], { node: 'main.pin', outcome: 'keys', heard: null });
  performer.key('1');
  await player.last.end();
  const kept = JSON.stringify([journal.lines, turns]);
  t.notMatch(kept, /4 ?7 ?1 ?1/);
  t.notMatch(kept, /four/i);
  const pinLines = journal.lines.slice(
    journal.lines.findIndex(({ entered }) => JSON.stringify(entered)?.includes('main.pin')),
  );
  t.same(
    pinLines.filter(({ type }) => type === 'key').map(({ key }) => key as unknown),
    [undefined, undefined, undefined, undefined, '1'],
  );
  t.match(turns[2]?.said.join(' '), /You keyed/);
});

t.test('a recognition in a sensitive turn leaves no words', async (t) => {
  const { journal, listener, performer, turns } = setUp();
  performer.key('2');
  listener.tell('recognized', heard('x', 'my pin is secret'));
  t.notMatch(JSON.stringify([journal.lines, turns]), /secret/);
});

t.test('the end of the call ends everything: the prompt, the ear, the timers', async (t) => {
  const { clock, player, listener, performer, turns, finished } = setUp();
  await player.last.end();
  performer.key('1');
  const saying = player.last;
  performer.close();
  performer.close();
  t.equal(saying.wasCut, true);
  t.equal(listener.calls.at(-1), 'disarm');
  t.match(turns.at(-1), { node: 'main.ask', outcome: 'none', heard: null, heardMs: null });
  t.equal(turns.length, 2);
  t.equal(clock.pendingTimers, 0);
  performer.key('2');
  listener.hear(heard('no', 'no'));
  clock.advance(60_000);
  t.equal(turns.length, 2, 'what comes later belongs to nobody');
  t.equal(finished(), 0);
});

t.test('the prompts of an old turn never sound in a new one', async (t) => {
  const { player, performer } = setUp();
  const first = player.last;
  performer.key('1');
  t.equal(first.wasCut, true);
  const second = player.last;
  performer.key('2');
  t.equal(second.wasCut, false, 'one that must be heard is');
  second.reach(1);
  performer.key('2');
  t.equal(second.wasCut, true);
});
