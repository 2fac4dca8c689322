import t from 'tap';
import { explainEnd } from '../../src/store/end-reason-text.js';
import { addUser, removeUser } from '../../src/sip/users.js';
import { proof, send } from '../sip/telephone.js';
import { House, longToneHz } from './house.js';
import { Phone } from './phone.js';
import { transferDialplans, transferNumbers } from './transfer-dialplans.js';

t.setTimeout(60_000);
const desk = await Phone.open(t);
const phone = await Phone.open(t);
const dialplans = transferDialplans('alice', 'nobody');
const house = await House.start(t, {}, { dialplans, numbers: transferNumbers });
for (const name of ['alice', 'bob']) await addUser(house.dataDir, name, 'xiangyin', name.toUpperCase());
const idle = await house.held();

const from = (user: string) => ({ From: `"Bob" <sip:${user}@xiangyin>;tag=${user}` });
const call = async (headers: Record<string, string>, number = 'bridge') =>
  phone.dial(house.uri(number), { headers });

/** The answer to the challenge of an INVITE. */
async function proven(user: string, password: string, as = user): Promise<Record<string, string>> {
  const { status, response } = await (await call(from(as))).outcome;
  if (status !== 407 || response === undefined) throw new Error(`no challenge: ${status}`);
  return proof({ method: 'INVITE', uri: house.uri('bridge'), user, password }, response);
}

const register = (headers: Record<string, string>) =>
  send({
    ua: desk.agent,
    method: 'REGISTER',
    uri: house.uri('alice'),
    user: 'alice',
    password: 'ALICE',
    callId: 'registration',
    cseq: Date.now() % 1_000_000_000,
    headers: { To: '<sip:alice@xiangyin>', ...headers },
  });

t.test('a user calls another one, whose telephone is where it registered from', async (t) => {
  // A private address: behind a NAT nobody else reaches it.
  t.equal((await register({ Contact: '<sip:alice@192.0.2.7:5062>' })).status, 200);
  const caller = await (await call({ ...from('bob'), ...(await proven('bob', 'BOB')) })).answered();
  const callee = (await desk.taken()).answer();
  t.equal(callee.incoming.request.uri, 'sip:alice@192.0.2.7:5062');
  caller.sing(700);
  callee.sing(1300);
  await Promise.all([caller.hears(1300, 10), callee.hears(700, 10)]);
  await caller.end();
  await callee.farEnd();
  t.match(await house.record(caller.sipCallId), {
    callingNumber: 'bob',
    transfers: [{ to: 'alice', outcome: 'answered' }],
  });
});

t.test('whoever says to be a user must prove it', async (t) => {
  const wrong = await call({ ...from('bob'), ...(await proven('bob', 'guess')) });
  t.equal((await wrong.outcome).status, 407, 'a wrong password');
  const asserted = await call({ 'P-Asserted-Identity': '<sip:alice@xiangyin>' });
  t.equal((await asserted.outcome).status, 407, 'asserted by a stranger');
  const shown = await call({ From: '"sip:alice@x" <sip:mallory@h>;tag=1' });
  t.equal((await shown.outcome).status, 407, 'in a display name');
  const other = await call({ ...from('alice'), ...(await proven('bob', 'BOB', 'alice')) });
  t.equal((await other.outcome).status, 403, 'a user under the name of another one');
  t.match(explainEnd(await house.record(other.sipCallId)), /under the name of another/);
  const stranger = await (await call(from('442079460123'), '1')).answered();
  await stranger.end();
});

t.test('whoever unregisters, or is no user any more, is not called', async (t) => {
  const isCalled = async (): Promise<boolean> => {
    const caller = await (await call({ ...from('bob'), ...(await proven('bob', 'BOB')) })).answered();
    const called = await Promise.race([
      desk.taken().then((callee) => {
        callee.refuse(486);
        return true;
      }),
      // The dialplan goes on.
      caller.hears(longToneHz).then(() => false),
    ]);
    await caller.end();
    return called;
  };
  t.ok(await isCalled(), 'registered');
  t.equal((await register({ Contact: '*', Expires: '0' })).status, 200);
  t.notOk(await isCalled(), 'unregistered');
  t.equal((await register({ Contact: '<sip:alice@192.0.2.7:5062>' })).status, 200);
  await removeUser(house.dataDir, 'alice');
  t.notOk(await isCalled(), 'removed');
  t.strictSame(await house.leftAbove(idle), {});
});

t.test('what nobody offered is refused with what there is', async (t) => {
  const ask = (method: string) =>
    phone.agent.request(method, house.uri('alice'), { headers: { Event: 'presence' } });
  const message = await ask('MESSAGE');
  t.equal(message.status, 405);
  t.match(message.get('allow'), /INVITE/);
  for (const method of ['SUBSCRIBE', 'PUBLISH']) t.equal((await ask(method)).status, 489, method);
  t.equal((await ask('REFER')).status, 405, 'nobody is sent elsewhere from outside a call');
  for (const method of ['INFO', 'NOTIFY']) t.equal((await ask(method)).status, 481, `${method} of no call`);
});
