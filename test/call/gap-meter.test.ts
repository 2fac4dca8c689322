import t from 'tap';
import { GapMeter } from '../../src/call/gap-meter.js';

const loud = new Int16Array(160).fill(6000);
const quiet = new Int16Array(160).fill(20);

function setUp() {
  const gaps: number[] = [];
  const meter = new GapMeter((gapMs) => gaps.push(gapMs));
  const frames = (count: number, caller: Int16Array, heard: Int16Array) => {
    for (let i = 0; i < count; i += 1) meter.frame(caller, heard);
  };
  return { gaps, meter, frames };
}

t.test('after a phrase: from the last audible sample of the caller to the first of the bot', async (t) => {
  const { gaps, meter, frames } = setUp();
  frames(20, loud, quiet);
  frames(17, quiet, quiet);
  meter.answered('speech');
  frames(3, quiet, quiet);
  frames(1, quiet, loud);
  t.same(gaps, [400]);
  frames(10, quiet, loud);
  t.same(gaps, [400], 'once per answer');
});

t.test('after a key: from the key on, whatever was said before', async (t) => {
  const { gaps, meter, frames } = setUp();
  frames(20, loud, quiet);
  frames(17, quiet, quiet);
  meter.answered('keys');
  frames(3, quiet, quiet);
  frames(1, quiet, loud);
  t.same(gaps, [60]);
});

t.test('an edge inside a frame is found to 5 ms', async (t) => {
  const { gaps, meter, frames } = setUp();
  frames(2, quiet, quiet);
  meter.answered('keys');
  const edge = new Int16Array(160);
  edge.fill(6000, 120);
  meter.frame(quiet, edge);
  t.same(gaps, [15]);
});

t.test('the old prompt still sounding after the cut is not the answer', async (t) => {
  const { gaps, meter, frames } = setUp();
  frames(10, quiet, loud);
  meter.answered('keys');
  frames(4, quiet, loud);
  frames(5, quiet, quiet);
  frames(1, quiet, loud);
  t.same(gaps, [180]);
});

t.test('a bot that never falls silent leaves nothing to measure', async (t) => {
  const { gaps, meter, frames } = setUp();
  meter.answered('keys');
  frames(20, quiet, loud);
  frames(5, quiet, quiet);
  frames(5, quiet, loud);
  t.same(gaps, []);
});

t.test('a caller who goes on speaking is answered after 0 ms, never before', async (t) => {
  const { gaps, meter, frames } = setUp();
  frames(5, loud, quiet);
  meter.answered('speech');
  frames(5, loud, quiet);
  frames(1, loud, loud);
  t.equal(gaps.length, 1);
  t.ok((gaps[0] ?? -1) >= 0);
});
