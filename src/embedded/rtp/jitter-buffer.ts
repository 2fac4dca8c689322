import { LossConcealer } from '../../audio/plc.js';

const FRAME_SAMPLES = 160;
const SAMPLES_PER_MS = 8;

/** Room for 1.6 s: more than {@link LEAP_SAMPLES} and a packet. */
const RING_SAMPLES = 80 * FRAME_SAMPLES;

/** Before anything is known of the network; counts as much as so many packets that needed it. */
const FIRST_TARGET_MS = 20;
const FIRST_WEIGHT = 2;
/** More delay than this hurts a conversation more than what it would save (ITU-T G.114). */
const MAX_TARGET_MS = 200;

/** Lateness is counted in steps of 5 ms; what is later than the last counts there. */
const BIN_SAMPLES = 5 * SAMPLES_PER_MS;
const BINS = (MAX_TARGET_MS * SAMPLES_PER_MS) / BIN_SAMPLES + 1;
/** So many packets in a hundred may come too late. */
const LATE_SHARE = 0.01;
/** A packet's weight doubles in 350 packets (7 s): what was is forgotten. */
const GROWTH = 1.002;

/** The quickest way through the network is the quickest of this time, so that a clock that creeps is followed. */
const WINDOW_SAMPLES = 4000 * SAMPLES_PER_MS;

/** Off the ideal by less than this nothing is put in or left out: a frame is the least that can be. */
const TOLERATED_SAMPLES = 200;
/** So much too late in the sound and there is no waiting for silence. */
const HARD_LIMIT_SAMPLES = 320 * SAMPLES_PER_MS;

/** A packet so far from where it belongs, or so many that come too late one after the other: the sender began anew. */
const LEAP_SAMPLES = 1000 * SAMPLES_PER_MS;
const LATE_IN_A_ROW = 5;

/** Mean magnitude under which a frame may be dropped or doubled unheard (-50 dBFS), or this share of the speech. */
const SURE_SILENCE = 100;
const QUIET_SHARE = 0.1;

/** What happened, since the buffer was made. */
export interface JitterBufferStats {
  /** Frames played, and among them those with at least a part concealed. */
  frames: number;
  concealedFrames: number;
  /** Samples concealed because they never came or came too late; silence after the first 60 ms of a pause is not counted. */
  concealedSamples: number;
  /** Packets that came when their time had passed. */
  latePackets: number;
  /** Frames of silence put in and left out to change the delay. */
  insertedFrames: number;
  droppedFrames: number;
  /** The sender's clock was set anew, or it was silent for long. */
  restarts: number;
  /** Most samples that waited. */
  largestSamples: number;
}

/**
 * An adaptive jitter buffer for one listener who hears somebody live: a bridge's partner, a conference. Packets go in as
 * they come ({@link put}), frames of 20 ms come out by the media tick ({@link take}). Pure: times come with the calls.
 *
 * The delay aimed at is what 99 % of the last packets needed beyond the quickest of them. It grows where packets are late
 * (what is concealed then is played afterwards, so nothing is lost), and it shrinks by leaving out silence; speech is
 * neither stretched nor cut, but when it lags by a third of a second.
 */
export class JitterBuffer {
  readonly stats: JitterBufferStats = {
    frames: 0,
    concealedFrames: 0,
    concealedSamples: 0,
    latePackets: 0,
    insertedFrames: 0,
    droppedFrames: 0,
    restarts: 0,
    largestSamples: 0,
  };
  readonly #ring = new Int16Array(RING_SAMPLES);
  /** 1 where the ring holds a sample that came. */
  readonly #filled = new Uint8Array(RING_SAMPLES);
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  readonly #concealer = new LossConcealer();
  readonly #bins = new Float64Array(BINS);
  #weight = 1;
  #totalWeight = FIRST_WEIGHT;
  #targetSamples = FIRST_TARGET_MS * SAMPLES_PER_MS;
  /** Least of (arrival - place), of this window and the last. */
  #least = Infinity;
  #previousLeast = Infinity;
  #windowStart = 0;
  /** Next sample to play; undefined before the first packet. */
  #playAt: number | undefined;
  /** End of the newest sample that came. */
  #end = 0;
  #lateInARow = 0;
  #speechLevel = 0;
  #hasPlayed = false;

  /** Place of the first sample of the frame last taken; undefined for one that was put in. */
  framePosition: number | undefined;

  constructor() {
    this.#bins[(FIRST_TARGET_MS * SAMPLES_PER_MS) / BIN_SAMPLES] = FIRST_WEIGHT;
  }

