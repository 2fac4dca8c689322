import t from 'tap';
import { explainEnd } from '../../src/store/end-reason-text.js';
import { ControlClient } from '../../src/http/control-client.js';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { House, longToneHz } from './house.js';
import { countTone, Phone, type PhoneCall, type TakenCall } from './phone.js';
import { countRinging, hearsRinging } from './ringing.js';
import { transferDialplans, transferNumbers } from './transfer-dialplans.js';
import { Transferee } from './transferee.js';

t.setTimeout(120_000);
const far = await Phone.open(t);
const phone = await Phone.open(t);
const plans = transferDialplans(far.uri('desk'), 'sip:desk@192.0.2.1');
const house = await House.start(t, {}, { dialplans: plans, numbers: transferNumbers });
const control = await ControlClient.open(house.dataDir);

async function dial(number = 'refer'): Promise<{ caller: PhoneCall; telephone: Transferee }> {
  const caller = await (await phone.dial(house.uri(number))).answered();
  return { caller, telephone: new Transferee(caller) };
}

const hangUp = async (caller: PhoneCall) => {
  await caller.end();
  return house.record(caller.sipCallId);
};

async function hearEachOther(caller: PhoneCall, callee: TakenCall): Promise<void> {
  caller.sing(700);
  callee.sing(1300);
  await Promise.all([caller.hears(1300, 10), callee.hears(700, 10)]);
}

const liveId = async () => (await control.calls())[0]?.id ?? '';
const idle = await house.held();

t.test('a telephone that is handed on talks with the target, and then our call ends', async (t) => {
  const { caller, telephone } = await dial();
  const { target, request, answer } = await telephone.referred();
  t.equal(target, far.uri('desk'));
  t.match(request.get('referred-by'), /^<sip:.*127\.0\.0\.1/);
  answer(202);
  t.equal(await telephone.tells(100), 200);
  const own = await phone.dial(target);
  const callee = await far.taken();
  callee.ring();
  t.equal(await telephone.tells(180), 200);
  caller.forget();
  await hearsRinging(caller);
  t.notOk(caller.hungUp, 'our call is up until the target has answered');
  callee.answer();
  await own.answered();
  t.equal(await telephone.tells(200), 200);
  await caller.farEnd();
  await hearEachOther(own, callee);
  await own.end();
  await callee.end();
  const record = await hangUp(caller);
  t.match(record, {
    endReason: 'local-bye',
    q850Cause: 16,
    detail: /handed on/,
    path: ['main.connect'],
    transfers: [{ by: 'refer', outcome: 'answered', sipStatus: 200, answeredMs: Number, detail: null }],
  });
  t.match(
    explainEnd(record),
    /the caller was handed on .* by handing the telephone on \(REFER\): it was answered\./,
  );
  const journal = await house.journal(record);
  t.same(replay(dialplanOf(plans['refer'] ?? '', await house.manifest()), journal), record.path);
  t.same(await house.leftAbove(idle), {});
});

