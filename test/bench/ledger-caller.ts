import type { HeardTurn } from './ledger-figures.js';
import { BotEar, type LedgerClip } from './ledger-sounds.js';

const packetSamples = 160;
const packetMs = 20;

/** The bot has finished a prompt when it is silent for so long: its sentences pause for less. */
const promptOverMs = 450;
/** A caller waits so long for an answer, then says something else. */
const answerLimitMs = 6000;
/** When the prompt is interrupted, from its begin. */
const interruptMs = { least: 350, more: 900 };
/** How long a caller thinks after the prompt. */
const thinkMs = { least: 50, more: 400 };
const interruptShare = 0.4;
const digitPauseMs = 80;

/** What is on the line besides words. */
export interface LedgerCallerOptions {
  readonly clips: readonly LedgerClip[];
  readonly random: () => number;
  /** Quiet noise, longer than a packet. */
  readonly noise: Int16Array;
  /** Presses one key; resolves when its last packet was sent. {@link LedgerCaller.keyEnded} is called before. */
  readonly press: (key: string) => Promise<void>;
}

interface Act {
  readonly by: 'speech' | 'keys';
  readonly beganMs: number;
  endedMs: number | undefined;
  /** Into a prompt. */
  readonly into: boolean;
}

type State = 'listening' | 'acting' | 'waiting';

/**
 * One caller of `bench ledger`: waits for a prompt, speaks or presses at once or into it, and notes when what it said was
 * over and when the bot's answer began. Times are the caller's own: a sample spoken is at its place in the packets' grid, a
 * sample heard is at its place after its packet's arrival.
 */
export class LedgerCaller {
  readonly turns: HeardTurn[] = [];
  readonly #ear = new BotEar();
  readonly #out = new Int16Array(packetSamples);
  #state: State = 'listening';
  #promptMs: number | undefined;
  /** When to act if the prompt goes on, or from its end on. */
  #interruptAtMs: number | undefined;
  #actAtMs: number | undefined;
  #clip: Int16Array | undefined;
  #clipAt = 0;
  #act: Act | undefined;
  #silentMs: number | undefined;
  #digitsNext = false;
  #noiseAt = 0;
  #keysLeft = 0;
  #lateMs = 0;

  constructor(private readonly options: LedgerCallerOptions) {}

