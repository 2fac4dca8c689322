import { createServer } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { WebSocketServer, type WebSocket } from 'ws';
import Srf from 'drachtio-srf';
import Mrf from 'drachtio-fsmrf';
import { peak } from '../../../src/audio/pcm.js';
import { tone } from '../../../src/audio/tone.js';
import { encodeWav } from '../../../src/audio/wav.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { startPair, type Pair } from '../../../src/embedded/pair.js';
import { nothingLeft, secrets, start as startWith } from './libraries.js';
import { limited, Phone, until } from './testbed.js';

/** What the tests use of drachtio-fsmrf. */
interface Endpoint {
  uuid: string;
  local: { sdp: string };
  dialog: { on(event: 'destroy', listener: () => void): void };
  play(file: unknown): Promise<Record<string, string>>;
  playCollect(options: object): Promise<Record<string, string>>;
  execute(application: string, argument?: string): Promise<{ getHeader(name: string): string | null }>;
  api(command: string, argument?: unknown): Promise<{ getBody(): string }>;
  getChannelVariables(includeMedia: boolean): Promise<Record<string, string | number>>;
  set(variables: object): Promise<void>;
  forkAudioStart(options: object): Promise<void>;
  forkAudioSendText(name: string, text: object): Promise<void>;
  forkAudioStop(name: string, text?: object): Promise<void>;
  modify(sdp: string): Promise<unknown>;
  record(file: string, options: object): Promise<Record<string, string>>;
  on(event: string, listener: (event: Record<string, string>) => void): void;
  addCustomEventListener(event: string, listener: (body: unknown) => void): void;
  destroy(): Promise<void>;
}
interface MediaServer {
  sip: { ipv4: { udp: { address: string } } };
  maxSessions: number;
  conn: { closing?: boolean };
  createEndpoint(options?: object): Promise<Endpoint>;
  connectCaller(
    req: unknown,
    res: unknown,
  ): Promise<{ endpoint: Endpoint; dialog: { on(e: 'destroy', l: () => void): void } }>;
  api(command: string): Promise<string>;
  disconnect(): void;
}

const sounds = mkdtempSync(join(tmpdir(), 'xiangyin-pair-'));
t.teardown(() => rmSync(sounds, { recursive: true, force: true }));
const chime = tone({ frequenciesHz: [440], durationMs: 3000, sampleRateHz: 8000, levelDb: -12 });
writeFileSync(join(sounds, 'chime.wav'), encodeWav(chime, { sampleRateHz: 8000, channels: 1 }));

function start(t: Test, synthesize?: (text: string) => Promise<Int16Array>): Promise<Pair> {
  return startWith(t, sounds, 1, synthesize);
}

/** drachtio-srf and drachtio-fsmrf, unmodified, on the pair. */
async function connectLibraries(t: Test, pair: Pair) {
  const srf = new Srf();
  const { host, port } = pair.drachtio.adminAddress;
  void srf.connect({ host, port, secret: secrets.drachtio });
  await limited('drachtio refused', new Promise<void>((resolve) => srf.on('connect', () => resolve())));
  const mrf = new (
    Mrf as unknown as new (srf: unknown) => { connect(options: object): Promise<MediaServer> }
  )(srf);
  const ms = await limited(
    'no media server',
    mrf.connect({
      address: '127.0.0.1',
      port: pair.media[0]?.eventSocketAddress.port ?? 0,
      secret: secrets.freeswitch,
      listenAddress: '127.0.0.1',
    }),
  );
  t.teardown(() => {
    ms.disconnect();
    srf.disconnect();
  });
  return { srf, ms };
}

