import t from 'tap';
import { ControlClient } from '../../src/http/control-client.js';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { eventually, House, longToneHz, shortToneHz } from './house.js';
import { countTone, Phone, type PhoneCall, type TakenCall } from './phone.js';
import { countRinging, hearsRinging } from './ringing.js';
import { transferDialplans, transferNumbers } from './transfer-dialplans.js';

t.setTimeout(120_000);
const far = await Phone.open(t);
const phone = await Phone.open(t);
const plans = transferDialplans(far.uri('desk'), 'sip:desk@192.0.2.1');
const house = await House.start(t, {}, { dialplans: plans, numbers: transferNumbers });
const control = await ControlClient.open(house.dataDir);
const idle = await house.held();

const dial = async (number = 'bridge') => (await phone.dial(house.uri(number))).answered();

/** A caller and whom they are connected with, who hear each other. */
async function connected(number = 'bridge'): Promise<{ caller: PhoneCall; callee: TakenCall }> {
  const caller = await dial(number);
  const callee = (await far.taken()).answer();
  await hearEachOther(caller, callee);
  return { caller, callee };
}

async function hearEachOther(caller: PhoneCall, callee: TakenCall): Promise<void> {
  caller.sing(700);
  callee.sing(1300);
  await Promise.all([caller.hears(1300, 10), callee.hears(700, 10)]);
}

t.test('a caller and a callee talk; when the callee hangs up the dialog goes on', async (t) => {
  const caller = await dial();
  await caller.hears(shortToneHz);
  const callee = await far.taken();
  callee.ring();
  await hearsRinging(caller);
  callee.answer();
  await hearEachOther(caller, callee);
  caller.forget();
  await caller.hears(1300, 20);
  t.equal(countRinging(caller.samples), 0, 'the ringing tone has ended');
  await callee.end();
  await caller.hears(longToneHz);
  caller.forget();
  await caller.hears(longToneHz, 5);
  t.equal(countTone(caller.samples, 1300), 0);
  await caller.press('1');
  await caller.farEnd();
  await caller.end();
  const record = await house.record(caller.sipCallId);
  t.match(record, {
    endReason: 'local-bye',
    path: ['main.connect', 'main.after', 'main.bye'],
    transfers: [
      { node: 'main.connect', to: far.uri('desk'), by: 'bridge', outcome: 'answered', sipStatus: null },
    ],
  });
  const [transfer] = record.transfers;
  // The last frame of a prompt of 200 ms leaves 180 ms after the first.
  t.ok((transfer?.startMs ?? 0) >= 180, 'after the prompt');
  t.ok((transfer?.answeredMs ?? 0) > (transfer?.startMs ?? 0));
  t.ok((transfer?.endedMs ?? 0) > (transfer?.answeredMs ?? 0));
  const sound = await house.recording(record);
  t.ok(countTone(sound.caller, 700) > 20, 'the recording goes on: what the caller says');
  t.ok(countTone(sound.heard, 1300) > 20, 'and what the caller hears');
  // The recording's frames do not begin where the phone's do: what was five frames may be four there.
  t.ok(countRinging(sound.heard) >= 4, 'the ringing tone too');
  const journal = await house.journal(record);
  t.match(
    journal.map(({ type }) => type).filter((type) => /^transfer/.test(type)),
    ['transfer', 'transferRinging', 'transferAnswered', 'transferEnded', 'transferred'],
  );
  const plan = dialplanOf(plans['bridge'] ?? '', await house.manifest());
  t.same(replay(plan, journal), record.path, 'the journal leads the pure cores the same way');
  t.same(await house.leftAbove(idle), {});
});

for (const [status, outcome, node] of [
  [486, 'busy', 'main.engaged'],
  [603, 'refused', 'main.declined'],
  [480, 'noAnswer', 'main.nobody'],
  [404, 'failed', 'main.broken'],
] as const) {
  t.test(`a callee who answers ${status}: ${outcome}, and the dialog goes on there`, async (t) => {
    const caller = await dial();
    (await far.taken()).refuse(status);
    await caller.hears(longToneHz);
    await caller.end();
    const record = await house.record(caller.sipCallId);
    t.match(record, {
      endReason: 'remote-bye',
      path: ['main.connect', node, 'main.after'],
      transfers: [{ outcome, sipStatus: status, answeredMs: null, detail: String }],
    });
    t.same(await house.leftAbove(idle), {});
  });
}

