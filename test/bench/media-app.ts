/**
 * The application of `bench media`, a process of its own that is measured whole: the embedded pair (or, where addresses
 * are given, any other drachtio and FreeSWITCH), and a voice bot that does for each call what one has to do: takes the
 * stereo fork, runs voice activity on the caller, records both sides, speaks without end, and stops when it is told to.
 * It stamps with the system's monotonic clock, which is the same in the process of the callers.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnergyVad } from '../../src/audio/vad.js';
import { peak } from '../../src/audio/pcm.js';
import { AudioStreamServer } from '../../src/audio-stream/audio-stream-server.js';
import { BotAudio, type Speech } from '../../src/audio-stream/bot-audio.js';
import { CallAudio } from '../../src/call/call-audio.js';
import { DiskThread } from '../../src/call/disk-thread.js';
import type { Disk } from '../../src/call/disk.js';
import { Recorder } from '../../src/call/recorder.js';
import { tuneRuntime } from '../../src/cli/tune-runtime.js';
import { parseHostPort, type HostPort } from '../../src/core/address.js';
import { systemClock } from '../../src/core/clock.js';
import { token } from '../../src/core/ids.js';
import { silentLogger } from '../../src/core/logger.js';
import { startPair, type Pair } from '../../src/embedded/pair.js';
import { MediaPool } from '../../src/media/media-pool.js';
import { Admission } from '../../src/sip/admission.js';
import { stranger } from '../../src/sip/caller-identity.js';
import type { IncomingCall } from '../../src/sip/incoming-call.js';
import { SipAgent } from '../../src/sip/sip-agent.js';
import { MARK_PEAK, type AppResult, type AppTask, type CallStamps } from './media-figures.js';

/** The bot's voice: a triangle of 250 Hz, -12 dB, never silent for a packet. */
const voice = Int16Array.from({ length: 1600 }, (_, i) => {
  const phase = (i % 32) / 32;
  return Math.round(8000 * (phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase));
});

/** How long the bot speaks between two stops, and how long it is silent then, ms: at random phase of every grid. */
const SPEAKS_MS = { least: 2500, more: 1500 };
const SILENT_MS = { least: 300, more: 300 };

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;
const between = ({ least, more }: { least: number; more: number }): number => least + Math.random() * more;

class BotCall {
  readonly stamps: CallStamps = { heardMs: [], playMs: [], stopMs: [] };
  readonly #vad = new EnergyVad();
  readonly #recorder: Recorder;
  readonly #bot: BotAudio;
  #marked = false;
  #speech: Speech | undefined;
  #ended = false;

  constructor(
    private readonly audio: CallAudio,
    playout: ConstructorParameters<typeof BotAudio>[2],
    disk: Disk,
    file: string,
  ) {
    this.#recorder = new Recorder(disk, file, silentLogger);
    this.#bot = new BotAudio(audio.speaking, systemClock, playout);
    audio.attach(
      (caller) => this.#hear(caller),
      (caller, heard) => this.#recorder.write(caller, heard),
    );
  }

