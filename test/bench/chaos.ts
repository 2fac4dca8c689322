/**
 * `npm run bench -- chaos [--calls 1000] [--at-once 14] [--fault stall,close] [--short]`: twelve kinds of engine and network fault, over the engine
 * protocol, under real calls to the whole shipped server. Two in three calls have a second engine that is sound, for the
 * others both fail in the same way: then the call goes on by recordings and keys. Half of the calls meet an engine at each
 * turn, however often it failed; for the other half it is left alone after three failures, as configured. These are four
 * servers, each with engines of its own that go from fault to fault, all at once: a call is mostly waiting. `--at-once` is
 * how many callers each has. What counts as silence is written at ChaosCaller.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../../src/audio/wav.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { engineFaults, FaultEngine, type EngineFault } from '../speech/fault-engine.js';
import { benchOptions } from './bench-options.js';
import { resultOf } from './child-result.js';
import { chaosHost } from './chaos-host.js';
import {
  houseRecording,
  houseWords,
  voiceOf,
  type ChaosCall,
  type ChaosResult,
  type ChaosTask,
} from './chaos-set.js';
import { idleCounts } from './setup.js';

/** No caller whom the bot owes speech waits longer. */
const LIMIT_MS = 1_500;
const LEFT_AFTER_MS = 5_000;
/** Beyond this the client measured itself (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;
/** A server with sound engines again has connected to them within this. */
const RECOVERED_MS = 10_000;
/** Of the calls of a fault, so many in three have a second engine that is sound. */
const WITH_SOUND_ENGINE = 2;
const RATE_HZ = 8000;

/** What a house is there for; each has its own server and engines, so that all four are at work at once. */
interface Lane {
  /** An engine that keeps failing is left alone; else every call meets it at every turn. */
  readonly breaks: boolean;
  /** Both engines fail, else only the first. */
  readonly allGone: boolean;
  readonly calls: number;
  readonly firstNumber: number;
}

interface Batch {
  readonly fault: EngineFault;
  readonly result: ChaosResult;
}

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = benchOptions(args, { calls: [1000, 72], 'at-once': [14] }, ['fault']);
  const faults = faultsOf(options.fault);
  const speech = await callerSpeech();
  const perFault = options.calls / faults.length / 2;
  const lanes = [false, true].flatMap((breaks) =>
    [false, true].map((allGone, nth): Lane => {
      const share = (allGone ? 3 - WITH_SOUND_ENGINE : WITH_SOUND_ENGINE) / 3;
      const calls = Math.max(1, Math.round(perFault * share));
      return { breaks, allGone, calls, firstNumber: 100_000 * (1 + 2 * Number(breaks) + nth) };
    }),
  );
  const houses: House[] = [];
  try {
    // No caller before all are at rest: a server that starts keeps the processors from the others.
    for (const lane of lanes) houses.push(await House.open(lane));
    for (const house of houses) await house.rest();
    const batches = await Promise.all(
      houses.map((house) => throughFaults(house, faults, options['at-once'], speech)),
    );
    await sleep(LEFT_AFTER_MS);
    const left: Record<string, number> = {};
    for (const house of houses) {
      for (const [kind, more] of Object.entries(await house.left())) left[kind] = (left[kind] ?? 0) + more;
    }
    return verdict(batches.flat(), left);
  } finally {
    await Promise.all(houses.map((house) => house.close()));
  }
}

/** Throws for a name that is none: of no calls nothing bad could be told. */
function faultsOf(names: string | undefined): readonly EngineFault[] {
  if (names === undefined) return engineFaults;
  return names.split(',').map((name) => {
    const fault = engineFaults.find((one) => one === name);
    if (fault === undefined) throw new TypeError(`--fault is one of ${engineFaults.join()}, not ${name}`);
    return fault;
  });
}

