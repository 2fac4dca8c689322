import t from 'tap';
import { judgeKeys, judgeKeysAtRest, lateTermChar } from '../../src/call/turn-keys.js';

const digits = { kind: 'digits', minDigits: 2, maxDigits: 4, termChar: '#' } as const;
const choices = { kind: 'choices', choices: ['1', '12', '3'] } as const;

t.test('keys are complete, hopeless, or worth waiting for more', async (t) => {
  t.same(judgeKeys(choices, '1'), { type: 'wait' });
  t.same(judgeKeys(choices, '12'), { type: 'complete', keys: '12' });
  t.same(judgeKeys(choices, '4'), { type: 'mismatch' });
  t.same(judgeKeys(digits, '123'), { type: 'wait' });
  t.same(judgeKeys(digits, '123#'), { type: 'complete', keys: '123' });
  t.same(judgeKeys(digits, '1#'), { type: 'mismatch' });
  t.same(judgeKeysAtRest(choices, '1'), { type: 'complete', keys: '1' });
  t.same(judgeKeysAtRest(digits, '1'), { type: 'mismatch' });
});

t.test('only after as many digits as there can be a termChar may come late', async (t) => {
  t.equal(lateTermChar(digits, '1234'), '#');
  t.equal(lateTermChar(digits, '123'), undefined);
  t.equal(lateTermChar({ ...digits, termChar: '' }, '1234'), undefined);
  t.equal(lateTermChar(choices, '12'), undefined);
  t.equal(lateTermChar(undefined, '12'), undefined);
});
