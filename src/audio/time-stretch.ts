/** Length of the pieces that are put together anew, their overlap, and how far each is shifted to fit, ms. */
const pieceMs = 30;
const overlapMs = 15;
const searchMs = 8;

/** About as much is given at once, ms. */
const givenMs = 150;

/**
 * Speech slower or faster at the same pitch: pieces of it are laid further apart or closer together, each shifted to
 * where it fits its neighbour best (WSOLA). `rate` 0.8 makes it a quarter longer; 0.5 to 2 sound well. In chunks, each
 * worked out when it is asked for: all of a long recording would hold the thread for tens of ms.
 */
export function* timeStretch(
  samples: Int16Array,
  rate: number,
  sampleRateHz = 8000,
): Generator<Int16Array, void, void> {
  if (rate === 1) {
    yield samples;
    return;
  }
  const perMs = sampleRateHz / 1000;
  const piece = Math.round(pieceMs * perMs);
  const overlap = Math.round(overlapMs * perMs);
  const search = Math.round(searchMs * perMs);
  const step = piece - overlap;
  /** The next chunk, and after it the overlap that the piece after it is laid over. */
  let chunk = new Int16Array(Math.round(givenMs / overlapMs) * step + overlap);
  chunk.set(samples.subarray(0, piece));
  let at = 0;
  let written = Math.min(piece, samples.length);
  /** Where the sound went on after the last piece: the next one must begin like this. */
  let follows = step;
  for (let n = 1; ; n++) {
    const wanted = Math.round(n * step * rate);
    if (wanted + piece + search >= samples.length) break;
    const from = bestFit(samples, follows, Math.max(0, wanted - search), wanted + search, overlap);
    at += step;
    if (at + piece > chunk.length) {
      yield chunk.subarray(0, at);
      const next = new Int16Array(chunk.length);
      next.set(chunk.subarray(at, at + overlap));
      chunk = next;
      at = 0;
    }
    for (let k = 0; k < overlap; k++) {
      const share = k / overlap;
      chunk[at + k] = (chunk[at + k] as number) * (1 - share) + (samples[from + k] as number) * share;
    }
    chunk.set(samples.subarray(from + overlap, from + piece), at + overlap);
    written = at + piece;
    follows = from + step;
  }
  yield chunk.subarray(0, written);
  yield samples.subarray(Math.min(samples.length, follows + overlap));
}

/** Start between `first` and `last` at which `samples` are most like those from `like` on, over `length`. */
function bestFit(samples: Int16Array, like: number, first: number, last: number, length: number): number {
  let best = first;
  let bestLikeness = -Infinity;
  for (let start = first; start <= last; start += 2) {
    let product = 0;
    let energy = 1;
    for (let k = 0; k < length; k += 2) {
      const sample = samples[start + k] as number;
      product += sample * (samples[like + k] as number);
      energy += sample * sample;
    }
    const likeness = product / Math.sqrt(energy);
    if (likeness <= bestLikeness) continue;
    bestLikeness = likeness;
    best = start;
  }
  return best;
}
