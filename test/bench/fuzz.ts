/**
 * `npm run bench -- fuzz [--messages 100000] [--seed N] [--short]`: a whole DrachtioServer with a drachtio-srf
 * application under torture messages, wounded copies of real calls and random bytes, over UDP and TCP; and whether
 * it still takes calls after it and keeps nothing.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Srf from 'drachtio-srf';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { DrachtioServer } from '../../src/embedded/drachtio/drachtio-server.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import { parseNameAddr } from '../../src/embedded/sip/name-addr.js';
import type { OutgoingInvite } from '../../src/embedded/sip/outgoing-invite.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { sdp, serverEmpty, serverUri, type App } from '../embedded/drachtio/harness.js';
import { accepted } from '../embedded/sip/phones.js';
import { blows, torture } from './fuzz-messages.js';
import { fenceIn } from './loopback-fence.js';

const secret = 'fuzz';
const timers = { t1Ms: 20, t2Ms: 80, t4Ms: 40 };
/** Between two probes: few enough for the receive buffer of the socket. */
const batch = 100;
/** Of a batch, over TCP. */
const overTcp = 10;
/** What the heap may grow by beyond its size after the first batches. */
const heapGrowthMb = 32;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args: [...args],
    strict: false,
    options: { messages: { type: 'string' }, seed: { type: 'string' }, short: { type: 'boolean' } },
  });
  const messages = Number(values.messages ?? (values.short === true ? 10_000 : 100_000));
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  console.error(`seed ${seed}`);
  fenceIn();
  const crashes: unknown[] = [];
  const crashed = (error: unknown): void => {
    if (crashes.push(error) <= 5) console.error('crash:', error);
  };
  process.on('uncaughtException', crashed);
  process.on('unhandledRejection', crashed);

  const seen: Buffer[] = [];
  let recording = true;
  const record = (_: SipMessage, bytes: Buffer): void => {
    if (recording) seen.push(Buffer.from(bytes));
  };
  const server = await DrachtioServer.listen({
    admin: { host: '127.0.0.1', port: 0 },
    secret,
    sip: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    dnsServers: ['127.0.0.1:9'],
    clock: systemClock,
    logger: silentLogger,
    timers,
    observer: {
      received: record,
      sent: record,
      malformed: () => undefined,
      finished: () => undefined,
    },
  });
  const phone = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    name: 'phone',
    clock: systemClock,
    logger: silentLogger,
    timers,
  });
  const app = await application(server);
  try {
    const callsBefore = await realCalls(server, phone);
    recording = false;
    if (callsBefore !== 'ok') throw new Error(`calls before: ${callsBefore}`);
    const attack = new Attack(server, phone, [...torture, ...seen]);
    const warmUp = Math.min(messages, 2000);
    const startedMs = performance.now();
    await attack.strike(warmUp, seed);
    await serverEmpty(server);
    const heapMbBefore = heapMb();
    await attack.strike(messages - warmUp, seed + 1_000_000);
    const seconds = (performance.now() - startedMs) / 1000;
    await serverEmpty(server);
    const callsAfter = await realCalls(server, phone);
    await serverEmpty(server);
    const { transactions, lingering, dialogs, timers: waiting } = server.counts();
    const left = transactions + lingering + dialogs + waiting;
    if (left > 0) console.error('left:', server.counts());
    const heapMbAfter = heapMb();
    const grown = heapMbAfter - heapMbBefore > heapGrowthMb;
    if (grown) console.error(`the heap grew by more than ${heapGrowthMb} MB`);
    if (crashes.length > 0 || left > 0 || callsAfter !== 'ok' || grown) process.exitCode = 1;
    return {
      messages,
      seconds: Math.round(seconds * 10) / 10,
      seed,
      crashes: crashes.length,
      left,
      callsAfter,
      unansweredProbes: attack.unanswered,
      heapMbBefore,
      heapMbAfter,
    };
  } finally {
    app.disconnect();
    await phone.close();
    await server.close();
  }
}

/** Sends batches; after each an OPTIONS, whose answer shows that the server has read what came before. */
class Attack {
  unanswered = 0;

  constructor(
    private readonly server: DrachtioServer,
    private readonly phone: UserAgent,
    private readonly corpus: readonly Buffer[],
  ) {}

