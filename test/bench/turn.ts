/**
 * `npm run bench -- turn [--calls 50] [--seconds 180] [--seed 1] [--short]`: how a conversation with the whole shipped server feels.
 * Seven callers in ten speak at menus, half the time into the prompt; the other three have noise on the line and say
 * nothing. The callers are one process that plays prerendered speech and detects energy; each prompt is marked by a tone,
 * so that they can tell which one they hear. What is measured is written at SaidTurn in turn-figures.ts.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../../src/audio/wav.js';
import { errorCode } from '../../src/core/errors.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import { resultOf } from './child-result.js';
import { idleCounts } from './setup.js';
import { quantile, turnFigures, type TurnResult } from './turn-figures.js';
import { turnPrompts } from './turn-set.js';
import { renderClips, renderPrompts, type Clip } from './turn-sounds.js';

/** In test/fixtures/bench-turn/numbers.yaml. */
const MENUS = '3002';
const LISTEN = '3003';
/** Beyond this the client measured itself (DESIGN.md §5). */
const LAG_LIMIT_MS = 5;
const LEAST_SAMPLES = 500;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = benchOptions(args, { calls: [50, 20], seconds: [180, 20], seed: [1] });
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-turn-'));
  try {
    const { prompts, clips } = await render();
    await writePrompts(join(dir, 'prompts'), prompts);
    const promptSamples = Object.fromEntries([...prompts].map(([name, { length }]) => [name, length]));
    const fixtures = join(projectDir, 'test/fixtures/bench-turn');
    const server = await ServerProcess.start({
      env: {
        XIANGYIN_DIALPLANS_DIR: join(fixtures, 'dialplans'),
        XIANGYIN_NUMBERS: join(fixtures, 'numbers.yaml'),
        XIANGYIN_AUDIO_PROMPTS: join(dir, 'prompts'),
      },
    });
    try {
      // The phrasebook reads its phrases first.
      await idleCounts(server);
      console.error(`${options.calls} calls to ${server.sip} for ${options.seconds} s`);
      const result = await resultOf<TurnResult>('turn-client.js', {
        menuUri: `sip:${MENUS}@${server.sip}`,
        listenUri: `sip:${LISTEN}@${server.sip}`,
        ...options,
        clips,
        promptSamples,
      });
      const { code, stderr } = await server.stop();
      if (code !== 0) console.error(`the server ended with ${String(code)}\n${stderr}`);
      return { ...verdict(result, args.includes('--short')), serverExitCode: code };
    } finally {
      await server.kill();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function verdict(result: TurnResult, isShort: boolean): Record<string, unknown> {
  const figures = turnFigures(result);
  report(result);
  const reasons: string[] = [];
  if (result.lagP99Ms >= LAG_LIMIT_MS) {
    reasons.push(`the client's own event loop was late (p99 ${result.lagP99Ms.toFixed(1)} ms)`);
  }
  if (!isShort && Math.min(figures.samples, figures.bargeIns) < LEAST_SAMPLES) {
    reasons.push(
      `${figures.samples} gaps and ${figures.bargeIns} barge-ins, ${LEAST_SAMPLES} of each are needed`,
    );
  }
  for (const reason of reasons) console.error(`void: ${reason}`);
  for (const reason of new Set(result.failures)) console.error(`a call failed: ${reason}`);
  if (reasons.length > 0 || result.failures.length > 0) process.exitCode = 1;
  return {
    ...figures,
    pausesUnasked: result.pausesUnasked,
    brokenFillers: result.brokenFillers,
    failed: result.failures.length,
    clientLagP99Ms: Math.round(result.lagP99Ms * 100) / 100,
    clientCpuPercent: Math.round(result.cpuPercent),
    ...(reasons.length > 0 ? { void: true } : {}),
  };
}

/** For people: what each phrase took, what was misheard, which noise broke the bot off. */
function report({ turns, noiseCalls }: TurnResult): void {
  const said = [...new Set(turns.map((turn) => `${turn.said}${turn.hasPause ? ' (pause)' : ''}`))].sort();
  for (const name of said) {
    const own = turns.filter((turn) => `${turn.said}${turn.hasPause ? ' (pause)' : ''}` === name);
    const gaps = own.flatMap(({ gapMs, isCutOff }) => (gapMs === undefined || isCutOff ? [] : [gapMs]));
    const cutOff = own.filter(({ isCutOff }) => isCutOff).length;
    const answers = new Map<string, number>();
    for (const { answer = '(nothing)' } of own) answers.set(answer, (answers.get(answer) ?? 0) + 1);
    const heard = [...answers].sort((a, b) => b[1] - a[1]).map(([answer, count]) => `${count} ${answer}`);
    console.error(
      `${name.padEnd(26)} gap ${quantile(gaps, 0.5).toFixed(0)} p95 ${quantile(gaps, 0.95).toFixed(0)}, cut off ${cutOff}; ${heard.join(', ')}`,
    );
  }
  for (const hasEcho of [false, true]) {
    const bargeIns = turns.flatMap((turn) =>
      turn.bargeInMs === undefined || turn.hasEcho !== hasEcho ? [] : [turn.bargeInMs],
    );
    console.error(
      `barge-in ${hasEcho ? 'with' : 'without'} echo: ${bargeIns.length}, p50 ${quantile(bargeIns, 0.5).toFixed(0)}, p95 ${quantile(bargeIns, 0.95).toFixed(0)}`,
    );
  }
  for (const turn of turns) {
    const { said, answer, isBargeIn, isCutOff, isWrongStart, atMs, callId } = turn;
    if (answer === said && !isCutOff && !isWrongStart) continue;
    const how = `${isBargeIn ? 'into a prompt' : 'after a prompt'}${isCutOff ? ', cut off' : ''}${isWrongStart ? ', wrong start' : ''}`;
    console.error(
      `${said} ${how}: ${answer ?? 'nothing'} (SIP Call-ID ${callId}, ${(atMs / 1000).toFixed(2)} s)`,
    );
  }
  for (const { noise, hasEcho, pauses } of noiseCalls) {
    if (pauses > 0) console.error(`${pauses} false pauses: ${noise}${hasEcho ? ' and echo' : ''}`);
  }
}

async function render(): Promise<{ prompts: Map<string, Int16Array>; clips: Clip[] }> {
  const synthesizer = await createEspeakSynthesizer().catch((error: unknown) => {
    throw new Error(
      `bench turn speaks with espeak-ng, an optional dependency (${errorCode(error)}): npm install`,
      {
        cause: error,
      },
    );
  });
  try {
    return { prompts: await renderPrompts(synthesizer), clips: await renderClips(synthesizer) };
  } finally {
    await synthesizer.close();
  }
}

async function writePrompts(folder: string, prompts: ReadonlyMap<string, Int16Array>): Promise<void> {
  await mkdir(join(folder, 'en-gb'), { recursive: true });
  for (const [name, samples] of prompts) {
    await writeFile(join(folder, 'en-gb', `${name}.wav`), encodeWav(samples, { sampleRateHz: 8000 }));
  }
  const lines = Object.entries(turnPrompts).map(
    ([name, text]) => `  ${name}: { en-gb: ${JSON.stringify(text)} }\n`,
  );
  await writeFile(join(folder, 'manifest.yaml'), `prompts:\n${lines.join('')}`);
}
