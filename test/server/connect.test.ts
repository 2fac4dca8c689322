import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ControlClient } from '../../src/http/control-client.js';
import { addUser } from '../../src/sip/users.js';
import { explainEnd } from '../../src/store/end-reason-text.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { proof, send } from '../sip/telephone.js';
import { House, shortToneHz } from './house.js';
import { Phone, type PhoneCall, type TakenCall } from './phone.js';
import { hearsWords } from './ringing.js';

t.setTimeout(60_000);
const shipped = await readFile('dialplans/connect.yaml', 'utf8');
// As it ships, but for how long it rings: no test waits for half a minute.
const connect = shipped.replace('ringMs: 30000', 'ringMs: 1000');
if (connect === shipped) throw new Error('connect.yaml rings no 30 s any more');
/** Two keys and the country are the number; it passes through a second variable. */
const keyed = `
name: keyed
dialects: [en-gb]
defaults: { wayOut: hangup }
flows:
  main:
    nodes:
      ask:
        type: digits
        prompt: { file: short }
        saveAs: keys
        minDigits: 2
        maxDigits: 2
        goto: note
      note: { type: set, variables: { wanted: '+44{{keys}}' }, goto: dial }
      dial: { type: transfer, to: '{{wanted}}', by: bridge, failed: hangup }
`;
const desk = await Phone.open(t);
const carrier = await Phone.open(t);
const phone = await Phone.open(t);
const number = '+442079460123';

const trunksFrom = (sources: string): string => `
trunks:
  - name: out
    host: 127.0.0.1:${String(carrier.agent.addresses[0]?.port)}
    sources: ['${sources}']
    callerId: { number: '+441632960000' }
routes: [{ called: '+44*', via: [out] }]
`;

// A server that connects whoever calls with whom they dialled, and has users, alice at the desk.
const house = await House.start(
  t,
  {},
  {
    dialplans: { connect, keyed },
    numbers: "  - { called: '0', dialplan: keyed }\n  - { called: '*', dialplan: connect }\n",
    trunks: trunksFrom('192.0.2.1'),
    speech: 'embedded',
  },
);
for (const name of ['alice', 'bob', 'carol']) await addUser(house.dataDir, name, 'xiangyin', name);
const registered = await send({
  ua: desk.agent,
  method: 'REGISTER',
  uri: house.uri('alice'),
  user: 'alice',
  password: 'alice',
  callId: 'registration',
  cseq: 1,
  headers: { To: '<sip:alice@xiangyin>', Contact: '<sip:alice@192.0.2.7:5062>' },
});
if (registered.status !== 200) throw new Error(`not registered: ${registered.status}`);
const idle = await house.held();

/** Calls as a user who proves it. */
async function dialAs(user: string, called: string): Promise<PhoneCall> {
  const headers = { From: `<sip:${user}@xiangyin>;tag=${user}` };
  const { response } = await (await phone.dial(house.uri(called), { headers })).outcome;
  if (response?.status !== 407) throw new Error(`no challenge: ${response?.status}`);
  const proven = proof({ method: 'INVITE', uri: house.uri(called), user, password: user }, response);
  return (await phone.dial(house.uri(called), { headers: { ...headers, ...proven } })).answered();
}

const dial = async (called: string) => (await phone.dial(house.uri(called))).answered();

async function talk(caller: PhoneCall, callee: TakenCall): Promise<void> {
  caller.sing(700);
  callee.sing(1300);
  await Promise.all([caller.hears(1300, 10), callee.hears(700, 10)]);
}

/** That our rule takes what the rules of house-dialplans.ts would take is told at the start. */
const faults = ({ log }: House) => log.filter(({ message }) => !/already takes these calls/.test(message));
const said = (record: CallRecord) => record.turns.flatMap((turn) => turn.said);
const shownUser = (callee: TakenCall, header: string) =>
  /sip:([^@]+)@/.exec(callee.incoming.request.get(header) ?? '')?.[1];

t.test('a user is connected with the user whom they dialled; our call ends with theirs', async (t) => {
  const caller = await dialAs('bob', 'alice');
  const callee = (await desk.taken()).answer();
  t.equal(shownUser(callee, 'from'), 'bob');
  await talk(caller, callee);
  await callee.end();
  await caller.farEnd();
  await caller.end();
  const record = await house.record(caller.sipCallId);
  t.match(record, {
    dialplan: 'connect',
    endReason: 'local-bye',
    path: ['main.connect'],
    transfers: [{ to: 'alice', by: 'bridge', outcome: 'answered' }],
  });
  t.match(
    explainEnd(record),
    /transferred to alice by bridging: it was answered, and they were connected for/,
  );
  t.same(await house.leftAbove(idle), {});
});

