/** The pieces in which levels are kept and edges are found: 2.5 ms. Finer would part the pulses of a low voice. */
export const pieceSamples = 20;

/** So long levels are kept, pieces (30 s): longer than anybody speaks in one go (turn.ts: 20 s). */
const ringPieces = 12_000;

/** A level is kept as half decibels above this, in a byte. */
const leastDb = -127;

/** How loud one channel was, piece by piece, in the last half minute. Pure; time is the sample count. */
export class LedgerLevels {
  readonly #ring = new Uint8Array(ringPieces);
  #pieces = 0;

  /** Taken so far. */
  get samples(): number {
    return this.#pieces * pieceSamples;
  }

  get pieces(): number {
    return this.#pieces;
  }

  /** The oldest that is still known. */
  get firstPiece(): number {
    return Math.max(0, this.#pieces - ringPieces);
  }

  /** Hot. Mono s16 at 8 kHz, a multiple of {@link pieceSamples}. */
  push(samples: Int16Array): void {
    for (let at = 0; at + pieceSamples <= samples.length; at += pieceSamples) {
      let sum = 0;
      for (let i = at; i < at + pieceSamples; i += 1) {
        const sample = samples[i] as number;
        sum += sample * sample;
      }
      const db = sum === 0 ? leastDb : 10 * Math.log10(sum / (pieceSamples * 32768 * 32768));
      this.#ring[this.#pieces % ringPieces] = Math.max(0, Math.round(2 * (db - leastDb)));
      this.#pieces += 1;
    }
  }

  /** Root mean square in dB of full scale; the least there is for a piece that is not known. */
  db(piece: number): number {
    if (piece < this.firstPiece || piece >= this.#pieces) return leastDb;
    return leastDb + (this.#ring[piece % ringPieces] as number) / 2;
  }
}

/** Louder than this the bot is audible, whoever speaks (DESIGN.md §5). */
export const audibleDb = -40;

/** Where the first audible piece of what the bot says begins; undefined where all is silent. */
export function firstAudibleSample(samples: Int16Array): number | undefined {
  const levels = new LedgerLevels();
  levels.push(samples);
  for (let piece = 0; piece < levels.pieces; piece += 1)
    if (levels.db(piece) > audibleDb) return piece * pieceSamples;
  return undefined;
}

/** Below this nothing is a caller's voice: 10 dB under one at arm's length. */
const leastVoiceDb = -50;
/** What is further below the loudest that the caller said is the room's echo (DESIGN.md §5). */
const tailDb = 35;
/** A caller's voice stands out of the line's noise by so much, as in audio/vad.ts. */
const aboveNoiseDb = 9;
/** The first voiced sample is looked for so far below the loudest only: the bot's own echo lies there (20 dB and more). */
const onsetDb = 20;

/** Where peak and noise are looked for, pieces (10 s). */
const horizonPieces = 4000;
/** A voiced piece has so many others (itself counted) within 20 ms on its side of the sound: a click has not. */
const companyPieces = 8;
const leastCompany = 3;
/** A pause within what somebody says, pieces (300 ms). */
const pausePieces = 120;

/** One past the caller's last voiced sample before `untilSample`; undefined where nobody spoke. */
export function lastVoicedSample(levels: LedgerLevels, untilSample: number): number | undefined {
  const until = pieceAt(levels, untilSample);
  const threshold = voiceThreshold(levels, until, tailDb);
  for (let piece = until - 1; piece >= levels.firstPiece; piece -= 1) {
    if (levels.db(piece) > threshold && hasCompany(levels, piece, -1, threshold))
      return (piece + 1) * pieceSamples;
  }
  return undefined;
}

/** The first voiced sample of what the caller says at `atSample`, or said shortly before. */
export function firstVoicedSample(levels: LedgerLevels, atSample: number): number | undefined {
  const at = pieceAt(levels, atSample);
  const threshold = voiceThreshold(levels, at, onsetDb);
  let first: number | undefined;
  for (let piece = at - 1; piece >= levels.firstPiece; piece -= 1) {
    if (levels.db(piece) > threshold && hasCompany(levels, piece, 1, threshold)) first = piece;
    else if ((first ?? at) - piece > pausePieces) break;
  }
  return first === undefined ? undefined : first * pieceSamples;
}

/** One past the last audible sample from `fromSample` on, before 100 ms of silence or `untilSample`; undefined: silent. */
export function audibleUntil(
  levels: LedgerLevels,
  fromSample: number,
  untilSample: number,
): number | undefined {
  const until = pieceAt(levels, untilSample);
  let last: number | undefined;
  const from = Math.max(levels.firstPiece, Math.floor(fromSample / pieceSamples));
  for (let piece = from; piece < until; piece += 1) {
    if (levels.db(piece) > audibleDb) last = piece;
    else if (piece - (last ?? from) >= 100 / 2.5) break;
  }
  return last === undefined ? undefined : (last + 1) * pieceSamples;
}

function pieceAt(levels: LedgerLevels, sample: number): number {
  return Math.max(0, Math.min(levels.pieces, Math.ceil(sample / pieceSamples)));
}

function hasCompany(levels: LedgerLevels, piece: number, step: 1 | -1, threshold: number): boolean {
  let company = 0;
  for (let i = 0; i < companyPieces; i += 1) if (levels.db(piece + i * step) > threshold) company += 1;
  return company >= leastCompany;
}

/** Above the noise of the last seconds, below the loudest of them by at most `belowPeakDb`. */
function voiceThreshold(levels: LedgerLevels, until: number, belowPeakDb: number): number {
  const from = Math.max(levels.firstPiece, until - horizonPieces);
  const counts = new Uint32Array(128);
  let peak = leastDb;
  for (let piece = from; piece < until; piece += 1) {
    const db = levels.db(piece);
    if (db > peak) peak = db;
    const bin = Math.min(127, Math.floor(db - leastDb));
    counts[bin] = (counts[bin] as number) + 1;
  }
  // The noise is what a tenth of the time is quieter than: somebody who speaks pauses as much.
  let bin = 0;
  for (let below = 0; bin < 127; bin += 1) {
    below += counts[bin] as number;
    if (below > (until - from) / 10) break;
  }
  // A horizon that holds nothing but voice has its voice as noise.
  const noise = Math.min(leastDb + bin + 1 + aboveNoiseDb, peak - aboveNoiseDb);
  return Math.max(leastVoiceDb, peak - belowPeakDb, noise);
}