t.test('a callee who never answers is cancelled after the ring time', async (t) => {
  const caller = await dial();
  const callee = await far.taken();
  callee.ring();
  await hearsRinging(caller);
  await callee.givenUp();
  caller.forget();
  await caller.hears(longToneHz);
  await caller.end();
  await callee.end();
  t.match(await house.record(caller.sipCallId), {
    path: ['main.connect', 'main.nobody', 'main.after'],
    transfers: [{ outcome: 'noAnswer' }],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('a host that may not be dialled: failed at once', async (t) => {
  const caller = await dial('nowhere');
  await caller.hears(longToneHz);
  await caller.end();
  t.match(await house.record(caller.sipCallId), {
    path: ['main.connect', 'main.broken', 'main.after'],
    transfers: [{ outcome: 'failed', sipStatus: null, detail: /may not be dialled/ }],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('a caller who hangs up while it rings: the callee is cancelled', async (t) => {
  const caller = await dial();
  const callee = await far.taken();
  callee.ring();
  await hearsRinging(caller);
  await caller.end();
  await callee.givenUp();
  await callee.end();
  t.match(await house.record(caller.sipCallId), {
    endReason: 'remote-bye',
    path: ['main.connect'],
    transfers: [{ outcome: 'cancelled', answeredMs: null }],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('a caller who hangs up while they talk: the callee is hung up', async (t) => {
  const { caller, callee } = await connected();
  await caller.end();
  await callee.farEnd();
  await callee.end();
  t.match(await house.record(caller.sipCallId), {
    endReason: 'remote-bye',
    transfers: [{ outcome: 'answered', answeredMs: Number }],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('both hang up at once: one record, nothing left', async (t) => {
  const { caller, callee } = await connected();
  await Promise.all([caller.end(), callee.end()]);
  t.match(await house.record(caller.sipCallId), { transfers: [{ outcome: 'answered' }] });
  t.same(await house.leftAbove(idle), {});
});

t.test('a caller who hangs up in the moment of the answer: the callee is hung up or cancelled', async (t) => {
  for (const order of ['caller first', 'callee first'] as const) {
    const caller = await dial();
    const callee = await far.taken();
    callee.ring();
    await hearsRinging(caller);
    if (order === 'callee first') callee.answer();
    const gone = caller.end();
    if (order === 'caller first') callee.answer();
    await gone;
    await callee.farEnd();
    await callee.end();
    t.match(await house.record(caller.sipCallId), { endReason: 'remote-bye', transfers: [{ to: String }] });
    t.same(await house.leftAbove(idle), {}, order);
  }
});

t.test('a callee who hangs up in the moment of the answer: the dialog goes on', async (t) => {
  const caller = await dial();
  const callee = (await far.taken()).answer();
  await callee.end();
  await caller.hears(longToneHz);
  await caller.end();
  t.match(await house.record(caller.sipCallId), { transfers: [{ outcome: 'answered' }] });
  t.same(await house.leftAbove(idle), {});
});

t.test('sound before the answer is heard instead of the ringing tone', async (t) => {
  const caller = await dial();
  const callee = await far.taken();
  callee.early();
  callee.sing(1300);
  await caller.hears(1300, 10);
  caller.forget();
  await caller.hears(1300, 20);
  t.equal(countRinging(caller.samples), 0);
  callee.refuse(486);
  callee.sing(0);
  await caller.hears(longToneHz);
  await caller.end();
  await callee.end();
  t.match(await house.record(caller.sipCallId), { transfers: [{ outcome: 'busy' }] });
  const second = await dial();
  const answering = await far.taken();
  answering.early();
  answering.answer();
  await hearEachOther(second, answering);
  await answering.end();
  await second.hears(longToneHz);
  await second.end();
  t.match(await house.record(second.sipCallId), { transfers: [{ outcome: 'answered' }] });
  t.same(await house.leftAbove(idle), {});
});

t.test('either side holds and comes back, and they go on talking', async (t) => {
  const { caller, callee } = await connected();
  for (const [holder, other, hz] of [
    [caller, callee, 1300],
    [callee, caller, 700],
  ] as const) {
    const held = await holder.reinvite('sendonly');
    t.equal(held?.status, 200);
    t.match(held?.body, /a=recvonly/);
    t.equal((await holder.reinvite('sendrecv'))?.status, 200);
    holder.forget();
    await holder.hears(hz, 10);
    t.notOk(other.hungUp);
  }
  t.equal((await caller.move())?.status, 200);
  caller.sing(700);
  callee.forget();
  await Promise.all([caller.hears(1300, 10), callee.hears(700, 10)]);
  await callee.end();
  await caller.end();
  await house.record(caller.sipCallId);
  t.same(await house.leftAbove(idle), {});
});

t.test('an offer that nobody speaks is refused and leaves the bridge as it was', async (t) => {
  const { caller, callee } = await connected();
  const offer = callee.offer().replace(/m=audio.*\r\n/, 'm=audio 4000 RTP/AVP 18\r\n');
  t.equal((await callee.dialog?.reinvite(offer))?.status, 488);
  caller.forget();
  await caller.hears(1300, 10);
  await caller.end();
  await callee.farEnd();
  await callee.end();
  await house.record(caller.sipCallId);
  t.same(await house.leftAbove(idle), {});
});

t.test('a callee that answers with nothing to hear is hung up, and the dialog goes on', async (t) => {
  const caller = await dial();
  const callee = await far.taken();
  const dialog = callee.incoming.accept({
    body: callee.offer().replace(/m=audio.*\r\n/, 'm=audio 4000 RTP/AVP 18\r\n'),
  });
  let bye = false;
  dialog.on('bye', () => (bye = true));
  await caller.hears(longToneHz);
  await eventually(() => bye || undefined);
  await caller.end();
  await callee.end();
  t.match(await house.record(caller.sipCallId), {
    path: ['main.connect', 'main.broken', 'main.after'],
    transfers: [{ outcome: 'failed', answeredMs: Number }],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('without a target for what comes after, the call ends with the callee', async (t) => {
  const { caller, callee } = await connected('once');
  await callee.end();
  await caller.farEnd();
  await caller.end();
  t.match(await house.record(caller.sipCallId), { endReason: 'local-bye', path: ['main.connect'] });
  t.same(await house.leftAbove(idle), {});
});

t.test('a target that a stranger dialled is refused', async (t) => {
  const caller = await dial('900123');
  await caller.hears(longToneHz);
  await caller.end();
  t.match(await house.record(caller.sipCallId), {
    path: ['main.connect', 'main.declined', 'main.after'],
    transfers: [{ to: '900123', outcome: 'refused', detail: /registered users only/ }],
  });
});

t.test('one call is connected by its dialplan, then in vain and again by an operator', async (t) => {
  const { caller, callee } = await connected();
  await callee.end();
  await caller.hears(longToneHz);
  const transfer = async () =>
    control.transfer((await control.calls())[0]?.id ?? '', { to: far.uri('other'), by: 'bridge' });
  await transfer();
  (await far.taken()).refuse(486);
  caller.forget();
  await caller.hears(longToneHz);
  await transfer();
  const other = (await far.taken()).answer();
  await hearEachOther(caller, other);
  await other.end();
  await caller.farEnd();
  await caller.end();
  t.match(await house.record(caller.sipCallId), {
    endReason: 'local-bye',
    detail: /whom an operator had transferred the caller to hung up/,
    path: ['main.connect', 'main.after'],
    transfers: [
      { node: 'main.connect', outcome: 'answered' },
      { node: null, outcome: 'busy', sipStatus: 486 },
      { node: null, outcome: 'answered' },
    ],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('the longest duration and a shutdown end both', async (t) => {
  const short = await House.start(
    t,
    { 'calls.maxDurationMs': 1500 },
    { dialplans: plans, numbers: transferNumbers },
  );
  const caller = await (await phone.dial(short.uri('bridge'))).answered();
  const callee = (await far.taken()).answer();
  await hearEachOther(caller, callee);
  await Promise.all([caller.farEnd(), callee.farEnd()]);
  await caller.end();
  await callee.end();
  t.match(await short.record(caller.sipCallId), {
    endReason: 'timeout',
    transfers: [{ outcome: 'answered' }],
  });
  const closing = await House.start(t, {}, { dialplans: plans, numbers: transferNumbers });
  const last = await (await phone.dial(closing.uri('bridge'))).answered();
  const other = (await far.taken()).answer();
  await hearEachOther(last, other);
  const closed = closing.server.close();
  await Promise.all([last.farEnd(), other.farEnd(), closed]);
  await last.end();
  await other.end();
  t.same(closing.log, []);
});

t.test('nothing had to be logged', async (t) => {
  t.same(
    house.log.filter(({ message }) => !/re-INVITE refused|a transfer could not go on/.test(message)),
    [],
  );
  t.same(await house.leftAbove(idle), {});
});
