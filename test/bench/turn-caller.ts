import { HeardBot, unmarked, type Stretch } from './turn-bot.js';
import type { SaidTurn } from './turn-figures.js';
import type { TurnLine } from './turn-line.js';
import { isBeginning } from './turn-set.js';
import type { Clip } from './turn-sounds.js';

export interface CallerOptions {
  readonly line: TurnLine;
  readonly hasEcho: boolean;
  readonly clips: readonly Clip[];
  readonly promptSamples: Readonly<Record<string, number>>;
  /** 0 to 1. */
  readonly random: () => number;
  readonly answeredMs: number;
  /** SIP Call-ID, by which `xiangyin calls` finds the call. */
  readonly callId: string;
}

const packetSamples = 160;
/** What has not been answered by then is given up, and said no more. */
const answerLimitMs = 6000;
/** Barge-in: so long after the prompt's first packet, and with so much of it left. */
const interrupt = { leastMs: 700, moreMs: 1300, leftMs: 2000 };
/** What is heard so soon after a prompt that broke off has taken its place. */
const replacedWithinMs = 1000;
/** Otherwise: so long after its end. */
const afterwards = { leastMs: 250, moreMs: 1000 };

/** Something being said, and what has been heard since. */
interface Saying {
  readonly clip: Clip;
  /** The prompt that is interrupted. */
  readonly over: Stretch | undefined;
  packet: number;
  firstVoicedMs: number | undefined;
  lastVoicedMs: number | undefined;
  bargeInMs: number | undefined;
  wasInterrupted: boolean;
  answer: Stretch | undefined;
  isWrongStart: boolean;
  /** The first sound after what was said. */
  soundMs: number | undefined;
}

/** One caller who says phrases at menus, one after another, half of them into the prompt. Pure: time comes with each call. */
export class TurnCaller {
  readonly turns: SaidTurn[] = [];
  /** From the call's answer to its first sound, ms. */
  firstSoundMs: number | undefined;
  pausesUnasked = 0;
  /** Unmarked words that broke off before they were 200 ms. */
  brokenFillers = 0;
  readonly #bot: HeardBot;
  #saying: Saying | undefined;
  #speakAtMs: number | undefined;
  /** Barge-ins wait for their time, the others for the prompt's end. */
  #isAfterPrompt = false;
  #bag: Clip[] = [];
  /** What is left of a caller who was cut off answers the wrong question; the next turn begins after that. */
  #isSettling = false;
  /** When a prompt last broke off for no reason that the caller knows. */
  #brokenMs = -Infinity;

