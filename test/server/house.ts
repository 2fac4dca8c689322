import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { tone } from '../../src/audio/tone.js';
import { encodeWav } from '../../src/audio/wav.js';
import { deinterleave } from '../../src/audio/pcm.js';
import { parseWav } from '../../src/audio/wav.js';
import type { JournalLine } from '../../src/call/journal.js';
import { loadConfig } from '../../src/config/load-config.js';
import { systemClock } from '../../src/core/clock.js';
import type { Logger } from '../../src/core/logger.js';
import { compilePromptManifest, type PromptManifest } from '../../src/dialog/prompt-manifest.js';
import { Server, type Counts } from '../../src/server.js';
import type { Speech } from '../../src/speech-engines.js';
import type { CallRecord } from '../../src/store/call-record.js';
import type { CallStore } from '../../src/store/call-store.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { shareSpeech } from '../shared-speech.js';
import { dialplans, numbers } from './house-dialplans.js';
import { ownRtpPorts } from './rtp-ports.js';

/** What the bot plays: a long tone for prompts that are cut, a short one where the call goes on at once. */
export const longToneHz = 1000;
export const shortToneHz = 600;

export interface LogEntry {
  readonly level: 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A whole server in this process, with recorded prompts only: no test waits for a synthesizer. */
export class House {
  private constructor(
    readonly server: Server,
    readonly dataDir: string,
    readonly log: readonly LogEntry[],
    private readonly store: CallStore,
  ) {}

  /**
   * `options` by path, as flags: `{ 'calls.maxDurationMs': 1000 }`; `more`: dialplans, and lines of numbers.yaml for them.
   * Closed by the test's teardown.
   */
  static async start(
    t: Test,
    options: Readonly<Record<string, unknown>> = {},
    more: HouseFiles = {},
  ): Promise<House> {
    const log: LogEntry[] = [];
    const dataDir = await preparedFolder(t, more);
    const { speech = noEngines } = more;
    if (speech === 'embedded') await shareSpeech(dataDir);
    const isConfigured = Object.keys(options).some((name) => name.startsWith('speech.'));
    const server = await Server.start({
      ...(await serverOptions(dataDir, options, keeping(log))),
      ...(speech !== 'embedded' && !isConfigured && { speech }),
    });
    t.teardown(() => server.close());
    const store = await createSqliteStore({ file: databaseFile(dataDir) });
    t.teardown(() => store.close());
    return new House(server, dataDir, log, store);
  }

  uri(number: string, protocol: 'udp' | 'tcp' = 'udp'): string {
    const address = this.server.sipAddresses.find((candidate) => candidate.startsWith(protocol)) ?? '';
    const transport = protocol === 'tcp' ? ';transport=tcp' : '';
    return `sip:${number}@${address.slice(address.indexOf('/') + 1)}${transport}`;
  }

  /** What calls hold; without the process's own timers and sockets, which this test shares, and without what lingers. */
  async held(): Promise<Counts> {
    const counts = await this.server.counts();
    return Object.fromEntries(
      Object.entries(counts).filter(([kind]) => !/^(timers|sockets)$|lingering/.test(kind)),
    );
  }

  /** Waits until nothing is held above `idle`; resolves to what still is after the limit. */
  async leftAbove(idle: Counts, limitMs = 15_000): Promise<Record<string, number>> {
    let left: Record<string, number> = {};
    await eventually(async () => {
      left = Object.fromEntries(
        Object.entries(await this.held())
          .map(([kind, count]): [string, number] => [kind, count - (idle[kind] ?? 0)])
          .filter(([, more]) => more > 0),
      );
      return Object.keys(left).length === 0 ? true : undefined;
    }, limitMs).catch(() => undefined);
    return left;
  }

  /** The record of a call once it is kept: the last bytes are written after the BYE. */
  record(sipCallId: string, limitMs = 15_000): Promise<CallRecord> {
    return eventually(() => this.store.find(sipCallId), limitMs);
  }

  /** All of them, once there is one, newest first. */
  records(): Promise<readonly CallRecord[]> {
    return eventually(async () => {
      const records = await this.store.list({ limit: 100 });
      return records.length > 0 ? records : undefined;
    });
  }

