import { defineErrors } from './core/errors.js';

export const serverError = defineErrors({
  SERVER_ADDRESS_INVALID: {
    message: "{option}: '{value}' is not host:port",
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
});
