/**
 * `npm run bench -- endpoint [--rounds 4] [--seed 1] [--short]`: the turns of `bench turn` without calls, on a simulated clock:
 * ear, turn and phrasebook together, each of the callers' phrases over each kind of line, after a prompt and into it. The
 * same seed gives the same figures on every machine, and a thousand turns take a minute.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Listener } from '../../src/call/listener.js';
import { EndpointPolicy } from '../../src/call/turn-endpoint.js';
import { expectedSpeech, turnPhrases } from '../../src/call/turn-phrases.js';
import { Turn, type TurnAction, type TurnInput } from '../../src/call/turn.js';
import type { CollectAction, PhraseChoice } from '../../src/dialog/action.js';
import type { DialectPacks } from '../../src/dialect/packs.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { readTurnPacks } from '../../src/turn-packs.js';
import { overG711 } from '../audio/over-g711.js';
import { benchOptions } from './bench-options.js';
import { musicOnHold, pink, random, white } from './noise-corpus.js';
import { SteppedPhrasebook } from './stepped-phrasebook.js';
import { quantile } from './turn-figures.js';
import { TurnLine, type EchoOfLine } from './turn-line.js';
import { isBeginning, turnPhrases as saidPhrases } from './turn-set.js';
import { renderClips, renderPrompts, type Clip } from './turn-sounds.js';

const frameMs = 20;
const frameSamples = 160;
const dialect = 'en-gb';
const quietFrame = new Int16Array(frameSamples);
/** From the bot's decision to be silent to the first frame in which it is. */
const silencedFrames = 2;
/** What has not been answered by then never will be. */
const answerLimitMs = 6000;

interface Kind {
  readonly line: string;
  readonly noise: Int16Array;
  readonly echo: EchoOfLine | undefined;
  readonly isBargeIn: boolean;
}

