import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { goertzel } from '../../../src/audio/goertzel.js';
import { tone } from '../../../src/audio/tone.js';
import { encodeWav, parseWav } from '../../../src/audio/wav.js';
import { connectLibraries, hears, hum, nothingLeft, packetsWith, start, type Endpoint } from './libraries.js';
import { limited, until, type EslEvent } from './testbed.js';

const sounds = mkdtempSync(join(tmpdir(), 'xiangyin-conference-'));
t.teardown(() => rmSync(sounds, { recursive: true, force: true }));
const chime = tone({ frequenciesHz: [2000], durationMs: 600, sampleRateHz: 8000, levelDb: -12 });
writeFileSync(join(sounds, 'chime.wav'), encodeWav(chime, { sampleRateHz: 8000, channels: 1 }));
const [LOW, MIDDLE, HIGH, CHIME] = [500, 850, 1400, 2000];

function actions(endpoint: Endpoint): EslEvent[] {
  const events: EslEvent[] = [];
  endpoint.conn.on('esl::event::CUSTOM::*', (event) => {
    if (event.getHeader('Event-Subclass') === 'conference::maintenance') events.push(event);
  });
  return events;
}

function named(events: EslEvent[], action: string): EslEvent[] {
  return events.filter((event) => event.getHeader('Action') === action);
}

t.test('three members hear each other and not themselves', async (t) => {
  const pair = await start(t, sounds);
  const { call } = await connectLibraries(t, pair);
  const members = [
    { ...(await call()), hz: LOW },
    { ...(await call()), hz: MIDDLE },
    { ...(await call()), hz: HIGH },
  ];
  for (const { endpoint } of members) await limited('join', endpoint.join('standup'));
  t.strictSame(
    members.map(({ endpoint }) => endpoint.conf.memberId),
    [1, 2, 3],
  );
  const sinceMs = performance.now();
  for (const { phone, hz } of members) hum(phone, hz);
  await Promise.all(
    members.flatMap(({ phone }) =>
      members.filter((other) => other.phone !== phone).map(({ hz }) => hears(phone, hz, sinceMs)),
    ),
  );
  for (const { phone, hz } of members)
    t.equal(packetsWith(phone, hz, sinceMs), 0, `${hz} Hz comes back to nobody`);
  for (const { hangUp } of members) await hangUp();
  await nothingLeft(pair);
});

t.test(
  'a conference is created, tells of its members, is asked and set, and its end leaves nothing',
  async (t) => {
    const pair = await start(t, sounds);
    const { ms, call } = await connectLibraries(t, pair);
    const conference = await limited('createConference', ms.createConference('team', { maxMembers: 3 }));
    const events = actions(conference.endpoint);
    await t.rejects(ms.createConference('team'), 'one of that name is there');
    t.equal(await conference.getSize(), 1, 'its control leg counts');
    t.equal(await conference.get('max_members'), 3);
    t.equal(await conference.set('max_members', 2), '3', 'the answer is what was before');
    t.equal(await conference.get('uuid'), conference.uuid);
    const { endpoint } = await call();
    const { memberId, confUuid } = await limited(
      'join',
      endpoint.join(conference, { flags: { moderator: true } }),
    );
    t.equal(confUuid, conference.uuid);
    await until('add-member', () => named(events, 'add-member').length === 1);
    const [added] = named(events, 'add-member');
    t.equal(added?.getHeader('Conference-Name'), 'team');
    t.equal(added?.getHeader('Conference-Size'), '2');
    t.equal(added?.getHeader('Member-ID'), String(memberId));
    t.equal(added?.getHeader('Member-Type'), 'moderator');
    t.equal(added?.getHeader('Unique-ID'), endpoint.uuid);
    t.ok(conference.participants.has(memberId));
    t.match(
      (await conference.list()).getBody(),
      new RegExp(`^${memberId};.*;${endpoint.uuid};.*;hear\\|speak`, 'm'),
    );
    const json = JSON.parse(await ms.api('conference json_list')) as { members: { id: number }[] }[];
    t.strictSame(
      json.map(({ members }) => members.map(({ id }) => id)),
      [[conference.memberId, memberId]],
    );
    t.match(await ms.api('conference team xml_list'), new RegExp(`<uuid>${endpoint.uuid}</uuid>`));
    t.match(await conference.lock(), /\+OK team locked/);
    t.match(await conference.unlock(), /\+OK team unlocked/);
    t.match((await conference.agc('on')).getBody(), /^agc </, 'as the real server: its usage');
    await t.rejects(conference.mute(''), 'whom, the real server asks');
    const third = await call();
    const refused = await limited('a full conference', third.endpoint.execute('conference', 'team'));
    t.equal(
      refused.getHeader('Application'),
      'conference',
      'a full conference lets nobody in: the application is over',
    );
    await limited('destroy', conference.destroy());
    await third.hangUp();
    await nothingLeft(pair);
  },
);

