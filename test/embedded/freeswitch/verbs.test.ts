import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { WebSocketServer, type WebSocket } from 'ws';
import { tone } from '../../../src/audio/tone.js';
import { encodeWav, parseWav } from '../../../src/audio/wav.js';
import { API_NAMES } from '../../../src/embedded/freeswitch/api-commands.js';
import { APPLICATION_NAMES } from '../../../src/embedded/freeswitch/applications.js';
import type { FreeSwitchServer } from '../../../src/embedded/freeswitch/freeswitch-server.js';
import { hears, hum } from './libraries.js';
import {
  answeredCall,
  api,
  connectClient,
  execute,
  limited,
  startApplication,
  startServer,
  until,
  type EslConnection,
  type EslEvent,
} from './testbed.js';

const [LOW, HIGH] = [500, 1400];
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The reply to a command of the protocol itself. */
function reply(connection: EslConnection, command: string): Promise<string | null> {
  return limited(
    command,
    new Promise((resolve) =>
      connection.sendRecv(command, (event) => resolve(event.getHeader('Reply-Text')?.trim() ?? null)),
    ),
  );
}

async function calls(
  t: Test,
): Promise<{ server: FreeSwitchServer } & Awaited<ReturnType<typeof answeredCall>>> {
  const server = await startServer(t, { synthesize: () => Promise.resolve(sound(LOW, 200)) });
  return { server, ...(await answeredCall(t, server)) };
}

const sound = (hz: number, durationMs: number): Int16Array =>
  tone({ frequenciesHz: [hz], durationMs, sampleRateHz: 8000, levelDb: -12 });

t.test('nobody is told that a member hears what was made only when he had left', async (t) => {
  let finish: (() => void) | undefined;
  const server = await startServer(t, {
    synthesize: () => new Promise((resolve) => (finish = () => resolve(sound(LOW, 20)))),
  });
  const [leaver, stayer] = [await answeredCall(t, server), await answeredCall(t, server)];
  const client = await connectClient(t, server);
  for (const { control, events } of [stayer, leaver]) {
    control.execute('conference', 'desk');
    await until('in', () => events.some((event) => event.getHeader('Action') === 'add-member'));
  }
  for (const [command, id, answer] of [
    ['saymember 2 words', 2, '-ERR (saymember) Error!\n'],
    ['play say:words 3', 3, '-ERR (play) File: say:words not found.\n'],
  ] as const) {
    finish = undefined;
    const answered = api(client, `conference desk ${command}`);
    await until('the words are asked for', () => finish !== undefined);
    t.equal(await api(stayer.control, `conference desk kick ${id}`), `+OK kicked ${id}\n`);
    (finish as unknown as () => void)();
    t.equal(await answered, answer);
    leaver.control.execute('conference', 'desk');
    await until(
      'in again',
      () => leaver.events.filter((e) => e.getHeader('Action') === 'add-member').length === id,
    );
  }
  finish = undefined;
  const answered = api(client, 'conference desk say words');
  await until('the words are asked for', () => finish !== undefined);
  await api(stayer.control, 'conference desk kick all');
  (finish as unknown as () => void)();
  t.equal(await answered, '-ERR (say) Error!\n');
});

