import t from 'tap';
import { Performer } from '../../src/call/performer.js';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { initialState } from '../../src/dialog/interpreter.js';
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

function setUp() {
  const clock = new ManualClock();
  const player = new FakePlayer();
  const listener = new FakeListener();
  const journal = new FakeJournal(clock);
  const turns: TurnRecord[] = [];
  let finished = 0;
  const performer = new Performer({
    dialplan: plan,
    state: initialState(plan, { callingNumber: '100', calledNumber: '200' }),
    player: player.asPlayer,
    listener: listener.asListener,
    journal: journal.asJournal,
    clock,
    logger: silentLogger,
  });
  performer.on('turn', (turn) => turns.push(turn)).on('finished', () => (finished += 1));
  journal.write('call', { callingNumber: '100', calledNumber: '200' });
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
    replays: () => t.same(replay(plan, journal.lines), performer.path),
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
  listener.tell('speechStarted');
  t.equal(first.wasCut, true);
  clock.advance(400);
  listener.tell('speechEnded');
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
  const { player, listener, performer, texts } = setUp();
  performer.key('1');
  t.same(texts(), ['This call is recorded.', 'Yes or no?']);
  const legal = player.last;
  listener.tell('speechStarted');
  t.equal(legal.wasCut, false);
  listener.tell('speechEnded');
  listener.tell('recognized', heard('no', 'no'));
  t.equal(performer.path.at(-1), 'main.pin', 'but the answer counts');
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
  const { listener, turns, performer, replays } = setUp();
  listener.hear({ alternatives: [] });
  t.equal(turns.at(-1)?.outcome, 'noMatch');
  listener.tell('speechStarted');
  listener.tell('speechEnded');
  listener.tell('failed', new Error('the caller said 1234'));
  t.equal(turns[1]?.outcome, 'noMatch');
  t.equal(performer.path.at(-1), 'main.bye', 'after as many as the node allows');
  replays();
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
  t.equal(second.wasCut, true, 'a prompt that no key may cut ends with its turn');
});