/** A phone's call to the pair's SIP server, answered by connectCaller. */
async function answeredCall(t: Test, pair: Pair) {
  const { srf, ms } = await connectLibraries(t, pair);
  const answered = new Promise<Awaited<ReturnType<MediaServer['connectCaller']>>>((resolve, reject) => {
    srf.invite((req: unknown, res: unknown) => ms.connectCaller(req, res).then(resolve, reject));
  });
  const phone = await Phone.start(t);
  const address = pair.drachtio.sipAddresses.find(({ protocol }) => protocol === 'udp');
  const outgoing = phone.agent.invite(`sip:clinic@127.0.0.1:${address?.port}`, { body: phone.offer });
  const dialog = await limited(
    'the call was not answered',
    new Promise<Parameters<Parameters<typeof outgoing.on<'accepted'>>[1]>[1]>((resolve, reject) => {
      outgoing.on('accepted', (response, made) => {
        outgoing.ack();
        phone.setRemote(response.body);
        resolve(made);
      });
      outgoing.on('failed', (status) => reject(new Error(`refused with ${status}`)));
    }),
  );
  const { endpoint, dialog: uas } = await limited('connectCaller', answered);
  return { srf, ms, phone, dialog, endpoint, uas };
}

t.test('a caller is connected, hears a file, presses a key, and hangs up; nothing is left', async (t) => {
  const pair = await start(t);
  const { phone, dialog, endpoint, ms, uas } = await answeredCall(t, pair);
  t.equal(ms.sip.ipv4.udp.address, `127.0.0.1:${pair.media[0]?.sipAddress.port}`);
  await until('the heartbeat', () => ms.maxSessions > 0);
  const keys: string[] = [];
  endpoint.on('dtmf', (event) => keys.push(event['dtmf'] ?? ''));
  const played = await endpoint.play({ file: 'chime.wav', timeoutSecs: 2 });
  t.equal(played['playbackSeconds'], '2');
  t.equal(played['playbackMilliseconds'], '2048', 'as the test of drachtio-fsmrf itself expects');
  t.ok(phone.peakSince(0) > 4000);
  const array = await endpoint.play(['silence_stream://100', 'silence_stream://200']);
  t.equal(array['playbackMilliseconds'], '200');
  await t.rejects(endpoint.play('nowhere.wav'), { message: 'File Not Found' });
  await phone.session.sendDtmf('7', 80);
  await until('the key', () => keys.length === 1);
  t.equal(keys[0], '7');
  const variables = await endpoint.getChannelVariables(true);
  t.equal(variables['variable_local_media_ip'], '127.0.0.1');
  t.ok(Number(variables['variable_rtp_audio_in_packet_count']) > 50);
  const gone = new Promise<void>((resolve) => uas.on('destroy', () => resolve()));
  await dialog.bye();
  await limited('no destroy', gone);
  await endpoint.destroy();
  await nothingLeft(pair);
});

t.test('a stereo fork by drachtio-fsmrf carries both sides and the bot, in one', async (t) => {
  const pair = await start(t);
  const { phone, endpoint, ms } = await answeredCall(t, pair);
  t.equal(await ms.api('global_getvar xiangyin_stereo_bidirectional'), 'true');
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise<void>((resolve) => server.on('listening', resolve));
  t.teardown(() => server.close());
  const connected = new Promise<WebSocket>((resolve) => server.on('connection', resolve));
  const reports: string[] = [];
  for (const name of ['connect', 'disconnect', 'kill_audio']) {
    endpoint.addCustomEventListener(`mod_audio_fork::${name}`, () => reports.push(name));
  }
  await endpoint.forkAudioStart({
    wsUrl: `ws://127.0.0.1:${(server.address() as { port: number }).port}/x`,
    mixType: 'stereo',
    sampling: '8000',
    bugname: 'call',
    metadata: { call: 1 },
    bidirectionalAudio: { enabled: 'true', streaming: 'true', sampleRate: '8000' },
  });
  const socket = await limited('the fork does not connect', connected);
  const texts: string[] = [];
  let frames = 0;
  let rightPeak = 0;
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return texts.push(data.toString());
    frames += 1;
    for (let i = 2; i + 1 < data.length; i += 4)
      rightPeak = Math.max(rightPeak, Math.abs(data.readInt16LE(i)));
    return undefined;
  });
  await until('frames', () => frames > 5);
  const bot = chime.slice(0, 8000);
  const sentMs = performance.now();
  socket.send(Buffer.from(bot.buffer));
  socket.send('{"type":"mark","data":{"name":"m"}}');
  await until('heard', () => phone.peakSince(sentMs) > 4000);
  const first = phone.heard.find(({ samples, atMs }) => atMs > sentMs && peak(samples) > 100);
  t.comment(`bot audio heard ${Math.round((first?.atMs ?? 0) - sentMs)} ms after it was handed over`);
  await until('the mark', () => texts.some((text) => text.includes('playout')));
  t.ok(rightPeak > 4000, 'the right channel has what the fork itself injects');
  t.ok(reports.includes('connect'));
  socket.send(Buffer.from(chime.buffer));
  await until('heard again', () => phone.peakSince(performance.now() - 30) > 4000);
  socket.send('{"type":"killAudio"}');
  await until('kill_audio', () => reports.includes('kill_audio'));
  await endpoint.forkAudioSendText('call', { hello: 'you' });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await endpoint.forkAudioStop('call', { good: 'bye' });
  t.equal(await limited('the fork stays', closed), 1000);
  t.ok(texts.includes('{"hello":"you"}'));
  t.ok(texts.includes('{"good":"bye"}'));
  await endpoint.destroy();
  t.equal((await pair.counts()).freeswitch['forks'], 0);
});

