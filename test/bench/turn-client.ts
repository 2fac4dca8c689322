/**
 * The callers of `bench turn`, all in this process: most say phrases at menus, the others have noise on the line and say
 * nothing. Plays prerendered sound, listens to energy only.
 */
import { PortPool } from '../../src/embedded/rtp/port-pool.js';
import { after, benchTelephone, goFirst, placeCall, type AnsweredCall } from './bench-call.js';
import { measureLag } from './loop-lag.js';
import { noiseCorpus, pink, random, white } from './noise-corpus.js';
import { TurnCaller } from './turn-caller.js';
import type { TurnResult, TurnTask } from './turn-figures.js';
import { markDb, softMarkLevelDb } from './turn-set.js';
import { TurnLine, type EchoOfLine } from './turn-line.js';
import { SilentCaller } from './turn-silent-caller.js';

const RAMP_PER_SECOND = 10;
const ANSWER_LIMIT_MS = 20_000;
/** Of the callers, so many in ten have noise on the line and nothing to say. */
const SILENT_OF_TEN = 3;
/** Noise is made for so long, then played again. */
const NOISE_S = 47;
const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Caller {
  received(samples: Int16Array, position: number, atMs: number): void;
  tick(nowMs: number): Int16Array;
  readonly firstSoundMs: number | undefined;
}

/** A call with its packets on a grid of its own, so that the callers come at every phase of the server's ticks. */
class Line {
  #nextMs = performance.now() + Math.random() * 20;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly call: AnsweredCall,
    readonly caller: Caller,
  ) {
    call.session.onAudio = (samples, position) => caller.received(samples, position, nowMs());
    call.dialog.on('bye', () => (this.wasHungUp = true));
    this.#aim();
  }

  wasHungUp = false;

  async end(): Promise<void> {
    clearTimeout(this.#timer);
    this.call.session.close();
    if (!this.wasHungUp) await this.call.dialog.bye();
  }

  #aim(): void {
    this.#timer = setTimeout(
      () => {
        this.call.session.send(this.caller.tick(nowMs()));
        this.#nextMs += 20;
        this.#aim();
      },
      Math.max(0, this.#nextMs - performance.now()),
    );
  }
}

async function main(task: TurnTask): Promise<void> {
  const userAgent = await benchTelephone();
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const next = random(task.seed);
  const noises = noiseCorpus(
    NOISE_S,
    task.clips.map(({ samples }) => samples),
    task.seed,
  );
  const menuPrompts = Object.fromEntries(
    Object.entries(task.promptSamples).filter(([prompt]) => markDb(prompt) > softMarkLevelDb),
  );
  const quiet = white(NOISE_S, -65, task.seed);
  const street = pink(NOISE_S, -46, task.seed);
  const failures: string[] = [];
  const talkers: TurnCaller[] = [];
  const silent: SilentCaller[] = [];
  const lines: Line[] = [];
  const placed: Promise<void>[] = [];
  for (let index = 0; index < task.calls; index++) {
    const isSilent = index % 10 >= 10 - SILENT_OF_TEN;
    const uri = isSilent ? task.listenUri : task.menuUri;
    placed.push(
      place(uri, isSilent ? silentCaller : talker).catch((error: unknown) => {
        failures.push(error instanceof Error ? error.message : String(error));
      }),
    );
    await after(1000 / RAMP_PER_SECOND);
  }
  await Promise.all(placed);
  const lag = measureLag();
  const cpu = process.cpuUsage();
  const beganMs = nowMs();
  await after(task.seconds * 1000);
  const { user, system } = process.cpuUsage(cpu);
  const cpuPercent = (user + system) / 10 / (nowMs() - beganMs);
  const lagMs = lag.stop();
  for (const line of lines) if (line.wasHungUp) failures.push('hung up by the server');
  await Promise.all(lines.map((line) => line.end()));
  ports.close();
  await userAgent.close();
  const result: TurnResult = {
    turns: talkers.flatMap(({ turns }) => turns),
    noiseCalls: silent.map((caller) => caller.result),
    firstSoundMs: lines.map(({ caller }) => caller.firstSoundMs ?? task.seconds * 1000),
    pausesUnasked: talkers.reduce((sum, caller) => sum + caller.pausesUnasked, 0),
    brokenFillers: talkers.reduce((sum, caller) => sum + caller.brokenFillers, 0),
    failures,
    lagP99Ms: lagMs[Math.floor(lagMs.length * 0.99)] ?? 0,
    cpuPercent,
  };
  // A long result is cut off by a disconnect that does not wait for it.
  process.send?.(result, undefined, undefined, () => process.disconnect());

  async function place(uri: string, make: (answeredMs: number, callId: string) => Caller): Promise<void> {
    const answered = await placeCall(userAgent, uri, await ports.acquire(), ANSWER_LIMIT_MS);
    if (typeof answered === 'string') throw new Error(answered);
    lines.push(new Line(answered, make(nowMs(), answered.dialog.callId)));
  }

  /** Each third one hears himself back, each fourth stands in a street. */
  function talker(answeredMs: number, callId: string): Caller {
    const index = talkers.length;
    const echo = index % 3 === 2 ? echoOf(index) : undefined;
    const caller = new TurnCaller({
      line: new TurnLine(index % 4 === 3 ? street : quiet, echo, Math.floor(next() * quiet.length)),
      hasEcho: echo !== undefined,
      clips: task.clips,
      promptSamples: menuPrompts,
      random: next,
      answeredMs,
      callId,
    });
    talkers.push(caller);
    return caller;
  }

  /** Each kind of noise in turn, the second time with an echo. */
  function silentCaller(answeredMs: number): Caller {
    const index = silent.length;
    const kind = noises[index % noises.length];
    if (kind === undefined) throw new Error('the corpus of noise is empty');
    const echo = (index + Math.floor(index / noises.length)) % 2 === 1 ? echoOf(index) : undefined;
    const line = new TurnLine(kind.samples, echo, Math.floor(next() * kind.samples.length));
    const caller = new SilentCaller(line, kind.name, echo !== undefined, task.promptSamples, answeredMs);
    silent.push(caller);
    return caller;
  }

  /** The bot's voice at -20 dB, 20 to 250 ms late. */
  function echoOf(index: number): EchoOfLine {
    return { levelDb: -20, delayMs: 20 + ((index * 46) % 231) };
  }
}

goFirst();
process.once('message', (task: TurnTask) => void main(task));
