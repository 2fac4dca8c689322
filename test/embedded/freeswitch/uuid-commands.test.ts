import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { goertzel } from '../../../src/audio/goertzel.js';
import { bytesToSamples } from '../../../src/audio/pcm.js';
import { connectLibraries, hears, hum, nothingLeft, packetsWith, start } from './libraries.js';
import { answeredCall, api, limited, startServer, until, type Phone } from './testbed.js';

const folder = mkdtempSync(join(tmpdir(), 'xiangyin-uuid-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const [LOW, HIGH] = [500, 1400];

/** The loudness of a frequency in the loudest packet since then. */
function loudest(phone: Phone, frequencyHz: number, sinceMs: number): number {
  let most = 0;
  for (const { samples, atMs } of phone.heard) {
    if (atMs >= sinceMs) most = Math.max(most, Math.sqrt(goertzel(samples, frequencyHz, 8000)));
  }
  return most;
}

/** How many 20 ms of a WAV file, whole or growing, hold a frequency with at least that amplitude. */
function framesWith(file: string, hz: number, amplitude: number): number {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return 0;
  }
  const samples = bytesToSamples(bytes.subarray(44));
  let count = 0;
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    if (Math.sqrt(goertzel(samples.subarray(at, at + 160), hz, 8000)) > amplitude) count += 1;
  }
  return count;
}

t.test('uuid_audio mutes and changes each direction for itself, and stop gives it back', async (t) => {
  const pair = await start(t);
  const { call } = await connectLibraries(t, pair);
  const { endpoint, phone, hangUp } = await call();
  const play = async (): Promise<number> => {
    const sinceMs = performance.now();
    await endpoint.play(`tone_stream://%(200,0,${HIGH})`);
    return loudest(phone, HIGH, sinceMs);
  };
  const ask = async (words: string) =>
    (await endpoint.api('uuid_audio', `${endpoint.uuid} ${words}`)).getBody();
  const plain = await play();
  t.equal(await ask('start write level -2'), '+OK\n');
  t.ok(Math.abs((await play()) / plain - 0.6) < 0.1, 'two steps down are 0.6');
  t.equal(await ask('start write mute 1'), '+OK\n');
  t.ok((await play()) < 50, 'muted');
  t.equal(await ask('start read mute 1'), '+OK\n');
  const file = join(folder, 'muted.wav');
  const record = (what: string) => endpoint.api('uuid_record', `${endpoint.uuid} ${what} ${file}`);
  await record('start');
  hum(phone, LOW, 300);
  await until('the hum is sent', () => phone.isSilent);
  t.equal(await ask('stop'), '+OK\n');
  t.ok(Math.abs((await play()) / plain - 1) < 0.1, 'as it was');
  hum(phone, HIGH, 800);
  await until('the second hum is in the file', () => framesWith(file, HIGH, 1500) > 3);
  t.equal(framesWith(file, LOW, 500), 0, 'what was said while it was muted is not');
  await record('stop');
  t.match(await ask('start sideways level 1'), /^-USAGE/);
  await hangUp();
  await nothingLeft(pair);
});

t.test(
  'what is said while a recording is masked is silence in it, and left out while it is paused',
  async (t) => {
    const server = await startServer(t);
    const { control, phone, uuid, dialog } = await answeredCall(t, server);
    const file = join(folder, 'masked.wav');
    const frames = (hz: number): number => framesWith(file, hz, 500);
    // What the call sends is recorded too: each tone is played to its end.
    const play = async (hz: number): Promise<void> => {
      const sinceMs = performance.now();
      await limited(
        'playback',
        new Promise<void>((resolve) =>
          control.execute('playback', `tone_stream://%(300,0,${hz})`, () => resolve()),
        ),
      );
      await hears(phone, hz, sinceMs);
    };
    t.equal(await api(control, `uuid_record ${uuid} start ${file}`), '+OK Success\n');
    await play(LOW);
    t.equal(await api(control, `uuid_record ${uuid} mask ${file}`), '+OK Success\n');
    await play(HIGH);
    t.equal(await api(control, `uuid_record ${uuid} unmask ${file}`), '+OK Success\n');
    t.equal(await api(control, `uuid_record ${uuid} pause ${file}`), '+OK Success\n');
    await play(HIGH);
    t.equal(await api(control, `uuid_record ${uuid} resume ${file}`), '+OK Success\n');
    await play(2000);
    t.equal(await api(control, `uuid_record ${uuid} stop ${file}`), '+OK Success\n');
    await until('the file is whole', () => frames(2000) >= 10);
    t.ok(frames(LOW) >= 10, 'what stood before is there');
    t.ok(frames(HIGH) <= 2, `${frames(HIGH)} frames of what was to be hidden`);
    t.match(await api(control, `uuid_record ${uuid} mask ${file}`), /^-ERR Cannot mask recording session!/);
    await dialog.bye();
    await until('the end', () => server.counts().channels === 0);
  },
);

