import { FRAME_VALUES, type SentenceTemplate } from './sentence-template.js';

/**
 * Lays the whole template along `frames` by the same rule as {@link Track}, walks the best path back, and returns the
 * greatest mean distance over `rows` neighbouring rows: one wrong word in a long sentence hardly moves the mean of all,
 * but it cannot hide here.
 */
export function worstStretch(
  template: SentenceTemplate,
  frames: readonly Float32Array[],
  rows: number,
): number {
  const columns = frames.length;
  const height = template.frames;
  if (columns === 0) return Infinity;
  const costs = new Float32Array(height * columns).fill(Infinity);
  const from = new Int32Array(height * columns);
  const distances = new Float32Array(height * columns);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const distance = distanceBetween(template.features, row, frames[column] as Float32Array);
      distances[at] = distance;
      if (row === 0) {
        costs[at] = distance;
        continue;
      }
      let best = Infinity;
      for (let back = 0; back <= Math.min(2, column); back++) {
        const cost = costs[at - columns - back] as number;
        if (cost < best) {
          best = cost;
          from[at] = column - back;
        }
      }
      costs[at] = best + distance;
    }
  }
  const path = new Float32Array(height);
  let column = columns - 1;
  for (let other = 0; other < columns; other++) {
    const last = (height - 1) * columns;
    if ((costs[last + other] as number) < (costs[last + column] as number)) column = other;
  }
  for (let row = height - 1; row >= 0; row--) {
    path[row] = distances[row * columns + column] as number;
    column = from[row * columns + column] as number;
  }
  return greatestMean(path, Math.min(rows, height));
}

function distanceBetween(features: Float32Array, row: number, values: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < FRAME_VALUES; k++) {
    sum += ((features[row * FRAME_VALUES + k] as number) - (values[k] as number)) ** 2;
  }
  return Math.sqrt(sum);
}

function greatestMean(path: Float32Array, width: number): number {
  let greatest = 0;
  for (let start = 0; start + width <= path.length; start++) {
    let sum = 0;
    for (let i = start; i < start + width; i++) sum += path[i] as number;
    greatest = Math.max(greatest, sum / width);
  }
  return greatest;
}