t.test('the end of the control leg hangs the members up and destroys the conference', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const conference = await ms.createConference('brief');
  const { endpoint } = await call();
  await endpoint.join(conference);
  const gone = new Promise<{ reason: string }>((resolve) =>
    endpoint.on('destroy', (how: { reason: string }) => resolve(how)),
  );
  await limited('destroy', conference.destroy());
  t.equal((await limited('the member is hung up', gone)).reason, 'NORMAL_CLEARING');
  t.match(await ms.api('conference brief list'), /^-ERR Conference brief not found/);
  t.match(await ms.api('conference list'), /^\+OK No active conferences/);
  await nothingLeft(pair);
});

t.test('mute takes a member out of what the others hear, deaf takes the others from him', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const conference = await ms.createConference('quiet');
  const events = actions(conference.endpoint);
  const [one, two] = [await call(), await call()];
  await one.endpoint.join(conference);
  await two.endpoint.join(conference);
  const { memberId } = one.endpoint.conf;
  t.match(await one.endpoint.confMute(), `+OK mute ${memberId}\n`);
  await until('mute-member', () => named(events, 'mute-member').length === 1);
  t.equal(named(events, 'mute-member')[0]?.getHeader('Speak'), 'false');
  let sinceMs = performance.now();
  hum(one.phone, LOW);
  hum(two.phone, HIGH);
  await hears(one.phone, HIGH, sinceMs);
  t.equal(packetsWith(two.phone, LOW, sinceMs), 0, 'the muted one is not heard');
  t.match(await one.endpoint.confUnmute(), /^\+OK unmute/);
  t.match(await one.endpoint.confDeaf(), /^\+OK deaf/);
  await until('the hums are over', () => {
    const lastMs = performance.now() - 100;
    return packetsWith(one.phone, HIGH, lastMs) + packetsWith(two.phone, LOW, lastMs) === 0;
  });
  sinceMs = performance.now();
  hum(one.phone, LOW);
  hum(two.phone, HIGH);
  await hears(two.phone, LOW, sinceMs);
  t.equal(packetsWith(one.phone, HIGH, sinceMs), 0, 'the deaf one hears nobody');
  await until('talking', () => named(events, 'start-talking').length > 0);
  t.match(await conference.undeaf('all'), /\+OK undeaf/);
  t.match((await one.endpoint.api('conference', 'quiet mute 999')).getBody(), /^-ERR Non-Existant ID 999/);
  t.match(
    (await one.endpoint.api('conference', 'quiet wash 1')).getBody(),
    "-ERR Conference command 'wash' not found.",
  );
  await conference.destroy();
  await nothingLeft(pair);
});

t.test('a kick is told, the application completes, and the call goes on', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const conference = await ms.createConference('door');
  const events = actions(conference.endpoint);
  const { endpoint, phone, hangUp } = await call();
  const completed = new Promise<EslEvent>((resolve) => {
    endpoint.conn.on(`esl::event::CHANNEL_EXECUTE_COMPLETE::${endpoint.uuid}`, resolve);
  });
  await endpoint.join(conference);
  const { memberId } = endpoint.conf;
  t.match(await endpoint.confKick(), `+OK kicked ${memberId}\n`);
  t.equal((await limited('completion', completed)).getHeader('Application'), 'conference');
  await until('del-member', () => named(events, 'del-member').length === 1);
  t.equal(named(events, 'kick-member')[0]?.getHeader('Member-ID'), String(memberId));
  t.equal(named(events, 'del-member')[0]?.getHeader('Conference-Size'), '1');
  const sinceMs = performance.now();
  await endpoint.play('tone_stream://%(300,0,1400)');
  t.ok(packetsWith(phone, HIGH, sinceMs) > 5, 'the call goes on without it');
  await hangUp();
  await conference.destroy();
  await nothingLeft(pair);
});

