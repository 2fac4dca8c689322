import t from 'tap';
import { melBands } from '../../../../src/audio/features.js';
import {
  loudness,
  parsePhoneModel,
  phonePosteriors,
} from '../../../../src/speech/engines/phrasebook/phone-model.js';
import { PhoneNetwork, type Layer } from '../../../../src/speech/engines/phrasebook/phone-network.js';
import {
  readReference,
  referenceForward,
  referencePosteriors,
  shippedModel,
  uniform,
} from './reference-network.js';

/** Layers of these widths with weights of a size that keeps the values near 1. */
function randomLayers(widths: readonly number[], seed: number): Layer[] {
  const next = uniform(seed);
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i] as number;
    const size = Math.sqrt(6 / inputs);
    return {
      inputs,
      outputs,
      bias: Float32Array.from({ length: outputs }, next),
      weights: Float32Array.from({ length: inputs * outputs }, () => size * next()),
    };
  });
}

function furthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

t.test('layers of any width and any number of frames give what the definition says', async (t) => {
  for (const widths of [
    [1, 1],
    [5, 7, 3],
    [24, 33, 18, 9, 2],
    [264, 448, 192, 43],
  ]) {
    const layers = randomLayers(widths, widths.length);
    const network = new PhoneNetwork(layers);
    t.strictSame([network.inputs, network.outputs], [widths[0], widths.at(-1)]);
    // A long sound before a short one: nothing of it may be left where the short one is worked out.
    for (const frames of [70, 1, 8, 31, 32, 33, 0]) {
      const input = Float32Array.from({ length: frames * network.inputs }, uniform(frames + 1));
      const output = network.forward(input);
      t.equal(output.length, frames * network.outputs);
      t.ok(furthest(output, referenceForward(layers, input)) < 1e-4, `${widths.join(' ')}, ${frames} frames`);
    }
  }
});

t.test('two networks do not share their memory', async (t) => {
  const [one, two] = [randomLayers([9, 12, 4], 1), randomLayers([9, 12, 4], 2)];
  const networks = [new PhoneNetwork(one), new PhoneNetwork(two)];
  const input = Float32Array.from({ length: 9 * 3 }, uniform(7));
  const outputs = networks.map((network) => network.forward(input));
  t.ok(furthest(outputs[0] as Float32Array, referenceForward(one, input)) < 1e-4);
  t.ok(furthest(outputs[1] as Float32Array, referenceForward(two, input)) < 1e-4);
});

t.test('layers that do not fit are refused', async (t) => {
  const [first, second] = randomLayers([4, 5, 6], 1) as [Layer, Layer];
  t.throws(() => new PhoneNetwork([]), RangeError);
  t.throws(() => new PhoneNetwork([second, first]), RangeError);
});

t.test('each shipped model hears what its file defines, of a part as of the whole', async (t) => {
  const next = uniform(5);
  const mel = Float32Array.from({ length: 90 * melBands }, (_, i) => {
    const frame = Math.floor(i / melBands);
    const speech = frame > 20 && frame < 70 ? 7 : 0;
    return 11 + speech + 3 * Math.sin(frame / 5 + (i % melBands) / 3) + next();
  });
  const loud = loudness(mel);
  for (const name of ['en', 'cmn', 'yue']) {
    const file = shippedModel(name);
    const model = parsePhoneModel(file, name);
    const expected = referencePosteriors(readReference(file), mel);
    const phones = model.phones.length;
    const whole = phonePosteriors(model, mel, loud);
    t.equal(whole.length, 90 * phones);
    t.ok(furthest(whole, expected) < 1e-4, name);
    const part = phonePosteriors(model, mel, loud, 19, 72);
    t.equal(part.length, 53 * phones);
    t.ok(furthest(part, expected.subarray(19 * phones, 72 * phones)) < 1e-4, `${name}, a part`);
  }
});

t.test('a model whose layers do not fit its phones is refused by name', async (t) => {
  const file = shippedModel('en');
  const text = file.toString('latin1');
  const other = Buffer.from(text.replace('"sizes":[264,', '"sizes":[240,'), 'latin1');
  t.notSame(other, file);
  t.throws(() => parsePhoneModel(other, 'x.phones'), {
    code: 'SPEECH_MODEL_UNREADABLE',
    message: /x\.phones/,
  });
});