t.test(
  'setGain makes what a caller hears quieter, a dubbed track is laid over it until it is silenced',
  async (t) => {
    const pair = await start(t);
    const { call } = await connectLibraries(t, pair);
    const { endpoint, phone, hangUp } = await call();
    const sinceMs = performance.now();
    await endpoint.play(`tone_stream://%(200,0,${LOW})`);
    const plain = loudest(phone, LOW, sinceMs);
    await endpoint.setGain('-12 db');
    const quietMs = performance.now();
    await endpoint.play(`tone_stream://%(200,0,${LOW})`);
    t.ok(Math.abs(loudest(phone, LOW, quietMs) / plain - 0.25) < 0.06, '12 dB down is a quarter');
    await t.rejects(
      endpoint.dub({ action: 'playOnTrack', track: 'music', play: 'x' }),
      'there is no such track',
    );
    await endpoint.dub({ action: 'addTrack', track: 'music' });
    await t.rejects(endpoint.dub({ action: 'playOnTrack', track: 'music', play: 'missing.wav' }));
    const dubMs = performance.now();
    await endpoint.dub({
      action: 'playOnTrack',
      track: 'music',
      play: `tone_stream://%(100,0,${HIGH})`,
      loop: true,
    });
    await until('it goes on', () => packetsWith(phone, HIGH, dubMs) >= 15);
    await endpoint.dub({ action: 'silenceTrack', track: 'music' });
    await until('silence', () => {
      const lastMs = performance.now() - 200;
      return phone.heard.some(({ atMs }) => atMs > lastMs) && packetsWith(phone, HIGH, lastMs) === 0;
    });
    await endpoint.dub({ action: 'removeTrack', track: 'music' });
    await hangUp();
    await nothingLeft(pair);
  },
);

t.test('what this server does not know is answered as FreeSWITCH answers it', async (t) => {
  const server = await startServer(t);
  const { control, uuid, events } = await answeredCall(t, server);
  t.equal(await api(control, 'uuid_wash 1'), '-ERR uuid_wash Command not found!\n');
  t.equal(
    await api(control, 'uuid_google_transcribe x start'),
    '-ERR uuid_google_transcribe Command not found!\n',
  );
  t.equal(await api(control, 'uuid_vad_silero x start'), '-ERR uuid_vad_silero Command not found!\n');
  for (const command of [
    'uuid_getvar',
    'uuid_setvar',
    'uuid_dump',
    'uuid_break',
    'uuid_kill',
    'uuid_audio',
  ]) {
    t.equal(
      await api(control, `${command} 00000000-0000-0000-0000-000000000000 a b`),
      '-ERR No such channel!\n',
    );
  }
  t.equal(await api(control, 'uuid_record nobody start x'), '-ERR Cannot locate session!\n');
  t.equal(await api(control, 'conference nowhere list'), '-ERR Conference nowhere not found\n');
  const dump = JSON.parse(await api(control, `uuid_dump ${uuid} json`)) as Record<string, string>;
  t.equal(dump['Unique-ID'], uuid);
  t.equal(dump['variable_uuid'], uuid);
  control.execute('wash_the_dishes', '');
  await until('the call is hung up', () =>
    events.some((event) => event.getHeader('Channel-Call-State') === 'HANGUP'),
  );
  const last = events.find((event) => event.getHeader('Channel-Call-State') === 'HANGUP');
  t.equal(last?.getHeader('Hangup-Cause'), 'DESTINATION_OUT_OF_ORDER');
  t.notOk(
    events.some(
      (event) =>
        event.getHeader('Application') === 'wash_the_dishes' &&
        event.getHeader('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE',
    ),
    'and the application does not complete',
  );
  await until('the end', () => server.counts().channels === 0);
});

t.test('uuid_kill ends a call with the cause it is given, else as any call ends', async (t) => {
  const server = await startServer(t);
  const [one, two] = [await answeredCall(t, server), await answeredCall(t, server)];
  const cause = (call: typeof one) =>
    call.events
      .find((event) => event.getHeader('Channel-Call-State') === 'HANGUP')
      ?.getHeader('Hangup-Cause');
  await api(one.control, `uuid_kill ${two.uuid} USER_BUSY`);
  await until('the first', () => cause(two) !== undefined);
  t.equal(cause(two), 'USER_BUSY');
  t.equal(await api(one.control, `uuid_kill ${one.uuid}`), '+OK\n');
  await until('the second', () => cause(one) !== undefined);
  t.equal(cause(one), 'NORMAL_CLEARING');
  await until('the end', () => server.counts().channels === 0);
});