  /** The delay aimed at beyond the quickest packet. */
  get targetMs(): number {
    return this.#targetSamples / SAMPLES_PER_MS;
  }

  /** Samples that wait. */
  get waitingSamples(): number {
    return this.#playAt === undefined ? 0 : Math.max(0, this.#end - this.#playAt);
  }

  /**
   * Hot: one packet's sound, copied. `position`: place of its first sample in the sender's time, as {@link RtpSession}
   * counts it; `arrivalMs` on the clock of {@link take}.
   */
  put(samples: Int16Array, position: number, arrivalMs: number): void {
    const length = samples.length;
    if (length === 0 || length > RING_SAMPLES / 4) return;
    const now = arrivalMs * SAMPLES_PER_MS;
    const playAt = this.#playAt;
    if (playAt === undefined) this.#restart(position, length, now);
    else if (Math.abs(position - playAt) > LEAP_SAMPLES) this.#begin(position, length, now);
    else if (position + length > playAt) {
      this.#lateInARow = 0;
      this.#measure(position, length, now);
    } else if (this.#hasStoodStill(playAt - position)) this.#begin(position, length, now);
    else {
      this.stats.latePackets++;
      this.#measure(position, length, now);
      return;
    }
    this.#write(samples, position);
  }

  /**
   * Whether a late packet is of a sender whose time stood still in a pause, or of a network that did: packets out of order
   * are late one at a time.
   */
  #hasStoodStill(lateSamples: number): boolean {
    this.#lateInARow++;
    if (this.waitingSamples > 0) return false;
    const isPaused = this.#concealer.hasFaded && lateSamples > MAX_TARGET_MS * SAMPLES_PER_MS;
    return isPaused || this.#lateInARow >= LATE_IN_A_ROW;
  }

  /**
   * Hot: the frame of the tick at `nowMs`, valid until the next call. Undefined before the first packet came, and in a
   * pause of the sender whose concealment has faded away.
   */
  take(nowMs: number): Int16Array | undefined {
    if (this.#playAt === undefined) return undefined;
    const now = nowMs * SAMPLES_PER_MS;
    // Positive: what is to be played now lies behind where it should be.
    const lag = now - this.#leastSamples - this.#targetSamples - this.#playAt - FRAME_SAMPLES;
    const count = this.#countFilled(this.#playAt);
    if (count === FRAME_SAMPLES) {
      this.#adjust(lag);
    } else if (lag < 0 && this.#end <= this.#playAt) {
      // Nothing is there because more delay is needed: what comes late is played after this.
      this.stats.insertedFrames++;
      return this.#concealFrame();
    }
    return this.#play();
  }

  /** Hot: a frame more or less, where nobody hears it. */
  #adjust(lag: number): void {
    const at = this.#playAt as number;
    if (lag > TOLERATED_SAMPLES && this.#end - at >= 2 * FRAME_SAMPLES) {
      const isHard = lag > HARD_LIMIT_SAMPLES;
      if (!isHard && !this.#isQuiet(at)) return;
      this.stats.droppedFrames++;
      this.#clear(at, FRAME_SAMPLES);
      this.#playAt = at + FRAME_SAMPLES;
    } else if (lag < -TOLERATED_SAMPLES && this.#isQuiet(at)) {
      // The same silence once more: its second half goes back under the reading head.
      this.stats.insertedFrames++;
      for (let i = 0; i < FRAME_SAMPLES; i++) {
        const [from, to] = [ringAt(at + i), ringAt(at - FRAME_SAMPLES + i)];
        this.#ring[to] = this.#ring[from] as number;
        this.#filled[to] = 1;
      }
      this.#playAt = at - FRAME_SAMPLES;
    }
  }

  /** Hot. */
  #play(): Int16Array | undefined {
    const at = this.#playAt as number;
    const frame = this.#frame;
    this.framePosition = at;
    this.#playAt = at + FRAME_SAMPLES;
    let isHeard = false;
    let missing = 0;
    for (let from = 0; from < FRAME_SAMPLES;) {
      const came = this.#filled[ringAt(at + from)];
      let to = from + 1;
      while (to < FRAME_SAMPLES && this.#filled[ringAt(at + to)] === came) to++;
      const part = to - from === FRAME_SAMPLES ? frame : frame.subarray(from, to);
      if (came === 1) {
        for (let i = from; i < to; i++) frame[i] = this.#ring[ringAt(at + i)] as number;
        this.#concealer.received(part);
        isHeard = this.#hasPlayed = true;
      } else {
        const wasHeard = this.#hasPlayed && !this.#concealer.hasFaded;
        if (this.#hasPlayed) this.#concealer.conceal(part);
        else part.fill(0);
        if (wasHeard) missing += to - from;
        isHeard ||= wasHeard;
      }
      from = to;
    }
    this.#clear(at, FRAME_SAMPLES);
    if (!isHeard) return undefined;
    this.#count(missing);
    this.#hear(frame);
    return frame;
  }

  #concealFrame(): Int16Array | undefined {
    const hadFaded = this.#concealer.hasFaded || !this.#hasPlayed;
    this.framePosition = undefined;
    this.#concealer.conceal(this.#frame);
    if (hadFaded) return undefined;
    this.#count(FRAME_SAMPLES);
    return this.#frame;
  }

  #count(missingSamples: number): void {
    this.stats.frames++;
    if (missingSamples === 0) return;
    this.stats.concealedFrames++;
    this.stats.concealedSamples += missingSamples;
  }

