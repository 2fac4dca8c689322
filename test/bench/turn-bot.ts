import { hearPacket, type Heard } from './turn-meter.js';

/** One prompt being heard, from its first packet to where it breaks off or ends. Times are ms. */
export interface Stretch {
  /** Name of a marked prompt, or {@link unmarked}. */
  readonly prompt: string;
  /** Arrival of its first packet. */
  readonly fromMs: number;
  /** Arrival of its last packet so far. */
  lastMs: number;
  /** How much of the stream it has filled. A packet in the middle may be too loud for its mark to be seen. */
  samples: number;
  /** First audible packet; undefined before there is one. */
  audibleMs: number | undefined;
  /** 200 ms of audible sound have been heard on end. */
  isSound: boolean;
  /** Undefined while it is heard; then whether the prompt was over. */
  end: 'finished' | 'broken' | undefined;
}

/** What the bot says besides the marked prompts: a filler, an apology of its own. */
export const unmarked = '(unmarked)';

/** So many packets with one mark are a prompt: a voice without mark may have its tone by chance, for a moment. */
const sureAfterPackets = 3;
/** So much of the stream without it: it is over. By the stream's own time, for packets that are late are no pause. */
const overAfterSamples = 480;
/** A voice without mark has pauses. */
const unmarkedOverAfterSamples = 2400;
/** Nothing at all comes any more. */
const goneAfterMs = 500;
const packetMs = 20;
/** Sound is what lasts so long above -40 dBFS (DESIGN.md §5). */
const soundPackets = 10;
/** What a prompt may lack at its end and be finished. */
const slackSamples = 640;

export interface BotListener {
  /** Told when it is sure what it is, {@link sureAfterPackets} after it began, or when it was over before. */
  began(stretch: Stretch): void;
  /** Its first 200 ms have been heard. */
  sounded(stretch: Stretch): void;
  ended(stretch: Stretch): void;
}

interface Packet extends Heard {
  readonly from: number;
  readonly to: number;
  readonly atMs: number;
}

/** Follows what one caller hears of the bot. Pure: times come with the packets. */
export class HeardBot {
  current: Stretch | undefined;
  /** How much of prompts was heard in all, those under way left out. */
  talkedSamples = 0;
  #audibleOnEnd = 0;
  /** Of the current stretch, in the stream. */
  #from = 0;
  #to = 0;
  /** Packets that are not, or not yet, part of a stretch. */
  #loose: Packet[] = [];
  /** Samples of the prompt that broke off, for the case that it goes on. */
  #before = 0;
  #beforePrompt = '';

  constructor(
    private readonly promptSamples: Readonly<Record<string, number>>,
    private readonly listener: BotListener,
  ) {}

  /** `position`: of its first sample, by the stream's timestamps. */
  packet(samples: Int16Array, position: number, atMs: number): void {
    const heard = hearPacket(samples);
    // Who is at a menu hears no soft mark; a filler's voice may have one for a moment.
    const prompt = this.promptSamples[heard.prompt ?? ''] === undefined ? undefined : heard.prompt;
    const packet = { ...heard, prompt, from: position, to: position + samples.length, atMs };
    const { current } = this;
    if (current === undefined) {
      this.#open(packet);
      return;
    }
    this.#loose.push(packet);
    const fits = current.prompt === unmarked ? packet.isAudible : packet.prompt === current.prompt;
    if (fits && !(current.prompt === unmarked && this.#isSure())) {
      this.#extend(current, packet);
      if (current.prompt !== unmarked) this.#loose = [];
      else if (this.#loose.length > sureAfterPackets) this.#loose.shift();
      return;
    }
    const limit = current.prompt === unmarked ? unmarkedOverAfterSamples : overAfterSamples;
    const isSure = this.#isSure();
    if (packet.to - this.#to < limit && !isSure) return;
    // Packets with a mark were taken for more of a voice without one until it was sure.
    const loose = isSure
      ? this.#loose.slice(-sureAfterPackets)
      : this.#loose.filter(({ from }) => from >= this.#to);
    this.#loose = [];
    this.#end(current);
    for (const one of loose) this.#again(one);
  }

  /** Time went by. */
  passed(nowMs: number): void {
    if (this.current !== undefined && nowMs - this.current.lastMs > goneAfterMs) this.#end(this.current);
  }

  /** When the caller heard nothing of it any more. */
  static silentMs(stretch: Stretch): number {
    return stretch.lastMs + packetMs;
  }

  #again(packet: Packet): void {
    if (this.current === undefined) this.#open(packet);
    else this.#extend(this.current, packet);
  }

  /** Whether the last packets have one mark, which is not that of the current stretch. */
  #isSure(): boolean {
    const last = this.#loose.slice(-sureAfterPackets);
    const prompt = last[0]?.prompt;
    return (
      last.length === sureAfterPackets &&
      prompt !== undefined &&
      prompt !== this.current?.prompt &&
      last.every((packet) => packet.prompt === prompt)
    );
  }

  #open(packet: Packet): void {
    if (packet.prompt === undefined && !packet.isAudible) {
      const loose = this.#loose;
      this.#loose = [];
      // Over before it was anything.
      if (loose.some(({ isAudible }) => isAudible)) this.#end(this.#begin(unmarked, loose));
      return;
    }
    this.#loose.push(packet);
    if (this.#loose.length < sureAfterPackets) return;
    const loose = this.#loose;
    const prompt = this.#isSure() ? (packet.prompt ?? unmarked) : unmarked;
    this.#loose = [];
    if (prompt === unmarked && !loose.some(({ isAudible }) => isAudible)) return;
    this.#begin(prompt, loose);
  }

  #begin(prompt: string, packets: readonly Packet[]): Stretch {
    const first = packets[0];
    const stretch: Stretch = {
      prompt,
      fromMs: first?.atMs ?? 0,
      lastMs: first?.atMs ?? 0,
      samples: 0,
      audibleMs: undefined,
      isSound: false,
      end: undefined,
    };
    this.current = stretch;
    this.#from = first?.from ?? 0;
    this.#audibleOnEnd = 0;
    if (prompt !== unmarked && prompt !== this.#beforePrompt) this.#before = 0;
    this.listener.began(stretch);
    for (const packet of packets) this.#extend(stretch, packet);
    return stretch;
  }

  #extend(stretch: Stretch, packet: Packet): void {
    stretch.lastMs = packet.atMs;
    this.#to = packet.to;
    stretch.samples = packet.to - this.#from;
    this.#audibleOnEnd = packet.isAudible ? this.#audibleOnEnd + 1 : 0;
    if (packet.isAudible) stretch.audibleMs ??= packet.atMs;
    if (stretch.isSound || this.#audibleOnEnd < soundPackets) return;
    stretch.isSound = true;
    this.listener.sounded(stretch);
  }

  #end(stretch: Stretch): void {
    this.current = undefined;
    if (stretch.prompt === unmarked) {
      stretch.end = 'finished';
    } else {
      this.talkedSamples += stretch.samples;
      const heard = stretch.samples + this.#before;
      stretch.end = heard >= (this.promptSamples[stretch.prompt] ?? 0) - slackSamples ? 'finished' : 'broken';
      this.#before = stretch.end === 'broken' ? heard : 0;
      this.#beforePrompt = stretch.prompt;
    }
    this.listener.ended(stretch);
  }
}
