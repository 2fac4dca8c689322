/**
 * `npm run bench -- fuzz [--messages 100000] [--seed N] [--short]`: a whole DrachtioServer with a drachtio-srf
 * application under torture messages, wounded copies of real calls and random bytes, over UDP and TCP; whether it
 * looked at every one of them, still takes calls after it and keeps nothing. Exit status 1 when not, with the reasons.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import Srf from 'drachtio-srf';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { DrachtioServer } from '../../src/embedded/drachtio/drachtio-server.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import { parseNameAddr } from '../../src/embedded/sip/name-addr.js';
import type { OutgoingInvite } from '../../src/embedded/sip/outgoing-invite.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { endlessBudget, sdp, serverEmpty, serverUri, type App } from '../embedded/drachtio/harness.js';
import { fenceIn } from '../embedded/sip/loopback-fence.js';
import { accepted } from '../embedded/sip/phones.js';
import { benchOptions } from './bench-options.js';
import { blows, torture } from './fuzz-messages.js';
import { droppedByKernel, FuzzTally, wholeMessages } from './fuzz-tally.js';
import { faults, type TransportTally } from './fuzz-verdict.js';

const secret = 'fuzz';
const timers = { t1Ms: 20, t2Ms: 80, t4Ms: 40 };
/** Between two probes. */
const batch = 100;
/** Of a batch, over TCP: half in one stream, which ends with the first message without a length; half in their own. */
const overTcp = 10;
/** Datagrams before the server has read them: at most 60 kB each, so few that its receive buffer takes them. */
const burst = 6;
/** How long the server may take to read a burst, and a peer to end a stream. */
const readMs = 200;
const endMs = 2000;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { messages, seed } = benchOptions(args, {
    messages: [100_000, 10_000],
    seed: [Math.floor(Math.random() * 2 ** 31)],
  });
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
  const tally = new FuzzTally();
  let mishandled = 0;
  const logger: Logger = {
    ...silentLogger,
    warn: (fields, message) => {
      if (!/could not be handled|failed here/.test(message)) return;
      mishandled++;
      console.error('mishandled:', fields);
    },
  };
  const server = await DrachtioServer.listen({
    admin: { host: '127.0.0.1', port: 0 },
    secret,
    sip: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    clock: systemClock,
    logger,
    timers,
    sourceBudget: endlessBudget,
    connections: { newPerAddress: endlessBudget.all },
    observer: {
      received: (message, bytes, source) => {
        record(message, bytes);
        tally.received(message, bytes, source);
      },
      sent: record,
      malformed: (code, protocol) => tally.malformed(code, protocol),
      dropped: (reason, message, source) => tally.dropped(reason, message, source),
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
    const attack = new Attack(server, phone, tally, [...torture, ...seen]);
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
    const udp = tally.of('udp', await droppedByKernel(portOf(server, 'udp')));
    const tcp = tally.of('tcp');
    const { unanswered: unansweredProbes } = attack;
    const outcome = { crashes: crashes.length, mishandled, left, callsAfter, unansweredProbes };
    const heapGrownMb = Math.round((heapMbAfter - heapMbBefore) * 10) / 10;
    const found = faults({ ...outcome, heapGrownMb, udp, tcp });
    for (const fault of found) console.error('fault:', fault);
    if (found.length > 0) process.exitCode = 1;
    return {
      messages,
      seconds: Math.round(seconds * 10) / 10,
      seed,
      ...outcome,
      ...figures('udp', udp),
      ...figures('tcp', tcp),
      heapMbBefore,
      heapMbAfter,
    };
  } finally {
    app.disconnect();
    await phone.close();
    await server.close();
  }
}

function figures(transport: string, tally: TransportTally): Record<string, number> {
  return Object.fromEntries(Object.entries(tally).map(([name, count]) => [`${transport} ${name}`, count]));
}

function portOf(server: DrachtioServer, protocol: 'udp' | 'tcp'): number {
  return server.sipAddresses.find((address) => address.protocol === protocol)?.port ?? 0;
}

/** Sends batches as fast as the server reads them; after each an OPTIONS. */
class Attack {
  unanswered = 0;

  constructor(
    private readonly server: DrachtioServer,
    private readonly phone: UserAgent,
    private readonly tally: FuzzTally,
    private readonly corpus: readonly Buffer[],
  ) {}

  async strike(messages: number, seed: number): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('error', () => undefined);
    socket.on('message', () => undefined);
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    this.tally.attacker('udp', socket.address().port);
    for (let sent = 0; sent < messages; sent += batch) {
      const wave = blows(this.corpus, seed + sent, Math.min(batch, messages - sent));
      const streams = wave.slice(0, overTcp);
      const together = streams.splice(0, overTcp / 2);
      const ended = [Buffer.concat(together), ...streams].map((bytes) => this.#stream(bytes));
      await this.#datagrams(socket, wave.slice(overTcp));
      await Promise.all(ended);
      const probe = await this.phone.request('OPTIONS', serverUri(this.server));
      if (probe.status !== 200) this.unanswered++;
    }
    socket.close();
  }

  async #datagrams(socket: Socket, wave: readonly Buffer[]): Promise<void> {
    // Up to 4 bytes keep a NAT open: nobody reads them as a message.
    const messages = wave.filter((bytes) => bytes.length > 4);
    for (let at = 0; at < messages.length; at += burst) {
      const wanted = this.tally.arrived('udp') + Math.min(burst, messages.length - at);
      const left = messages.slice(at, at + burst).map(
        (bytes) =>
          new Promise<void>((resolve) =>
            socket.send(bytes, portOf(this.server, 'udp'), '127.0.0.1', (error) => {
              if (error === null) this.tally.left('udp');
              resolve();
            }),
          ),
      );
      await Promise.all(left);
      const untilMs = performance.now() + readMs;
      while (this.tally.arrived('udp') < wanted && performance.now() < untilMs) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** One connection with these bytes; resolves when both sides have ended it, so that all of it has been read. */
  #stream(bytes: Buffer): Promise<void> {
    const stream = connect(portOf(this.server, 'tcp'), '127.0.0.1');
    return new Promise((resolve) => {
      const limit = setTimeout(() => stream.destroy(), endMs);
      stream.on('connect', () => {
        this.tally.attacker('tcp', stream.localPort ?? 0);
        this.tally.left('tcp', wholeMessages(bytes));
      });
      stream.on('error', () => undefined);
      stream.on('close', () => {
        clearTimeout(limit);
        resolve();
      });
      stream.resume();
      stream.end(bytes);
    });
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
