import { existsSync } from 'node:fs';
import t, { type Test } from 'tap';
import { WebSocketServer, type WebSocket } from 'ws';
import { bytesToSamples, concatSamples, deinterleave, peak } from '../../../src/audio/pcm.js';
import { tone } from '../../../src/audio/tone.js';
import { answeredCall, api, execute, limited, startServer, until, type EslEvent } from './testbed.js';

interface Received {
  readonly data: Buffer;
  readonly isBinary: boolean;
  readonly atMs: number;
}

/** The application's WebSocket server: one entry per connection of a fork. */
async function startAudioServer(t: Test) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise<void>((resolve) => server.on('listening', resolve));
  t.teardown(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const forks: { socket: WebSocket; received: Received[]; closeCode: number | undefined; path: string }[] =
    [];
  server.on('connection', (socket, request) => {
    const fork = {
      socket,
      received: [] as Received[],
      closeCode: undefined as number | undefined,
      path: request.url ?? '',
    };
    forks.push(fork);
    socket.on('message', (data, isBinary) =>
      fork.received.push({ data: data as Buffer, isBinary, atMs: performance.now() }),
    );
    socket.on('close', (code) => (fork.closeCode = code));
  });
  const { port } = server.address() as { port: number };
  const opened = async (index: number) => {
    await until(`fork ${index}`, () => forks[index] !== undefined);
    return forks[index] as (typeof forks)[number];
  };
  return { url: `ws://127.0.0.1:${port}/audio/x?token=1`, opened };
}

function sine(frequencyHz: number, durationMs: number, sampleRateHz = 8000): Int16Array {
  return tone({ frequenciesHz: [frequencyHz], durationMs, sampleRateHz, levelDb: -12 });
}

function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}

function sound(received: readonly Received[], channels: number): Int16Array[] {
  const all = concatSamples(received.filter((one) => one.isBinary).map((one) => bytesToSamples(one.data)));
  return deinterleave(all, channels);
}

function marks(received: readonly Received[]): unknown[] {
  return received.filter((one) => !one.isBinary).map((one) => JSON.parse(one.data.toString()) as unknown);
}

function named(events: readonly EslEvent[], name: string): EslEvent[] {
  return events.filter((event) => event.getHeader('Event-Subclass') === `mod_audio_fork::${name}`);
}

t.test(
  'a stereo fork that injects: caller left, exactly what the caller hears right, one message per frame',
  async (t) => {
    const server = await startServer(t);
    const { control, phone, uuid, events } = await answeredCall(t, server);
    const audio = await startAudioServer(t);
    const answer = await api(
      control,
      `uuid_audio_fork ^^|${uuid}|start|${audio.url}|stereo|8000|bot|'{"call":"it is, one"}'|true|true|8000`,
    );
    t.equal(answer, '+OK Success\n');
    const fork = await audio.opened(0);
    await until('frames', () => fork.received.length > 10);
    t.equal(fork.path, '/audio/x?token=1');
    t.equal(fork.socket.protocol, 'audio.drachtio.org');
    t.equal(fork.received[0]?.data.toString(), '{"call":"it is, one"}', 'first the metadata as given');
    t.ok(
      fork.received.slice(1).every((one) => one.isBinary && one.data.length === 640),
      '20 ms of stereo each',
    );
    t.equal(named(events, 'connect').length, 1);

    phone.say(sine(440, 400));
    const fromMs = performance.now();
    fork.socket.send(bytesOf(sine(1000, 500)));
    fork.socket.send(JSON.stringify({ type: 'mark', data: { name: 'end' } }));
    await until('the caller hears it', () => phone.peakSince(fromMs) > 4000);
    const heardAfterMs = (phone.heard.find(({ samples }) => peak(samples) > 1000)?.atMs ?? 0) - fromMs;
    t.ok(heardAfterMs < 600, `heard after ${heardAfterMs} ms`);
    await until('the mark', () => marks(fork.received.slice(1)).length > 0);
    const markAfterMs = (fork.received.slice(1).find((one) => !one.isBinary)?.atMs ?? 0) - fromMs;
    t.same(marks(fork.received.slice(1)), [{ type: 'mark', data: { name: 'end', event: 'playout' } }]);
    t.ok(
      markAfterMs > 400 && markAfterMs < 1500,
      `only when the audio before it was sent: ${markAfterMs} ms`,
    );

    await new Promise((resolve) => setTimeout(resolve, 120));
    const [left, right] = sound(fork.received, 2) as [Int16Array, Int16Array];
    t.ok(peak(left) > 4000, 'the caller is left');
    const heard = concatSamples(phone.heard.map(({ samples }) => samples));
    const inRight = right.findIndex((sample) => Math.abs(sample) > 1000);
    const inHeard = heard.findIndex((sample) => Math.abs(sample) > 1000);
    let worst = 0;
    for (let i = 0; i < 3900; i += 1) {
      worst = Math.max(worst, Math.abs((right[inRight + i] as number) - (heard[inHeard + i] as number)));
    }
    t.ok(worst <= 260, `sample for sample what was heard, but for G.711: ${worst}`);
    t.equal(
      await api(control, `uuid_audio_fork ${uuid} start ${audio.url} mono 8k bot`),
      '-ERR Operation Failed\n',
      'twice',
    );
  },
);