t.test('the table in the README is what the code knows', (t) => {
  const readme = readFileSync(new URL('../../../../src/embedded/README.md', import.meta.url), 'utf8');
  const named = (row: string): string[] => {
    const cell = new RegExp(`^\\| ${row} \\| (.*) \\|$`, 'm').exec(readme)?.[1] ?? '';
    // What stands in brackets are arguments.
    return [...cell.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  };
  t.strictSame(named('application').sort(), [...APPLICATION_NAMES].sort());
  t.strictSame(named('`api`').sort(), [...API_NAMES].sort());
  t.end();
});

t.test('what is asked of the server itself', async (t) => {
  const { server, control, uuid } = await calls(t);
  t.match(await api(control, 'create_uuid'), /^[0-9a-f-]{36}$/);
  t.ok(Math.abs(Number(await api(control, 'strepoch')) - Date.now() / 1000) < 5);
  t.equal(await api(control, 'echo a b'), 'a b');
  t.equal(await api(control, 'global_setvar colour=blue'), '+OK');
  t.equal(await api(control, 'global_getvar colour'), 'blue');
  t.match(await api(control, 'show calls count'), /^\n1 total\.\n$/);
  t.equal((JSON.parse(await api(control, 'show channels as json')) as { row_count: number }).row_count, 1);
  t.equal(await api(control, `uuid_setvar_multi ${uuid} a=1;b=2`), '+OK\n');
  t.equal(await api(control, `uuid_getvar ${uuid} b`), '2');
  t.equal(await api(control, `uuid_flush_dtmf ${NOBODY}`), '-ERR no such session\n');
  t.equal(await api(control, `uuid_flush_dtmf ${uuid}`), '+OK\n');
  const client = await connectClient(t, server);
  for (const command of ['linger', 'nolinger']) {
    t.equal(await reply(client, command), '-ERR not controlling a session');
  }
  t.equal(await reply(client, 'divert_events on'), '-ERR not controlling a session.');
  t.equal(await reply(client, 'wash'), '-ERR command not found');
  t.equal(await reply(client, 'nolog'), '-ERR not loging');
  t.equal(await reply(client, 'event plain DTMF HEARTBEAT'), '+OK event listener enabled plain');
  t.equal(await reply(client, 'nixevent DTMF'), '+OK events nixed');
  t.equal(await reply(client, 'noevents'), '+OK no longer listening for events');
});

t.test('what a call’s own connection may say', async (t) => {
  const { control, uuid, dialog } = await calls(t);
  t.equal(await reply(control, 'divert_events'), '-ERR missing value.');
  t.equal(await reply(control, 'divert_events on'), '+OK events diverted');
  t.equal(await reply(control, 'divert_events off'), '+OK events not diverted');
  t.equal(await reply(control, 'getvar uuid'), uuid);
  t.equal(await reply(control, 'linger 3'), '+OK will linger 3 seconds');
  t.equal(await reply(control, 'nolinger'), '+OK will not linger');
  t.equal(await reply(control, 'linger'), '+OK will linger');
  const notice = new Promise<EslEvent>((resolve) =>
    control.once('esl::event::disconnect::notice', (event) => resolve(event)),
  );
  await dialog.bye();
  t.equal((await limited('the notice', notice)).getHeader('Content-Disposition'), 'linger');
});

t.test('keys: sent, queued, flushed; in the sound when told to listen there', async (t) => {
  const { control, phone, uuid, events } = await calls(t);
  const heard: string[] = [];
  phone.session.on('dtmf', (digit) => heard.push(digit));
  t.equal(await api(control, `uuid_send_dtmf ${uuid} 12#@100`), `+OK ${uuid} sent DTMF 12#.\n`);
  await until('three keys', () => heard.join('') === '12#');
  t.match(await api(control, `uuid_send_dtmf ${uuid} x`), /^-USAGE/);
  t.equal(await api(control, `uuid_send_dtmf ${NOBODY} 1`), '-ERR Cannot locate session!\n');
  await phone.session.sendDtmf('5', 100);
  await until('the key', () => events.some((event) => event.getHeader('DTMF-Digit') === '5'));
  await execute(control, 'flush_dtmf');
  const nothing = await execute(
    control,
    'play_and_get_digits',
    '1 1 1 200 # silence_stream://20 - got \\d 200',
  );
  t.equal(nothing.getHeader('variable_got'), null, 'the key from before is gone');
  await execute(control, 'spandsp_start_dtmf');
  phone.say(tone({ frequenciesHz: [770, 1336], durationMs: 200, sampleRateHz: 8000, levelDb: -12 }));
  await until('a key in the sound', () =>
    events.some((event) => event.getHeader('DTMF-Source') === 'INBAND_AUDIO'),
  );
  await execute(control, 'spandsp_stop_dtmf');
  await execute(control, 'pre_answer');
});

t.test('sounds: without end, by other names of http, broadcast to one leg or both', async (t) => {
  const { server, control, phone, uuid } = await calls(t);
  const other = await answeredCall(t, server);
  const http = createServer((_request, response) =>
    response.end(encodeWav(sound(HIGH, 300), { sampleRateHz: 8000, channels: 1 })),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.teardown(() => http.close());
  const host = `127.0.0.1:${(http.address() as { port: number }).port}`;
  for (const [index, name] of [
    `http_cache://http://${host}/a.wav`,
    `http_cache://{timeout=2}http://${host}/b.wav`,
    `httapi://${host}/c.wav`,
  ].entries()) {
    const sinceMs = performance.now();
    t.equal(
      (await execute(control, 'playback', name)).getHeader('Application-Response'),
      'FILE PLAYED',
      `${index}`,
    );
    await hears(phone, HIGH, sinceMs);
  }
  const refused = await execute(control, 'playback', 'http_cache://file:///etc/hostname');
  t.equal(refused.getHeader('Application-Response'), 'FILE NOT FOUND');
  const endless = execute(control, 'endless_playback', 'say:again');
  const sinceMs = performance.now();
  await hears(phone, LOW, sinceMs + 400);
  t.equal(await api(control, `uuid_break ${uuid}`), '+OK\n');
  await endless;
  t.match(await api(control, `uuid_broadcast ${uuid}`), /^-USAGE/);
  t.equal(await api(control, `uuid_broadcast ${NOBODY} say:x`), '+OK Message Sent\n');
  const aloneMs = performance.now();
  t.equal(await api(control, `uuid_broadcast ${uuid} tone_stream://%(300,0,${HIGH})`), '+OK Message Sent\n');
  await hears(phone, HIGH, aloneMs);
  await api(control, `uuid_bridge ${uuid} ${other.uuid}`);
  const bothMs = performance.now();
  await api(control, `uuid_broadcast ${uuid} tone_stream://%(300,0,${HIGH}) both`);
  await Promise.all([hears(phone, HIGH, bothMs), hears(other.phone, HIGH, bothMs)]);
  await api(control, `uuid_broadcast ${uuid} set::far=yes bleg`);
  t.equal(await api(control, `uuid_getvar ${other.uuid} far`), 'yes');
});

t.test('record_session goes on beside everything else until it is stopped', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'xiangyin-verbs-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const { control, phone, events } = await calls(t);
  control.subscribe(['RECORD_STOP']);
  const file = join(dir, 'call.wav');
  await execute(control, 'record_session', file);
  hum(phone, LOW, 300);
  await until('it was said', () => phone.isSilent);
  await execute(control, 'sleep', '200');
  await execute(control, 'stop_record_session', file);
  await until('the file is whole', () =>
    events.some((event) => event.getHeader('Event-Name') === 'RECORD_STOP'),
  );
  const { samples, channels } = parseWav(readFileSync(file));
  t.ok(samples.length / channels > 2400);
  t.ok(samples.some((sample) => Math.abs(sample) > 1000));
});

t.test('socket dials one more client, which controls the call beside the first', async (t) => {
  const { server, control, uuid, dialog } = await calls(t);
  const second = await startApplication(t);
  const running = execute(control, 'socket', `127.0.0.1:${second.port} async full`);
  const client = await second.next();
  t.equal(client.getInfo().getHeader('Unique-ID'), uuid);
  client.subscribe(['CHANNEL_EXECUTE_COMPLETE']);
  t.equal((await execute(client, 'set', 'by=second')).getHeader('Application-Response'), '_none_');
  t.equal(await api(control, `uuid_getvar ${uuid} by`), 'second');
  client.socket?.end();
  await running;
  t.equal(
    (await execute(control, 'socket', 'nowhere')).getHeader('Application'),
    'socket',
    'no address: it is over',
  );
  const refused = await execute(control, 'socket', '127.0.0.1:1 async full');
  t.equal(refused.getHeader('Application'), 'socket', 'nobody there: it is over, the call is not');
  control.execute('socket', `127.0.0.1:${second.port} async full`);
  await second.next();
  await dialog.bye();
  await until('nothing is left', () => {
    const { channels, sockets, timers } = server.counts();
    return channels === 0 && sockets === 0 && timers <= 1;
  });
});

t.test('a fork: credentials, what it is told to forget, a graceful end, its messages', async (t) => {
  const web = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise<void>((resolve) => web.on('listening', resolve));
  t.teardown(() => {
    for (const client of web.clients) client.terminate();
    web.close();
  });
  const opened: { socket: WebSocket; authorization: string | undefined; frames: number; closed: boolean }[] =
    [];
  web.on('connection', (socket, request) => {
    const fork = { socket, authorization: request.headers.authorization, frames: 0, closed: false };
    socket.on('message', () => (fork.frames += 1));
    socket.on('close', () => (fork.closed = true));
    opened.push(fork);
  });
  const { control, phone, uuid } = await calls(t);
  const told: EslEvent[] = [];
  control.on('esl::event::CUSTOM::*', (event) => {
    if (event.getHeader('Event-Subclass') !== 'mod_audio_fork::connect') told.push(event);
  });
  control.subscribe(
    'CUSTOM mod_audio_fork::transcription mod_audio_fork::transfer mod_audio_fork::error mod_audio_fork::buffer_overrun'.split(
      ' ',
    ),
  );
  await api(control, `uuid_setvar ${uuid} MOD_AUDIO_BASIC_AUTH_USERNAME ann`);
  await api(control, `uuid_setvar ${uuid} MOD_AUDIO_BASIC_AUTH_PASSWORD secret`);
  const url = `ws://127.0.0.1:${(web.address() as { port: number }).port}/`;
  const start = `uuid_audio_fork ^^|${uuid}|start|${url}|mono|8000|bot||true|true|8000`;
  t.equal(await api(control, start), '+OK Success\n');
  t.equal(await api(control, start), '-ERR Operation Failed\n', 'one name, one fork');
  await until('it is open', () => opened.length === 1);
  const [fork] = opened as [(typeof opened)[0]];
  t.equal(fork.authorization, `Basic ${Buffer.from('ann:secret').toString('base64')}`);
  for (const type of ['transcription', 'transfer', 'error'])
    fork.socket.send(JSON.stringify({ type, data: { type } }));
  await until('three events', () => told.length === 3);
  t.strictSame(
    told.map((event) => [event.getHeader('Event-Subclass'), event.getBody()]),
    ['transcription', 'transfer', 'error'].map((type) => [`mod_audio_fork::${type}`, `{"type":"${type}"}`]),
  );
  const long = sound(HIGH, 5000);
  fork.socket.send(Buffer.from(long.buffer, long.byteOffset, long.byteLength));
  await hears(phone, HIGH, performance.now());
  t.equal(await api(control, `uuid_audio_fork ${uuid} stop_play bot`), '+OK Success\n');
  const stoppedMs = performance.now() + 100;
  await execute(control, 'sleep', '300');
  t.ok(phone.peakSince(stoppedMs) < 100, 'what it had sent is forgotten');
  t.equal(await api(control, `uuid_audio_fork ${uuid} graceful-shutdown bot`), '+OK Success\n');
  await execute(control, 'sleep', '100');
  const frames = fork.frames;
  await execute(control, 'sleep', '200');
  t.ok(fork.frames - frames <= 1, 'nothing more is sent');
  t.equal(await api(control, `uuid_audio_fork ${uuid} stop bot`), '+OK Success\n');
  await until('it is closed', () => fork.closed);
  t.equal(await api(control, `uuid_audio_fork ${uuid} stop bot`), '-ERR Operation Failed\n');
  t.match(await api(control, 'uuid_audio_fork'), /^-USAGE/);
});
