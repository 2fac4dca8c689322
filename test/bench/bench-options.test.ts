import t from 'tap';
import { benchOptions } from './bench-options.js';

const numbers = { cps: [20], seconds: [30, 5] } as const;

t.test('what is not given has its default, and with --short the shorter one', async (t) => {
  t.strictSame(benchOptions([], numbers), { cps: 20, seconds: 30 });
  t.strictSame(benchOptions(['--short', '--json'], numbers), { cps: 20, seconds: 5 });
  t.strictSame(benchOptions(['--seconds', '7', '--short'], numbers), { cps: 20, seconds: 7 });
});

t.test('texts are there where they are given; what is no number is refused', async (t) => {
  const given = benchOptions(['--prof', 'here', '--cps=80'], numbers, ['prof', 'pid']);
  t.strictSame(given, { cps: 80, seconds: 30, prof: 'here' });
  t.throws(() => benchOptions(['--cps', 'many'], numbers), { message: '--cps needs a number' });
  t.throws(() => benchOptions(['--cps'], numbers), { message: '--cps needs a number' });
});
