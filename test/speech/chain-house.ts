import type { Test } from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { errorCode } from '../../src/core/errors.js';
import { engineFailed, speechFailover, type EngineFailed } from '../../src/speech/channels.js';
import { speechError } from '../../src/speech/errors.js';
import type { RecognizerStream } from '../../src/speech/recognizer.js';
import { RecognizerChain } from '../../src/speech/recognizer-chain.js';
import { ScriptedRecognizer } from './scripted-recognizer.js';

const deadlines = { connectMs: 800, firstResultMs: 1500, betweenResultsMs: 4000, finalMs: 600 };
export const broken = (reason: string) => speechError('SPEECH_ENGINE_FAILED', { engine: 'first', reason });

export function house(t: Test, engines: ScriptedRecognizer[], breaker = { failuresToOpen: 3, openMs: 5000 }) {
  const clock = new ManualClock();
  const chain = new RecognizerChain({
    engines: engines.map((engine) => ({ engine })),
    deadlines,
    breaker,
    replayMs: 10_000,
    clock,
  });
  const failures: EngineFailed[] = [];
  const failovers: string[] = [];
  const ends = [
    engineFailed.subscribe((failure) => failures.push(failure)),
    speechFailover.subscribe(({ from, to }) => failovers.push(`${from}>${to ?? 'none'}`)),
  ];
  t.teardown(() => ends.forEach((end) => end()));
  return { clock, chain, failures, failovers };
}

/** Opens a listening and keeps all that comes of it. */
export function listen(chain: RecognizerChain, dialects = ['en-gb']) {
  const stream = chain.open({ sampleRateHz: 8000, phrases: [], dialects });
  return { stream, told: listenTo(stream) };
}

function listenTo(stream: RecognizerStream): string[] {
  const told: string[] = [];
  stream.on('interim', ({ alternatives }) => told.push(`interim ${alternatives[0]?.text ?? ''}`));
  stream.on('final', ({ alternatives }) => told.push(`final ${alternatives[0]?.text ?? ''}`));
  stream.on('error', (error) => told.push(`error ${errorCode(error)}`));
  return told;
}

export const frame = (value: number): Int16Array => new Int16Array(160).fill(value);
export const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two engines; `first` is the one that fails. Says three frames, plays the fault, and lets `second` answer. */
export function pair(connects = false) {
  const first = new ScriptedRecognizer('first', { connects });
  const second = new ScriptedRecognizer('second');
  return { first, second };
}
