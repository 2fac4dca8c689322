import { LagEstimator } from './lag-estimator.js';
import { timestampDifference } from './packet.js';

/** Samples of one frame of one channel: 20 ms at 8 kHz. */
export const FRAME_SAMPLES = 160;
export const SAMPLES_PER_MS = 8;

/** A timestamp that leaps without the sequence and is off the clock by more than 100 ms was set anew. */
const JUMP_SAMPLES = 100 * SAMPLES_PER_MS;

/** Lag that is left alone: a little more than the half frame that placing on the frames' grid may cost. */
const TOLERATED_SAMPLES = 12 * SAMPLES_PER_MS;

/** Lag that is corrected in the midst of speech, since no silence came: 48 ms, more than a gap ever waits. */
const HARD_LIMIT_SAMPLES = 48 * SAMPLES_PER_MS;

/** Packets that come too late for so long are a new way through the network, not a queue. */
const LATE_FOR_SAMPLES = 200 * SAMPLES_PER_MS;

/** A stream that was silent for so long may go on with the timestamp where it stopped. */
const PAUSE_SAMPLES = 60 * SAMPLES_PER_MS;

/** After a change of source or clock, the new sound follows the old without a seam if that puts it no further off. */
const SEAM_EARLY_SAMPLES = 15 * SAMPLES_PER_MS;
const SEAM_LATE_SAMPLES = 25 * SAMPLES_PER_MS;

/** What happened to the caller's clock, for diagnosis. */
export interface PlacementStats {
  /** First packet, change of source, timestamp set anew, new way through the network. */
  anchors: number;
  /** Samples put in and left out to follow the caller's clock. */
  insertedSamples: number;
  droppedSamples: number;
  /** Corrections that found no silence. */
  hardCorrections: number;
}

/**
 * Where on our clock each of the caller's packets belongs. Pure arithmetic in samples of 8 kHz since the call's first tick.
 *
 * The first packet is placed by its arrival, so that its last sample lies where we stood when it came (the lag is then 0),
 * moved by at most half a frame onto the frames' grid, so that from then on each packet completes frames rather than
 * beginning them. All later packets follow by RTP timestamp, whatever their arrival. The least lag of the last seconds
 * tells where the caller's clock runs to; when it leaves the tolerance, whole grid steps are put in or left out in silence.
 */
export class CallerPlacement {
  /** Result of {@link place}: where the packet's first sample goes. */
  position = 0;
  /** Result: so many samples before `position` are to be filled with more of the same (silence was stretched). */
  insertSamples = 0;
  /** Result: nothing of what belongs before can come any more. */
  final = false;
  readonly stats: PlacementStats = { anchors: 0, insertedSamples: 0, droppedSamples: 0, hardCorrections: 0 };

  readonly #lag = new LagEstimator();
  #ssrc: number | undefined;
  /** Timestamp and place of the newest packet, its length, its arrival. */
  #timestamp = 0;
  #lastPosition = 0;
  /** Until the first packet tells, the longest that is usual: so that it still finds its frames waiting. */
  #lastLength = 60 * SAMPLES_PER_MS;
  #lastArrival = 0;
  #quietBefore = false;
  /** Since when every packet came after its frame had left. */
  #lateSince: number | undefined;
  /** The clock before a re-anchoring that the next packet may take back. */
  #before: { readonly timestamp: number; readonly position: number } | undefined;