  async journal(record: CallRecord): Promise<JournalLine[]> {
    const text = await readFile(join(this.dataDir, record.journal ?? 'none'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JournalLine);
  }

  /** The recorded prompts by name, as the server knows them. */
  async manifest(): Promise<PromptManifest> {
    const result = compilePromptManifest(
      await readFile(join(this.dataDir, 'prompts/manifest.yaml'), 'utf8'),
      'manifest.yaml',
    );
    if (!result.ok) throw new Error('the manifest of the test is wrong');
    return result.manifest;
  }

  /** Both channels of the recording: what the caller said, what the caller heard. */
  async recording(record: CallRecord): Promise<{ caller: Int16Array; heard: Int16Array }> {
    const { samples, channels } = parseWav(await readFile(join(this.dataDir, record.recording ?? 'none')));
    const [caller = new Int16Array(0), heard = new Int16Array(0)] = deinterleave(samples, channels);
    return { caller, heard };
  }
}

export interface HouseFiles {
  /** Texts of dialplans by name, besides those of house-dialplans.ts. */
  readonly dialplans?: Readonly<Record<string, string>>;
  /** Rules of numbers.yaml, before the others. */
  readonly numbers?: string;
  /** Text of trunks.yaml. Default: none, but calls to this machine's own address are allowed. */
  readonly trunks?: string;
  /** Default: no engine at all, or those that `speech.…` among the options names. `embedded`: those that come with Xiangyin. */
  readonly speech?: Speech | 'embedded';
}

/** As where espeak-ng is not installed. Most tests play recordings and press keys; an engine is two threads to start. */
const noEngines: Speech = {
  recognizer: undefined,
  speak: undefined,
  makeReady: undefined,
  close: () => Promise.resolve(),
};

/** A data folder with dialplans, numbers, trunks and recorded prompts in it. */
export async function preparedFolder(t: Test, more: HouseFiles = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-house-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'dialplans'));
  await mkdir(join(dir, 'prompts/en-gb'), { recursive: true });
  for (const [name, text] of Object.entries({ ...dialplans, ...more.dialplans })) {
    await writeFile(join(dir, 'dialplans', `${name}.yaml`), text);
  }
  await writeFile(join(dir, 'numbers.yaml'), `numbers:\n${more.numbers ?? ''}${numbers}`);
  await writeFile(join(dir, 'trunks.yaml'), more.trunks ?? 'directHosts: [127.0.0.1]\n');
  const sounds = { long: [longToneHz, 4000], short: [shortToneHz, 200] } as const;
  for (const [name, [hz, durationMs]] of Object.entries(sounds)) {
    const samples = tone({ frequenciesHz: [hz], durationMs, sampleRateHz: 8000 });
    const wav = encodeWav(samples, { sampleRateHz: 8000, channels: 1 });
    await writeFile(join(dir, 'prompts/en-gb', `${name}.wav`), wav);
  }
  await writeFile(
    join(dir, 'prompts/manifest.yaml'),
    'prompts:\n  long: { sound: a long tone }\n  short: { sound: a short tone }\n',
  );
  return dir;
}

export async function serverOptions(
  dataDir: string,
  options: Readonly<Record<string, unknown>>,
  logger: Logger,
) {
  const config = await loadConfig({
    env: {},
    cwd: dataDir,
    flags: {
      dataDir,
      'sip.listen': ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
      'http.listen': '127.0.0.1:0',
      'mediaServer.rtpPorts': process.env['XIANGYIN_TEST_RTP_PORTS'] ?? (await ownRtpPorts()),
      'dialplans.dir': join(dataDir, 'dialplans'),
      numbers: join(dataDir, 'numbers.yaml'),
      trunks: join(dataDir, 'trunks.yaml'),
      audioPrompts: join(dataDir, 'prompts'),
      'calls.drainMs': 100,
      ...options,
    },
  });
  return { config, clock: systemClock, logger, version: '0.0.0-test' };
}

/** A logger that keeps what an operator would have to read. */
export function keeping(entries: LogEntry[]): Logger {
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => void entries.push({ level: 'warn', fields: { ...fields }, message }),
    error: (fields, message) => void entries.push({ level: 'error', fields: { ...fields }, message }),
    child: () => logger,
  };
  return logger;
}

/** Asks again until there is an answer; rejects after the limit. */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  limitMs = 15_000,
): Promise<T> {
  const endMs = systemClock.nowMs() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (systemClock.nowMs() > endMs)
      throw new Error(`did not happen within ${limitMs} ms: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
