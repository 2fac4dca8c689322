import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { addCallsCommand } from '../../src/cli/calls.js';
import { addWhyCommand } from '../../src/cli/why.js';
import { addUser } from '../../src/sip/users.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { eventually, House, longToneHz } from '../server/house.js';
import { Phone } from '../server/phone.js';
import { Transferee } from '../server/transferee.js';
import { proof } from '../sip/telephone.js';
import { runCommand } from './run-command.js';

t.setTimeout(60_000);
const far = await Phone.open(t);
const third = await Phone.open(t);
const phone = await Phone.open(t);
const house = await House.start(t, { 'calls.maxConcurrent': 2 });
const idle = await house.held();

const calls = (t: Test, ...line: string[]) =>
  runCommand(t, addCallsCommand, ['calls', ...line, '--data-dir', house.dataDir]);
const dial = (t: Test, ...more: string[]) => calls(t, 'dial', far.uri('desk'), '--dialplan', 'desk', ...more);
const why = (t: Test, key: string, dataDir = house.dataDir) =>
  runCommand(t, addWhyCommand, ['why', key, '--data-dir', dataDir]);

/** What a command printed, and the exit status that it asked for, which is not this test's. */
async function waited(command: Promise<string>): Promise<{ text: string; status: unknown }> {
  const text = await command;
  const status = process.exitCode;
  process.exitCode = 0;
  return { text, status };
}