t.test('how the call to the target went is told by its status, and the dialog goes on there', async (t) => {
  const each = async (status: number, outcome: string, node: string, words: RegExp): Promise<void> => {
    const { caller, telephone } = await dial();
    await telephone.takes();
    t.equal(await telephone.tells(status), 200);
    await caller.hears(longToneHz);
    caller.forget();
    await caller.hears(longToneHz, 10);
    t.equal(countRinging(caller.samples), 0, 'the ringing tone has ended');
    const record = await hangUp(caller);
    t.match(record, {
      endReason: 'remote-bye',
      path: ['main.connect', node, 'main.after'],
      transfers: [{ by: 'refer', outcome, sipStatus: status, answeredMs: null, detail: String }],
    });
    t.equal(record.transfers.length, 1);
    t.match(explainEnd(record), words);
    const journal = await house.journal(record);
    t.same(replay(dialplanOf(plans['refer'] ?? '', await house.manifest()), journal), record.path);
  };
  await Promise.all([
    each(486, 'busy', 'main.engaged', /it was busy \(486 Busy Here\)/),
    each(603, 'refused', 'main.declined', /it was refused \(603 Decline\)/),
    each(480, 'noAnswer', 'main.nobody', /nobody answered \(480/),
    each(408, 'noAnswer', 'main.nobody', /nobody answered \(408/),
    each(404, 'failed', 'main.broken', /it failed \(404 Not Found\)/),
  ]);
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'a subscription that ends without a final status: failed, in both ways, and nobody else is called',
  async (t) => {
    for (const number of ['refer', 'auto']) {
      const { caller, telephone } = await dial(number);
      await telephone.takes();
      t.equal(await telephone.notify('SIP/2.0 100 Trying\r\n', 'terminated;reason=timeout'), 200);
      await caller.hears(longToneHz);
      t.equal(await telephone.tells(200), 200, 'a NOTIFY that comes too late ends nothing');
      const record = await hangUp(caller);
      t.match(record, {
        path: ['main.connect', 'main.broken', 'main.after'],
        transfers: [{ by: 'refer', outcome: 'failed', sipStatus: null, detail: /never told how it went/ }],
      });
      t.equal(record.transfers.length, 1, number);
      t.same(await house.leftAbove(idle), {});
    }
  },
);

t.test(
  'a caller who hangs up before the final NOTIFY: the record says that nobody told how it went',
  async (t) => {
    for (const taken of [true, false]) {
      const { caller, telephone } = await dial();
      const refer = taken ? undefined : await telephone.referred();
      if (taken) await telephone.takes();
      const record = await hangUp(caller);
      // RFC 3261 §15.1.2: what is pending when the BYE comes.
      refer?.answer(487);
      t.match(record, {
        endReason: 'remote-bye',
        path: ['main.connect'],
        transfers: [{ by: 'refer', outcome: 'cancelled', sipStatus: null, answeredMs: null }],
      });
      t.match(
        explainEnd(record),
        /the call ended first: the caller's telephone had not told yet how it went/,
      );
      t.same(await house.leftAbove(idle), {}, String(taken));
    }
  },
);

t.test('a REFER that is refused: by refer failed, by auto the target is called', async (t) => {
  const each = async (status: number): Promise<void> => {
    const only = await dial('refer');
    (await only.telephone.referred()).answer(status);
    await only.caller.hears(longToneHz);
    const refused = await hangUp(only.caller);
    t.match(refused, {
      path: ['main.connect', 'main.broken', 'main.after'],
      transfers: [{ by: 'refer', outcome: 'failed', sipStatus: status, detail: /does not take a REFER/ }],
    });
    t.equal(refused.transfers.length, 1);
    const { caller, telephone } = await dial('auto');
    (await telephone.referred()).answer(status);
    const callee = (await far.taken()).answer();
    // Whichever it is: they all sing alike.
    await hearEachOther(caller, callee);
    await callee.end();
    await caller.hears(longToneHz);
    const record = await hangUp(caller);
    t.match(record, {
      path: ['main.connect', 'main.after'],
      transfers: [
        { by: 'refer', outcome: 'failed', sipStatus: status },
        { by: 'bridge', outcome: 'answered', sipStatus: null, answeredMs: Number },
      ],
    });
    t.match(explainEnd(record), /REFER\): it failed .*by bridging: it was answered, and they were connected/);
  };
  await Promise.all([405, 501, 603].map(each));
  t.same(await house.leftAbove(idle), {});
});

t.test('by auto a target that said no is not called again, one that was not found is', async (t) => {
  const busy = await dial('auto');
  await busy.telephone.takes();
  await busy.telephone.tells(486);
  await busy.caller.hears(longToneHz);
  const record = await hangUp(busy.caller);
  t.match(record, { path: ['main.connect', 'main.engaged', 'main.after'] });
  t.match(
    record.transfers.map(({ by, outcome }) => `${by} ${outcome}`),
    ['refer busy'],
  );
  const lost = await dial('auto');
  await lost.telephone.takes();
  await lost.telephone.tells(404);
  (await far.taken()).refuse(486);
  await lost.caller.hears(longToneHz);
  t.match(await hangUp(lost.caller), {
    path: ['main.connect', 'main.engaged', 'main.after'],
    transfers: [
      { by: 'refer', outcome: 'failed', sipStatus: 404 },
      { by: 'bridge', outcome: 'busy', sipStatus: 486 },
    ],
  });
  t.same(await house.leftAbove(idle), {});
});

t.test('a NOTIFY that overtakes the answer to the REFER counts', async (t) => {
  const { caller, telephone } = await dial();
  const { answer } = await telephone.referred();
  t.equal(await telephone.tells(486), 200);
  answer(202);
  await caller.hears(longToneHz);
  t.match(await hangUp(caller), { transfers: [{ outcome: 'busy' }] });
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'a telephone that does not know the call any more: it ends, and nobody is called into silence',
  async (t) => {
    const { caller, telephone } = await dial('auto');
    (await telephone.referred()).answer(481);
    await caller.farEnd();
    const record = await hangUp(caller);
    t.match(record, {
      endReason: 'error',
      detail: /does not know this call any more \(481 to our REFER\)/,
      path: ['main.connect'],
      transfers: [{ by: 'refer' }],
    });
    t.equal(record.transfers.length, 1);
    t.same(await house.leftAbove(idle), {});
  },
);

t.test('a telephone that holds us while it calls, and comes back: the dialog is heard', async (t) => {
  const { caller, telephone } = await dial();
  await telephone.takes();
  t.match((await caller.reinvite('sendonly'))?.body, /a=recvonly/);
  await telephone.tells(603);
  t.equal((await caller.reinvite('sendrecv'))?.status, 200);
  caller.forget();
  await caller.hears(longToneHz, 10);
  t.match(await hangUp(caller), { path: ['main.connect', 'main.declined', 'main.after'] });
  t.same(await house.leftAbove(idle), {});
});

t.test(
  'while a telephone is handed on keys mean nothing and no second transfer begins; an operator may hang up',
  async (t) => {
    const { caller, telephone } = await dial();
    await telephone.takes();
    await caller.press('1');
    await t.rejects(control.transfer(await liveId(), { to: far.uri('desk'), by: 'bridge' }), {
      message: /connected with somebody already/,
    });
    t.equal(
      await telephone.notify('', 'active', 'presence'),
      489,
      'what is told of other things is not taken',
    );
    t.equal(telephone.unanswered, 0, 'one REFER');
    await control.hangup(await liveId());
    await caller.farEnd();
    const record = await hangUp(caller);
    t.match(record, {
      endReason: 'local-bye',
      detail: 'an operator hung up',
      path: ['main.connect'],
      transfers: [{ outcome: 'cancelled' }],
    });
    t.same(await house.leftAbove(idle), {});
  },
);

t.test(
  'an operator hands a caller on out of a prompt; what that cut is asked again if it fails',
  async (t) => {
    const { caller, telephone } = await dial('1');
    await caller.hears(longToneHz);
    await control.transfer(await liveId(), { to: far.uri('desk'), by: 'refer' });
    await telephone.takes();
    caller.forget();
    await hearsRinging(caller);
    t.equal(countTone(caller.samples, longToneHz), 0, 'the prompt was cut');
    await telephone.tells(486);
    await caller.hears(longToneHz);
    const record = await hangUp(caller);
    t.match(record, { transfers: [{ node: null, by: 'refer', outcome: 'busy', sipStatus: 486 }] });
    t.match(explainEnd(record), /An operator transferred it to .*: it was busy/);
    t.same(await house.leftAbove(idle), {});
  },
);

t.test('what comes too late of a first REFER does not end a second one', async (t) => {
  const { caller, telephone } = await dial('1');
  const refer = async (beforeAnswer?: () => Promise<unknown>) => {
    await caller.hears(longToneHz);
    await control.transfer(await liveId(), { to: far.uri('desk'), by: 'refer' });
    const { request, answer } = await telephone.referred();
    await beforeAnswer?.();
    answer(202);
    return `refer;id=${parseInt(request.get('cseq') ?? '', 10)}`;
  };
  const first = await refer();
  await telephone.notify('SIP/2.0 100 Trying\r\n', 'terminated;reason=timeout', first);
  caller.forget();
  const second = await refer(() =>
    telephone.notify('SIP/2.0 200 OK\r\n', 'terminated;reason=noresource', first),
  );
  t.not(first, second);
  t.equal(await telephone.notify('SIP/2.0 200 OK\r\n', 'terminated;reason=noresource', first), 200);
  await telephone.notify('SIP/2.0 486 Busy Here\r\n', 'terminated;reason=noresource', second);
  caller.forget();
  await caller.hears(longToneHz);
  t.match(
    (await hangUp(caller)).transfers.map(({ outcome, sipStatus }) => [outcome, sipStatus]),
    [
      ['failed', null],
      ['busy', 486],
    ],
  );
  t.same(await house.leftAbove(idle), {});
});

t.test('nothing had to be logged, and nothing is left', async (t) => {
  t.same(house.log, []);
  t.same(await house.leftAbove(idle), {});
});
