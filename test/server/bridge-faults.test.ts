import t, { type Test } from 'tap';
import type { FreeSwitchServer } from '../../src/embedded/freeswitch/freeswitch-server.js';
import { ControlClient } from '../../src/http/control-client.js';
import { explainEnd } from '../../src/store/end-reason-text.js';
import { connectClient, type EslConnection } from '../embedded/freeswitch/testbed.js';
import { House, longToneHz } from './house.js';
import { daemons } from './own-daemons.js';
import { Phone, type PhoneCall, type TakenCall } from './phone.js';
import { transferDialplans, transferNumbers } from './transfer-dialplans.js';

t.setTimeout(60_000);
const far = await Phone.open(t);
const phone = await Phone.open(t);
const files = {
  dialplans: transferDialplans(far.uri('desk'), 'sip:desk@192.0.2.1'),
  numbers: transferNumbers,
};

/** A server on daemons that the test has in its hand. */
async function open(t: Test) {
  const { pair, options } = await daemons(t);
  const house = await House.start(t, options, files);
  const sip = async () => (await pair.counts()).drachtio['dialogs'];
  return { pair, house, sip };
}

async function talk(caller: PhoneCall, callee: TakenCall): Promise<void> {
  caller.sing(700);
  callee.sing(1300);
  await Promise.all([caller.hears(1300, 10), callee.hears(700, 10)]);
}

async function connected(house: House, number = 'bridge'): Promise<{ caller: PhoneCall; callee: TakenCall }> {
  const caller = await (await phone.dial(house.uri(number))).answered();
  const callee = (await far.taken()).answer();
  await talk(caller, callee);
  return { caller, callee };
}

const api = (client: EslConnection, command: string): Promise<string> =>
  new Promise((resolve) => client.api(command, (reply) => resolve(reply.getBody())));

/** The media legs that there are, in the order in which they were made. */
async function legs(client: EslConnection): Promise<readonly string[]> {
  const { rows = [] } = JSON.parse(await api(client, 'show channels as json')) as {
    rows?: readonly { uuid: string }[];
  };
  return rows.map(({ uuid }) => uuid);
}

t.test('legs that end, fall silent or vanish under two people who talk', async (t) => {
  const { pair, house, sip } = await open(t);
  const media = await connectClient(t, pair.media[0] as unknown as FreeSwitchServer, 'media-secret');
  const control = await ControlClient.open(house.dataDir);
  const idle = await house.held();

  t.test("the media server ends the callee's leg: the callee is hung up, the caller goes on", async (t) => {
    const { caller, callee } = await connected(house);
    const [, farLeg = ''] = await legs(media);
    t.match(await api(media, `uuid_kill ${farLeg}`), /^\+OK/);
    await callee.farEnd();
    await caller.hears(longToneHz);
    await Promise.all([caller.end(), callee.end()]);
    const record = await house.record(caller.sipCallId);
    t.match(record, {
      endReason: 'remote-bye',
      path: ['main.connect', 'main.broken', 'main.after'],
      transfers: [{ outcome: 'failed', answeredMs: Number, detail: /ended the other side's leg/ }],
    });
    t.match(
      explainEnd(record),
      /it was answered, and broke off: the media server ended the other side's leg/,
    );
    t.same(await house.leftAbove(idle), {});
    t.equal(await sip(), 0);
  });

  t.test("the media server ends the caller's leg: both are hung up", async (t) => {
    const { caller, callee } = await connected(house);
    const [nearLeg = ''] = await legs(media);
    await api(media, `uuid_kill ${nearLeg}`);
    await Promise.all([caller.farEnd(), callee.farEnd()]);
    await Promise.all([caller.end(), callee.end()]);
    t.match(await house.record(caller.sipCallId), {
      endReason: 'error',
      q850Cause: 41,
      detail: /the media server ended the call/,
      transfers: [{ outcome: 'answered', answeredMs: Number }],
    });
    t.same(await house.leftAbove(idle), {});
    t.equal(await sip(), 0);
  });

  t.test("a callee's sound that stops and comes back ends nothing; nor does the caller's", async (t) => {
    const { caller, callee } = await connected(house);
    for (const [stops, other, hz] of [
      [callee, caller, 700],
      [caller, callee, 1300],
    ] as const) {
      stops.stop();
      other.forget();
      stops.forget();
      await stops.hears(hz, 20);
      t.ok(other.audibleFrames < 10, `${other.audibleFrames} frames were under way`);
      stops.resume();
      other.forget();
      await other.hears(stops === callee ? 1300 : 700, 10);
    }
    await caller.end();
    await callee.farEnd();
    await callee.end();
    t.match(await house.record(caller.sipCallId), {
      endReason: 'remote-bye',
      transfers: [{ outcome: 'answered' }],
    });
    t.same(await house.leftAbove(idle), {});
  });

  t.test('a side that vanishes without a word: the other can hang up, and the record is kept', async (t) => {
    const [lostCallee, lostCaller] = [await Phone.open(t), await Phone.open(t)];
    // Whom an operator connected, since our dialplans call the other phone; and one whose call ends with the callee's.
    const stays = await (await phone.dial(house.uri('1'))).answered();
    await stays.hears(longToneHz);
    const [live] = await control.calls();
    await control.transfer(live?.id ?? '', { to: lostCallee.uri(), by: 'bridge' });
    const goes = (await lostCallee.taken()).answer();
    const gone = await (await lostCaller.dial(house.uri('once'))).answered();
    const left = (await far.taken()).answer();
    await Promise.all([talk(stays, goes), talk(gone, left)]);
    await Promise.all([lostCallee.agent.close(), lostCaller.agent.close()]);
    await Promise.all([stays.end(), left.end()]);
    t.match(await house.record(stays.sipCallId), {
      endReason: 'remote-bye',
      transfers: [{ node: null, outcome: 'answered', answeredMs: Number }],
    });
    t.match(await house.record(gone.sipCallId), {
      endReason: 'local-bye',
      transfers: [{ outcome: 'answered' }],
    });
    t.same(await house.leftAbove(idle, 500), {});
  });

  t.test('nothing had to be logged but the leg that was ended', async (t) => {
    t.same(
      house.log.filter(({ message }) => !/the media server ended a call/.test(message)),
      [],
    );
  });
});