  constructor(private readonly options: CallerOptions) {
    this.#bot = new HeardBot(options.promptSamples, {
      began: (stretch) => this.#began(stretch),
      sounded: (stretch) => this.#sounded(stretch),
      ended: (stretch) => this.#ended(stretch),
    });
  }

  /** A packet of the bot's, 20 ms of 8 kHz. */
  received(samples: Int16Array, position: number, atMs: number): void {
    this.options.line.hear(samples);
    this.#bot.packet(samples, position, atMs);
  }

  /** The packet to send now; reused for the next. */
  tick(nowMs: number): Int16Array {
    this.#bot.passed(nowMs);
    const saying = this.#saying;
    if (saying === undefined) {
      if (this.#speakAtMs !== undefined && nowMs >= this.#speakAtMs) this.#begin();
    } else this.#look(saying, nowMs);
    return this.options.line.next(this.#nextOfClip(nowMs));
  }

  #nextOfClip(nowMs: number): Int16Array | undefined {
    const saying = this.#saying;
    if (saying === undefined) return undefined;
    const { clip } = saying;
    const at = saying.packet * packetSamples;
    if (at >= clip.samples.length) return undefined;
    if (saying.packet === clip.firstVoiced) saying.firstVoicedMs = nowMs;
    if (saying.packet === clip.lastVoiced) saying.lastVoicedMs = nowMs;
    saying.packet++;
    return clip.samples.subarray(at, at + packetSamples);
  }

  #begin(): void {
    this.#speakAtMs = undefined;
    this.#isSettling = false;
    if (this.#bag.length === 0) this.#bag = this.#shuffled();
    const current = this.#bot.current;
    // What the prompt is about is not said over it: the answer could not be told from it.
    let at = this.#bag.findIndex(({ said }) => said !== current?.prompt);
    if (at < 0) {
      this.#bag.push(...this.#shuffled());
      at = this.#bag.findIndex(({ said }) => said !== current?.prompt);
    }
    const [clip] = this.#bag.splice(at, 1);
    if (clip === undefined) return;
    this.#saying = {
      clip,
      over: current,
      packet: 0,
      firstVoicedMs: undefined,
      lastVoicedMs: undefined,
      bargeInMs: undefined,
      wasInterrupted: false,
      answer: undefined,
      isWrongStart: false,
      soundMs: undefined,
    };
  }

  #began(stretch: Stretch): void {
    const saying = this.#saying;
    if (saying === undefined) {
      this.#replaced(stretch);
      return;
    }
    if (saying.answer?.isSound === true || stretch.prompt === unmarked) return;
    // What broke off before it was anything was no answer.
    if (saying.answer !== undefined) saying.isWrongStart = true;
    saying.answer = stretch;
  }

  /** One prompt took the other's place, and the caller had said nothing more: the first was a wrong start. */
  #replaced(stretch: Stretch): void {
    const last = this.turns.at(-1);
    if (last === undefined || stretch.prompt === unmarked) return;
    if (stretch.fromMs - this.#brokenMs > replacedWithinMs) return;
    this.turns[this.turns.length - 1] = { ...last, isWrongStart: true };
  }

  #sounded(stretch: Stretch): void {
    this.firstSoundMs ??= stretch.fromMs - this.options.answeredMs;
    const saying = this.#saying;
    if (saying !== undefined) {
      if (saying.lastVoicedMs !== undefined) saying.soundMs ??= stretch.fromMs;
    } else if (stretch.prompt !== unmarked) this.#plan(stretch);
  }

  #ended(stretch: Stretch): void {
    const saying = this.#saying;
    if (stretch.prompt === unmarked) {
      // A prompt that was cut within a packet leaves one without mark.
      if (!stretch.isSound && stretch.samples > packetSamples) this.brokenFillers++;
      return;
    }
    if (saying !== undefined) {
      if (stretch !== saying.over) return;
      saying.wasInterrupted = stretch.end === 'broken';
      const silentMs = HeardBot.silentMs(stretch);
      if (saying.firstVoicedMs !== undefined && silentMs >= saying.firstVoicedMs) {
        saying.bargeInMs = silentMs - saying.firstVoicedMs;
      } else if (stretch.end === 'broken') this.pausesUnasked++;
      return;
    }
    if (stretch.end === 'broken' && !this.#isSettling) {
      this.pausesUnasked++;
      this.#brokenMs = stretch.lastMs;
    }
    if (!stretch.isSound) return;
    if (this.#isAfterPrompt || stretch.end === 'broken') {
      this.#speakAtMs =
        HeardBot.silentMs(stretch) + afterwards.leastMs + this.options.random() * afterwards.moreMs;
    }
  }

  #plan(stretch: Stretch): void {
    const { random, promptSamples } = this.options;
    const atMs = interrupt.leastMs + random() * interrupt.moreMs;
    const lengthMs = (promptSamples[stretch.prompt] ?? 0) / 8;
    // An apology is heard out: two in a row could not be told apart.
    const mayInterrupt = stretch.prompt !== 'nomatch' && stretch.prompt !== 'noinput';
    this.#isAfterPrompt = !mayInterrupt || lengthMs < atMs + interrupt.leftMs || random() < 0.5;
    this.#speakAtMs = this.#isAfterPrompt ? undefined : stretch.fromMs + atMs;
  }

  /** Whether what was said has been answered, or never will be. */
  #look(saying: Saying, nowMs: number): void {
    const { lastVoicedMs, answer } = saying;
    if (lastVoicedMs === undefined || saying.packet * packetSamples < saying.clip.samples.length) return;
    const isAnswered = answer?.isSound === true;
    if (!isAnswered && nowMs - lastVoicedMs < answerLimitMs) return;
    this.#saying = undefined;
    this.turns.push(this.#turn(saying, lastVoicedMs, nowMs));
    this.#isSettling = !isAnswered || answer.fromMs < lastVoicedMs;
    const { current } = this.#bot;
    if (current?.isSound === true && current.prompt !== unmarked) this.#plan(current);
    else if (current === undefined) this.#speakAtMs = nowMs + 1500;
  }

  #turn(saying: Saying, lastVoicedMs: number, nowMs: number): SaidTurn {
    const { clip, answer, over } = saying;
    const answered = answer?.isSound === true ? answer : undefined;
    // The bot goes on from where it was interrupted: nothing was understood.
    const isResumed = answered !== undefined && answered.prompt === over?.prompt;
    // A prompt that nobody interrupted goes on: the bot was never silent.
    const wentOn = over !== undefined && over.end !== 'broken';
    const soundMs =
      saying.soundMs ?? (answered === undefined ? (wentOn ? lastVoicedMs : nowMs) : answered.fromMs);
    return {
      callId: this.options.callId,
      atMs: lastVoicedMs - this.options.answeredMs,
      said: clip.said,
      hasPause: clip.hasPause,
      hasEcho: this.options.hasEcho,
      isBargeIn: over !== undefined,
      wasInterrupted: saying.wasInterrupted,
      bargeInMs: saying.bargeInMs,
      gapMs: answered === undefined ? undefined : (answered.audibleMs ?? answered.fromMs) - lastVoicedMs,
      silenceMs: Math.max(0, soundMs - lastVoicedMs),
      answer: isResumed ? 'resumed' : answered?.prompt,
      isCutOff:
        answered !== undefined && (answered.fromMs < lastVoicedMs || isBeginning(answered.prompt, clip.said)),
      isWrongStart: saying.isWrongStart,
    };
  }

  #shuffled(): Clip[] {
    const bag = [...this.options.clips];
    for (let i = bag.length - 1; i > 0; i--) {
      const j = Math.floor(this.options.random() * (i + 1));
      [bag[i], bag[j]] = [bag[j] as Clip, bag[i] as Clip];
    }
    return bag;
  }
}
