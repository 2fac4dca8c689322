/** A text as the numbers of its features and how much each counts. */
export interface SparseVector {
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

export interface LabelledVector extends SparseVector {
  readonly label: number;
}

export interface TrainingOptions {
  /** Times that every example is seen; default 10, after which cross-validation no longer improves. */
  readonly rounds?: number;
  /** First step; each weight's later steps shrink with what it has moved (AdaGrad). Default 0.5. */
  readonly step?: number;
  /** Pull of every weight towards 0, per example seen that has its feature. Default 1e-4. */
  readonly decay?: number;
  /** Share of an example's features that are left out each time it is seen, so that none alone decides. Default 0.4. */
  readonly dropout?: number;
  /** Share of certainty that goes to the other classes: examples may be labelled wrongly. Default 0.3. */
  readonly smoothing?: number;
}

/** What a model has learned, small enough for a file. */
export interface LinearWeights {
  readonly classes: number;
  /** Of the largest weight. */
  readonly scale: number;
  /** One for each class. */
  readonly bias: readonly number[];
  /** `classes` for each feature: the square root of a weight's share of `scale`, of 127, with its sign. */
  readonly steps: Int8Array;
}

/** Multinomial logistic regression: one weight for each feature and class. The same examples give the same weights. */
export class LinearModel {
  readonly learned: LinearWeights;
  readonly #classes: number;
  readonly #steps: Int8Array;
  readonly #bias: Float32Array;
  /** What each step weighs; that of -128 stands first. */
  readonly #weightOf: Float32Array;

  /** As {@link LinearModel.learned} of one that was trained. */
  constructor(learned: LinearWeights) {
    this.learned = learned;
    this.#classes = learned.classes;
    this.#steps = learned.steps;
    this.#bias = Float32Array.from(learned.bias);
    this.#weightOf = Float32Array.from({ length: 256 }, (_, index) => {
      const root = (index - 128) / 127;
      return learned.scale * root * Math.abs(root);
    });
  }

  static train(
    examples: readonly LabelledVector[],
    features: number,
    classes: number,
    { rounds = 10, step = 0.5, decay = 1e-4, dropout = 0.4, smoothing = 0.3 }: TrainingOptions = {},
  ): LinearModel {
    const weights = new Float32Array(features * classes);
    const moved = new Float32Array(features * classes).fill(1e-2);
    const bias = new Float32Array(classes);
    const order = examples.map((_, index) => index);
    const random = randomNumbers(20_261_121);
    const right = 1 - smoothing;
    const wrong = smoothing / Math.max(1, classes - 1);
    for (let round = 0; round < rounds; round += 1) {
      shuffle(order, random);
      for (const index of order) {
        const example = examples[index];
        if (example === undefined) continue;
        const seen = dropout > 0 ? withDropout(example, dropout, random) : example;
        const { ids, values } = seen;
        const chances = softmax(scoresOf(seen, weights, bias), 1);
        for (let c = 0; c < classes; c += 1) {
          const error = (chances[c] ?? 0) - (c === example.label ? right : wrong);
          bias[c] = (bias[c] ?? 0) - step * 0.02 * error;
          if (Math.abs(error) < 1e-3) continue;
          for (let i = 0; i < ids.length; i += 1) {
            const at = (ids[i] ?? 0) * classes + c;
            const weight = weights[at] ?? 0;
            const slope = error * (values[i] ?? 0) + decay * weight;
            const total = (moved[at] ?? 0) + slope * slope;
            moved[at] = total;
            weights[at] = weight - (step * slope) / Math.sqrt(total);
          }
        }
      }
    }
    const scale = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) || 1;
    const steps = Int8Array.from(weights, (weight) =>
      Math.round(127 * Math.sign(weight) * Math.sqrt(Math.abs(weight) / scale)),
    );
    return new LinearModel({ classes, scale, bias: [...bias], steps });
  }

  /** Hot: probability of each class, by softmax; `temperature` above 1 makes them less sure of themselves. */
  chances({ ids, values }: SparseVector, temperature = 1): Float32Array {
    const classes = this.#classes;
    const scores = Float32Array.from(this.#bias);
    for (let i = 0; i < ids.length; i += 1) {
      const from = (ids[i] ?? 0) * classes;
      const value = values[i] ?? 0;
      for (let c = 0; c < classes; c += 1) {
        scores[c] = (scores[c] ?? 0) + value * (this.#weightOf[(this.#steps[from + c] ?? 0) + 128] ?? 0);
      }
    }
    return softmax(scores, temperature);
  }
}

function scoresOf({ ids, values }: SparseVector, weights: Float32Array, bias: Float32Array): Float32Array {
  const scores = Float32Array.from(bias);
  for (let i = 0; i < ids.length; i += 1) {
    const from = (ids[i] ?? 0) * bias.length;
    const value = values[i] ?? 0;
    for (let c = 0; c < bias.length; c += 1) scores[c] = (scores[c] ?? 0) + value * (weights[from + c] ?? 0);
  }
  return scores;
}

function softmax(scores: Float32Array, temperature: number): Float32Array {
  const highest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const raised = scores.map((score) => Math.exp((score - highest) / temperature));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / sum);
}

/** The same length on average as with all features. */
function withDropout({ ids, values }: SparseVector, share: number, random: () => number): SparseVector {
  const scale = 1 / Math.sqrt(1 - share);
  const keptIds: number[] = [];
  const keptValues: number[] = [];
  for (let i = 0; i < ids.length; i += 1) {
    if (random() < share) continue;
    keptIds.push(ids[i] ?? 0);
    keptValues.push((values[i] ?? 0) * scale);
  }
  return { ids: Int32Array.from(keptIds), values: Float32Array.from(keptValues) };
}

/** Fisher and Yates. */
function shuffle(order: number[], random: () => number): void {
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
}

/** mulberry32: the same numbers in every run, so that a test set's figures can be compared. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
