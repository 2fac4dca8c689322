import t from 'tap';
import { defineErrors, errorCode, XiangyinError } from '../../src/core/errors.js';

const testError = defineErrors({
  TEST_PORT_TAKEN: {
    message: 'port {port} of {host} is taken; {unknown} stays',
    retryable: true,
    sipStatus: 503,
    httpStatus: 409,
  },
});

t.test('an error of a table carries code, traits, filled message and cause', async (t) => {
  const cause = new Error('EADDRINUSE');
  const error = testError('TEST_PORT_TAKEN', { port: 5060, host: 'here' }, cause);
  t.type(error, XiangyinError);
  t.match(error, {
    code: 'TEST_PORT_TAKEN',
    message: 'port 5060 of here is taken; {unknown} stays',
    retryable: true,
    sipStatus: 503,
    httpStatus: 409,
  });
  t.equal(error.cause, cause);
  t.notOk('cause' in testError('TEST_PORT_TAKEN'));
});

t.test('a code that is not in the table is a fault of ours', async (t) => {
  t.throws(() => testError('TEST_NONE' as 'TEST_PORT_TAKEN'), TypeError);
});

t.test('errorCode says what may be logged: a code or a class, never a text', async (t) => {
  t.equal(errorCode(testError('TEST_PORT_TAKEN')), 'TEST_PORT_TAKEN');
  t.equal(errorCode(Object.assign(new Error('secret'), { code: 'ENOENT' })), 'ENOENT');
  t.equal(errorCode(new RangeError('the caller said 1234')), 'RangeError');
  t.equal(errorCode('the caller said 1234'), 'string');
  t.equal(errorCode(undefined), 'undefined');
});