t.test('a user is connected with a number over the trunk, which shows the number of the house', async (t) => {
  const caller = await dialAs('bob', number);
  const callee = (await carrier.taken()).answer();
  t.match(callee.incoming.request.uri, `sip:${number}@127.0.0.1`);
  await talk(caller, callee);
  await caller.end();
  await callee.farEnd();
  await callee.end();
  t.match(await house.record(caller.sipCallId), {
    endReason: 'remote-bye',
    transfers: [{ to: number, outcome: 'answered', answeredMs: Number }],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('why nobody answers is told by a prompt, and kept', async (t) => {
  const ways = {
    '+441': { status: 486, outcome: 'busy', node: 'main.engaged', prompt: /line is busy/ },
    '+442': { status: 603, outcome: 'refused', node: 'main.declined', prompt: /not accepted/ },
    '+443': { status: 0, outcome: 'noAnswer', node: 'main.nobody-there', prompt: /Nobody answers/ },
    '+444': { status: 404, outcome: 'failed', node: 'main.no-way', prompt: /cannot be reached/ },
  };
  const callers = await Promise.all(Object.keys(ways).map((called) => dialAs('bob', called)));
  for (let taken = 0; taken < callers.length; taken += 1) {
    const callee = await carrier.taken();
    const called = Object.entries(ways).find(([key]) => callee.incoming.request.uri?.includes(`sip:${key}@`));
    if (called?.[1].status === 0) callee.ring();
    else callee.refuse(called?.[1].status ?? 500);
  }
  await Promise.all(
    callers.map(async (caller, index) => {
      await hearsWords(caller);
      await caller.end();
      const record = await house.record(caller.sipCallId);
      const { outcome, node, prompt } = Object.values(ways)[index] ?? ways['+441'];
      t.match(record, { path: ['main.connect', node], transfers: [{ outcome }] });
      t.match(said(record).join(), prompt);
    }),
  );
  t.same(await house.leftAbove(idle), {});
});

t.test('a user without a telephone, and a number that no route takes, cannot be reached', async (t) => {
  for (const [called, why] of [
    ['carol', /no telephone of this user is registered/],
    ['+33123456789', /no route in trunks.yaml/],
  ] as const) {
    const caller = await dialAs('bob', called);
    await hearsWords(caller);
    await caller.end();
    const record = await house.record(caller.sipCallId);
    t.match(record, {
      path: ['main.connect', 'main.no-way'],
      transfers: [{ outcome: 'failed', detail: why }],
    });
    t.match(said(record).join(), /cannot be reached/);
    t.match(explainEnd(record), why);
  }
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'a stranger reaches users, and no trunk: not by number, not by URI, not under a user of another host',
  async (t) => {
    const caller = await dial('alice');
    const callee = (await desk.taken()).answer();
    await talk(caller, callee);
    await caller.end();
    await callee.farEnd();
    await callee.end();
    const each = async (called: string): Promise<void> => {
      const stranger = await dial(called);
      await hearsWords(stranger);
      await stranger.end();
      const record = await house.record(stranger.sipCallId);
      t.match(
        record.transfers,
        [{ outcome: 'refused', sipStatus: null, detail: /registered users only/ }],
        called,
      );
      t.match(explainEnd(record), /it was refused: this caller may choose registered users only/);
    };
    await Promise.all(
      [number, `${number};phone-context=x`, 'tel:%2B442079460123', `%2B442079460123`].map(each),
    );
    const posing = await phone.dial(house.uri(number), { headers: { From: '<sip:bob@elsewhere>;tag=b' } });
    t.equal((await posing.outcome).status, 407);
    t.same(await house.leftAbove(idle), {});
  },
);

t.test('a number that is keyed in is called for a user, and for no stranger', async (t) => {
  const user = await dialAs('bob', '0');
  await user.hears(shortToneHz);
  await user.press('12');
  const callee = (await carrier.taken()).answer();
  t.match(callee.incoming.request.uri, 'sip:+4412@');
  await talk(user, callee);
  await callee.end();
  await user.farEnd();
  await user.end();
  const stranger = await dial('0');
  await stranger.hears(shortToneHz);
  await stranger.press('12');
  await stranger.farEnd();
  await stranger.end();
  t.match((await house.record(stranger.sipCallId)).transfers, [
    { to: '+4412', outcome: 'refused', detail: /registered users only/ },
  ]);
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'a caller from a trunk reaches numbers where the rule names the trunk, elsewhere users only',
  async (t) => {
    const numbers =
      "  - { called: '+4420*', trunk: out, dialplan: connect }\n  - { called: '*', dialplan: connect }\n";
    await writeFile(join(house.dataDir, 'numbers.yaml'), `numbers:\n${numbers}`);
    // From now on everybody here is the trunk.
    await writeFile(join(house.dataDir, 'trunks.yaml'), trunksFrom('127.0.0.1'));
    t.match(await (await ControlClient.open(house.dataDir)).reload(), { errors: 0, trunks: ['out'] });
    const named = await dial(number);
    const callee = (await carrier.taken()).answer();
    await talk(named, callee);
    await named.end();
    await callee.farEnd();
    await callee.end();
    t.match(await house.record(named.sipCallId), { transfers: [{ outcome: 'answered' }] });
    const other = await dial('+441632960001');
    await hearsWords(other);
    await other.end();
    t.match(await house.record(other.sipCallId), {
      path: ['main.connect', 'main.declined'],
      transfers: [{ outcome: 'refused', detail: /registered users only/ }],
    });
    const inside = await dial('alice');
    const user = (await desk.taken()).answer();
    await talk(inside, user);
    await user.end();
    await inside.farEnd();
    await inside.end();
    t.match(await house.record(inside.sipCallId), { transfers: [{ to: 'alice', outcome: 'answered' }] });
    t.same(await house.leftAbove(idle), {});
  },
);

t.test('nothing had to be logged, and the carrier was asked for no stranger', async (t) => {
  t.same(faults(house), []);
  t.equal(carrier.waiting, 0);
  t.equal(desk.waiting, 0);
});
