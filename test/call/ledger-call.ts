import { Ledger } from '../../src/call/ledger.js';
import type { LedgerBoundary } from '../../src/call/ledger-boundary.js';
import type { LedgerRecord } from '../../src/store/call-record.js';
import { tone } from './ledger-sound.js';

const frameSamples = 160;
const frameMs = 20;

export interface LedgerCallOptions {
  /** The media server's first tick on our clock, ms. */
  readonly tickMs?: number;
  /** How much later than its tick the server lays the end of a caller's packet, ms: -10 to 10. */
  readonly placedMs?: number;
  /** How late each frame and mark comes, ms. */
  readonly late?: (index: number) => number;
  /** A mono stream beside the stereo one, which has the caller so much later, ms. */
  readonly stereoDelayMs?: number;
}

type Input = { readonly atMs: number; readonly order: number; readonly run: (ledger: Ledger) => void };

/**
 * A call as the media server makes it, of which every instant is known: what is said when, on our clock, becomes frames and
 * stamps, which the ledger gets in the order of their coming.
 */
export class LedgerCall {
  readonly #inputs: Input[] = [];
  readonly #caller: { fromMs: number; sound: Int16Array }[] = [];
  readonly #bot: { frame: number; sound: Int16Array; untilFrame: number }[] = [];
  readonly #tickMs: number;
  readonly #placedMs: number;
  readonly #late: (index: number) => number;

  constructor(private readonly options: LedgerCallOptions = {}) {
    this.#tickMs = options.tickMs ?? 1000;
    this.#placedMs = options.placedMs ?? 0;
    this.#late = options.late ?? (() => 0);
  }

  /** A tone of the caller, whose first sample is spoken at `fromMs`. */
  speaks(fromMs: number, untilMs: number): void {
    this.#caller.push({ fromMs, sound: tone(Math.round(untilMs - fromMs)) });
  }

  stamp(boundary: LedgerBoundary, atMs: number, samples?: Int16Array): void {
    this.#input(atMs, (ledger) => ledger.stamp(boundary, atMs, samples));
  }

  answered(turn: number, atMs: number): void {
    this.#input(atMs, (ledger) => ledger.answered(turn, atMs));
  }

  /** The bot's voice: leaves from the first tick after `atMs` on. Returns when its first audible sample leaves. */
  hands(atMs: number, lengthMs: number, leadMs = 0): number {
    const sound = new Int16Array(Math.round((leadMs + lengthMs) * 8));
    sound.set(tone(lengthMs), leadMs * 8);
    this.stamp('handedOver', atMs, sound);
    return this.#plays(atMs, sound) + leadMs;
  }

  /** A file: the order is given at `atMs`, the first frame leaves after `opensMs`. */
  playsFile(atMs: number, lengthMs: number, opensMs: number): number {
    this.stamp('handedOver', atMs);
    return this.#plays(atMs + opensMs, tone(lengthMs));
  }

  /** Nothing that was handed over leaves from the next tick on. Returns when the last sample before leaves. */
  cuts(atMs: number): number {
    const frame = this.#frameFrom(atMs);
    for (const sound of this.#bot) sound.untilFrame = Math.min(sound.untilFrame, frame);
    return this.#tickMs + frame * frameMs;
  }

  /** The media server's mark, with the tick after `atMs`. */
  marks(atMs: number): void {
    const tick = this.#tickMs + this.#frameFrom(atMs) * frameMs;
    const comesMs = tick + this.#late(7);
    this.#input(comesMs, (ledger) => ledger.played(comesMs));
  }

  /** Everything in the order of its coming. */
  run(untilMs: number): Map<number, LedgerRecord> {
    const records = new Map<number, LedgerRecord>();
    const { stereoDelayMs } = this.options;
    const ledger = new Ledger((turn, record) => {
      if (records.has(turn)) throw new Error(`turn ${turn} has two records`);
      records.set(turn, record);
    }, stereoDelayMs !== undefined);
    this.#frames(untilMs);
    for (const { run } of this.#inputs.sort((a, b) => a.atMs - b.atMs || a.order - b.order)) run(ledger);
    return records;
  }

  #plays(atMs: number, sound: Int16Array): number {
    const frame = this.#frameFrom(atMs);
    this.#bot.push({ frame, sound, untilFrame: Number.POSITIVE_INFINITY });
    return this.#tickMs + frame * frameMs;
  }

  #frameFrom(atMs: number): number {
    return Math.max(0, Math.ceil((atMs - this.#tickMs) / frameMs));
  }

  #frames(untilMs: number): void {
    const count = Math.ceil((untilMs - this.#tickMs) / frameMs);
    const { stereoDelayMs } = this.options;
    const near = new Int16Array(count * frameSamples);
    const left = new Int16Array(near.length);
    const right = new Int16Array(near.length);
    const callerMs = this.#tickMs + this.#placedMs;
    for (const { fromMs, sound } of this.#caller) {
      near.set(sound, Math.round((fromMs - callerMs) * 8));
      left.set(sound, Math.round((fromMs - callerMs + (stereoDelayMs ?? 0)) * 8));
    }
    for (const { frame, sound, untilFrame } of this.#bot) {
      const most = Math.min(sound.length, (untilFrame - frame) * frameSamples);
      if (most > 0) right.set(sound.subarray(0, most), frame * frameSamples);
    }
    let lastMs = 0;
    for (let index = 0; index < count; index += 1) {
      const part = (samples: Int16Array): Int16Array =>
        samples.slice(index * frameSamples, (index + 1) * frameSamples);
      const [caller, stereo, heard] = [part(near), part(left), part(right)];
      // A socket keeps the order.
      const endMs = callerMs + (index + 1) * frameMs + this.#late(index);
      lastMs = Math.max(lastMs, endMs);
      const comesMs = lastMs;
      if (stereoDelayMs !== undefined) {
        this.#input(comesMs, (ledger) => ledger.callerFrame(comesMs, caller));
        // The right half of a frame has left with its tick.
        const stereoMs = this.#tickMs + index * frameMs;
        this.#input(stereoMs, (ledger) => ledger.frame(stereoMs, stereo, heard), 1);
        continue;
      }
      this.#input(comesMs, (ledger) => ledger.frame(comesMs, stereo, heard), 1);
    }
  }

  #input(atMs: number, run: (ledger: Ledger) => void, order = 0): void {
    this.#inputs.push({ atMs, order, run });
  }
}

/** Of the parts, as `calls show` may add them. */
export function sumOf(record: LedgerRecord): number {
  const { endpointingMs, recognizerMs, dialogMs, synthesisMs, handOverMs, mediaMs } = record;
  return endpointingMs + recognizerMs + dialogMs + synthesisMs + handOverMs + mediaMs;
}
