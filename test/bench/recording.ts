import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deinterleave, peakDb } from '../../src/audio/pcm.js';
import { parseWav } from '../../src/audio/wav.js';
import { projectDir, ServerProcess } from '../scenarios/server-process.js';
import { benchOptions } from './bench-options.js';
import type { RecordingCall } from './recording-client.js';
import { CLICK_EVERY_SAMPLES, CLICK_THRESHOLD, clickSample } from './recording-sound.js';

/** A run whose client could not keep its own time says nothing about ours. */
const MAX_CLIENT_LAG_MS = 5;

/** The call of fixtures/bench. */
const NUMBER = '3001';

/**
 * `npm run bench -- recording [--seconds 600] [--skew 0] [--short]`: a call in real time to the whole shipped server: is
 * its recording as long as the call, and does the caller's channel lie where he spoke? `--skew`: how much faster the
 * caller's clock is, parts per million.
 *
 * driftSamples: length of the recording less the time from the 200 to the BYE on the client's clock. It is the same for a
 * short call and a long one: the ear is open some frames before the 200 goes out, and until the media server has let go.
 * leftOffsetMs: how much later than spoken the middle one of the clicks lies, which is those first frames.
 * leftMisplacedMs: the click furthest from there.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { seconds, skew: skewPpm } = benchOptions(args, { seconds: [600, 10], skew: [0] });
  const fixtures = join(projectDir, 'test/fixtures/bench');
  const server = await ServerProcess.start({
    env: {
      XIANGYIN_DIALPLANS_DIR: join(fixtures, 'dialplans'),
      XIANGYIN_NUMBERS: join(fixtures, 'numbers.yaml'),
    },
  });
  try {
    console.error(`one call of ${seconds} s to sip:${NUMBER}@${server.sip}`);
    const call = await talk(`sip:${NUMBER}@${server.sip}`, seconds, skewPpm);
    const { code } = await server.stop();
    const [file] = (await server.files('.wav')).filter((path) => path.includes('/calls/'));
    if (file === undefined) throw new Error('the server left no recording');
    const wav = parseWav(await readFile(file));
    const [left = new Int16Array(0), right = new Int16Array(0)] = deinterleave(wav.samples, wav.channels);
    return { ...verdict(call, left, right, seconds, skewPpm), serverExitCode: code };
  } finally {
    await server.kill();
  }
}

function verdict(
  call: RecordingCall,
  left: Int16Array,
  right: Int16Array,
  seconds: number,
  skewPpm: number,
): Record<string, unknown> {
  const ms = (from: string, to: string): number => Number(BigInt(to) - BigInt(from)) / 1e6;
  const expectedSamples = Math.round(ms(call.answeredNs, call.endedNs) * 8);
  const clicks = measureClicks(left, ms(call.answeredNs, call.beganNs), skewPpm);
  return {
    seconds,
    expectedSamples,
    samples: left.length,
    driftSamples: left.length - expectedSamples,
    leftOffsetMs: round(clicks.offsetMs),
    leftMisplacedMs: round(clicks.worstMs),
    clicksSpoken: Math.floor((call.sent * 160 + CLICK_EVERY_SAMPLES / 2 - 1) / CLICK_EVERY_SAMPLES),
    clicksFound: clicks.found,
    rightPeakDb: round(peakDb(right)),
    callerHeardPackets: call.received,
    clientLagP99Ms: round(call.lagP99Ms),
    valid: call.lagP99Ms < MAX_CLIENT_LAG_MS,
  };
}

function talk(uri: string, seconds: number, skewPpm: number): Promise<RecordingCall> {
  const client = fork(new URL('./recording-client.js', import.meta.url), [uri, `${seconds}`, `${skewPpm}`]);
  return new Promise((resolve, reject) => {
    let call: RecordingCall | undefined;
    client.on('message', (message: RecordingCall) => (call = message));
    client.on('exit', (code) => {
      if (call === undefined) reject(new Error(`the client ended with ${code} before its call did`));
      else resolve(call);
    });
  });
}

/** Where the clicks lie against when they were spoken; `firstMs`: when the sender's clock began, on the recording's. */
function measureClicks(
  left: Int16Array,
  firstMs: number,
  skewPpm: number,
): { found: number; offsetMs: number; worstMs: number } {
  const offsets: number[] = [];
  for (let at = 0; at < left.length; at++) {
    if ((left[at] ?? 0) < CLICK_THRESHOLD) continue;
    const index = Math.round(((at / 8 - firstMs) * 8 - CLICK_EVERY_SAMPLES / 2) / CLICK_EVERY_SAMPLES);
    const spokenMs = firstMs + clickSample(index) / 8 / (1 + skewPpm / 1e6);
    offsets.push(at / 8 - spokenMs);
  }
  const offsetMs = offsets.toSorted((a, b) => a - b)[offsets.length >> 1] ?? NaN;
  const worstMs = offsets.reduce((worst, offset) => Math.max(worst, Math.abs(offset - offsetMs)), 0);
  return { found: offsets.length, offsetMs, worstMs };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