  async strike(messages: number, seed: number): Promise<void> {
    const port = (protocol: string): number =>
      this.server.sipAddresses.find((address) => address.protocol === protocol)?.port ?? 0;
    const socket = createSocket('udp4');
    socket.on('error', () => undefined);
    socket.on('message', () => undefined);
    for (let sent = 0; sent < messages; sent += batch) {
      const wave = blows(this.corpus, seed + sent, Math.min(batch, messages - sent));
      const stream = connect(port('tcp'), '127.0.0.1');
      stream.on('error', () => undefined);
      stream.resume();
      for (const bytes of wave.slice(0, overTcp)) stream.write(bytes);
      stream.end();
      for (const bytes of wave.slice(overTcp)) socket.send(bytes, port('udp'), '127.0.0.1');
      const probe = await this.phone.request('OPTIONS', serverUri(this.server));
      if (probe.status !== 200) this.unanswered++;
      stream.destroy();
    }
    socket.close();
  }
}

async function application(server: DrachtioServer): Promise<App> {
  const app = new (Srf as unknown as new () => App)();
  app.invite((req, res) => {
    const answer = (): void =>
      void app.createUAS(req, res, { localSdp: sdp }).then(
        (dialog) => {
          dialog.on('destroy', () => undefined);
          dialog.on('modify', (_: unknown, again: { send(status: number, options: object): void }) =>
            again.send(200, { body: sdp }),
          );
        },
        () => undefined,
      );
    if (req.uri.includes('prack')) {
      res.send(183, { headers: { Require: '100rel' }, body: sdp });
      setTimeout(answer, 200); // after the PRACK, which a dialog of the library would refuse
    } else if (req.uri.includes('ring')) res.send(180);
    else answer();
    // Who never sends its CANCEL has had its time.
    setTimeout(() => {
      if (!res.finished) res.send(480);
    }, 2000);
  });
  app.options((_, res) => res.send(200));
  app.message((_, res) => res.send(202));
  app.register((_, res) => res.send(200, { headers: { Expires: '60' } }));
  app.on('error', () => undefined);
  app.connect({ ...server.adminAddress, secret });
  await once(app, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 10));
  return app;
}

/** Calls over UDP and TCP, a PRACK, a CANCEL, a REGISTER; 'ok' or what went wrong. */
async function realCalls(server: DrachtioServer, phone: UserAgent): Promise<string> {
  try {
    for (const protocol of ['udp', 'tcp'] as const) {
      const uri = serverUri(server, protocol);
      const call = phone.invite(uri, { body: sdp });
      await hangUp(call, accepted(call));
      const register = await phone.request('REGISTER', uri);
      if (register.status !== 200) return `${protocol}: REGISTER got ${register.status}`;
      const ringing = phone.invite(uri.replace('service', 'ring'), { body: sdp });
      await rung(ringing, 180);
      const failed = once(ringing as never, 'failed');
      ringing.cancel();
      const [status] = (await failed) as [number];
      if (status !== 487) return `${protocol}: a cancelled call got ${status}`;
    }
    return await prackedCall(server, phone);
  } catch (error) {
    return String(error);
  }
}

async function prackedCall(server: DrachtioServer, phone: UserAgent): Promise<string> {
  const uri = serverUri(server).replace('service', 'prack');
  const call = phone.invite(uri, { body: sdp, headers: { Supported: '100rel' } });
  const answered = accepted(call);
  answered.catch(() => undefined);
  const early = await rung(call, 183);
  const prack = await phone.request('PRACK', parseNameAddr(early.get('contact') ?? '').uri, {
    callId: call.request.get('call-id') ?? '',
    fromTag: /tag=(.*)$/.exec(call.request.get('from') ?? '')?.[1] ?? '',
    headers: {
      To: early.get('to') ?? '',
      CSeq: '2 PRACK',
      RAck: `${early.get('rseq')} 1 INVITE`,
    },
  });
  if (prack.status !== 200) return `PRACK got ${prack.status}`;
  await hangUp(call, answered);
  return 'ok';
}

async function hangUp(call: OutgoingInvite, answered: ReturnType<typeof accepted>): Promise<void> {
  const dialog = await answered;
  call.ack();
  const options = await dialog.request('INFO');
  if (options.status === 408) throw new Error('no answer inside the call');
  await dialog.bye();
}

function rung(call: OutgoingInvite, wanted: number): Promise<SipMessage> {
  return new Promise((resolve, reject) => {
    call.on('provisional', (response) => {
      if (response.status === wanted) resolve(response);
    });
    call.on('failed', (status) => reject(new Error(`failed ${status} before ${wanted}`)));
  });
}

function heapMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return Math.round((process.memoryUsage().heapUsed / 2 ** 20) * 10) / 10;
}