t.test('without an offer first, with one afterwards; recording and digits', async (t) => {
  const pair = await start(t);
  const { ms } = await connectLibraries(t, pair);
  const endpoint = await ms.createEndpoint();
  const phone = await Phone.start(t);
  await endpoint.modify(phone.offer);
  phone.setRemote(endpoint.local.sdp);
  const fromMs = performance.now();
  await endpoint.play('tone_stream://%(200,0,600)');
  t.ok(phone.peakSince(fromMs) > 1000, 'heard after the re-INVITE');
  await phone.session.sendDtmf('1', 60);
  const collecting = endpoint.playCollect({
    file: 'silence_stream://1000',
    min: 1,
    max: 3,
    terminators: '#',
  });
  await phone.session.sendDtmf('23', 60);
  const collected = await collecting;
  t.equal(collected['digits'], '123');
  const file = join(sounds, 'recorded.wav');
  const recorded = await endpoint.record(file, { timeLimitSecs: 1 });
  t.equal(recorded['recordSamples'], '8000');
  await endpoint.destroy();
  await nothingLeft(pair);
});

t.test('text is spoken by the synthesizer of the main thread', async (t) => {
  const said: string[] = [];
  const pair = await start(t, (text) => {
    said.push(text);
    return Promise.resolve(chime.slice(0, 1600));
  });
  const { endpoint, phone } = await answeredCall(t, pair);
  const fromMs = performance.now();
  await endpoint.execute('speak', 'espeak|en|good morning');
  t.same(said, ['good morning']);
  t.ok(phone.peakSince(fromMs) > 4000);
});

t.test('a port in use is one clear error that names it, and nothing keeps running', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as { port: number };
  const options = {
    drachtio: { admin: { host: '127.0.0.1', port: 0 }, secret: 's', sip: ['udp:127.0.0.1:0'] },
    freeswitch: {
      eventSocket: { host: '127.0.0.1', port: 0 },
      secret: 's',
      sip: 'udp:127.0.0.1:0',
      rtpAddress: '127.0.0.1',
      rtpPorts: { min: 0, max: 0 },
    },
    clock: systemClock,
    logger: silentLogger,
  };
  await t.rejects(
    startPair({
      ...options,
      freeswitch: { ...options.freeswitch, eventSocket: { host: '127.0.0.1', port } },
    }),
    {
      code: 'EMBEDDED_START_FAILED',
      message: new RegExp(`${port}`),
    },
  );
  await t.rejects(
    startPair({ ...options, drachtio: { ...options.drachtio, admin: { host: '127.0.0.1', port } } }),
    {
      code: 'EMBEDDED_START_FAILED',
      message: new RegExp(`${port}`),
    },
  );
});