  /** The next packet, whose last sample is spoken at `atMs`, but which leaves `lateMs` later. Reused. */
  tick(atMs: number, lateMs: number): Int16Array {
    this.#lateMs = Math.max(this.#lateMs, lateMs);
    this.#decide(atMs);
    const { noise } = this.options;
    const out = this.#out;
    for (let i = 0; i < packetSamples; i += 1) out[i] = noise[(this.#noiseAt + i) % noise.length] as number;
    this.#noiseAt = (this.#noiseAt + packetSamples) % noise.length;
    const clip = this.#clip;
    if (clip === undefined) return out;
    const from = Math.max(0, this.#clipAt);
    const part = clip.subarray(from, this.#clipAt + packetSamples);
    const offset = from - this.#clipAt;
    out.set(part, offset);
    if (this.#clipAt < 0) this.#began('speech', atMs - (packetSamples - offset) / 8);
    this.#clipAt += packetSamples;
    if (this.#clipAt >= clip.length) {
      this.#clip = undefined;
      this.#ended(atMs - (packetSamples - offset - part.length) / 8);
    }
    return out;
  }

  /** A packet of the bot's came. */
  received(samples: Int16Array, atMs: number): void {
    const act = this.#act;
    const silentBeforeMs = this.#ear.audibleUntilMs;
    for (const sound of this.#ear.hear(samples, atMs)) {
      if (this.#state === 'listening') this.#promptMs ??= sound.atMs;
      const endedMs = act?.endedMs;
      if (this.#state !== 'waiting' || act === undefined || endedMs === undefined) continue;
      if (sound.atMs <= endedMs) continue;
      this.#answered(act, endedMs, sound.atMs);
    }
    // The interrupted prompt is over at the last that was heard before 100 ms of silence.
    if (act?.into === true && this.#silentMs === undefined && silentBeforeMs > Number.NEGATIVE_INFINITY)
      if (atMs + packetMs - this.#ear.audibleUntilMs > 100) this.#silentMs = this.#ear.audibleUntilMs;
  }

  #decide(atMs: number): void {
    if (this.#state === 'waiting' && atMs - (this.#act?.endedMs ?? atMs) > answerLimitMs) {
      // Not understood as anything, or its answer could not be told from the prompt: the next turn.
      this.#listen(undefined);
    }
    if (this.#state !== 'listening' || this.#promptMs === undefined) return;
    const { random } = this.options;
    if (this.#interruptAtMs === undefined) {
      const into = random() < interruptShare;
      const waitMs = interruptMs.least + random() * interruptMs.more;
      this.#interruptAtMs = into ? this.#promptMs + waitMs : Number.POSITIVE_INFINITY;
    }
    const overMs = this.#ear.audibleUntilMs + promptOverMs;
    if (atMs > overMs) this.#actAtMs ??= atMs + thinkMs.least + random() * thinkMs.more;
    if (atMs < this.#interruptAtMs && atMs < (this.#actAtMs ?? Number.POSITIVE_INFINITY)) return;
    this.#state = 'acting';
    this.#silentMs = undefined;
    this.#lateMs = 0;
    // Only of a sound without pauses can be told to the sample when it ended.
    const into = this.#ear.isHumming;
    this.#act = { by: 'speech', beganMs: atMs, endedMs: undefined, into };
    const choice = random();
    if (this.#digitsNext) {
      this.#digitsNext = false;
      void this.#press(Array.from({ length: 4 }, () => String(Math.floor(random() * 10))));
    } else if (choice < 0.5 || (!into && atMs < overMs)) {
      // Keys into a sentence are not measured: the next sentence may follow it without a silence.
      const { clips } = this.options;
      this.#clip = clips[Math.floor(random() * clips.length)]?.samples;
      this.#clipAt = -Math.floor(1 + random() * (packetSamples - 1));
    } else if (choice < 0.8) void this.#press([random() < 0.6 ? '1' : '2']);
    else {
      this.#digitsNext = true;
      void this.#press(['3']);
    }
  }

  async #press(keys: readonly string[]): Promise<void> {
    this.#keysLeft = keys.length;
    for (const [index, key] of keys.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, digitPauseMs));
      await this.options.press(key);
    }
  }

  /** The first packet that says that a key is over was sent at `atMs`. */
  keyEnded(atMs: number): void {
    this.#keysLeft -= 1;
    if (this.#act?.by !== 'keys') this.#began('keys', atMs);
    if (this.#keysLeft === 0) this.#ended(atMs);
  }

  #began(by: 'speech' | 'keys', beganMs: number): void {
    if (this.#act !== undefined) this.#act = { ...this.#act, by, beganMs };
  }

  #ended(endedMs: number): void {
    if (this.#act === undefined) return;
    this.#act.endedMs = endedMs;
    this.#state = 'waiting';
  }

  #answered(act: Act, endedMs: number, answerMs: number): void {
    const { by, beganMs, into } = act;
    const silentMs = into ? (this.#silentMs ?? Math.min(answerMs, this.#ear.audibleUntilMs)) : undefined;
    this.turns.push({ by, beganMs, endedMs, answerMs, silentMs, lateMs: this.#lateMs });
    this.#listen(answerMs);
  }

  #listen(promptMs: number | undefined): void {
    this.#state = 'listening';
    this.#act = undefined;
    this.#promptMs = promptMs ?? this.#ear.audibleUntilMs;
    this.#interruptAtMs = this.#actAtMs = undefined;
  }
}
