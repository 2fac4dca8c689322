import { defineErrors } from '../core/errors.js';

export const pairError = defineErrors({
  EMBEDDED_START_FAILED: {
    message: 'the embedded {server} cannot start: {reason}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  EMBEDDED_GONE: {
    message: 'the embedded {server} has ended',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
});