async function throughFaults(
  house: House,
  faults: readonly EngineFault[],
  atOnce: number,
  speech: Int16Array,
): Promise<Batch[]> {
  const { calls, firstNumber } = house.lane;
  const batches: Batch[] = [];
  for (const [nth, fault] of faults.entries()) {
    await house.break(fault);
    const result = await resultOf<ChaosResult>('chaos-client.js', {
      host: house.server.sip,
      firstNumber: firstNumber + nth * calls,
      calls,
      atOnce,
      speech,
    } satisfies ChaosTask);
    await house.mend();
    batches.push({ fault, result });
    console.error(shown(fault, house.lane, result));
    for (const call of result.calls) {
      if (call.hung !== undefined || call.maxSilenceMs > LIMIT_MS) console.error(await house.story(call));
    }
  }
  return batches;
}

/** The server and its two engines. */
class House {
  #atRest: Readonly<Record<string, number>> = {};

  private constructor(
    readonly lane: Lane,
    readonly server: ServerProcess,
    private readonly engines: readonly FaultEngine[],
    private readonly dir: string,
  ) {}

  static async open(lane: Lane): Promise<House> {
    const dir = await mkdtemp(join(tmpdir(), 'xiangyin-chaos-'));
    await writePrompts(join(dir, 'prompts'));
    const speak = ({ text, sampleRateHz }: { text: string; sampleRateHz: number }) =>
      voiceOf(text, sampleRateHz);
    const engines = [await FaultEngine.start({ speak }), await FaultEngine.start({ speak })];
    const fixtures = join(projectDir, 'test/fixtures/bench-chaos');
    const names = ['first', 'second'];
    const urls = engines.map(({ url }) => url.replace('127.0.0.1', chaosHost));
    const server = await ServerProcess.start({
      env: {
        NODE_OPTIONS: `--import=${join(projectDir, 'dist/test/bench/chaos-dns.js')}`,
        CHAOS_DNS_GONE: join(dir, 'dns-gone'),
        XIANGYIN_DIALPLANS_DIR: join(fixtures, 'dialplans'),
        XIANGYIN_NUMBERS: join(fixtures, 'numbers.yaml'),
        XIANGYIN_AUDIO_PROMPTS: join(dir, 'prompts'),
        XIANGYIN_SPEECH_ENGINES: JSON.stringify(urls.map((url, at) => ({ name: names[at], url }))),
        XIANGYIN_SPEECH_RECOGNIZERS: names.join(),
        XIANGYIN_SPEECH_SYNTHESIZERS: names.join(),
        XIANGYIN_LOG_LEVEL: 'silent',
        ...(!lane.breaks && { XIANGYIN_SPEECH_FAILOVER_FAILURES_TO_OPEN: '1000000000' }),
      },
    });
    return new House(lane, server, engines, dir);
  }

  /** Resolves when the server has made ready what it can; what it holds then is its own. */
  async rest(): Promise<void> {
    this.#atRest = await idleCounts(this.server);
  }

