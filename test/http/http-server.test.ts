import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { t } from 'tap';
import type { Test } from 'tap';
import { silentLogger } from '../../src/core/logger.js';
import { ControlClient } from '../../src/http/control-client.js';
import { isLoopback } from '../../src/http/control-routes.js';
import { createHttpServer } from '../../src/http/http-server.js';
import type { HttpServer } from '../../src/http/http-server.js';
import { Metrics } from '../../src/http/metrics.js';
import { PromptFiles } from '../../src/http/prompt-files.js';
import { authenticationFailed, dialAttemptEnded } from '../../src/sip/channels.js';
import { watchCalls } from '../../src/watch-calls.js';
import { sampleLedger } from '../store-contract/sample-record.js';
import { FakeControl, liveCall } from './fake-control.js';

async function start(t: Test, listen = { host: '127.0.0.1', port: 0 }) {
  const dataDir = join(t.testdir(), 'data');
  const control = new FakeControl();
  const prompts = new PromptFiles();
  const metrics = new Metrics({ liveCalls: () => control.report.calls });
  const server = await createHttpServer({
    listen,
    logger: silentLogger,
    health: () => control.report,
    metrics,
    prompts,
    control,
    dataDir,
    version: '0.1.0',
  });
  t.teardown(() => server.close());
  return { server, dataDir, control, prompts, metrics };
}

async function get(server: HttpServer, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      // http.request sends the path as it is: fetch would take `..` out of it.
      request({ ...server.address, path, headers, method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      })
        .on('error', reject)
        .end();
    },
  );
}

t.test('health is 200 while calls can be served, 503 when they cannot', async (t) => {
  const { server, control } = await start(t);
  const ok = await get(server, '/healthz');
  t.equal(ok.status, 200);
  t.match(JSON.parse(ok.body.toString()), { status: 'ok', calls: 1, daemons: [], version: '0.1.0' });
  t.match(ok.headers['content-type'], 'application/json');
  t.equal(ok.headers['x-content-type-options'], 'nosniff');
  t.equal(ok.headers['cache-control'], 'no-store');
  control.drain();
  t.equal((await get(server, '/healthz')).status, 200, 'draining is healthy');
  control.report = { ...control.report, status: 'degraded', problems: ['no FreeSWITCH answers'] };
  const degraded = await get(server, '/healthz');
  t.equal(degraded.status, 503);
  t.match(JSON.parse(degraded.body.toString()), { problems: ['no FreeSWITCH answers'] });
});

t.test('metrics count what the channels report', async (t) => {
  const { server, metrics } = await start(t);
  metrics.callEnded({ endReason: 'remote-bye', durationMs: 12_000 });
  metrics.callEnded({ endReason: 'remote-bye', durationMs: 2000 });
  metrics.callEnded({ endReason: 'rejected', durationMs: Number.NaN });
  metrics.setup(6);
  metrics.turnGap(250);
  metrics.turnLedger(sampleLedger({ bargeIn: { wholeMs: 130, detectionMs: 110, stopMs: 20 } }));
  const known = { packetsReceived: 995, packetsSent: 1000, lossReceived: 0.005, jitterReceivedMs: 3 };
  metrics.media({ ...known, lossSent: 0, jitterSentMs: 12, roundTripMs: 24 });
  metrics.media({
    ...known,
    lossReceived: Number.NaN,
    lossSent: null,
    jitterSentMs: null,
    roundTripMs: null,
  });
  metrics.refused('capacity');
  metrics.forkOpened();
  metrics.forkFailed();
  metrics.stranger('audio-stream');
  t.teardown(watchCalls(metrics));
  dialAttemptEnded.publish({ trunk: 'carrier', outcome: 'busy' });
  dialAttemptEnded.publish({ trunk: undefined, outcome: 'answered' });
  authenticationFailed.publish({ reason: 'wrong' });
  const { status, headers, body } = await get(server, '/metrics');
  const text = body.toString();
  t.equal(status, 200);
  t.match(headers['content-type'], 'text/plain');
  for (const line of [
    'xiangyin_calls_ended_total{end_reason="remote-bye"} 2',
    'xiangyin_calls_ended_total{end_reason="rejected"} 1',
    'xiangyin_call_duration_seconds_bucket{le="5"} 2',
    'xiangyin_call_duration_seconds_count 3',
    'xiangyin_call_setup_seconds_bucket{le="0.005"} 0',
    'xiangyin_call_setup_seconds_bucket{le="0.007"} 1',
    'xiangyin_turn_gap_seconds_sum 0.25',
    'xiangyin_turn_part_seconds_sum{part="synthesis",after="keys"} 0.2105',
    'xiangyin_turn_part_seconds_bucket{le="0.04",part="media",after="keys"} 1',
    'xiangyin_turn_part_seconds_sum{part="rest",after="keys"} 0.0005',
    'xiangyin_barge_in_seconds_sum 0.13',
    'xiangyin_rtp_packets_total{direction="received"} 1990',
    'xiangyin_rtp_packets_total{direction="sent"} 2000',
    'xiangyin_rtp_loss_ratio_bucket{le="0.003",direction="received"} 1',
    'xiangyin_rtp_loss_ratio_bucket{le="0.01",direction="received"} 2',
    'xiangyin_rtp_loss_ratio_count{direction="sent"} 1',
    'xiangyin_rtp_jitter_seconds_bucket{le="0.005",direction="received"} 2',
    'xiangyin_rtp_jitter_seconds_sum{direction="sent"} 0.012',
    'xiangyin_rtp_round_trip_seconds_sum 0.024',
    'xiangyin_rtp_round_trip_seconds_count 1',
    'xiangyin_calls_refused_total{reason="capacity"} 1',
    'xiangyin_audio_forks_total{outcome="opened"} 1',
    'xiangyin_audio_forks_total{outcome="failed"} 1',
    'xiangyin_strangers_total{at="audio-stream"} 1',
    'xiangyin_dial_attempts_total{trunk="carrier",outcome="busy"} 1',
    'xiangyin_dial_attempts_total{trunk="",outcome="answered"} 1',
    'xiangyin_sip_authentication_failures_total{reason="wrong"} 1',
    'xiangyin_calls_live 1',
  ]) {
    t.ok(text.split('\n').includes(line), line);
  }
  t.match(text, /nodejs_eventloop_lag_p99_seconds \d/);
  t.match(text, /process_resident_memory_bytes \d/);
});