t.test('a file played into a conference is heard by all, and its end is told with its length', async (t) => {
  const pair = await start(t, sounds);
  const { ms, call } = await connectLibraries(t, pair);
  const conference = await ms.createConference('news');
  const events = actions(conference.endpoint);
  const [one, two] = [await call(), await call()];
  await one.endpoint.join(conference);
  await two.endpoint.join(conference);
  const sinceMs = performance.now();
  const played = await limited('play', conference.play(['chime.wav', 'chime.wav']));
  t.equal(played.samples, 9600, 'both files');
  t.equal(played.milliseconds, 1200);
  for (const { phone } of [one, two]) t.ok(packetsWith(phone, CHIME, sinceMs) >= 50);
  t.strictSame(await conference.play('missing.wav'), { seconds: 0, milliseconds: 0, samples: 0 });
  const { memberId } = two.endpoint.conf;
  const laterMs = performance.now();
  const answer = await two.endpoint.confPlay('chime.wav');
  t.match(answer.getBody(), `+OK (play) Playing file chime.wav to member ${memberId}`);
  await until('the end', () => named(events, 'play-file-member-done').length === 1);
  t.ok(packetsWith(two.phone, CHIME, laterMs) >= 25);
  t.equal(packetsWith(one.phone, CHIME, laterMs), 0, 'a sound for one member is his alone');
  await conference.destroy();
  await nothingLeft(pair);
});

t.test('a conference is recorded, paused and resumed; the file holds what all said together', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const conference = await ms.createConference('minutes');
  const events = actions(conference.endpoint);
  const [one, two] = [await call(), await call()];
  await one.endpoint.join(conference);
  await two.endpoint.join(conference);
  const file = join(sounds, 'minutes.wav');
  await conference.startRecording(file);
  t.match((await conference.chkRecord()).getBody(), `+OK Record file ${file}`);
  const sinceMs = performance.now();
  hum(one.phone, LOW, 600);
  hum(two.phone, HIGH, 600);
  await Promise.all([hears(one.phone, HIGH, sinceMs), hears(two.phone, LOW, sinceMs)]);
  await conference.pauseRecording(file);
  await conference.resumeRecording(file);
  await conference.stopRecording(file);
  await until('stop-recording', () => named(events, 'stop-recording').length === 1);
  for (const action of ['start-recording', 'pause-recording', 'resume-recording']) {
    t.equal(named(events, action)[0]?.getHeader('Path'), file, action);
  }
  const { samples } = parseWav(readFileSync(file));
  let both = 0;
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    const frame = samples.subarray(at, at + 160);
    if (goertzel(frame, LOW, 8000) > 500 ** 2 && goertzel(frame, HIGH, 8000) > 500 ** 2) both += 1;
  }
  t.ok(both >= 8, `${both} frames of 20 ms hold both`);
  await t.rejects(conference.stopRecording(file), 'it is recorded no more');
  await conference.destroy();
  await nothingLeft(pair);
});

t.test('a member moves to another conference and keeps his number', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const [one, two] = [await call(), await call()];
  await one.endpoint.join('here');
  await two.endpoint.join('there');
  const { memberId } = one.endpoint.conf;
  t.match(await one.endpoint.transfer('there'), `+OK Member '${memberId}' sent to conference there.`);
  t.match(await ms.api('conference here list'), /not found/, 'nobody is left in the first');
  const sinceMs = performance.now();
  hum(one.phone, LOW);
  await hears(two.phone, LOW, sinceMs);
  await one.hangUp();
  await two.hangUp();
  await nothingLeft(pair);
});

t.test('a supervisor who is related to one member alone is heard by that one alone', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const [agent, client, coach] = [await call(), await call(), await call()];
  for (const { endpoint } of [agent, client, coach]) await endpoint.join('desk');
  const id = (member: { endpoint: Endpoint }) => member.endpoint.conf.memberId;
  t.match(
    await ms.api(`conference desk relate ${id(coach)} ${id(client)} nospeak`),
    `+OK ${id(coach)}->${id(client)} nospeak set`,
  );
  const sinceMs = performance.now();
  hum(coach.phone, HIGH);
  hum(client.phone, LOW);
  await hears(agent.phone, HIGH, sinceMs);
  await hears(coach.phone, LOW, sinceMs);
  t.equal(packetsWith(client.phone, HIGH, sinceMs), 0);
  await ms.api(`conference desk tag ${id(agent)} staff`);
  t.strictSame(
    await agent.endpoint.getNonMatchingConfParticipants('desk', 'staff'),
    [id(client), id(coach)],
    'who has not that tag',
  );
  for (const { hangUp } of [agent, client, coach]) await hangUp();
  await nothingLeft(pair);
});

