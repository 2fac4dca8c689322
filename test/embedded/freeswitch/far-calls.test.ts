import t, { type Test } from 'tap';
import { tone } from '../../../src/audio/tone.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import type { FreeSwitchServer } from '../../../src/embedded/freeswitch/freeswitch-server.js';
import { MediaWorkers, shareOut } from '../../../src/embedded/media-workers.js';
import { connectLibraries, hears, hum, nothingLeft, packetsWith, start } from './libraries.js';
import {
  answeredCall,
  api,
  execute,
  limited,
  SECRET,
  until,
  type EslConnection,
  type EslEvent,
} from './testbed.js';

const settings = {
  eventSocket: { host: '127.0.0.1', port: 0 },
  secret: SECRET,
  sip: 'udp:127.0.0.1:0',
  rtpAddress: '127.0.0.1',
  rtpPorts: { min: 0, max: 0 },
};
const [LOW, MIDDLE, HIGH] = [500, 850, 1400];

async function workersOf(t: Test, count: number) {
  const workers = await MediaWorkers.start(shareOut(settings, count), {
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => workers.close());
  const call = (worker: number) => answeredCall(t, workers.addresses[worker] as unknown as FreeSwitchServer);
  return { workers, call };
}

async function nothingHeld(workers: MediaWorkers): Promise<void> {
  let counts = await workers.counts();
  for (let i = 0; i < 150; i += 1) {
    const { channels, rtpPorts, sockets, conferenceMembers } = counts;
    if ([channels, rtpPorts, sockets, conferenceMembers].every((count) => count === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
    counts = await workers.counts();
  }
  throw new Error(`left: ${JSON.stringify(counts)}`);
}

/** Asks until the answer is right, as long as other workers may take. */
async function answers(control: EslConnection, command: string, wanted: RegExp): Promise<string> {
  let answer = '';
  for (let i = 0; i < 200; i += 1) {
    answer = await api(control, command);
    if (wanted.test(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${command}: ${answer}`);
}

const actions = (events: readonly EslEvent[], action: string): EslEvent[] =>
  events.filter((event) => event.getHeader('Action') === action);

t.test('calls on two workers are bridged: sound and keys both ways, until they are parted', async (t) => {
  const { workers, call } = await workersOf(t, 2);
  const [one, other] = [await call(0), await call(1)];
  t.equal(
    await api(one.control, `uuid_bridge ${one.uuid} 00000000-0000-0000-0000-000000000000`),
    '-ERR Invalid uuid\n',
  );
  t.equal(await api(one.control, `uuid_bridge ${one.uuid} ${other.uuid}`), `+OK ${other.uuid}\n`);
  t.equal(await api(other.control, `uuid_getvar ${other.uuid} bridge_uuid`), one.uuid);
  t.equal(await api(one.control, `uuid_getvar ${one.uuid} bridge_uuid`), other.uuid);
  const sinceMs = performance.now();
  hum(one.phone, LOW);
  hum(other.phone, HIGH);
  await Promise.all([hears(other.phone, LOW, sinceMs), hears(one.phone, HIGH, sinceMs)]);
  t.equal(packetsWith(one.phone, LOW, sinceMs), 0, 'nobody hears himself');
  const pressed = new Promise((resolve) => other.phone.session.once('dtmf', resolve));
  await one.phone.session.sendDtmf('7', 100);
  t.equal(await limited('the key', pressed), '7');
  t.equal(await api(one.control, `uuid_transfer ${one.uuid} -both park inline`), '+OK\n');
  t.equal(await api(other.control, `uuid_getvar ${other.uuid} bridge_uuid`), '_undef_');
  const partedMs = performance.now() + 100;
  hum(one.phone, LOW, 400);
  await until('it was said', () => one.phone.isSilent);
  t.equal(packetsWith(other.phone, LOW, partedMs), 0);
  await one.dialog.bye();
  await other.dialog.bye();
  await nothingHeld(workers);
});

t.test('the end of one call frees the other from the bridge, whichever it is', async (t) => {
  const { workers, call } = await workersOf(t, 2);
  const [one, other] = [await call(0), await call(1)];
  // As the other end's client would say it.
  t.equal(await api(other.control, `uuid_bridge ${one.uuid} ${other.uuid}`), `+OK ${other.uuid}\n`);
  await one.dialog.bye();
  const third = await call(0);
  t.equal(await api(other.control, `uuid_bridge ${other.uuid} ${third.uuid}`), `+OK ${third.uuid}\n`);
  const sinceMs = performance.now();
  hum(third.phone, MIDDLE);
  await hears(other.phone, MIDDLE, sinceMs);
  await other.dialog.bye();
  const slept = await execute(third.control, 'sleep', '10');
  t.equal(slept.getHeader('Application'), 'sleep', 'the call that is left goes on');
  await third.dialog.bye();
  await nothingHeld(workers);
});

t.test('a conference has members of three workers; each hears the others once', async (t) => {
  const { workers, call } = await workersOf(t, 3);
  const members = [
    { ...(await call(0)), hz: LOW },
    { ...(await call(1)), hz: MIDDLE },
    { ...(await call(2)), hz: HIGH },
  ];
  for (const [index, { control, events }] of members.entries()) {
    control.execute('conference', 'Standup');
    await until(`member ${index} is in`, () => actions(events, 'add-member').length === 1);
  }
  const [first, second, third] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]];
  t.strictSame(
    members.map(({ events }) => actions(events, 'add-member')[0]?.getHeader('Member-ID')),
    ['1', '2', '3'],
  );
  const added = actions(second.events, 'add-member')[0];
  t.equal(added?.getHeader('Conference-Size'), '2');
  t.equal(added?.getHeader('Unique-ID'), second.uuid);
  t.equal(added?.getHeader('variable_uuid'), second.uuid, 'with all that its channel says');
  const sinceMs = performance.now();
  for (const { phone, hz } of members) hum(phone, hz, 1500);
  await Promise.all(
    members.flatMap(({ phone }) =>
      members.filter((other) => other.phone !== phone).map(({ hz }) => hears(phone, hz, sinceMs)),
    ),
  );
  for (const { phone, hz } of members) t.equal(packetsWith(phone, hz, sinceMs), 0, `${hz} Hz: no echo`);
  for (const { control } of members) {
    t.equal(await api(control, 'conference standup list count'), '3', 'each worker answers for it');
    t.equal(await api(control, 'conference count'), '1');
    t.match(await api(control, 'conference list'), /^\+OK Conference Standup \(3 members /);
    t.equal((JSON.parse(await api(control, 'conference json_list')) as unknown[]).length, 1);
  }
  t.equal(await api(third.control, 'conference standup mute 2'), '+OK mute 2\n');
  await until('its own client is told', () => actions(second.events, 'mute-member').length === 1);
  const mutedMs = performance.now() + 100;
  hum(second.phone, MIDDLE, 500);
  await until('it was said', () => second.phone.isSilent);
  t.equal(packetsWith(first.phone, MIDDLE, mutedMs), 0);
  t.match(await api(first.control, 'conference standup kick 2'), /^\+OK kicked 2/);
  await until('it is out', () =>
    second.events.some(
      (event) =>
        event.getHeader('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE' &&
        event.getHeader('Application') === 'conference',
    ),
  );
  t.equal(actions(second.events, 'del-member').length, 1);
  await third.dialog.bye();
  await answers(second.control, 'conference standup list count', /^1$/);
  await first.dialog.bye();
  await answers(second.control, 'conference standup list count', /Conference standup not found/);
  second.control.execute('conference', 'standup');
  await until('it begins elsewhere', () => actions(second.events, 'add-member').length === 2);
  t.equal(actions(second.events, 'add-member')[1]?.getHeader('Conference-Size'), '1');
  await second.dialog.bye();
  await nothingHeld(workers);
});

t.test('a call that ends while its conference is looked for leaves no member behind', async (t) => {
  const { workers, call } = await workersOf(t, 2);
  const [host, other] = [await call(0), await call(1)];
  host.control.execute('conference', 'brief');
  await until('it is there', () => actions(host.events, 'add-member').length === 1);
  const isOver = new Promise((resolve) => other.dialog.on('ended', resolve));
  // At once: the call is over before the main thread, which we keep, can have said who has the conference.
  other.control.execute('conference', 'brief');
  await api(other.control, `uuid_kill ${other.uuid}`);
  await limited('it is over', isOver);
  const third = await call(1);
  third.control.execute('conference', 'brief');
  await until('the next one is in', () => actions(third.events, 'add-member').length === 1);
  t.equal(await api(host.control, 'conference brief list count'), '2');
  await host.dialog.bye();
  await third.dialog.bye();
  await nothingHeld(workers);
});

t.test('members are sent to a conference of another worker, from wherever their calls are', async (t) => {
  const { workers, call } = await workersOf(t, 3);
  const [host, guest, local, far] = [await call(0), await call(1), await call(0), await call(2)];
  const join = async (member: typeof host, name: string, size: string): Promise<void> => {
    member.control.execute('conference', name);
    await until(`in ${name}`, () => actions(member.events, 'add-member').length === 1);
    t.equal(actions(member.events, 'add-member')[0]?.getHeader('Conference-Size'), size);
  };
  await join(guest, 'there', '1');
  await join(host, 'here', '1');
  await join(local, 'here', '2');
  await join(far, 'here', '3');
  await api(guest.control, 'conference there lock');
  await api(host.control, 'conference here mute 2');
  await api(host.control, 'conference here volume_in 3 2');
  t.equal(
    await api(host.control, 'conference here transfer there 2 3 9'),
    "+OK Member '2' sent to conference there.\n+OK Member '3' sent to conference there.\n-ERR No Member 9 in conference here.\n",
  );
  for (const member of [local, far]) {
    await until('it has moved', () => actions(member.events, 'add-member').length === 2);
    t.equal(actions(member.events, 'transfer')[0]?.getHeader('New-Conference-Name'), 'there');
    t.equal(actions(member.events, 'add-member')[1]?.getHeader('Conference-Name'), 'there');
  }
  t.equal(await api(host.control, 'conference here list count'), '1');
  t.equal(await api(host.control, 'conference there list count'), '3', 'a lock keeps out nobody who is sent');
  const list = (await api(guest.control, 'conference there list')).split('\n');
  t.match(
    list.find((line) => line.includes(local.uuid)),
    /^2;.*;hear;0;0;0$/,
    'still muted, with his number',
  );
  t.match(
    list.find((line) => line.includes(far.uuid)),
    /^3;.*;hear\|speak[^;]*;2;0;0$/,
    'still louder',
  );
  const sinceMs = performance.now();
  hum(far.phone, LOW);
  hum(guest.phone, HIGH);
  await Promise.all([hears(guest.phone, LOW, sinceMs), hears(local.phone, HIGH, sinceMs)]);
  t.equal(packetsWith(host.phone, LOW, sinceMs), 0, 'who stayed hears nobody');
  t.equal(
    [...local.events, ...far.events].filter((event) => event.getHeader('Application') === 'conference')
      .length,
    2,
    'their application goes on',
  );
  for (const { dialog } of [host, guest, local, far]) await dialog.bye();
  await nothingHeld(workers);
});

t.test('a transfer of nobody takes no name', async (t) => {
  const { workers, call } = await workersOf(t, 2);
  const [host, other] = [await call(0), await call(1)];
  host.control.execute('conference', 'here');
  await until('it is there', () => actions(host.events, 'add-member').length === 1);
  t.equal(
    await api(host.control, 'conference here transfer free 7'),
    '-ERR No Member 7 in conference here.\n',
  );
  other.control.execute('conference', 'free');
  await until('another worker has it', () => actions(other.events, 'add-member').length === 1);
  await host.dialog.bye();
  await other.dialog.bye();
  await nothingHeld(workers);
});

t.test(
  'a worker that crashes ends its conference for members elsewhere, and takes its own members out',
  async (t) => {
    const { workers, call } = await workersOf(t, 2);
    const [owner, guest] = [await call(0), await call(1)];
    const [host, lost] = [await call(1), await call(0)];
    for (const [name, first, second] of [
      ['away', owner, guest],
      ['stays', host, lost],
    ] as const) {
      for (const { control, events } of [first, second]) {
        control.execute('conference', name);
        await until(`${name}: in`, () => actions(events, 'add-member').length === 1);
      }
    }
    t.equal(await api(host.control, 'conference stays list count'), '2');
    const hungUp = new Promise((resolve) => guest.dialog.on('ended', resolve));
    await workers['seats'][0]?.['worker']?.['worker'].terminate();
    t.equal(await limited('the member of the lost conference', hungUp), 'remote-bye');
    await answers(host.control, 'conference stays list count', /^1$/);
    t.match(await api(host.control, 'conference away list count'), /not found/);
    await host.dialog.bye();
  },
);

t.test('drachtio-fsmrf joins an endpoint of one media server to a conference of another', async (t) => {
  const pair = await start(t, undefined, 2);
  const { ms, workers, call } = await connectLibraries(t, pair);
  const conference = await limited('createConference', ms.createConference('team'));
  const [, second = ms] = workers;
  await t.rejects(second.createConference('team'), 'the name is taken everywhere');
  const [here, there] = [await call(), await call(second)];
  for (const { endpoint } of [here, there]) {
    const { confUuid } = await limited('join', endpoint.join(conference));
    t.equal(confUuid, conference.uuid);
  }
  t.equal(await conference.getSize(), 3);
  await until('its control leg knows both', () => conference.participants.size >= 2);
  const sinceMs = performance.now();
  hum(here.phone, LOW);
  hum(there.phone, HIGH);
  await Promise.all([hears(there.phone, LOW, sinceMs), hears(here.phone, HIGH, sinceMs)]);
  await there.endpoint.confMute();
  await limited('destroy', conference.destroy());
  await nothingLeft(pair);
  t.pass('its end hung up both, and left nothing');
});

t.test(
  'what a member says to a conference elsewhere is whole: no frame is lost, none comes twice',
  async (t) => {
    const { call } = await workersOf(t, 2);
    const [one, other] = [await call(0), await call(1)];
    await api(one.control, `uuid_bridge ${one.uuid} ${other.uuid}`);
    const sinceMs = performance.now();
    other.phone.say(tone({ frequenciesHz: [LOW], durationMs: 2000, sampleRateHz: 8000, levelDb: -12 }));
    await until('it was heard', () => packetsWith(one.phone, LOW, sinceMs) >= 98);
    await until('it was said', () => other.phone.isSilent);
    t.ok(packetsWith(one.phone, LOW, sinceMs) <= 104, `${packetsWith(one.phone, LOW, sinceMs)} packets`);
  },
);
