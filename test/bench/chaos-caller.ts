import { goertzel } from '../../src/audio/goertzel.js';
import { peak } from '../../src/audio/pcm.js';
import { AUDIBLE_PEAK } from '../../src/caller/speech-meter.js';
import { HOUSE_HZ, MARK_HZ } from './chaos-set.js';

const packetMs = 20;
/** Sound is what lasts so long above -40 dBFS (DESIGN.md §5), stops within words left out. */
const soundMs = 200;
const stopMs = 100;
/** Half the amplitude of a mark, and of what the house says, squared. */
const toneLeast = (8_230 / 2) ** 2;
const markPackets = 4;
/** After so much of the house's own words, and then so long nothing, it is his turn too. */
const houseMs = 1_000;
const restMs = 900;
/** From the end of a question to the answer. */
const thinkMs = 300;
/** Nobody waits longer. */
const patienceMs = 20_000;
const mostAnswers = 12;

export type ChaosDeed = 'speak' | 'press';

/**
 * A caller who answers each question, by speech and by key in turn, and takes the time of the bot's silence: while it owes
 * speech (from the answer, or from the end of what he said, to the end of the next question) every silence between two
 * sounds of 200 ms counts. Pure; times are ms of one clock.
 */
export class ChaosCaller {
  maxSilenceMs = 0;
  answers = 0;
  /** Packets that came, and those with a mark: when they are few, it was the caller who did not hear. */
  packets = 0;
  markedPackets = 0;
  hung: string | undefined;
  /** The bot owes speech since then; undefined: it is the caller's turn. */
  #owedSinceMs: number | undefined;
  #silentSinceMs: number;
  /** Of the sound under way, or of what may become one. */
  #soundFromMs: number | undefined;
  #soundLastMs = 0;
  #soundMs = 0;
  #houseMs = 0;
  #marks = 0;
  #marked = false;
  #actAtMs: number | undefined;

  constructor(answeredMs: number) {
    this.#owedSinceMs = answeredMs;
    this.#silentSinceMs = answeredMs;
  }

  /** A packet of the bot's. */
  heard(samples: Int16Array, atMs: number): void {
    this.packets += 1;
    if (this.#owedSinceMs === undefined) return;
    if (peak(samples) >= AUDIBLE_PEAK) this.#sounded(atMs);
    const isMark = goertzel(samples, MARK_HZ, 8000) > toneLeast;
    if (goertzel(samples, HOUSE_HZ, 8000) > toneLeast) this.#houseMs += packetMs;
    if (isMark) this.markedPackets += 1;
    if (isMark) this.#marks += 1;
    else if (this.#marks >= markPackets) this.#marked = true;
  }

  /** What he does now; once per packet. */
  tick(nowMs: number): ChaosDeed | undefined {
    if (this.hung !== undefined) return undefined;
    if (this.#owedSinceMs !== undefined) this.#wait(nowMs, this.#owedSinceMs);
    if (this.#actAtMs === undefined || nowMs < this.#actAtMs) return undefined;
    this.#actAtMs = undefined;
    this.answers += 1;
    if (this.answers > mostAnswers) this.hung = 'no end after many answers';
    return this.answers % 2 === 1 ? 'speak' : 'press';
  }

  /** The last voiced packet of what he says has left, or the key. */
  acted(nowMs: number): void {
    this.#owedSinceMs = nowMs;
    this.#silentSinceMs = nowMs;
    this.#soundFromMs = undefined;
    this.#soundMs = 0;
    this.#houseMs = 0;
    this.#marks = 0;
    this.#marked = false;
  }

  /** The bot hung up: what it owed until then counts. */
  ended(nowMs: number): void {
    if (this.#owedSinceMs !== undefined) this.#silence(this.#soundFromMs ?? nowMs);
    if (this.answers < 2 && this.hung === undefined) this.hung = 'hung up before the second answer';
  }

  #wait(nowMs: number, sinceMs: number): void {
    if (this.#soundFromMs !== undefined && nowMs - this.#soundLastMs > stopMs) this.#quiet();
    if (this.#marks >= markPackets && nowMs - this.#soundLastMs > stopMs) this.#marked = true;
    const rests = this.#soundFromMs === undefined && nowMs - this.#silentSinceMs >= restMs;
    if (this.#marked || (this.#houseMs >= houseMs && rests)) {
      this.#owedSinceMs = undefined;
      this.#actAtMs = nowMs + thinkMs;
      return;
    }
    if (nowMs - sinceMs < patienceMs) return;
    this.#silence(this.#soundFromMs ?? nowMs);
    this.hung = 'no question came to its end';
  }

  #sounded(atMs: number): void {
    this.#soundFromMs ??= atMs;
    this.#soundLastMs = atMs + packetMs;
    this.#soundMs += packetMs;
    if (this.#soundMs !== soundMs) return;
    // From here on it is sound: the silence was over when it began.
    this.#silence(this.#soundFromMs);
  }

  #quiet(): void {
    if (this.#soundMs >= soundMs) this.#silentSinceMs = this.#soundLastMs;
    this.#soundFromMs = undefined;
    this.#soundMs = 0;
  }

  #silence(toMs: number): void {
    this.maxSilenceMs = Math.max(this.maxSilenceMs, toMs - this.#silentSinceMs);
  }
}
