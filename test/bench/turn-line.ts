import { fromDb, mixInto } from '../../src/audio/pcm.js';

const packetSamples = 160;
/** A second of what was heard: more than any echo's way. */
const memorySamples = 8000;
/** How far the two clocks may part before the echo's place is set anew. */
const slackSamples = 320;

export interface EchoOfLine {
  readonly levelDb: number;
  readonly delayMs: number;
}

/** One caller's line: what is always on it, and what comes back of the bot's voice. Pure. */
export class TurnLine {
  readonly #heard = new Int16Array(memorySamples);
  #written = 0;
  #read: number | undefined;
  #noiseAt: number;
  readonly #packet = new Int16Array(packetSamples);

  constructor(
    /** Played over and over. At least one packet. */
    private readonly noise: Int16Array,
    private readonly echo: EchoOfLine | undefined,
    startSample = 0,
  ) {
    this.#noiseAt = startSample % noise.length;
  }

  /** A packet of the bot's. */
  hear(samples: Int16Array): void {
    if (this.echo === undefined) return;
    for (const sample of samples) this.#heard[this.#written++ % memorySamples] = sample;
  }

  /** The next packet to send, with what the caller says in it. Reused for the next. */
  next(said: Int16Array | undefined): Int16Array {
    const packet = this.#packet;
    for (let i = 0; i < packetSamples; i++) {
      packet[i] = this.noise[this.#noiseAt] as number;
      this.#noiseAt = (this.#noiseAt + 1) % this.noise.length;
    }
    if (said !== undefined) mixInto(packet, said);
    if (this.echo !== undefined) this.#comeBack(packet, this.echo);
    return packet;
  }

  #comeBack(packet: Int16Array, { levelDb, delayMs }: EchoOfLine): void {
    // A packet lies ready when it is due: the latest of what was heard is as old as one packet is long.
    const due = this.#written - Math.max(packetSamples, Math.round(delayMs * 8));
    let at = this.#read ?? due;
    if (Math.abs(due - at) > slackSamples) at = due;
    this.#read = at + packetSamples;
    const factor = fromDb(levelDb);
    for (let i = 0; i < packetSamples; i++, at++) {
      if (at < 0 || at >= this.#written) continue;
      packet[i] = (packet[i] as number) + Math.round(factor * (this.#heard[at % memorySamples] as number));
    }
  }
}