t.test('a prompt is served under its URL and under nothing else', async (t) => {
  const { server, prompts } = await start(t);
  const dir = t.testdir({ '欢迎 1.wav': 'RIFFsound', 'secret.wav': 'secret' });
  const url = new URL(prompts.urlFor(join(dir, '欢迎 1.wav')));
  t.equal(url.origin, server.base);
  t.match(url.pathname, /^\/prompts\/[\w-]{32}\/---1\.wav$/);

  const answer = await get(server, url.pathname);
  t.equal(answer.status, 200);
  t.equal(answer.body.toString(), 'RIFFsound');
  t.equal(answer.headers['content-type'], 'audio/wav');
  t.equal(answer.headers['content-length'], '9');
  t.equal(answer.headers['x-content-type-options'], 'nosniff');
  const again = await get(server, url.pathname, { 'if-none-match': String(answer.headers['etag']) });
  t.equal(again.status, 304);
  t.equal((await get(server, url.pathname, {}, 'HEAD')).headers['content-length'], '9');
  t.equal((await get(server, url.pathname, {}, 'POST')).status, 404);

  const token = url.pathname.split('/')[2] ?? '';
  for (const path of [
    `/prompts/${token}/secret.wav`,
    `/prompts/${token}/..%2fsecret.wav`,
    `/prompts/${token}/../secret.wav`,
    `/prompts/${token}/`,
    `/prompts/${token}`,
    `/prompts/${'x'.repeat(32)}/---1.wav`,
    `/prompts/..%2f..%2fetc/passwd`,
    `/prompts//etc/passwd`,
    `/prompts/__proto__/---1.wav`,
  ]) {
    const refused = await get(server, path);
    t.equal(refused.status, 404, path);
    t.equal(JSON.parse(refused.body.toString()).error.code, 'HTTP_NOT_FOUND');
  }
});

t.test('a prompt whose file is gone, or is a folder, is not found; an empty one is empty', async (t) => {
  const { server, prompts } = await start(t);
  const dir = t.testdir({ 'x.wav': {}, 'empty.wav': '' });
  const path = (name: string) => new URL(prompts.urlFor(join(dir, name))).pathname;
  t.equal((await get(server, path('gone.wav'))).status, 404);
  t.equal((await get(server, path('x.wav'))).status, 404);
  const empty = await get(server, path('empty.wav'));
  t.equal(empty.status, 200);
  t.equal(empty.body.length, 0);
});

t.test('what is wrong with a request is answered as JSON, and nothing of the inside', async (t) => {
  const { server, dataDir } = await start(t);
  const missing = await get(server, '/nothing/here');
  t.equal(missing.status, 404);
  t.same(JSON.parse(missing.body.toString()), {
    error: { code: 'HTTP_NOT_FOUND', message: 'there is nothing at this address' },
  });
  const bad = await get(server, '/prompts/%zz/x');
  t.equal(bad.status, 400);
  t.type(JSON.parse(bad.body.toString()).error.code, 'string');
  const [token] = (await readFile(join(dataDir, 'control.token'), 'utf8')).split('\n');
  const broken = await get(
    server,
    '/control/calls/broken/hangup',
    { authorization: `Bearer ${token}` },
    'POST',
  );
  t.equal(broken.status, 500);
  t.equal(JSON.parse(broken.body.toString()).error.code, 'HTTP_INTERNAL');
  t.notMatch(broken.body.toString(), /secret of the house/);
});

