/**
 * `npm run bench -- ledger [--calls 20] [--seconds 50] [--jitter 30] [--seed 1] [--short]`: whether the ledger that the shipped server
 * keeps of each turn is what the caller waited. The callers are a process of their own: they speak and press keys, into
 * prompts and after them, and measure on their own clock. Beside each turn's measure is laid the sum of the parts that
 * `xiangyin calls list --json` tells afterwards. A second, shorter run has packets that the network holds up (`jittered`).
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeWav } from '../../src/audio/wav.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import { resultOf } from './child-result.js';
import { compare, ledgerFigures, type LedgerResult, type LedgerTask } from './ledger-figures.js';
import { markedPrompt, renderLedgerClips, type LedgerClip } from './ledger-sounds.js';
import { idleCounts } from './setup.js';

/** In test/fixtures/bench-ledger/numbers.yaml. */
const number = '3004';
const promptMs = 1800;
/** Beyond this the client measured itself (DESIGN.md §5). */
const lagLimitMs = 5;
const leastShare = 0.99;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = benchOptions(args, { calls: [20, 10], seconds: [50, 15], jitter: [30], seed: [1] });
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-ledger-'));
  try {
    await mkdir(join(dir, 'en-gb'), { recursive: true });
    const prompt = encodeWav(markedPrompt(promptMs), { sampleRateHz: 8000 });
    await writeFile(join(dir, 'en-gb', 'filed.wav'), prompt);
    await writeFile(join(dir, 'manifest.yaml'), 'prompts:\n  filed: { sound: a marker and a hum }\n');
    const synthesizer = await createEspeakSynthesizer();
    const clips = await renderLedgerClips(synthesizer);
    await synthesizer.close();
    const task = { ...options, clips };
    const steady = await measure(dir, { ...task, jitterMs: 0 });
    const jittered = await measure(dir, {
      ...task,
      calls: Math.ceil(options.calls / 2),
      seconds: Math.ceil(options.seconds / 2),
      jitterMs: options.jitter,
    });
    if (!(Number(steady['within20ms']) >= leastShare)) process.exitCode = 1;
    return { ...steady, jittered };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function measure(
  prompts: string,
  options: Omit<LedgerTask, 'uri' | 'clips'> & { readonly clips: readonly LedgerClip[] },
): Promise<Record<string, unknown>> {
  const fixtures = join(projectDir, 'test/fixtures/bench-ledger');
  const server = await ServerProcess.start({
    env: {
      XIANGYIN_DIALPLANS_DIR: join(fixtures, 'dialplans'),
      XIANGYIN_NUMBERS: join(fixtures, 'numbers.yaml'),
      XIANGYIN_AUDIO_PROMPTS: prompts,
    },
  });
  try {
    // The phrasebook reads its phrases first.
    await idleCounts(server);
    console.error(
      `${options.calls} calls to ${server.sip} for ${options.seconds} s, packets held up ${options.jitterMs} ms at most`,
    );
    const result = await resultOf<LedgerResult>('ledger-client.js', {
      ...options,
      uri: `sip:${number}@${server.sip}`,
    });
    const { code, stderr } = await server.stop();
    if (code !== 0) console.error(`the server ended with ${String(code)}\n${stderr}`);
    return verdict(result, await keptRecords(server.dataDir));
  } finally {
    await server.kill();
  }
}

function verdict(result: LedgerResult, records: ReadonlyMap<string, CallRecord>): Record<string, unknown> {
  const figures = ledgerFigures(result.calls, records);
  const isVoid = result.lagP99Ms >= lagLimitMs;
  if (isVoid)
    console.error(`void: the client's own event loop was late (p99 ${result.lagP99Ms.toFixed(1)} ms)`);
  for (const reason of new Set(result.failures)) console.error(`a call failed: ${reason}`);
  if (isVoid || result.failures.length > 0) process.exitCode = 1;
  report(result, records);
  return {
    ...figures,
    failed: result.failures.length,
    clientLagP99Ms: Math.round(result.lagP99Ms * 100) / 100,
    ...(isVoid ? { void: true } : {}),
  };
}

/** The turns that lie furthest apart, for people. */
function report({ calls }: LedgerResult, records: ReadonlyMap<string, CallRecord>): void {
  const compared = calls.flatMap((call) => compare(call, records.get(call.sipCallId)).compared);
  const worst = [...compared].sort((a, b) => Math.abs(b.diffMs) - Math.abs(a.diffMs)).slice(0, 8);
  for (const { diffMs, outsideMs, ledger } of worst)
    console.error(
      `off by ${diffMs.toFixed(1)} ms: outside ${outsideMs.toFixed(1)}, ${JSON.stringify(ledger)}`,
    );
}

/** Every call that the stopped server kept, by its SIP Call-ID: as anybody may read them. */
async function keptRecords(dataDir: string): Promise<ReadonlyMap<string, CallRecord>> {
  const line = ['calls', 'list', '--limit', '10000', '--json', '--data-dir', dataDir];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(projectDir, 'dist/src/main.js'), ...line],
    { maxBuffer: 256 * 1024 * 1024 },
  );
  const records = JSON.parse(stdout) as CallRecord[];
  return new Map(records.map((record) => [record.sipCallId, record]));
}