t.test('dial places a call: the callee hears the dialplan, and `calls live` shows it', async (t) => {
  const text = await dial(t, '--from', '1001');
  const [, id = ''] = /^call (\S+) is being placed$/.exec(text) ?? [];
  const callee = await far.taken();
  t.match(callee.incoming.request.get('from'), /<sip:1001@/);
  callee.ring();
  const live = () => calls(t, 'live', '--json').then((text) => JSON.parse(text) as object[]);
  t.ok(
    await eventually(async () => ((await live())[0] as { state?: string })?.state === 'early' || undefined),
  );
  await t.rejects(why(t, id), { code: 'CLI_NO_SUCH_CALL', message: /calls live` those that go on/ });
  t.match(await live(), [
    { id, direction: 'outbound', callingNumber: '1001', calledNumber: far.uri('desk') },
  ]);
  callee.answer();
  await callee.hears(longToneHz);
  t.strictSame(JSON.parse(await calls(t, 'hangup', id, '--json')), { id });
  await callee.farEnd();
  await callee.end();
  await house.record(id);
  t.match(await why(t, id), /^The call to sip:.* was ended from our side after .*: an operator hung up\./);
  t.same(await house.leftAbove(idle), {});
});

t.test('dial --json prints the id, --wait the end: status 0 if somebody answered, else 1', async (t) => {
  const placed = JSON.parse(await dial(t, '--json')) as { id: string };
  (await far.taken()).refuse(486);
  t.match(await house.record(placed.id), { endReason: 'rejected', sipStatus: 486, q850Cause: 17 });
  const answered = waited(dial(t, '--wait'));
  const callee = (await far.taken()).answer();
  await callee.hears(longToneHz);
  await callee.end();
  t.match(await answered, { text: /^The call to .* the called person, who hung up after/, status: 0 });
  const refused = waited(dial(t, '--wait'));
  (await far.taken()).refuse(580);
  t.match(await refused, {
    text: /was refused by the other side with 580 Precondition Failure: the call could not be put through/,
    status: 1,
  });
  const ringing = waited(dial(t, '--wait', '--json', '--ring', '1'));
  const silent = await far.taken();
  silent.ring();
  await silent.givenUp();
  await silent.end();
  const { text, status } = await ringing;
  t.equal(status, 1);
  t.match(JSON.parse(text) as CallRecord, { endReason: 'timeout', q850Cause: 19, detail: /within 1 s/ });
  t.same(await house.leftAbove(idle), {});
});

t.test('whom no way leads to is told, with what to change', async (t) => {
  await addUser(house.dataDir, 'alice', 'xiangyin', 'secret');
  for (const [to, more, words] of [
    ['+442079460123', [], /no route in trunks\.yaml takes this number, and no user has this name/],
    ['+442079460123', ['--trunk', 'nope'], /there is no trunk 'nope', or it is not enabled/],
  ] as const) {
    const line = ['dial', to, '--dialplan', 'desk', '--wait', ...more];
    t.match(await waited(calls(t, ...line)), { text: words, status: 1 });
  }
});

t.test('what cannot be placed is refused with what would be right', async (t) => {
  await t.rejects(calls(t, 'dial', far.uri(), '--dialplan', 'dask'), {
    message: /there is no dialplan 'dask'; there are .*desk/,
  });
  await t.rejects(calls(t, 'dial', 'a b', '--dialplan', 'desk'), {
    message: /must be a number, the name of a user, or a sip: URI/,
  });
  await t.rejects(calls(t, 'dial', ' ', '--dialplan', 'desk'), { message: /Write a number/ });
  for (const ring of ['0', '181', 'x', '1.5']) {
    await t.rejects(dial(t, '--ring', ring), {
      code: 'commander.invalidArgument',
      message: /1 to 180 whole/,
    });
  }
  await t.rejects(
    runCommand(t, addCallsCommand, ['calls', 'dial', '1', '--dialplan', 'desk', '--data-dir', t.testdir()]),
    {
      code: 'HTTP_NO_SERVER',
      message: /xiangyin serve/,
    },
  );
  t.equal(far.waiting, 0, 'nobody was called');
});

t.test('transfer connects both sides; --json; and it can be had once at a time', async (t) => {
  const { id } = JSON.parse(await dial(t, '--json')) as { id: string };
  const callee = await far.taken();
  callee.ring();
  await t.rejects(calls(t, 'transfer', id, third.uri('x')), { message: /not answered yet/ });
  callee.answer();
  await callee.hears(longToneHz);
  const line = ['transfer', id, third.uri('x'), '--by', 'bridge'];
  t.strictSame(JSON.parse(await calls(t, ...line, '--json')), { id, to: third.uri('x'), by: 'bridge' });
  const other = (await third.taken()).answer();
  callee.sing(700);
  other.sing(1300);
  await Promise.all([callee.hears(1300, 10), other.hears(700, 10)]);
  await t.rejects(calls(t, ...line), { message: /connected with somebody already/ });
  await other.end();
  await callee.farEnd();
  await callee.end();
  await house.record(id);
  t.match(
    await why(t, id),
    /An operator transferred it to sip:x@.* by bridging: it was answered, and they were connected/,
  );
  await t.rejects(calls(t, ...line), { message: /there is no live call .*xiangyin calls list/ });
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'transfer hands the telephone of a call that we placed on; a target that is none is refused',
  async (t) => {
    const { id } = JSON.parse(await dial(t, '--json')) as { id: string };
    const callee = (await far.taken()).answer();
    const telephone = new Transferee(callee);
    await callee.hears(longToneHz);
    await t.rejects(calls(t, 'transfer', id, 'a@b'), { message: /must be a number/ });
    await t.rejects(calls(t, 'transfer', id, '1', '--by', 'magic'), { code: 'commander.invalidArgument' });
    t.equal(await calls(t, 'transfer', id, '1002', '--by', 'refer'), `call ${id} is being transferred`);
    t.match(await telephone.takes(), /^sip:1002@127\.0\.0\.1/, 'a number in the domain of the callee');
    await telephone.tells(200);
    await callee.farEnd();
    await callee.end();
    t.match(await house.record(id), { direction: 'outbound', endReason: 'local-bye', detail: /handed on/ });
    t.match(
      await why(t, id),
      /An operator transferred it to 1002 by handing the telephone on \(REFER\): it was answered\./,
    );
    t.same(await house.leftAbove(idle), {});
  },
);

t.test('why tells of each refusal which step refused, and what decides it', async (t) => {
  const refused = async (number = '1', headers: Record<string, string> = {}, at = house) => {
    const call = await phone.dial(at.uri(number), { headers });
    const { status, response } = await call.outcome;
    return {
      status,
      response,
      why: async () => (await at.record(call.sipCallId), why(t, call.sipCallId, at.dataDir)),
    };
  };
  const unknown = await refused('999');
  t.equal(unknown.status, 404);
  t.match(
    await unknown.why(),
    /refused with 404 Not Found: no rule in the numbers file matches the called number \(step 'numbers'\)/,
  );

  const callers = "callers:\n  - { action: block, calling: 'pest', reason: sells insurance }\n";
  await writeFile(join(t.testdir(), 'callers.yaml'), callers);
  const blocking = await House.start(t, {
    callers: join(t.testdirName, 'callers.yaml'),
    'admission.invitesPerSecondPerAddress': 2,
  });
  const pest = await refused('1', { From: '<sip:pest@x>;tag=1' }, blocking);
  t.equal(pest.status, 603);
  t.match(
    await pest.why(),
    /603 Decline: the rule in line 2 of .*callers\.yaml blocks this caller: sells insurance \(step 'callers'\)/,
  );

  const flood = await Promise.all(Array.from({ length: 5 }, () => refused('999', {}, blocking)));
  const limited = flood.find(({ status }) => status === 503);
  t.match(
    await limited?.why(),
    /503 Service Unavailable: too many INVITEs a second from one address \(admission\.invitesPerSecondPerAddress\) \(step 'rate'\)/,
  );

  const from = { From: '<sip:alice@xiangyin>;tag=1' };
  const { response } = await refused('1', from);
  if (response === undefined) throw new Error('no challenge');
  const wrong = await refused('1', {
    ...from,
    ...proof({ method: 'INVITE', uri: house.uri('1'), user: 'alice', password: 'guess' }, response),
  });
  t.equal(wrong.status, 407);
  t.match(wrong.response?.get('proxy-authenticate'), /^Digest realm="xiangyin"/, 'it may try again');
  t.match(
    await wrong.why(),
    /refused with 407 .*: the password or the name of the user is wrong \(step 'authentication'\)/,
  );

  const [one, two] = [await phone.dial(house.uri('1')), await phone.dial(house.uri('1'))];
  await Promise.all([one.answered(), two.answered()]);
  const full = await refused();
  t.equal(full.status, 503);
  t.match(await full.why(), /all 2 places are taken \(calls\.maxConcurrent\) \(step 'capacity'\)/);
  await t.rejects(dial(t), { message: /all 2 places are taken \(calls\.maxConcurrent\)/ });
  await Promise.all([one.end(), two.end()]);
  await Promise.all([house.record(one.sipCallId), house.record(two.sipCallId)]);

  house.server.drain();
  const late = await refused();
  t.equal(late.status, 503);
  t.match(
    await late.why(),
    /the server is draining or shutting down and takes no new calls \(step 'draining'\)/,
  );
  await t.rejects(dial(t), { message: /shutting down and places no new calls/ });
  t.same(await house.leftAbove(idle), {});
});