t.test('a locked conference and a wrong PIN let nobody in', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const [one, two] = [await call(), await call()];
  await one.endpoint.join('vault', { pin: '4711' });
  const wrong = await limited('a wrong PIN', two.endpoint.execute('conference', 'vault+1234'));
  t.equal(wrong.getHeader('Application'), 'conference');
  t.equal(await ms.api('conference vault list count'), '1');
  await ms.api('conference vault lock');
  await limited('a locked one', two.endpoint.execute('conference', 'vault+4711'));
  t.equal(await ms.api('conference vault list count'), '1');
  await ms.api('conference vault unlock');
  await two.endpoint.join('vault', { pin: '4711' });
  t.equal(await ms.api('conference vault list count'), '2');
  await one.hangUp();
  await two.hangUp();
  await nothingLeft(pair);
});

t.test(
  'a bridge takes members out of their conference; who is muted and leaves is counted out all the same',
  async (t) => {
    const pair = await start(t);
    const { ms, call } = await connectLibraries(t, pair);
    const [one, two, three] = [await call(), await call(), await call()];
    for (const { endpoint } of [one, two]) await endpoint.join('lobby');
    await three.endpoint.join('lobby', { flags: { mute: true, ghost: true } });
    t.equal(await ms.api('conference lobby list count'), '2', 'a ghost is not counted');
    t.match(await ms.api('conference lobby get count_ghosts'), '1');
    t.match(
      (await one.endpoint.api('uuid_bridge', `${one.endpoint.uuid} ${two.endpoint.uuid}`)).getBody(),
      /^\+OK/,
    );
    t.equal(await ms.api('conference lobby list count'), '0');
    const sinceMs = performance.now();
    hum(one.phone, LOW);
    hum(two.phone, HIGH);
    await hears(two.phone, LOW, sinceMs);
    await hears(one.phone, HIGH, sinceMs);
    t.equal(packetsWith(three.phone, LOW, sinceMs) + packetsWith(three.phone, HIGH, sinceMs), 0);
    for (const { hangUp } of [one, two, three]) await hangUp();
    await nothingLeft(pair);
  },
);

t.test(
  'members who wait for a moderator hear nobody until one comes; the last of two ends a conference for two',
  async (t) => {
    const pair = await start(t);
    const { ms, call } = await connectLibraries(t, pair);
    const [one, two, chair] = [await call(), await call(), await call()];
    await one.endpoint.join('board', { flags: { waitMod: true, mintwo: true } });
    await two.endpoint.join('board');
    let sinceMs = performance.now();
    hum(one.phone, LOW, 300);
    await until('it was said', () => one.phone.isSilent);
    t.equal(packetsWith(two.phone, LOW, sinceMs), 0);
    await chair.endpoint.join('board', { flags: { moderator: true } });
    sinceMs = performance.now();
    hum(one.phone, LOW, 600);
    await hears(two.phone, LOW, sinceMs);
    await hears(chair.phone, LOW, sinceMs);
    const ended = new Promise((resolve) => one.endpoint.on('destroy', resolve));
    await chair.hangUp();
    t.match(await ms.api('conference board list'), one.endpoint.uuid);
    await two.hangUp();
    await limited('the last one is hung up', ended);
    await nothingLeft(pair);
  },
);

t.test('keys of a member who distributes them are sent to the others, and to them only', async (t) => {
  const pair = await start(t);
  const { ms, call } = await connectLibraries(t, pair);
  const conference = await ms.createConference('keys');
  const events = actions(conference.endpoint);
  const [one, two] = [await call(), await call()];
  await one.endpoint.join(conference, { flags: { distDtmf: true } });
  await two.endpoint.join(conference);
  const keys: string[] = [];
  two.phone.session.on('dtmf', (digit) => keys.push(digit));
  one.phone.session.on('dtmf', () => t.fail('his own key comes back'));
  await one.phone.session.sendDtmf('5', 100);
  await until('the key', () => keys.length === 1);
  t.equal(keys[0], '5');
  t.equal(named(events, 'dtmf')[0]?.getHeader('DTMF-Key'), '5');
  const { memberId } = one.endpoint.conf;
  const heard = new Promise<string>((resolve) => {
    one.phone.session.removeAllListeners();
    one.phone.session.on('dtmf', resolve);
  });
  t.match(await ms.api(`conference keys dtmf ${memberId} 7`), `+OK sent 7 to ${memberId}`);
  t.equal(await limited('a key for one member', heard), '7');
  await conference.destroy();
  await nothingLeft(pair);
});
