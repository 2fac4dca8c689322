/** The callers of `bench ledger`, all in this process: each plays prerendered speech or presses keys, and notes when. */
import { PortPool, type RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import { after, benchTelephone, goFirst, placeCall, type AnsweredCall } from './bench-call.js';
import { LedgerCaller } from './ledger-caller.js';
import type { LedgerCall, LedgerResult, LedgerTask } from './ledger-figures.js';
import { measureLag } from './loop-lag.js';
import { random, white } from './noise-corpus.js';

const rampPerSecond = 10;
const answerLimitMs = 20_000;
const keyMs = 100;
const packetMs = 20;
const nowMs = (): number => performance.now();

/** A call with its packets on a grid of its own, so that the callers come at every phase of the server's ticks. */
class Line {
  readonly caller: LedgerCaller;
  readonly #answeredMs = nowMs();
  #nextMs = nowMs() + Math.random() * packetMs;
  #timer: NodeJS.Timeout | undefined;
  #wasHungUp = false;
  #gridMs = 0;

  constructor(
    private readonly call: AnsweredCall,
    wire: Wire,
    task: LedgerTask,
    noise: Int16Array,
    next: () => number,
  ) {
    this.caller = new LedgerCaller({
      clips: task.clips,
      random: next,
      noise,
      // The call may end while a key is down.
      press: (key) => call.session.sendDtmf(key, keyMs).catch(() => undefined),
    });
    wire.keyEnded = () => this.caller.keyEnded(this.#gridMs);
    call.session.onAudio = (samples) => this.caller.received(samples, nowMs() - this.#answeredMs);
    call.dialog.on('bye', () => (this.#wasHungUp = true));
    this.#aim();
  }

  get wasHungUp(): boolean {
    return this.#wasHungUp;
  }

  get result(): LedgerCall {
    return { sipCallId: this.call.dialog.callId, turns: this.caller.turns };
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.call.session.close();
    if (!this.#wasHungUp) await this.call.dialog.bye();
  }

  /** A packet's place is on the grid, whenever the timer fires. */
  #aim(): void {
    this.#timer = setTimeout(
      () => {
        this.#gridMs = this.#nextMs - this.#answeredMs;
        this.call.session.send(this.caller.tick(this.#gridMs, nowMs() - this.#nextMs));
        this.#nextMs += packetMs;
        this.#aim();
      },
      Math.max(0, this.#nextMs - nowMs()),
    );
  }
}

/** A packet of a telephone-event: the RTP header and four bytes, of which the second has the end's bit (RFC 4733 §2.3). */
const eventPacketBytes = 16;

/**
 * What lies between a telephone and the network: sees when a key is over, and holds packets up, in order, as a queue does
 * that grows and shrinks.
 */
class Wire {
  keyEnded: () => void = () => undefined;
  #inKey = false;
  #dueMs = 0;

  constructor(socket: RtpSocket, jitterMs: number, next: () => number) {
    const send = socket.send.bind(socket);
    socket.send = (bytes, length, port, host) => {
      this.#look(bytes, length);
      if (jitterMs === 0) {
        send(bytes, length, port, host);
        return;
      }
      const copy = Buffer.from(bytes.subarray(0, length));
      this.#dueMs = Math.max(this.#dueMs, nowMs() + next() * jitterMs);
      setTimeout(() => send(copy, length, port, host), this.#dueMs - nowMs());
    };
  }

  /** Of the three packets that end a key the first counts. */
  #look(bytes: Uint8Array, length: number): void {
    if (length !== eventPacketBytes) return;
    const isEnd = ((bytes[13] as number) & 0x80) !== 0;
    if (isEnd && this.#inKey) this.keyEnded();
    this.#inKey = !isEnd;
  }
}

async function main(task: LedgerTask): Promise<void> {
  const userAgent = await benchTelephone();
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const next = random(task.seed);
  const noise = white(10, -65, task.seed);
  const failures: string[] = [];
  const lines: Line[] = [];
  const placed: Promise<void>[] = [];
  for (let index = 0; index < task.calls; index += 1) {
    placed.push(
      place().catch((error: unknown) => {
        failures.push(error instanceof Error ? error.message : String(error));
      }),
    );
    await after(1000 / rampPerSecond);
  }
  await Promise.all(placed);
  const lag = measureLag();
  await after(task.seconds * 1000);
  const lagMs = lag.stop();
  for (const line of lines) if (line.wasHungUp) failures.push('hung up by the server');
  await Promise.all(lines.map((line) => line.end()));
  // What jitter holds up is sent into closed sockets.
  await after(task.jitterMs);
  ports.close();
  await userAgent.close();
  const result: LedgerResult = {
    calls: lines.map((line) => line.result),
    failures,
    lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0,
  };
  // A long result is cut off by a disconnect that does not wait for it.
  process.send?.(result, undefined, undefined, () => process.disconnect());

  async function place(): Promise<void> {
    const socket = await ports.acquire();
    const wire = new Wire(socket, task.jitterMs, next);
    const answered = await placeCall(userAgent, task.uri, socket, answerLimitMs);
    if (typeof answered === 'string') throw new Error(answered);
    lines.push(new Line(answered, wire, task, noise, next));
  }
}

goFirst();
process.once('message', (task) => {
  main(task as LedgerTask).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
