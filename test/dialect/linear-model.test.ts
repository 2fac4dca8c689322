import { t } from 'tap';
import { LinearModel, type LabelledVector } from '../../src/dialect/linear-model.js';

const vector = (label: number, ...ids: number[]): LabelledVector => ({
  label,
  ids: Int32Array.from(ids),
  values: Float32Array.from(ids, () => 1 / Math.sqrt(ids.length)),
});

/** Features 0 and 1 belong to class 0, 2 and 3 to class 1, 4 to both, 5 to class 2. */
const examples = [
  vector(0, 0, 4),
  vector(0, 1, 4),
  vector(0, 0, 1),
  vector(1, 2, 4),
  vector(1, 3, 4),
  vector(1, 2, 3),
  vector(2, 5),
  vector(2, 5, 4),
];

/** So few examples are to be believed as they are. */
const plain = { dropout: 0, smoothing: 0 };

t.test('what it learned from is told apart, and what only one class has decides', async (t) => {
  const model = LinearModel.train(examples, 6, 3, plain);
  for (const example of examples) {
    const chances = [...model.chances(example)];
    t.equal(chances.indexOf(Math.max(...chances)), example.label);
  }
  const known = [...model.chances(vector(0, 0, 1, 4))];
  t.ok((known[0] ?? 0) > 0.9, 'two features of one class');
  t.ok(Math.abs(known.reduce((a, b) => a + b, 0) - 1) < 1e-5, 'chances are 1 together');
});

t.test(
  'what speaks for two classes, or for none, leaves it unsure; a temperature makes it less sure',
  async (t) => {
    const model = LinearModel.train(examples, 6, 3, plain);
    const both = Math.max(...model.chances(vector(0, 0, 2)));
    const nothing = Math.max(...model.chances({ ids: new Int32Array(), values: new Float32Array() }));
    t.ok(both < 0.75 && nothing < 0.6);
    const one = vector(0, 0);
    t.ok(Math.max(...model.chances(one, 3)) < Math.max(...model.chances(one)));
  },
);

t.test('the same examples give the same model', async (t) => {
  const [first, second] = [0, 1].map(() => LinearModel.train(examples, 6, 3).chances(vector(0, 1, 2, 5)));
  t.strictSame(first, second);
});

t.test('smoothed labels make it less sure of what it learned from', async (t) => {
  const surest = (smoothing: number) =>
    Math.max(...LinearModel.train(examples, 6, 3, { ...plain, smoothing }).chances(vector(2, 5)));
  t.ok(surest(0.3) < surest(0));
});

t.test('what it learned makes the same model again', async (t) => {
  const model = LinearModel.train(examples, 6, 3);
  const again = new LinearModel(model.learned);
  for (const example of examples) t.strictSame(again.chances(example), model.chances(example));
});