t.test('mono, mixed and 16 kHz side by side; the default name; stop with a last text', async (t) => {
  const server = await startServer(t);
  const { control, phone, uuid } = await answeredCall(t, server);
  const audio = await startAudioServer(t);
  const start = (rest: string) => api(control, `uuid_audio_fork ${uuid} start ${audio.url} ${rest}`);
  t.equal(await start('mono 8k'), '+OK Success\n');
  const mono = await audio.opened(0);
  t.equal(await start('mono 16k wide'), '+OK Success\n');
  const wide = await audio.opened(1);
  t.equal(await start('mixed 8000 both'), '+OK Success\n');
  const mixed = await audio.opened(2);
  phone.say(sine(440, 300));
  await execute(control, 'playback', 'tone_stream://%(300,0,1500)');
  await until('frames', () => mixed.received.length > 22);
  t.ok(mono.received.every((one) => one.data.length === 320));
  t.ok(wide.received.every((one) => one.data.length === 640));
  t.ok(mixed.received.every((one) => one.data.length === 320));
  const crossings = (samples: Int16Array) =>
    samples.filter((s, i) => s > 0 && (samples[i - 1] ?? 0) <= 0).length;
  const loud = (samples: Int16Array) => samples.filter((s) => Math.abs(s) > 300);
  const [monoSound, wideSound, mixedSound] = [mono, wide, mixed].map(
    (one) => sound(one.received, 1)[0] as Int16Array,
  );
  t.ok(peak(monoSound as Int16Array) > 4000);
  t.ok(
    Math.abs(crossings(loud(monoSound as Int16Array)) - crossings(loud(wideSound as Int16Array))) < 8,
    'same pitch at 16 kHz',
  );
  t.ok(
    crossings(loud(mixedSound as Int16Array)) > crossings(loud(monoSound as Int16Array)) + 50,
    'both sides',
  );
  t.equal(server.counts().forks, 3);
  t.equal(await api(control, `uuid_audio_fork ${uuid} stop wide {"why":"done"}`), '+OK Success\n');
  await until('closed', () => wide.closeCode !== undefined);
  t.equal(wide.closeCode, 1000);
  t.equal(wide.received.at(-1)?.data.toString(), '{"why":"done"}');
  t.equal(await api(control, `uuid_audio_fork ${uuid} stop`), '+OK Success\n', 'the one without a name');
  t.equal(await api(control, `uuid_audio_fork ${uuid} stop wide`), '-ERR Operation Failed\n');
  await until('two are gone', () => server.counts().forks === 1);
});