t.test('control is for the holder of the token', async (t) => {
  const { server, control, dataDir } = await start(t);
  const file = join(dataDir, 'control.token');
  t.equal((await stat(file)).mode & 0o777, 0o600);
  const [token] = (await readFile(file, 'utf8')).split('\n');
  for (const authorization of [
    undefined,
    'Bearer',
    `Bearer ${'x'.repeat(32)}`,
    `bearer ${token}`,
    `Bearer ${token}x`,
  ]) {
    const headers = authorization === undefined ? {} : { authorization };
    const refused = await get(server, '/control/drain', headers, 'POST');
    t.equal(refused.status, 401, String(authorization));
    t.equal(JSON.parse(refused.body.toString()).error.code, 'HTTP_CONTROL_TOKEN_WRONG');
  }
  t.strictSame(control.asked, []);
  t.equal((await get(server, '/control/calls', { authorization: `Bearer ${token}` })).status, 200);
  t.equal((await get(server, '/control/nothing', { authorization: `Bearer ${token}` })).status, 404);
});

t.test('only this machine is loopback', async (t) => {
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
    t.ok(isLoopback(address), address);
  for (const address of ['10.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.evil', '', undefined]) {
    t.notOk(isLoopback(address), String(address));
  }
});

t.test('the client reads the token and does what the CLI needs', async (t) => {
  const { dataDir, control } = await start(t);
  const client = await ControlClient.open(dataDir);
  t.match(await client.status(), {
    status: 'ok',
    pid: 42,
    sipAddresses: ['sip:127.0.0.1:5060'],
    counts: { timers: 2 },
  });
  t.same(await client.calls(), [liveCall]);
  await client.hangup(liveCall.id);
  t.match(await client.drain(), { status: 'draining' });
  t.match(await client.drain(false), { status: 'ok' });
  t.same(await client.reload(), {
    dialplans: ['clinic'],
    trunks: ['carrier'],
    problems: ['hotline.yaml:3: no such node'],
    errors: 1,
  });
  await t.rejects(client.hangup('a/b'), {
    code: 'HTTP_CONTROL_FAILED',
    message: 'there is no live call a/b; `xiangyin calls list` shows those that are over',
  });
  t.strictSame(control.asked, [`hangup ${liveCall.id}`, 'drain', 'drain off', 'hangup a/b']);
});

t.test('without a running server the client says so and how to start one', async (t) => {
  const never = t.testdir();
  await t.rejects(ControlClient.open(never), { code: 'HTTP_NO_SERVER', message: /xiangyin serve/ });

  const { server, dataDir } = await start(t);
  const client = await ControlClient.open(dataDir);
  await server.close();
  await t.rejects(client.status(), { code: 'HTTP_NO_SERVER', message: /ECONNREFUSED/ });
  await t.rejects(ControlClient.open(dataDir), { code: 'HTTP_NO_SERVER' }, 'close takes the token away');
});

t.test('a server that ended leaves the token of the one that came after it', async (t) => {
  const { server, dataDir } = await start(t);
  await writeFile(join(dataDir, 'control.token'), 'other\nhttp://127.0.0.1:1\n');
  await server.close();
  t.match(await readFile(join(dataDir, 'control.token'), 'utf8'), /^other/);
});

t.test('a taken port is refused by its number, an address of another machine with the reason', async (t) => {
  const { server } = await start(t);
  await t.rejects(start(t, server.address), {
    code: 'HTTP_ADDRESS_IN_USE',
    message: new RegExp(`port ${server.address.port} on 127\\.0\\.0\\.1 is taken`),
  });
  await t.rejects(start(t, { host: '203.0.113.77', port: 0 }), {
    code: 'HTTP_LISTEN_FAILED',
    message: /EADDRNOTAVAIL/,
  });
});

t.test('close ends idle connections at once and may be called twice', async (t) => {
  const { server } = await start(t);
  const idle = connect(server.address.port, server.address.host);
  const ended = new Promise<void>((resolve) => idle.once('close', () => resolve()));
  await new Promise<void>((resolve) => idle.once('connect', () => resolve()));
  idle.resume();
  await Promise.all([server.close(), server.close()]);
  await ended;
  t.pass('the connection is gone');
});
