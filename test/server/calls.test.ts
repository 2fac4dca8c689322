import t from 'tap';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { dialplans } from './house-dialplans.js';
import { House, longToneHz, shortToneHz } from './house.js';
import { countTone, Phone } from './phone.js';

t.setTimeout(60_000);
const house = await House.start(t);
const phone = await Phone.open(t);
const idle = await house.held();

t.test('a call by keys: prompts heard, both channels recorded, record and journal kept', async (t) => {
  const call = await (await phone.dial(house.uri('1'))).answered();
  call.sing(440);
  await call.hears(longToneHz);
  await call.press('1');
  await call.hears(shortToneHz);
  call.forget();
  await call.hears(longToneHz);
  await call.press('2');
  await call.farEnd();
  await call.end();
  const record = await house.record(call.sipCallId);
  t.match(record, {
    dialplan: 'desk',
    calledNumber: '1',
    endReason: 'local-bye',
    q850Cause: 16,
    detail: null,
    path: ['main.ask', 'main.note', 'main.ask', 'main.bye'],
  });
  t.ok(
    (record.media?.packetsReceived ?? 0) > 20 && (record.media?.packetsSent ?? 0) > 20,
    'packets are counted',
  );
  t.equal(record.media?.lossReceived, 0);
  t.ok((record.media?.jitterReceivedMs ?? Infinity) < 20);
  t.match(
    record.turns.map(({ outcome, heard, bargedIn }) => ({ outcome, heard, bargedIn })),
    [
      { outcome: 'keys', heard: '1', bargedIn: true },
      { outcome: 'keys', heard: '2', bargedIn: true },
      { outcome: 'none', heard: null },
    ],
  );
  const { caller, heard } = await house.recording(record);
  t.equal(caller.length, heard.length);
  t.ok(countTone(caller, 440) > 20, 'the caller is on the left');
  t.ok(countTone(heard, longToneHz) > 10, 'the bot is on the right');
  t.ok(countTone(heard, shortToneHz) > 10);
  t.equal(countTone(heard, 440), 0, 'and nothing of the caller');
  t.equal(countTone(caller, longToneHz), 0);
  const journal = await house.journal(record);
  t.same([...new Set(journal.map(({ v }) => v))], [1]);
  t.match(journal[0], { type: 'call', dialplan: 'desk', dialplanVersion: record.dialplanVersion });
  t.match(journal.at(-1), { type: 'ended', reason: 'local-bye' });
  const plan = dialplanOf(dialplans['desk'] ?? '', await house.manifest());
  t.equal(plan.version, record.dialplanVersion);
  t.same(replay(plan, journal), record.path, 'the pure cores fed with the journal decide the same again');
  t.same(await house.leftAbove(idle), {});
});

t.test('a call in which nobody answers asks again and says goodbye; its journal replays', async (t) => {
  const call = await (await phone.dial(house.uri('4'))).answered();
  await call.press('9');
  await call.farEnd(8000);
  await call.end();
  const record = await house.record(call.sipCallId);
  t.match(record, { endReason: 'local-bye', path: ['main.ask', 'main.bye'] });
  t.match(
    record.turns.map(({ outcome }) => outcome),
    ['noMatch', 'noInput', 'noInput', 'none'],
  );
  const plan = dialplanOf(dialplans['impatient'] ?? '', await house.manifest());
  const journal = await house.journal(record);
  t.same(replay(plan, journal), record.path);
  t.ok(journal.filter(({ type }) => type === 'tick').length >= 2, 'timers are in the journal');
});

t.test('prompts by URL sound like those by path', async (t) => {
  const remote = await House.start(t, { 'mediaServer.promptDelivery': 'url' });
  const call = await (await phone.dial(remote.uri('1'))).answered();
  await call.hears(longToneHz);
  await call.press('2');
  await call.hears(shortToneHz);
  await call.farEnd();
  await call.end();
  t.match(await remote.record(call.sipCallId), { endReason: 'local-bye' });
  t.same(remote.log, []);
});

t.test('without recording there is a journal and no WAV', async (t) => {
  const silent = await House.start(t, { 'calls.recording': false });
  const call = await (await phone.dial(silent.uri('1'))).answered();
  await call.hears(longToneHz);
  await call.end();
  const record = await silent.record(call.sipCallId);
  t.equal(record.recording, null);
  t.equal((await silent.journal(record)).at(-1)?.type, 'ended');
});

t.test('a PIN is in no file of the call', async (t) => {
  const call = await (await phone.dial(house.uri('3'))).answered();
  await call.hears(shortToneHz);
  await call.press('4711');
  await call.farEnd();
  await call.end();
  const record = await house.record(call.sipCallId);
  t.match(record.turns[0], { node: 'main.pin', outcome: 'keys', heard: null });
  t.equal(record.path.at(-1), 'main.bye');
  t.notMatch(JSON.stringify(record.turns), /4711/);
  const keys = (await house.journal(record)).filter(({ type }) => type === 'key');
  t.same(
    keys.map(({ key }) => key as unknown),
    [undefined, undefined, undefined, undefined],
  );
});