  /** The sender's time begins anew at `position`. */
  #begin(position: number, length: number, now: number): void {
    this.stats.restarts++;
    this.#restart(position, length, now);
  }

  #restart(position: number, length: number, now: number): void {
    this.#filled.fill(0);
    this.#least = this.#previousLeast = Infinity;
    this.#windowStart = now;
    this.#lateInARow = 0;
    this.#playAt = position - this.#targetSamples;
    this.#end = position;
    this.#measure(position, length, now);
  }

  get #leastSamples(): number {
    return Math.min(this.#least, this.#previousLeast);
  }

  /** Hot: how long this packet took, against the quickest. Its first frame is what it was waited for. */
  #measure(position: number, length: number, now: number): void {
    const transit = now - position - Math.min(length, FRAME_SAMPLES);
    if (now - this.#windowStart > WINDOW_SAMPLES) {
      this.#previousLeast = this.#least;
      this.#least = Infinity;
      this.#windowStart = now;
    }
    if (transit < this.#least) this.#least = transit;
    const late = Math.max(0, transit - this.#leastSamples);
    const bin = Math.min(BINS - 1, Math.ceil(late / BIN_SAMPLES));
    this.#weight *= GROWTH;
    this.#totalWeight += this.#weight;
    this.#bins[bin] = (this.#bins[bin] as number) + this.#weight;
    if (this.#weight > 1e9) this.#rescale();
    let above = 0;
    let target = BINS - 1;
    const allowed = LATE_SHARE * this.#totalWeight;
    while (target > 0 && (above += this.#bins[target] as number) <= allowed) target--;
    this.#targetSamples = target * BIN_SAMPLES;
  }

  #rescale(): void {
    for (let i = 0; i < BINS; i++) this.#bins[i] = (this.#bins[i] as number) / this.#weight;
    this.#totalWeight /= this.#weight;
    this.#weight = 1;
  }

  /** Hot: what has been played stays played. */
  #write(samples: Int16Array, position: number): void {
    const playAt = this.#playAt as number;
    const from = Math.max(0, playAt - position);
    for (let i = from; i < samples.length; i++) {
      const at = ringAt(position + i);
      this.#ring[at] = samples[i] as number;
      this.#filled[at] = 1;
    }
    const end = position + samples.length;
    if (end > this.#end) this.#end = end;
    if (end - playAt > this.stats.largestSamples) this.stats.largestSamples = end - playAt;
  }

  #countFilled(at: number): number {
    let count = 0;
    for (let i = 0; i < FRAME_SAMPLES; i++) count += this.#filled[ringAt(at + i)] as number;
    return count;
  }

  #clear(at: number, length: number): void {
    for (let i = 0; i < length; i++) this.#filled[ringAt(at + i)] = 0;
  }

  /** Whether nobody speaks in the frame at `at`. */
  #isQuiet(at: number): boolean {
    let sum = 0;
    for (let i = 0; i < FRAME_SAMPLES; i++) sum += Math.abs(this.#ring[ringAt(at + i)] as number);
    const level = sum / FRAME_SAMPLES;
    return level <= SURE_SILENCE || level <= QUIET_SHARE * this.#speechLevel;
  }

  /** Hot: how loud the speaker is when speaking: rises at once, falls by half in 7 s. */
  #hear(frame: Int16Array): void {
    let sum = 0;
    for (let i = 0; i < FRAME_SAMPLES; i++) sum += Math.abs(frame[i] as number);
    this.#speechLevel = Math.max(sum / FRAME_SAMPLES, this.#speechLevel * 0.998);
  }
}

/** Hot: places may be below zero. */
function ringAt(position: number): number {
  const at = position % RING_SAMPLES;
  return at < 0 ? at + RING_SAMPLES : at;
}
