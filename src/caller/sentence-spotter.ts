import { FRAME_VALUES, FrameReader, reversed, type SentenceTemplate } from './sentence-template.js';
import { worstStretch } from './sentence-alignment.js';
import { HISTORY_FRAMES, Track } from './spotter-track.js';

/** A sentence found in what the far side says. */
export interface SpottedSentence {
  readonly text: string;
  /** 0 to 1: how near it is, and by how much nearer than anything else in question. */
  readonly confidence: number;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Limits, in cepstral distance per frame, measured with espeak-ng against itself through G.711 (test/caller): the same
 * sentence lies at 8 to 18, a part of a longer one at 8 to 17, another sentence above 42.
 */
const ACCEPT_DISTANCE = 34;
const SAME_SOUND_DISTANCE = 10;
/**
 * Worst 120 ms along the path: the same sentence 12 to 46 (weak lines), one with a single other word ("Monday" for
 * "Sunday") 63 and more, though its mean may be 15.
 */
const ACCEPT_WORST = 50;
const WORST_ROWS = 12;
/** How much nearer than the nearest other sentence (or the reversed one) it must be. */
const MARGIN = 1.25;
/** Voiced frames after which a minimum is believed: the next word would be here. */
const SETTLE_FRAMES = 12;
/** Silence (or no packet) after which it is believed at once. */
const SETTLE_MS = 200;

interface Candidate {
  readonly track: Track;
  readonly score: number;
  readonly startFrame: number;
  readonly endFrame: number;
}

/**
 * Finds expected sentences in a stream of speech without knowing where they begin: each is spoken by a synthesizer
 * beforehand, and its sound is laid along what is heard ({@link Track}). A sentence is heard if it lies near enough and
 * nearer than every other sentence of the script and than each sentence said backwards, which any speech resembles as
 * much as it resembles a wrong sentence. Pure; one per call.
 */
export class SentenceSpotter {
  readonly #tracks: Track[] = [];
  readonly #reader = new FrameReader();
  readonly #history = new Float32Array(HISTORY_FRAMES * FRAME_VALUES);
  readonly #frameMs = new Float64Array(HISTORY_FRAMES);
  #frame = -1;
  #expectedMs: number | undefined;
  #candidate: Candidate | undefined;
  /** A sentence is not found twice in the same sound. */
  #spentFrame = -1;

  constructor(
    templates: readonly SentenceTemplate[],
    private readonly spotted: (sentence: SpottedSentence) => void,
  ) {
    for (const template of templates) {
      this.#tracks.push(new Track(template, false), new Track(reversed(template), true));
    }
  }

  /** Hot. One packet's samples (mono, 8 kHz) with its arrival time. */
  push(samples: Int16Array, atMs: number): void {
    if (this.#tracks.length === 0) return;
    // A hole of more than two packets: the far side stopped sending.
    if (this.#expectedMs !== undefined && atMs - this.#expectedMs > 60) this.#reader.reset();
    this.#expectedMs = atMs + samples.length / 8;
    this.#reader.push(samples, (values, firstSample) => this.#voiced(values, atMs + firstSample / 8));
    this.tick(atMs);
  }

  /** Time passed: what was found before a pause is told. */
  tick(nowMs: number): void {
    const candidate = this.#candidate;
    if (candidate !== undefined && nowMs - this.#msOf(this.#frame) > SETTLE_MS) this.#decide(candidate);
  }

  /** Nothing more will be heard: decides now. */
  flush(): void {
    if (this.#candidate !== undefined) this.#decide(this.#candidate);
  }

  #voiced(values: Float32Array, atMs: number): void {
    this.#frame += 1;
    const slot = this.#frame % HISTORY_FRAMES;
    this.#history.set(values, slot * FRAME_VALUES);
    this.#frameMs[slot] = atMs;
    for (const track of this.#tracks) {
      track.advance(values, this.#frame);
      if (track.decoy || track.score >= ACCEPT_DISTANCE || track.start <= this.#spentFrame) continue;
      if (track.score < (this.#candidate?.score ?? Infinity)) {
        this.#candidate = { track, score: track.score, startFrame: track.start, endFrame: this.#frame };
      }
    }
    const candidate = this.#candidate;
    if (candidate !== undefined && this.#frame - candidate.endFrame >= SETTLE_FRAMES) this.#decide(candidate);
  }

  #decide({ track, score, startFrame, endFrame }: Candidate): void {
    this.#candidate = undefined;
    const { text } = track.template;
    const from = startFrame + Math.ceil((endFrame - startFrame) / 2);
    let rival = Infinity;
    for (const other of this.#tracks) {
      if (other === track || (!other.decoy && overlap(other.template.text, text))) continue;
      rival = Math.min(rival, other.best(from, this.#frame));
    }
    const margin = rival / score;
    const worst = worstStretch(track.template, this.#framesBetween(startFrame, endFrame), WORST_ROWS);
    if (margin < MARGIN || worst > ACCEPT_WORST) return;
    this.#spentFrame = endFrame;
    this.spotted({
      text,
      confidence: confidenceOf(score, margin, worst),
      startMs: this.#msOf(startFrame),
      endMs: this.#msOf(endFrame) + 25,
    });
  }

  #framesBetween(first: number, last: number): Float32Array[] {
    const frames: Float32Array[] = [];
    for (let frame = Math.max(first, last - HISTORY_FRAMES + 1); frame <= last; frame++) {
      const at = (frame % HISTORY_FRAMES) * FRAME_VALUES;
      frames.push(this.#history.subarray(at, at + FRAME_VALUES));
    }
    return frames;
  }

  #msOf(frame: number): number {
    return frame < 0 ? -Infinity : (this.#frameMs[frame % HISTORY_FRAMES] as number);
  }
}

/** The least of "how near", "how near in the worst place" and "how much nearer than the next"; 0.5 is at the limit. */
function confidenceOf(score: number, margin: number, worst: number): number {
  const near = 0.5 + (ACCEPT_DISTANCE - score) / (ACCEPT_DISTANCE - SAME_SOUND_DISTANCE) / 2;
  const even = 0.5 + (ACCEPT_WORST - worst) / ACCEPT_WORST;
  const apart = 0.5 + (margin - MARGIN) / 2;
  return Math.round(Math.min(1, near, even, apart) * 100) / 100;
}

/** Whether one sentence's words are contained in the other's: then both are rightly heard at once. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim(),
  );
  return a !== undefined && b !== undefined && (a.includes(b) || b.includes(a));
}