interface Outcome {
  readonly clip: Clip;
  readonly kind: Kind;
  /** Last voiced frame to the answer; undefined: none. */
  readonly gapMs: number | undefined;
  readonly answer: string | undefined;
  readonly bargeInMs: number | undefined;
  readonly pausesUnasked: number;
}

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { rounds, seed } = benchOptions(args, { rounds: [4, 1], seed: [1] });
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-endpoint-'));
  const synthesizer = await createEspeakSynthesizer();
  try {
    const packs = await readTurnPacks([dialect]);
    const collect = question();
    const phrases = [...collect.phrases, ...turnPhrases(collect, dialect, packs)];
    const recognizer = await SteppedPhrasebook.of(phrases, synthesizer, dir);
    const clips = await renderClips(synthesizer, seed);
    const prompts = await renderPrompts(synthesizer);
    const next = random(seed);
    const outcomes: Outcome[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const kind of kinds(seed + round, next)) {
        for (const clip of clips) {
          const names = [...prompts.keys()].filter((name) => name !== 'listen' && name !== clip.said);
          const prompt = prompts.get(names[Math.floor(next() * names.length)] ?? 'welcome') ?? quietFrame;
          outcomes.push(play({ clip, kind, prompt, recognizer, collect, phrases, packs, next }));
        }
      }
    }
    report(outcomes);
    return figures(outcomes);
  } finally {
    await synthesizer.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function question(): CollectAction {
  return {
    type: 'collect',
    node: 'main.menu',
    phrases: saidPhrases.map(({ name, parts }) => ({ id: name, text: parts.join(' '), dialect })),
    keys: undefined,
    noInputMs: 20_000,
    interDigitTimeoutMs: 2000,
    sensitive: false,
  };
}

function* kinds(seed: number, next: () => number): Generator<Kind> {
  const seconds = 20;
  const lines: readonly (readonly [string, Int16Array])[] = [
    ['quiet', white(seconds, -65, seed)],
    ['street', pink(seconds, -46, seed)],
    ['loud street', pink(seconds, -40, seed)],
    ['music', musicOnHold(seconds, -45, seed)],
  ];
  for (const [line, noise] of lines) {
    for (const hasEcho of [false, true]) {
      for (const isBargeIn of [false, true]) {
        const echo = hasEcho ? { levelDb: -20, delayMs: 20 + Math.floor(next() * 230) } : undefined;
        yield { line, noise, echo, isBargeIn };
      }
    }
  }
}

interface Scene {
  readonly clip: Clip;
  readonly kind: Kind;
  readonly prompt: Int16Array;
  readonly recognizer: SteppedPhrasebook;
  readonly collect: CollectAction;
  readonly phrases: readonly PhraseChoice[];
  readonly packs: DialectPacks;
  readonly next: () => number;
}

/** One question and its answer. */
function play({ clip, kind, prompt, recognizer, collect, phrases, packs, next }: Scene): Outcome {
  const line = new TurnLine(kind.noise, kind.echo, Math.floor(next() * kind.noise.length));
  const promptFrames = Math.ceil(prompt.length / frameSamples);
  const spokenFrame = kind.isBargeIn
    ? 35 + Math.floor(next() * 65)
    : promptFrames + 12 + Math.floor(next() * 50);
  const lastVoicedFrame = spokenFrame + clip.lastVoiced;
  const listener = new Listener(recognizer);
  const turn = new Turn(collect, 'speech', true, 0);
  let frame = 0;
  let promptFrame = 0;
  let silentFromFrame = Infinity;
  let saidAll = false;
  let bargeInMs: number | undefined;
  let pausesUnasked = 0;
  let answer: string | undefined;
  let answeredFrame: number | undefined;
  const carryOut = (action: TurnAction): void => {
    if (action.type === 'pausePrompts') {
      silentFromFrame = frame + silencedFrames;
      if (frame < spokenFrame + clip.firstVoiced) pausesUnasked++;
      else bargeInMs ??= (silentFromFrame - spokenFrame - clip.firstVoiced) * frameMs;
    } else if (action.type === 'resumePrompts') {
      silentFromFrame = Infinity;
      if (frame >= spokenFrame) {
        answer = 'resumed';
        answeredFrame = frame;
      }
    } else if (action.type === 'finishRecognizer') listener.finish();
    else if (action.type === 'dropRecognizer') listener.drop();
    else if (action.type === 'answer') {
      answeredFrame = frame;
      const { event } = action;
      answer = event.type === 'input' && event.input.kind === 'phrase' ? event.input.phraseId : event.type;
    }
  };
  const input = (given: TurnInput): void => {
    for (const action of turn.handle(given, frame * frameMs)) carryOut(action);
  };
  listener
    .on('speechStarted', (carried, doubtful) => input({ type: 'speechStarted', carried, doubtful }))
    .on('interim', (result) => turn.needsInterim && input({ type: 'interim', result }))
    .on('speechEnded', (voicedMs, echoMs) => input({ type: 'speechEnded', voicedMs, echoMs }))
    .on('recognized', (result) => input({ type: 'recognized', result }))
    .on('failed', () => input({ type: 'recognizerFailed' }));
  listener.arm(phrases, [dialect], {
    endpoint: new EndpointPolicy(expectedSpeech(collect, phrases, recognizer.capabilities), 1, packs),
  });
  const endFrame = lastVoicedFrame + answerLimitMs / frameMs;
  for (; frame < endFrame && answeredFrame === undefined; frame++) {
    const isSilent = saidAll || frame >= silentFromFrame;
    const heard = new Int16Array(frameSamples);
    if (!isSilent) {
      heard.set(prompt.subarray(promptFrame * frameSamples, (promptFrame + 1) * frameSamples));
      promptFrame++;
      if (promptFrame >= promptFrames) {
        saidAll = true;
        input({ type: 'promptsEnded' });
      }
    }
    line.hear(heard);
    const at = (frame - spokenFrame) * frameSamples;
    const said =
      at >= 0 && at < clip.samples.length ? clip.samples.subarray(at, at + frameSamples) : undefined;
    recognizer.tick();
    listener.frame(overG711(line.next(said), 'PCMU'), overG711(heard, 'PCMU'));
    if (turn.deadlineMs !== undefined && frame * frameMs >= turn.deadlineMs) input({ type: 'tick' });
  }
  recognizer.tick();
  listener.close();
  const gapMs = answeredFrame === undefined ? undefined : (answeredFrame - lastVoicedFrame) * frameMs;
  return { clip, kind, gapMs, answer, bargeInMs, pausesUnasked };
}

function isCutOff({ gapMs, answer, clip }: Outcome): boolean {
  if (gapMs === undefined || answer === undefined) return false;
  return gapMs < 0 || isBeginning(answer, clip.said);
}

function figures(outcomes: readonly Outcome[]): Record<string, unknown> {
  const gaps = outcomes.flatMap((one) => (one.gapMs === undefined || isCutOff(one) ? [] : [one.gapMs]));
  const bargeIns = outcomes.flatMap(({ bargeInMs }) => bargeInMs ?? []);
  return {
    turns: outcomes.length,
    gapMsP50: quantile(gaps, 0.5),
    gapMsP95: quantile(gaps, 0.95),
    cutOff: outcomes.filter(isCutOff).length,
    right: share(outcomes, ({ clip, answer }) => clip.said === answer),
    unanswered: outcomes.filter(({ gapMs }) => gapMs === undefined).length,
    bargeInMsP50: quantile(bargeIns, 0.5),
    bargeInMsP95: quantile(bargeIns, 0.95),
    pausesUnasked: outcomes.reduce((sum, one) => sum + one.pausesUnasked, 0),
  };
}

/** For people: by kind of line, by phrase, and what went wrong. */
function report(outcomes: readonly Outcome[]): void {
  const by = (of: (outcome: Outcome) => string): void => {
    for (const name of new Set(outcomes.map(of))) {
      const own = figures(outcomes.filter((one) => of(one) === name));
      console.error(
        `${name.padEnd(36)} ${Object.entries(own)
          .map(([key, value]) => `${key} ${String(value)}`)
          .join('  ')}`,
      );
    }
  };
  by(({ kind }) => `${kind.line}${kind.echo ? ', echo' : ''}${kind.isBargeIn ? ', into the prompt' : ''}`);
  by(({ clip }) => `${clip.said}${clip.hasPause ? ' (pause)' : ''}`);
  for (const one of outcomes) {
    const { clip, kind, answer, gapMs } = one;
    if (answer === clip.said && !isCutOff(one)) continue;
    console.error(
      `${clip.said}${clip.hasPause ? ' (pause)' : ''} by ${clip.voice} on ${kind.line}${kind.echo ? `, echo ${kind.echo.delayMs}` : ''}${kind.isBargeIn ? ', into the prompt' : ''}: ${answer ?? 'nothing'} after ${gapMs ?? -1} ms${isCutOff(one) ? ' CUT OFF' : ''}`,
    );
  }
}

function share(outcomes: readonly Outcome[], fits: (outcome: Outcome) => boolean): number {
  return Math.round((1000 * outcomes.filter(fits).length) / Math.max(1, outcomes.length)) / 1000;
}