  /** Speaks and stops by turns until the call is over. */
  speak(): void {
    if (this.#ended) return;
    this.stamps.playMs.push(nowMs());
    this.#speech = this.#bot.speak(endless());
    this.#speech.finished.catch(() => undefined);
    systemClock.after(between(SPEAKS_MS), () => {
      if (this.#ended) return;
      this.stamps.stopMs.push(nowMs());
      this.#speech?.cut();
      systemClock.after(between(SILENT_MS), () => this.speak());
    });
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#speech?.cut();
    this.audio.close();
    await this.#recorder.close();
  }

  /** The callers are silent but for their marks. */
  #hear(caller: Int16Array): void {
    this.#vad.push(caller);
    const marked = peak(caller) >= MARK_PEAK / 2;
    if (marked && !this.#marked) this.stamps.heardMs.push(nowMs());
    this.#marked = marked;
  }
}

async function* endless(): AsyncGenerator<Int16Array> {
  for (;;) yield voice;
}

async function main(task: AppTask): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xiangyin-media-'));
  const pair = task.drachtio === undefined ? await embedded(task.workers) : undefined;
  const audio = await AudioStreamServer.listen({
    listen: { host: '127.0.0.1', port: 0 },
    advertise: undefined,
    ...(pair !== undefined && { localSocket: join(folder, 'audio.sock') }),
    clock: systemClock,
    logger: silentLogger,
  });
  const daemon = (text: string | undefined): { address: HostPort; secret: string } => {
    const url = new URL(text ?? '');
    const address = parseHostPort(url.host);
    if (address === undefined) throw new Error(`'${url.host}' is no host:port`);
    return { address, secret: decodeURIComponent(url.password) };
  };
  const agent = new SipAgent({
    drachtio: pair?.drachtio ?? daemon(task.drachtio),
    admission: new Admission([]),
    identify: () => stranger,
    draining: () => false,
    clock: systemClock,
    logger: silentLogger,
  });
  const freeswitch = pair?.freeswitch ?? [daemon(task.freeswitch)];
  const pool = await MediaPool.open(
    agent.srf,
    freeswitch.map((server) => ({
      ...server,
      profile: task.profile ?? 'drachtio_mrf',
      eventSocketListen: { host: '127.0.0.1', port: 0 },
      eventSocketAdvertise: undefined,
      clock: systemClock,
      logger: silentLogger,
    })),
    systemClock,
    silentLogger,
  );
  const stamps: Record<string, CallStamps> = {};
  const disk = new DiskThread(folder, systemClock);
  let files = 0;
  const take = async (call: IncomingCall): Promise<void> => {
    const endpoint = await pool.createEndpoint(call.offer);
    const bot = new BotCall(await CallAudio.open(endpoint, audio), endpoint.playout, disk, `${++files}.wav`);
    const dialog = await call.answer(endpoint.localSdp);
    stamps[call.calledNumber] = bot.stamps;
    bot.speak();
    dialog.on('ended', () => void bot.end().then(() => endpoint.close()));
  };
  agent.on('call', (call) => {
    take(call).catch((error: unknown) => {
      console.error('a call failed:', error instanceof Error ? error.message : error);
      call.refuse(503);
    });
  });
  await agent.connect();
  process.on('message', (message) => {
    if (message !== 'end') return;
    void (async () => {
      process.send?.({ stamps } satisfies AppResult);
      agent.close();
      pool.close();
      await audio.close();
      await pair?.pair.close();
      await disk.close();
      await rm(folder, { recursive: true, force: true });
      process.disconnect();
    })();
  });
  const sip = agent.sipAddresses.find((address) => address.startsWith('udp/'))?.slice('udp/'.length);
  process.send?.({ sip });
}

async function embedded(mediaWorkers: number | undefined): Promise<{
  pair: Pair;
  drachtio: { address: HostPort; secret: string };
  freeswitch: { address: HostPort; secret: string }[];
}> {
  const secrets = { drachtio: token(), freeswitch: token() };
  const local = '127.0.0.1';
  const pair = await startPair({
    drachtio: {
      admin: { host: local, port: 0 },
      secret: secrets.drachtio,
      sip: [`udp:${local}:0`],
      tls: {},
      requestHandlers: [],
      traceBytes: 1_000_000,
    },
    freeswitch: {
      eventSocket: { host: local, port: 0 },
      secret: secrets.freeswitch,
      sip: `udp:${local}:0`,
      rtpAddress: local,
      rtpPorts: { min: 30_000, max: 39_999 },
    },
    mediaWorkers,
    clock: systemClock,
    logger: silentLogger,
  });
  return {
    pair,
    drachtio: { address: pair.drachtio.adminAddress, secret: secrets.drachtio },
    freeswitch: pair.media.map(({ eventSocketAddress }) => ({
      address: eventSocketAddress,
      secret: secrets.freeswitch,
    })),
  };
}

tuneRuntime();
await main(JSON.parse(process.argv[2] ?? '{}') as AppTask);
