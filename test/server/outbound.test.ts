import t from 'tap';
import { ControlClient } from '../../src/http/control-client.js';
import { House, longToneHz } from './house.js';
import { Phone } from './phone.js';

t.setTimeout(60_000);
const far = await Phone.open(t);
const house = await House.start(t);
const control = await ControlClient.open(house.dataDir);
const idle = await house.held();

const place = (ringMs = 5000) => control.place({ to: far.uri('desk'), dialplan: 'desk', ringMs });

t.test('a callee who answers hears the dialplan and leads it', async (t) => {
  const id = await place();
  const callee = await far.taken();
  callee.ring();
  callee.answer();
  await callee.hears(longToneHz);
  await callee.press('2');
  await callee.farEnd();
  await callee.end();
  t.match(await house.record(id), {
    direction: 'outbound',
    endReason: 'local-bye',
    path: ['main.ask', 'main.bye'],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('a callee who answers 486: the record has it', async (t) => {
  const id = await place();
  (await far.taken()).refuse(486);
  t.match(await house.record(id), { endReason: 'rejected', sipStatus: 486, path: [] });
  t.same(await house.leftAbove(idle), {});
});

t.test('a callee who never answers is cancelled after the ring time', async (t) => {
  const id = await place(1000);
  const callee = await far.taken();
  callee.ring();
  await callee.givenUp();
  await callee.end();
  t.match(await house.record(id), { endReason: 'timeout', path: [] });
  t.same(await house.leftAbove(idle), {});
});

t.test('a call that an operator hangs up while it rings is cancelled', async (t) => {
  const id = await place();
  const callee = await far.taken();
  callee.ring();
  await control.hangup(id);
  await callee.givenUp();
  await callee.end();
  t.match(await house.record(id), { endReason: 'cancelled', path: [] });
  t.same(await house.leftAbove(idle), {});
});

t.test('nothing had to be logged', (t) => {
  t.same(house.log, []);
  t.end();
});
