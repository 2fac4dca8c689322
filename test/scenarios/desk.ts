import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { rmsDb, deinterleave } from '../../src/audio/pcm.js';
import { parseWav } from '../../src/audio/wav.js';
import { parseScript } from '../../src/caller/load-script.js';
import { runCaller, type CallerReport } from '../../src/caller/run-caller.js';
import { withKeptCalls } from '../../src/cli/kept-calls.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { Synthesizer } from '../../src/speech/synthesizer.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { projectDir, ServerProcess } from './server-process.js';

const fixtures = join(projectDir, 'test/scenarios/fixtures');

export const WELCOME = 'Welcome to the test desk.';
export const QUESTION = '"Weather forecast, or leave us again?"';
export const WEATHER = 'Tomorrow will be sunny in the north and rainy in the south.';
export const GOODBYE = 'Many thanks and goodbye.';
export const NO_INPUT = 'Nobody seems to be there.';
export const NO_MATCH = 'That is not on the list.';

/** A number of fixtures/dialplans/desk.yaml; every other that begins with 20 is one too, to tell calls apart. */
export const DESK = '2001';

/** What makes a server answer {@link DESK} and the numbers like it, and nothing else. */
export const deskEnvironment = {
  XIANGYIN_DIALPLANS_DIR: join(fixtures, 'dialplans'),
  XIANGYIN_NUMBERS: join(fixtures, 'numbers.yaml'),
} as const;

/** A server with the test desk, ended by the test's teardown. */
export async function startDesk(t: Test, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await ServerProcess.start({ env: { ...deskEnvironment, ...env }, sharedSpeech: true });
  t.teardown(() => server.kill());
  return server;
}

export interface DeskCall {
  readonly head?: string;
  readonly number?: string;
  readonly synthesizer?: Synthesizer | undefined;
  readonly record?: string;
}

/** Places a scripted call to the desk; `steps` is the YAML of the script's steps. */
export function callDesk(
  server: ServerProcess,
  steps: string,
  options: DeskCall = {},
): Promise<CallerReport> {
  const { head = '', number = DESK, synthesizer, record } = options;
  return runCaller({
    uri: `sip:${number}@${server.sip}`,
    script: parseScript(`${head}\nlimitMs: 40000\nsteps:\n${steps}`, 'scenario.yaml'),
    synthesizer,
    record,
    logger: silentLogger,
    clock: systemClock,
  });
}

/** Records of the calls that are over (to `called`, if given), newest first, as `xiangyin calls list` gives them. */
export async function records(server: ServerProcess, called?: string): Promise<CallRecord[]> {
  const main = join(projectDir, 'dist/src/main.js');
  const { stdout } = await promisify(execFile)(process.execPath, [
    main,
    'calls',
    'list',
    '--json',
    '--data-dir',
    server.dataDir,
    ...(called === undefined ? [] : ['--called', called]),
  ]);
  return JSON.parse(stdout) as CallRecord[];
}

/** The newest record (of calls to `called`, if given) once it is kept: the call's last bytes are written after the BYE. */
export async function newestRecord(
  server: ServerProcess,
  known: number,
  called?: string,
): Promise<CallRecord> {
  // Looked for here: each `calls list` is a process, which would take its time from the server's.
  const calledNumber = called === undefined ? {} : { calledNumber: called };
  await withKeptCalls(server.dataDir, async (store) => {
    for (let tries = 0; tries < 40; tries++) {
      if ((await store.list({ limit: known + 1, ...calledNumber })).length > known) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  const kept = await records(server, called);
  if (kept.length > known && kept[0] !== undefined) return kept[0];
  throw new Error(`no record of call ${known + 1}`);
}

/** Levels of a recording's two channels, loudest second each: what "heard both ways" means. */
export async function channelLevelsDb(server: ServerProcess, record: CallRecord): Promise<number[]> {
  const { samples, channels } = parseWav(await readFile(join(server.dataDir, record.recording ?? 'none')));
  return deinterleave(samples, channels).map((lane) => {
    let loudest = -100;
    for (let at = 0; at < lane.length; at += 8000)
      loudest = Math.max(loudest, rmsDb(lane.subarray(at, at + 8000)));
    return loudest;
  });
}

/** Waits until what calls held is gone: at most 6 s. Returns what is still there above `idle`. */
export async function leftAbove(
  server: ServerProcess,
  idle: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  let left: Record<string, number> = {};
  for (let tries = 0; tries < 100; tries++) {
    const now = await server.counts();
    left = Object.fromEntries(
      Object.entries(now)
        .map(([kind, count]): [string, number] => [kind, count - (idle[kind] ?? 0)])
        .filter(([kind, more]) => more > 0 && !/lingering/i.test(kind)),
    );
    if (Object.keys(left).length === 0) return left;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return left;
}
