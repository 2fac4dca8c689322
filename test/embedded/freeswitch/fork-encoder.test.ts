import t from 'tap';
import { ForkEncoder } from '../../../src/embedded/freeswitch/fork-encoder.js';

const left = Int16Array.from({ length: 160 }, (_, i) => i);
const right = Int16Array.from({ length: 160 }, (_, i) => -i);

t.test('a stereo message is both channels by turns, little-endian', (t) => {
  const message = new ForkEncoder('stereo', 8000).encode(left, right);
  t.equal(message.length, 640);
  t.equal(message.readInt16LE(4 * 7), 7);
  t.equal(message.readInt16LE(4 * 7 + 2), -7);
  t.end();
});

for (const [mix, rateHz] of [
  ['stereo', 8000],
  ['mono', 8000],
  ['mixed', 16000],
] as const) {
  t.test(
    `to this machine, a ${mix} message of ${rateHz} Hz is a whole masked frame around the same bytes`,
    async (t) => {
      const [plain, local] = [new ForkEncoder(mix, rateHz), new ForkEncoder(mix, rateHz)];
      await Promise.all([plain.prepare(), local.prepare()]);
      t.teardown(() => {
        plain.close();
        local.close();
      });
      const message = plain.encode(left, right);
      const frame = local.encodeLocal(left, right);
      t.equal(frame[0], 0x82, 'final, binary');
      t.equal(frame[1], 0x80 | 126, 'masked, length in the next two bytes');
      t.equal(frame.readUInt16BE(2), message.length);
      t.equal(frame.readUInt32BE(4), 0, 'the key');
      t.strictSame(frame.subarray(8), message);
    },
  );
}

t.test('a message that was handed over is not changed by the next', (t) => {
  const encoder = new ForkEncoder('stereo', 8000);
  const first = encoder.encodeLocal(left, right);
  const copy = Buffer.from(first);
  encoder.encodeLocal(right, left);
  t.strictSame(first, copy);
  t.end();
});