t.test(
  'killAudio is silent within the next packet, breaks the playback, and says which marks were never reached',
  async (t) => {
    const server = await startServer(t);
    const { control, phone, uuid, events } = await answeredCall(t, server);
    const audio = await startAudioServer(t);
    await api(control, `uuid_audio_fork ^^|${uuid}|start|${audio.url}|stereo|8000|bot||true|true|16000`);
    const fork = await audio.opened(0);
    const playing = execute(control, 'playback', 'silence_stream://-1');
    fork.socket.send(bytesOf(sine(1000, 2000, 16000)));
    fork.socket.send(JSON.stringify({ type: 'mark', data: { name: 'never' } }));
    await until('it is heard', () => phone.peakSince(0) > 4000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const orderedMs = performance.now();
    fork.socket.send('{"type":"killAudio"}');
    t.equal((await playing).getHeader('Application-Response'), 'FILE PLAYED');
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Counted in packets: a busy machine delays packets, but it makes no more of them.
    const after = phone.heard.filter(({ samples, atMs }) => atMs > orderedMs && peak(samples) > 50).length;
    t.ok(after <= 2, `${after} packets with sound after the order`);
    t.same(marks(fork.received), [{ type: 'mark', data: { name: 'never', event: 'cleared' } }]);
    t.equal(named(events, 'kill_audio').length, 1);
    const fromMs = performance.now();
    fork.socket.send(bytesOf(sine(1000, 200, 16000)));
    await until('what comes afterwards is heard', () => phone.peakSince(fromMs) > 4000);
  },
);

t.test('cleared marks are not reported, and 31 are one too many', async (t) => {
  const server = await startServer(t);
  const { control, uuid } = await answeredCall(t, server);
  const audio = await startAudioServer(t);
  await api(control, `uuid_audio_fork ^^|${uuid}|start|${audio.url}|mono|8000|bot||true|true|8000`);
  const fork = await audio.opened(0);
  fork.socket.send(bytesOf(sine(1000, 100)));
  fork.socket.send('{"type":"mark","data":{"name":"gone"}}');
  fork.socket.send('{"type":"clearMarks"}');
  for (let i = 0; i < 31; i += 1) fork.socket.send(JSON.stringify({ type: 'mark', data: { name: `m${i}` } }));
  await until('the last mark', () => marks(fork.received).length >= 30);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.same(
    marks(fork.received).map((mark) => (mark as { data: { name: string } }).data.name),
    Array.from({ length: 30 }, (_, i) => `m${i}`),
  );
});

t.test('a paused fork is quiet until it is resumed; text goes through', async (t) => {
  const server = await startServer(t);
  const { control, uuid } = await answeredCall(t, server);
  const audio = await startAudioServer(t);
  await api(control, `uuid_audio_fork ${uuid} start ${audio.url} mono 8k bot`);
  const fork = await audio.opened(0);
  await until('frames', () => fork.received.length > 3);
  await api(control, `uuid_audio_fork ${uuid} pause bot`);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const before = fork.received.length;
  t.equal(await api(control, `uuid_audio_fork ${uuid} send_text bot '{"hello":"to you"}'`), '+OK Success\n');
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.same(
    fork.received.slice(before).map((one) => one.data.toString()),
    ['{"hello":"to you"}'],
  );
  await api(control, `uuid_audio_fork ${uuid} resume bot`);
  await until('frames again', () => fork.received.length > before + 3);
});

t.test('a server that cannot be reached, and one that goes: events, and the call goes on', async (t) => {
  const server = await startServer(t);
  const { control, uuid, events } = await answeredCall(t, server);
  t.equal(await api(control, `uuid_audio_fork ${uuid} start ws://127.0.0.1:1/ mono 8k bad`), '+OK Success\n');
  await until('connect_failed', () => named(events, 'connect_failed').length === 1);
  t.match(JSON.parse(named(events, 'connect_failed')[0]?.getBody() ?? '{}'), { reason: /ECONNREFUSED/ });
  t.equal(
    await api(control, `uuid_audio_fork ${uuid} stop bad`),
    '+OK Success\n',
    'the fork itself was still there',
  );
  t.equal(
    await api(control, `uuid_audio_fork ${uuid} start gopher://x/ mono 8k bad`),
    '-ERR Operation Failed\n',
  );
  t.equal(
    await api(control, `uuid_audio_fork ${uuid} start ws://127.0.0.1:1/ quadro 8k bad`),
    '-ERR Operation Failed\n',
  );
  const audio = await startAudioServer(t);
  await api(control, `uuid_audio_fork ${uuid} start ${audio.url} mono 8k bot`);
  const fork = await audio.opened(0);
  await until('frames', () => fork.received.length > 3);
  fork.socket.send('this is no JSON');
  fork.socket.send('null');
  fork.socket.send('{"type":"mark"}');
  fork.socket.send(Buffer.of(1));
  fork.socket.terminate();
  await until('disconnect', () => named(events, 'disconnect').length === 1);
  t.equal((await execute(control, 'set', 'still=here')).getHeader('variable_still'), 'here');
  await until('no socket is left', () => server.counts().forks === 0);
});

t.test('playAudio writes a file that can be played, and the end of the call removes it', async (t) => {
  const server = await startServer(t);
  const { control, phone, uuid, events } = await answeredCall(t, server);
  const audio = await startAudioServer(t);
  await api(control, `uuid_audio_fork ${uuid} start ${audio.url} mono 8k bot`);
  const fork = await audio.opened(0);
  const content = bytesOf(sine(1000, 200, 16000)).toString('base64');
  const data = { audioContentType: 'raw', sampleRate: 16000, audioContent: content, textContent: 'hello' };
  fork.socket.send(JSON.stringify({ type: 'playAudio', data }));
  await until('play_audio', () => named(events, 'play_audio').length === 1);
  const body = JSON.parse(named(events, 'play_audio')[0]?.getBody() ?? '{}') as Record<string, string>;
  t.equal(body['audioContent'], undefined);
  t.equal(body['textContent'], 'hello');
  const file = body['file'] ?? '';
  t.match(file, /\.r16$/);
  const done = await execute(control, 'playback', file);
  t.equal(done.getHeader('variable_playback_ms'), '200');
  t.ok(phone.peakSince(0) > 4000);
  const closed = new Promise<void>((resolve) => fork.socket.on('close', () => resolve()));
  control.execute('hangup', '');
  await limited('the fork stays', closed);
  t.equal(fork.closeCode, 1000);
  await until('the file is gone', () => !existsSync(file));
  await until('nothing is left', () => {
    const { channels, rtpPorts, sockets, forks } = server.counts();
    return channels + rtpPorts + sockets + forks === 0;
  });
});

t.test('a muted caller is not in the fork, but hears', async (t) => {
  const server = await startServer(t);
  const { control, phone, uuid } = await answeredCall(t, server);
  const audio = await startAudioServer(t);
  await api(control, `uuid_audio_fork ${uuid} start ${audio.url} mono 8k bot`);
  const fork = await audio.opened(0);
  await execute(control, 'set_mute', 'read true');
  await new Promise((resolve) => setTimeout(resolve, 80));
  const before = fork.received.length;
  phone.say(sine(440, 200));
  await execute(control, 'playback', 'tone_stream://%(300,0,800)');
  t.ok(peak(sound(fork.received.slice(before), 1)[0] as Int16Array) < 50);
  t.ok(phone.peakSince(0) > 1000);
});
