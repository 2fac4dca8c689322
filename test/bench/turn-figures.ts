/** What the processes of `bench turn` tell each other, and the figures that come of it. Pure. */
import type { Clip } from './turn-sounds.js';

export interface TurnTask {
  /** The menus, and the endless prompt for callers who say nothing. */
  readonly menuUri: string;
  readonly listenUri: string;
  readonly calls: number;
  readonly seconds: number;
  readonly seed: number;
  readonly clips: readonly Clip[];
  /** Length of each prompt, samples at 8 kHz. */
  readonly promptSamples: Readonly<Record<string, number>>;
}

/** One thing said by a caller, and what came of it. Times are ms. */
export interface SaidTurn {
  /** SIP Call-ID, and when it was said, from the call's answer to the last voiced packet. */
  readonly callId: string;
  readonly atMs: number;
  readonly said: string;
  readonly hasPause: boolean;
  readonly hasEcho: boolean;
  /** Said into a prompt. */
  readonly isBargeIn: boolean;
  /** First voiced packet sent to bot silent; undefined where it was silent before. */
  readonly bargeInMs: number | undefined;
  /** Whether the prompt broke off: otherwise the bot fell silent at its end only. */
  readonly wasInterrupted: boolean;
  /** Last voiced packet sent to the first audible packet of the answer; below 0: while the caller spoke. Undefined: none came. */
  readonly gapMs: number | undefined;
  /** The same to the first of 200 ms of audible sound. */
  readonly silenceMs: number;
  /** The prompt whose first 200 ms were heard; `nomatch` when the bot asked again, `resumed` when it went on where it was. */
  readonly answer: string | undefined;
  /** The bot answered while the caller spoke, or to the beginning of what he said. */
  readonly isCutOff: boolean;
  /** Something else was heard between the end of what was said and the answer. */
  readonly isWrongStart: boolean;
}

/** What is on a silent caller's line, and what the bot did about it. */
export interface NoiseCall {
  readonly noise: string;
  readonly hasEcho: boolean;
  readonly pauses: number;
  /** For how long the bot talked. */
  readonly talkedMs: number;
}

export interface TurnResult {
  readonly turns: readonly SaidTurn[];
  readonly noiseCalls: readonly NoiseCall[];
  /** From the answer of each call to its first 200 ms of sound. */
  readonly firstSoundMs: readonly number[];
  /** Pauses of the bot in the talking callers' calls while the caller was silent. */
  readonly pausesUnasked: number;
  /** What the bot began besides its prompts, a filler, and broke off within 200 ms. */
  readonly brokenFillers: number;
  readonly failures: readonly string[];
  readonly lagP99Ms: number;
  readonly cpuPercent: number;
}

export interface TurnFigures {
  readonly gapMsP50: number;
  readonly gapMsP95: number;
  readonly cutOff: number;
  readonly bargeInMsP50: number;
  readonly bargeInMsP95: number;
  readonly falsePausesPerMinute: number;
  readonly wrongStarts: number;
  readonly maxSilenceMs: number;
  /** Share of what was said that was answered as it should be. */
  readonly right: number;
  /** The bot asked again, or went on with what it had been saying; it answered something else; nothing came. */
  readonly noMatch: number;
  readonly resumed: number;
  readonly misheard: number;
  readonly unanswered: number;
  /** The bot talked on to its prompt's end. */
  readonly notInterrupted: number;
  readonly samples: number;
  readonly bargeIns: number;
  readonly noiseMinutes: number;
}

export function turnFigures(result: TurnResult): TurnFigures {
  const { turns, noiseCalls } = result;
  const answered = turns.filter(({ answer }) => answer !== undefined);
  const gaps = answered.flatMap(({ gapMs, isCutOff }) => (gapMs === undefined || isCutOff ? [] : [gapMs]));
  const bargeIns = turns.flatMap(({ bargeInMs }) => (bargeInMs === undefined ? [] : [bargeInMs]));
  const noiseMinutes = noiseCalls.reduce((sum, { talkedMs }) => sum + talkedMs, 0) / 60_000;
  const pauses = noiseCalls.reduce((sum, call) => sum + call.pauses, 0);
  return {
    gapMsP50: round(quantile(gaps, 0.5)),
    gapMsP95: round(quantile(gaps, 0.95)),
    cutOff: turns.filter(({ isCutOff }) => isCutOff).length,
    bargeInMsP50: round(quantile(bargeIns, 0.5)),
    bargeInMsP95: round(quantile(bargeIns, 0.95)),
    falsePausesPerMinute: round(pauses / noiseMinutes),
    wrongStarts: turns.filter(({ isWrongStart }) => isWrongStart).length,
    maxSilenceMs: round(Math.max(0, ...result.firstSoundMs, ...turns.map(({ silenceMs }) => silenceMs))),
    right: round(answered.filter(({ said, answer }) => said === answer).length / turns.length),
    noMatch: answered.filter(({ answer }) => answer === 'nomatch').length,
    resumed: answered.filter(({ answer }) => answer === 'resumed').length,
    misheard: answered.filter(({ said, answer = said }) => ![said, 'nomatch', 'resumed'].includes(answer))
      .length,
    unanswered: turns.length - answered.length,
    notInterrupted: turns.filter(({ isBargeIn, wasInterrupted }) => isBargeIn && !wasInterrupted).length,
    samples: gaps.length,
    bargeIns: bargeIns.length,
    noiseMinutes: round(noiseMinutes),
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
