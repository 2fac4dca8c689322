import { defineErrors } from '../../core/errors.js';

export const freeSwitchError = defineErrors({
  FREESWITCH_ADDRESS_IN_USE: {
    message: 'port {port} on {host} is in use: another media server runs there, or choose another port',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  FREESWITCH_LISTEN_FAILED: {
    message: 'cannot listen on {host}:{port} ({reason})',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  FREESWITCH_KNOWN_SECRET: {
    message:
      'the Event Socket on {host} would be open to the network with a secret that everybody knows: choose one',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  FREESWITCH_COMMAND_TOO_LONG: {
    message: 'an Event Socket command is longer than {limitBytes} bytes',
    retryable: false,
    sipStatus: 500,
    httpStatus: 413,
  },
  FREESWITCH_FILE_NOT_FOUND: {
    message: 'a sound cannot be opened: {reason}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 404,
  },
});