  /** What there is more of than at rest, by kind. */
  async left(): Promise<Record<string, number>> {
    const left: Record<string, number> = {};
    for (const [kind, count] of Object.entries(await this.server.counts())) {
      // Links to the engines come and go, and finished transactions stay for 32 s: neither is a call's.
      if (/lingering|^(timers|sockets)$/i.test(kind)) continue;
      const more = count - (this.#atRest[kind] ?? 0);
      if (more > 0) left[kind] = more;
    }
    const streams = this.engines.reduce((sum, engine) => sum + engine.streams, 0);
    return streams > 0 ? { ...left, engineStreams: streams } : left;
  }

  async break(fault: EngineFault): Promise<void> {
    if (fault === 'dnsGone') await writeFile(join(this.dir, 'dns-gone'), '');
    for (const engine of this.lane.allGone ? this.engines : this.engines.slice(0, 1))
      await engine.fail(fault);
  }

  /** Resolves when both engines are sound and the server has found them again. */
  async mend(): Promise<void> {
    await rm(join(this.dir, 'dns-gone'), { force: true });
    for (const engine of this.engines) await engine.fail(undefined);
    const endMs = performance.now() + RECOVERED_MS;
    while (this.engines.some(({ connections }) => connections === 0) && performance.now() < endMs) {
      await sleep(100);
    }
  }

  /** The journal of a call that went wrong, a line for each thing that happened. */
  async story({ number, maxSilenceMs, hung, packets, markedPackets }: ChaosCall): Promise<string> {
    const waited = `waited ${Math.round(maxSilenceMs)} ms${hung === undefined ? '' : ` (${hung})`}`;
    const heard = `heard ${packets} packets, ${markedPackets} of them marked`;
    for (const file of await this.server.files('journal.jsonl')) {
      const text = await readFile(file, 'utf8').catch(() => '');
      if (!text.includes(`"${number}"`)) continue;
      return `a call that ${waited} and ${heard}:\n${text}`;
    }
    return `a call without a journal ${waited} and ${heard}`;
  }

  async close(): Promise<void> {
    await this.server.stop();
    await this.server.kill();
    for (const engine of this.engines) await engine.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

function verdict(
  batches: readonly Batch[],
  leftBy: Readonly<Record<string, number>>,
): Record<string, unknown> {
  const calls = batches.flatMap(({ result }) => result.calls);
  const lagP99Ms = Math.max(...batches.map(({ result }) => result.lagP99Ms));
  const isVoid = lagP99Ms >= LAG_LIMIT_MS;
  if (isVoid) console.error(`void: the client's own event loop was late (p99 ${lagP99Ms.toFixed(1)} ms)`);
  const hung = calls.filter((call) => call.hung !== undefined).length;
  const left = Object.values(leftBy).reduce((sum, count) => sum + count, 0);
  if (left > 0) console.error('left:', leftBy);
  const maxSilenceMs = longest(calls);
  if (isVoid || hung > 0 || left > 0 || maxSilenceMs > LIMIT_MS) process.exitCode = 1;
  return {
    maxSilenceMs,
    hung,
    left,
    calls: calls.length,
    byFault: Object.fromEntries(
      [...new Set(batches.map(({ fault }) => fault))].map((fault) => {
        const own = batches.filter((batch) => batch.fault === fault).flatMap(({ result }) => result.calls);
        return [
          fault,
          { maxSilenceMs: longest(own), hung: own.filter((call) => call.hung).length, calls: own.length },
        ];
      }),
    ),
    clientLagP99Ms: Math.round(lagP99Ms * 100) / 100,
    ...(isVoid ? { void: true } : {}),
  };
}

function shown(fault: EngineFault, { allGone, breaks }: Lane, { calls, lagP99Ms }: ChaosResult): string {
  const why = new Map<string, number>();
  for (const { hung } of calls) if (hung !== undefined) why.set(hung, (why.get(hung) ?? 0) + 1);
  const answers = calls.reduce((sum, call) => sum + call.answers, 0) / calls.length;
  const hung = [...why].map(([reason, count]) => `, ${count} hung: ${reason}`).join('');
  const place = `${allGone ? 'both engines' : 'first engine'}${breaks ? ', left alone after 3' : ''}`;
  return `${fault} (${place}): ${calls.length} calls, longest silence ${longest(calls)} ms, ${answers.toFixed(1)} answers each${hung} (client's lag p99 ${lagP99Ms.toFixed(1)} ms)`;
}

function longest(calls: readonly ChaosCall[]): number {
  return Math.round(Math.max(0, ...calls.map(({ maxSilenceMs }) => maxSilenceMs)));
}

async function writePrompts(folder: string): Promise<void> {
  await mkdir(join(folder, 'en-gb'), { recursive: true });
  const lines = ['prompts:\n'];
  for (const [name, words] of Object.entries(houseWords)) {
    const wav = encodeWav(houseRecording(name), { sampleRateHz: RATE_HZ });
    await writeFile(join(folder, 'en-gb', `${name}.wav`), wav);
    lines.push(`  ${name}: { en-gb: ${JSON.stringify(words)} }\n`);
  }
  await writeFile(join(folder, 'manifest.yaml'), lines.join(''));
}

async function callerSpeech(): Promise<Int16Array> {
  const synthesizer = await createEspeakSynthesizer();
  const samples: number[] = [];
  try {
    const spoken = synthesizer.synthesize({ text: 'opening hours', dialect: 'en-gb' }, RATE_HZ);
    for await (const chunk of spoken) samples.push(...chunk);
  } finally {
    await synthesizer.close();
  }
  const isVoiced = (sample: number): boolean => Math.abs(sample) > 600;
  return Int16Array.from(samples.slice(samples.findIndex(isVoiced), samples.findLastIndex(isVoiced)));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
