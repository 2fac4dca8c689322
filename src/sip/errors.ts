import { defineErrors } from '../core/errors.js';

export const sipError = defineErrors({
  SIP_DAEMON_UNREACHABLE: {
    message: 'cannot reach drachtio at {address}: {reason}; is it running, and is the address right?',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_DAEMON_REFUSED: {
    message: 'drachtio at {address} refused the secret; check the secret in drachtio.url',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_TRUNKS_BROKEN: {
    message: '{count} error(s) in the file of the trunks:\n{problems}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
  SIP_CALLERS_BROKEN: {
    message: '{count} error(s) in the file of the callers:\n{problems}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
  SIP_ANSWER_FAILED: {
    message: 'the answer could not be sent: {reason}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  SIP_CANCELLED: {
    message: 'the caller cancelled before the answer',
    retryable: false,
    sipStatus: 487,
    httpStatus: 409,
  },
});
