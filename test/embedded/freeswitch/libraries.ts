import type { Test } from 'tap';
import Srf from 'drachtio-srf';
import Mrf from 'drachtio-fsmrf';
import { goertzel } from '../../../src/audio/goertzel.js';
import { tone } from '../../../src/audio/tone.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { startPair, type Pair } from '../../../src/embedded/pair.js';
import { limited, Phone, until, type EslEvent } from './testbed.js';

/** What the tests of conferences and detectors use of drachtio-fsmrf's Endpoint. */
export interface Endpoint {
  uuid: string;
  conf: { memberId: number; name: string; uuid: string };
  conn: {
    on(event: string, listener: (event: EslEvent) => void): void;
    subscribe(events: string): void;
  };
  join(conference: unknown, options?: object): Promise<{ memberId: number; confUuid: string }>;
  confMute(): Promise<string>;
  confUnmute(): Promise<string>;
  confDeaf(): Promise<string>;
  confKick(): Promise<string>;
  confHup(): Promise<EslEvent>;
  confPlay(file: string): Promise<EslEvent>;
  transfer(conference: string): Promise<string>;
  api(command: string, argument?: unknown): Promise<{ getBody(): string }>;
  execute(application: string, argument?: string): Promise<EslEvent>;
  play(file: unknown): Promise<Record<string, string>>;
  setGain(decibels: number | string): Promise<void>;
  dub(options: object): Promise<void>;
  startVadDetection(options: object): Promise<void>;
  stopVadDetection(options: object): Promise<void>;
  getNonMatchingConfParticipants(conference: string, tag: string): Promise<number[]>;
  on(event: string, listener: (...args: never[]) => void): void;
  addCustomEventListener(event: string, listener: (body: unknown, event: EslEvent) => void): void;
  destroy(): Promise<void>;
}
/** Its Conference. */
export interface FsmrfConference {
  name: string;
  uuid: string;
  memberId: number;
  endpoint: Endpoint;
  participants: Map<number, unknown>;
  on(event: string, listener: (event: EslEvent) => void): void;
  getSize(): Promise<number>;
  get(name: string): Promise<number | string>;
  set(name: string, value: string | number): Promise<string>;
  agc(value: string): Promise<EslEvent>;
  list(argument?: string): Promise<EslEvent>;
  lock(): Promise<string>;
  unlock(): Promise<string>;
  mute(target: string): Promise<string>;
  unmute(target: string): Promise<string>;
  deaf(target: string): Promise<string>;
  undeaf(target: string): Promise<string>;
  chkRecord(): Promise<EslEvent>;
  play(file: string | string[]): Promise<{ seconds: number; milliseconds: number; samples: number }>;
  startRecording(file: string): Promise<string>;
  pauseRecording(file: string): Promise<string>;
  resumeRecording(file: string): Promise<string>;
  stopRecording(file: string): Promise<string>;
  destroy(): Promise<void>;
}
export interface MediaServer {
  createEndpoint(options?: object): Promise<Endpoint>;
  createConference(name: string, options?: object): Promise<FsmrfConference>;
  connectCaller(
    req: unknown,
    res: unknown,
  ): Promise<{
    endpoint: Endpoint;
    dialog: { on(event: 'destroy', listener: () => void): void; destroy(): void };
  }>;
  api(command: string): Promise<string>;
  disconnect(): void;
}

export const secrets = { drachtio: 'drachtio-secret', freeswitch: 'freeswitch-secret' };

