import t from 'tap';
import { FrameSlot } from '../../../src/embedded/rtp/frame-slot.js';

const sound = (value: number, length = 160): Int16Array => new Int16Array(length).fill(value);

t.test('memory is shared by calls, what one said is never heard in another', async (t) => {
  const first = FrameSlot.take();
  first.setLeft(sound(1));
  first.setRight(sound(2));
  first.giveBack();
  const next = FrameSlot.take();
  t.equal(next, first, 'the same memory');
  t.equal(next.receivedSamples, 0);
  next.silenceGaps();
  t.ok(next.left.every((sample) => sample === 0));
  t.ok(next.right.every((sample) => sample === 0));
  next.giveBack();
});

t.test('a part that came is kept, what did not come is silent', async (t) => {
  const slot = FrameSlot.take();
  slot.setLeft(sound(1));
  slot.giveBack();
  const next = FrameSlot.take();
  next.addLeft(sound(5), 20, 30, 100);
  next.addLeft(sound(6), 0, 10, 125);
  t.equal(next.receivedSamples, 35, 'what came twice is counted once');
  next.silenceGaps();
  const expected = sound(0);
  expected.fill(5, 100, 125).fill(6, 125, 135);
  t.same([...next.left], [...expected]);
  next.giveBack();
});

t.test('a frame that is whole stays whole when a part comes again', async (t) => {
  const slot = FrameSlot.take();
  slot.setLeft(sound(3));
  slot.addLeft(sound(4), 0, 10, 0);
  slot.silenceGaps();
  t.equal(slot.receivedSamples, 160);
  t.same([slot.left[0], slot.left[10]], [4, 3]);
  slot.giveBack();
});

t.test('what was sent is cut to a frame, or filled up with silence', async (t) => {
  const slot = FrameSlot.take();
  slot.setRight(sound(8, 200));
  t.equal(slot.right[159], 8);
  slot.giveBack();
  const next = FrameSlot.take();
  next.setRight(sound(9, 40));
  t.same([next.right[39], next.right[40]], [9, 0]);
  next.giveBack();
});
