import { mkdtempSync, writeFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { tone } from '../../../src/audio/tone.js';
import { encodeWav } from '../../../src/audio/wav.js';
import { concatSamples, samplesToBytes } from '../../../src/audio/pcm.js';
import { answeredCall, api, execute, startServer, until } from './testbed.js';

const sounds = mkdtempSync(join(tmpdir(), 'xiangyin-sounds-'));
t.teardown(() => rmSync(sounds, { recursive: true, force: true }));

function sine(durationMs: number): Int16Array {
  return tone({ frequenciesHz: [440], durationMs, sampleRateHz: 8000, levelDb: -12 });
}
writeFileSync(join(sounds, 'second.wav'), encodeWav(sine(1000), { sampleRateHz: 8000, channels: 1 }));
writeFileSync(join(sounds, 'ten-seconds.wav'), encodeWav(sine(10_000), { sampleRateHz: 8000, channels: 1 }));
writeFileSync(join(sounds, 'half.r16'), samplesToBytes(new Int16Array(8000).fill(9000)));

t.test('a file is played once, reported exactly, and heard in the packets', async (t) => {
  const server = await startServer(t, { soundsDir: sounds });
  const { control, phone, events, uuid } = await answeredCall(t, server);
  const startMs = performance.now();
  const done = await execute(control, 'playback', 'second.wav');
  const tookMs = performance.now() - startMs;
  t.equal(done.getHeader('Application-Response'), 'FILE PLAYED');
  t.equal(done.getHeader('variable_playback_seconds'), '1');
  t.equal(done.getHeader('variable_playback_ms'), '1000');
  t.equal(done.getHeader('variable_playback_samples'), '8000');
  t.equal(done.getHeader('variable_playback_last_offset_pos'), '8000');
  t.ok(tookMs > 950 && tookMs < 2000, `in real time: ${tookMs}`);
  t.ok(phone.peakSince(startMs) > 4000, 'the tone was heard');
  const names = events.map((event) => event.getHeader('Event-Name'));
  t.same(names, ['CHANNEL_EXECUTE', 'PLAYBACK_START', 'PLAYBACK_STOP', 'CHANNEL_EXECUTE_COMPLETE']);
  t.equal(events[2]?.getHeader('Playback-Status'), 'done');
  t.ok(events.every((event) => event.getHeader('Unique-ID') === uuid));
});

t.test('an array plays all, one start and stop each, totals of the last', async (t) => {
  const server = await startServer(t);
  const { control, events } = await answeredCall(t, server);
  await execute(control, 'set', 'playback_delimiter=!');
  await execute(control, 'set', 'playback_sleep_val=0');
  const done = await execute(control, 'playback', 'silence_stream://100!silence_stream://200');
  t.equal(done.getHeader('variable_playback_ms'), '200');
  t.equal(events.filter((event) => event.getHeader('Event-Name') === 'PLAYBACK_START').length, 2);
  t.equal(events.filter((event) => event.getHeader('Event-Name') === 'PLAYBACK_STOP').length, 2);
});

t.test('uuid_break stops a file: break, and what the real server would have read', async (t) => {
  const server = await startServer(t, { soundsDir: sounds });
  const { control, phone, events, uuid } = await answeredCall(t, server);
  const done = execute(control, 'playback', 'ten-seconds.wav');
  await until('it is heard', () => phone.peakSince(0) > 4000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.equal(await api(control, `uuid_break ${uuid}`), '+OK\n');
  const event = await done;
  t.equal(event.getHeader('Application-Response'), 'FILE PLAYED');
  t.equal(event.getHeader('variable_playback_ms'), '2048', 'a block of 16384 samples');
  const stop = events.find((one) => one.getHeader('Event-Name') === 'PLAYBACK_STOP');
  t.equal(stop?.getHeader('Playback-Status'), 'break');
  await new Promise((resolve) => setTimeout(resolve, 60));
  const quietFromMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.ok(phone.peakSince(quietFromMs) < 50, 'silence afterwards');
  t.ok(
    phone.heard.some(({ atMs }) => atMs > quietFromMs),
    'but packets go on',
  );
});

t.test('a time limit ends a file with what was read until then', async (t) => {
  const server = await startServer(t, { soundsDir: sounds });
  const { control } = await answeredCall(t, server);
  await execute(control, 'set', 'playback_timeout_sec=2');
  const done = await execute(control, 'playback', 'ten-seconds.wav');
  t.equal(done.getHeader('variable_playback_seconds'), '2');
  t.equal(done.getHeader('variable_playback_ms'), '2048');
});

t.test('a sound starts where it is told to, at its own rate', async (t) => {
  const server = await startServer(t, { soundsDir: sounds });
  const { control, phone } = await answeredCall(t, server);
  const fromMs = performance.now();
  const done = await execute(control, 'playback', 'half.r16@@4000');
  t.equal(
    done.getHeader('variable_playback_samples'),
    '4000',
    'a quarter of a second is left of half a second',
  );
  t.equal(done.getHeader('variable_playback_ms'), '250');
  t.ok(phone.peakSince(fromMs) > 8000);
});

t.test('what cannot be opened is not found; the call goes on', async (t) => {
  const server = await startServer(t, { soundsDir: sounds });
  const { control } = await answeredCall(t, server);
  for (const name of [
    'nowhere.wav',
    'tone_stream://%(bad',
    'ftp://x/y.wav',
    'http://127.0.0.1:1/x.wav',
    'say:hello',
  ]) {
    const done = await execute(control, 'playback', name);
    t.equal(done.getHeader('Application-Response'), 'FILE NOT FOUND', name);
  }
  t.equal(
    (await execute(control, 'playback', 'silence_stream://40')).getHeader('Application-Response'),
    'FILE PLAYED',
  );
});

t.test('a prompt by URL is fetched once and played', async (t) => {
  let requests = 0;
  const web = createServer((_request, response) => {
    requests += 1;
    response.end(encodeWav(sine(200), { sampleRateHz: 8000, channels: 1 }));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  t.teardown(() => web.close());
  const server = await startServer(t);
  const { control, phone } = await answeredCall(t, server);
  const url = `http://127.0.0.1:${(web.address() as { port: number }).port}/prompts/x.wav?token=1`;
  const done = await execute(control, 'playback', url);
  await execute(control, 'playback', url);
  t.equal(done.getHeader('variable_playback_ms'), '200');
  t.ok(phone.peakSince(0) > 4000);
  t.equal(requests, 1);
});

t.test('tones are heard at their pitch', async (t) => {
  const server = await startServer(t);
  const { control, phone, events } = await answeredCall(t, server);
  const fromMs = performance.now();
  await execute(control, 'playback', 'tone_stream://%(200,100,1000);loops=2');
  const start = events.find((event) => event.getHeader('Event-Name') === 'PLAYBACK_START');
  t.equal(start?.getHeader('Playback-File-Type'), 'tone_stream');
  const sound = concatSamples(phone.heard.filter(({ atMs }) => atMs >= fromMs).map(({ samples }) => samples));
  const periods = sound.filter((sample, i) => sample > 0 && (sound[i - 1] ?? 0) <= 0).length;
  t.ok(Math.abs(periods - 400) <= 2, `1000 Hz for 2 times 200 ms has 400 periods: ${periods}`);
  const [first, last] = [
    sound.findIndex((sample) => sample > 50),
    sound.findLastIndex((sample) => sample > 50),
  ];
  t.ok(
    Math.abs(last - first - 4000) < 20,
    `from the first tone to the end of the second: ${last - first} samples`,
  );
});

t.test('a terminator key ends a prompt, other keys do not', async (t) => {
  const server = await startServer(t, { soundsDir: sounds });
  const { control, phone, events } = await answeredCall(t, server);
  await execute(control, 'set', 'playback_terminators=#');
  const done = execute(control, 'playback', 'ten-seconds.wav');
  await until('it is heard', () => phone.peakSince(0) > 4000);
  await phone.session.sendDtmf('1#', 60);
  const event = await done;
  t.equal(event.getHeader('variable_playback_terminator_used'), '#');
  t.equal(events.filter((one) => one.getHeader('Event-Name') === 'DTMF').length, 2);
});

t.test('digits are collected, those pressed before the question too', async (t) => {
  const server = await startServer(t);
  const { control, phone, events } = await answeredCall(t, server);
  await phone.session.sendDtmf('1', 60);
  await until('the early key', () => events.some((event) => event.getHeader('Event-Name') === 'DTMF'));
  const done = execute(
    control,
    'play_and_get_digits',
    '1 4 1 3000 # silence_stream://2000 silence_stream://50 myDigitBuffer \\\\d+ 2000',
  );
  await phone.session.sendDtmf('23#', 60);
  const event = await done;
  t.equal(event.getHeader('variable_myDigitBuffer'), '123');
  t.equal(event.getHeader('variable_read_terminator_used'), '#');
  t.equal(event.getHeader('variable_read_result'), 'success');
});