export async function start(
  t: Test,
  soundsDir?: string,
  mediaWorkers = 1,
  synthesize?: (text: string) => Promise<Int16Array>,
): Promise<Pair> {
  const pair = await startPair({
    drachtio: {
      admin: { host: '127.0.0.1', port: 0 },
      secret: secrets.drachtio,
      sip: ['udp:127.0.0.1:0'],
    },
    freeswitch: {
      eventSocket: { host: '127.0.0.1', port: 0 },
      secret: secrets.freeswitch,
      sip: 'udp:127.0.0.1:0',
      rtpAddress: '127.0.0.1',
      rtpPorts: { min: 0, max: 0 },
      soundsDir,
    },
    mediaWorkers,
    synthesize,
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => pair.close());
  return pair;
}

/**
 * drachtio-srf and drachtio-fsmrf, unmodified, on the pair; `call` makes a phone that is answered by connectCaller, on the
 * first media worker unless told otherwise.
 */
export async function connectLibraries(t: Test, pair: Pair) {
  const srf = new Srf();
  const { host, port } = pair.drachtio.adminAddress;
  void srf.connect({ host, port, secret: secrets.drachtio });
  await limited('drachtio refused', new Promise<void>((resolve) => srf.on('connect', () => resolve())));
  const mrf = new (
    Mrf as unknown as new (srf: unknown) => { connect(options: object): Promise<MediaServer> }
  )(srf);
  const workers: MediaServer[] = [];
  for (const { eventSocketAddress } of pair.media) {
    const connecting = mrf.connect({
      address: '127.0.0.1',
      port: eventSocketAddress.port,
      secret: secrets.freeswitch,
      listenAddress: '127.0.0.1',
    });
    workers.push(await limited('no media server', connecting));
  }
  const ms = workers[0] as MediaServer;
  t.teardown(() => {
    for (const worker of workers) worker.disconnect();
    srf.disconnect();
  });
  const waiting: { ms: MediaServer; answered: (endpoint: Endpoint) => void }[] = [];
  srf.invite((req: unknown, res: unknown) => {
    const next = waiting.shift();
    void (next?.ms ?? ms).connectCaller(req, res).then(({ endpoint, dialog }) => {
      // What an application does: each side's end ends the other.
      dialog.on('destroy', () => void endpoint.destroy());
      endpoint.on('destroy', () => dialog.destroy());
      next?.answered(endpoint);
    });
  });
  const call = async (
    on = ms,
  ): Promise<{ phone: Phone; endpoint: Endpoint; hangUp: () => Promise<unknown> }> => {
    const phone = await Phone.start(t);
    const answered = new Promise<Endpoint>((resolve) => waiting.push({ ms: on, answered: resolve }));
    const address = pair.drachtio.sipAddresses.find(({ protocol }) => protocol === 'udp');
    const outgoing = phone.agent.invite(`sip:clinic@127.0.0.1:${address?.port}`, { body: phone.offer });
    const dialog = await limited(
      'the call was not answered',
      new Promise<{ bye(): Promise<unknown> }>((resolve, reject) => {
        outgoing.on('accepted', (response, made) => {
          outgoing.ack();
          phone.setRemote(response.body);
          resolve(made);
        });
        outgoing.on('failed', (status) => reject(new Error(`refused with ${status}`)));
      }),
    );
    const endpoint = await limited('connectCaller', answered);
    return { phone, endpoint, hangUp: () => dialog.bye() };
  };
  return { srf, ms, workers, call };
}

export async function nothingLeft(pair: Pair): Promise<void> {
  let counts = await pair.counts();
  for (let i = 0; i < 150; i += 1) {
    const { channels, rtpPorts, sockets, forks, conferenceMembers } = counts.freeswitch;
    const left = [channels, rtpPorts, sockets, forks, conferenceMembers, counts.drachtio['dialogs']];
    if (left.every((count) => count === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
    counts = await pair.counts();
  }
  throw new Error(`left: ${JSON.stringify(counts)}`);
}

/** A phone says one tone for a while. */
export function hum(phone: Phone, frequencyHz: number, durationMs = 1000): void {
  phone.say(tone({ frequenciesHz: [frequencyHz], durationMs, sampleRateHz: 8000, levelDb: -18 }));
}

/** How loud a phone heard a frequency since then, in packets in which it was at all: those above -40 dB of full scale. */
export function packetsWith(phone: Phone, frequencyHz: number, sinceMs: number): number {
  let packets = 0;
  for (const { samples, atMs } of phone.heard) {
    if (atMs >= sinceMs && Math.sqrt(goertzel(samples, frequencyHz, 8000)) > 327) packets += 1;
  }
  return packets;
}

/** Resolves when the phone has heard the frequency in a few packets since then. */
export function hears(phone: Phone, frequencyHz: number, sinceMs: number): Promise<void> {
  return until(`${frequencyHz} Hz`, () => packetsWith(phone, frequencyHz, sinceMs) >= 10);
}
