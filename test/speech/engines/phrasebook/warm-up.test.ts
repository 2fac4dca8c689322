import t from 'tap';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parsePhoneModel } from '../../../../src/speech/engines/phrasebook/phone-model.js';
import { warmUp } from '../../../../src/speech/engines/phrasebook/warm-up.js';

/** From dist/test/speech/engines/phrasebook back to the sources. */
const models = fileURLToPath(
  new URL('../../../../../src/speech/engines/phrasebook/models/', import.meta.url),
);

for (const file of readdirSync(models).filter((name) => name.endsWith('.phones'))) {
  t.test(`what warms ${file} goes all the way of a verdict: network, alignment, confidence`, async (t) => {
    const read = parsePhoneModel(readFileSync(models + file), file);
    let forwarded = 0;
    let judged = 0;
    const model = {
      ...read,
      network: {
        forward: (input: Float32Array) => {
          forwarded += input.length / read.network.inputs;
          return read.network.forward(input);
        },
      } as typeof read.network,
      get calibration() {
        judged += 1;
        return read.calibration;
      },
    };
    // Five phones of 100 ms, as a short phrase has.
    const pronunciation = [1, 2, 3, 4, 5].map((phone) => ({ phone, frames: 10 }));
    warmUp([{ id: 'any', said: { model, pronunciations: [pronunciation] }, taught: [] }]);
    t.ok(forwarded > 40, `${forwarded} frames`);
    t.ok(judged > 0);
  });
}
