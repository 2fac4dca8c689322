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

t.test('a callee who answers with nothing to hear is hung up, with the reason', async (t) => {
  const id = await place();
  const callee = await far.taken();
  const body = callee.offer().replace(/m=audio.*\r\n/, 'm=audio 4000 RTP/AVP 18\r\n');
  const dialog = callee.incoming.accept({ body });
  await new Promise((resolve) => dialog.once('ended', resolve));
  await callee.end();
  t.match(await house.record(id), { endReason: 'error', answeredAtMs: null, path: [], detail: /\w/ });
  t.same(await house.leftAbove(idle), {});
});

t.test('a callee who hangs up in the moment of the answer: one record, nothing left', async (t) => {
  const id = await place();
  const callee = (await far.taken()).answer();
  await callee.end();
  t.match(await house.record(id), { endReason: 'remote-bye' });
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'an operator who hangs up in the moment of the answer: cancelled or hung up, nothing left',
  async (t) => {
    for (const first of ['answer', 'operator']) {
      const id = await place();
      const callee = await far.taken();
      callee.ring();
      const hungUp = first === 'operator' ? control.hangup(id) : undefined;
      callee.answer();
      await (hungUp ?? control.hangup(id));
      await callee.farEnd();
      await callee.end();
      t.match(await house.record(id), {
        endReason: /^(cancelled|local-bye)$/,
        detail: 'an operator hung up',
      });
      t.same(await house.leftAbove(idle), {}, first);
    }
  },
);

t.test('sound before the answer disturbs nothing, and what is refused after it has its reason', async (t) => {
  const answered = await place();
  const callee = await far.taken();
  callee.early();
  callee.sing(1300);
  callee.answer();
  await callee.hears(longToneHz);
  await callee.end();
  t.match(await house.record(answered), { endReason: 'remote-bye', path: ['main.ask'] });
  const refused = await place();
  const other = await far.taken();
  other.early();
  other.refuse(503);
  await other.end();
  t.match(await house.record(refused), { endReason: 'rejected', sipStatus: 503, q850Cause: 41 });
  t.same(await house.leftAbove(idle), {});
});

t.test('nothing had to be logged but the answer that fits nothing', (t) => {
  t.match(house.log, [{ fields: { code: 'MEDIA_NOT_ACCEPTABLE' } }]);
  t.equal(house.log.length, 1);
  t.end();
});

t.test('a server that is closed cancels what rings', async (t) => {
  const id = await place(20_000);
  const callee = await far.taken();
  callee.ring();
  await Promise.all([house.server.close(), callee.givenUp()]);
  await callee.end();
  t.match(await house.record(id), { endReason: 'cancelled', detail: 'the server was shut down' });
  t.equal(house.log.length, 1, 'nothing more was logged');
});