  /** How much later than right at its end a frame is complete, when nothing is lost: for its deadline. */
  get expectedDelaySamples(): number {
    const lag = Math.min(Math.max(this.#lag.leastSamples, -FRAME_SAMPLES / 2), HARD_LIMIT_SAMPLES);
    // A packet of several frames completes the first of them when the last one ends.
    return lag + Math.max(0, this.#lastLength - FRAME_SAMPLES);
  }

  /**
   * Hot: places one packet of `length` samples that came at `now`. `sequenceStep` as in ReceivedPacket; `quiet`: nobody
   * speaks in it; `emitted`: what lies before has left and cannot be changed. False: it belongs nowhere any more.
   */
  place(
    length: number,
    timestamp: number,
    ssrc: number,
    now: number,
    sequenceStep: number,
    quiet: boolean,
    emitted: number,
  ): boolean {
    this.insertSamples = 0;
    this.final = sequenceStep === 1;
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#anchor(length, timestamp, now, emitted);
    } else if (sequenceStep < 1) {
      // Out of order: its timestamp is all there is to say about it.
      this.position = this.#lastPosition + timestampDifference(timestamp, this.#timestamp);
      return this.position + length > emitted && this.position <= this.#lastPosition;
    } else if (!this.#follow(length, timestamp, now, sequenceStep, emitted)) {
      return false;
    } else {
      this.#lag.add(now - (this.position + length), now);
      this.#correct(length, quiet && this.#quietBefore);
    }
    this.#quietBefore = quiet;
    this.#remember(length, timestamp, now);
    return true;
  }

  /** Places by timestamp; sees clocks that were set anew and packets that come too late. False: too late. */
  #follow(length: number, timestamp: number, now: number, sequenceStep: number, emitted: number): boolean {
    const gap = now - this.#lastArrival;
    if (this.#before !== undefined) {
      // After a pause the first packet was taken for a stream that goes on; a burst behind it tells that the network
      // had only held it up.
      if (sequenceStep === 1 && gap < length / 4) {
        this.#timestamp = this.#before.timestamp;
        this.#lastPosition = this.#before.position;
        this.#lag.reset();
      }
      this.#before = undefined;
    }
    const advance = timestampDifference(timestamp, this.#timestamp);
    this.position = this.#lastPosition + advance;
    const lag = now - (this.position + length);
    const continuous = advance === this.#lastLength * sequenceStep;
    if (!continuous && Math.abs(lag - this.#lag.leastSamples) > JUMP_SAMPLES) {
      this.#anchor(length, timestamp, now, emitted);
      return true;
    }
    if (this.position + length > emitted) {
      this.#lateSince = undefined;
      return true;
    }
    this.#lateSince ??= now;
    const paused = gap >= PAUSE_SAMPLES;
    if (paused || now - this.#lateSince >= LATE_FOR_SAMPLES) {
      const before = { timestamp, position: this.position };
      this.#anchor(length, timestamp, now, emitted);
      if (paused) this.#before = before;
      return true;
    }
    this.#remember(length, timestamp, now);
    return false;
  }

  #remember(length: number, timestamp: number, now: number): void {
    this.#timestamp = timestamp;
    this.#lastPosition = this.position;
    this.#lastLength = length;
    this.#lastArrival = now;
  }

  #anchor(length: number, timestamp: number, now: number, emitted: number): void {
    const grid = gridOf(length);
    const byArrival = Math.round((now - length) / grid) * grid;
    const seam = this.#lastPosition + this.#lastLength;
    const seamLag = now - (seam + length);
    const seamless =
      this.stats.anchors > 0 &&
      seam % grid === 0 &&
      seamLag >= -SEAM_EARLY_SAMPLES &&
      seamLag <= SEAM_LATE_SAMPLES;
    this.position = Math.max(seamless ? seam : byArrival, Math.ceil(emitted / grid) * grid);
    this.final = true;
    this.stats.anchors++;
    this.#before = undefined;
    this.#lateSince = undefined;
    this.#lag.reset();
    this.#lag.add(now - (this.position + length), now);
    this.#remember(length, timestamp, now);
  }

  /** Moves the packet, and all after it, onto the grid point nearest to where our clock wants it. */
  #correct(length: number, silence: boolean): void {
    const grid = gridOf(length);
    const lag = this.#lag.leastSamples;
    const off = this.#lag.known && Math.abs(lag) > TOLERATED_SAMPLES;
    const hard = this.#lag.known && Math.abs(lag) > HARD_LIMIT_SAMPLES;
    if (!hard && !(silence && (off || this.position % grid !== 0))) return;
    const wanted = Math.round((this.position + lag) / grid) * grid;
    const shift = wanted - this.position;
    if (shift === 0) return;
    if (hard && !silence) this.stats.hardCorrections++;
    if (shift > 0) {
      this.stats.insertedSamples += shift;
      this.insertSamples = shift;
    } else {
      this.stats.droppedSamples -= shift;
    }
    this.position = wanted;
    this.#lag.shift(shift);
  }
}

/** Packets of whole or half frames (10, 20, 30, 40, 60 ms) stay on whole or half frames; others lie where they lie. */
function gridOf(length: number): number {
  return length % FRAME_SAMPLES === 0
    ? FRAME_SAMPLES
    : length % (FRAME_SAMPLES / 2) === 0
      ? FRAME_SAMPLES / 2
      : 1;
}
