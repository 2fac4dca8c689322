import t from 'tap';
import { benchOptions } from './bench-options.js';

const numbers = { cps: [20], seconds: [30, 5] } as const;

t.test('what is not given has its default, and with --short the shorter one', async (t) => {
  t.strictSame(benchOptions([], numbers), { isShort: false, cps: 20, seconds: 30 });
  t.strictSame(benchOptions(['--short', '--json'], numbers), { isShort: true, cps: 20, seconds: 5 });
  t.strictSame(benchOptions(['--seconds', '7', '--short'], numbers), { isShort: true, cps: 20, seconds: 7 });
});

t.test('texts are there where they are given; what is no number is refused', async (t) => {
  const given = benchOptions(['--prof', 'here', '--cps=80'], numbers, ['prof', 'pid']);
  t.strictSame(given, { isShort: false, cps: 80, seconds: 30, prof: 'here' });
  t.throws(() => benchOptions(['--cps', 'many'], numbers), { message: '--cps needs a number' });
  t.throws(() => benchOptions(['--cps'], numbers), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' });
});

t.test(
  'what is there or not is told; what nobody knows is refused, for it would not be measured',
  async (t) => {
    t.strictSame(benchOptions(['--english'], {}, [], ['english', 'near']), {
      isShort: false,
      english: true,
      near: false,
    });
    t.throws(() => benchOptions(['--cp', '80'], numbers), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
    t.throws(() => benchOptions(['80'], numbers), { code: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' });
  },
);
