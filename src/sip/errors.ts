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
  SIP_USER_NAME: {
    message:
      "a user's name has letters, digits and . _ + - only, at most 64, and begins with a letter or digit",
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
  SIP_REALM: {
    message: 'a realm has no quotes, colons, backslashes or line ends',
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
  SIP_USER_EXISTS: {
    message: 'there is a user {name} already; `xiangyin user passwd` changes the password',
    retryable: false,
    sipStatus: 500,
    httpStatus: 409,
  },
  SIP_NO_SUCH_USER: {
    message: 'there is no user {name} in {dataDir}; `xiangyin user list` shows those that are',
    retryable: false,
    sipStatus: 500,
    httpStatus: 404,
  },
  SIP_PASSWORD_EMPTY: {
    message: 'the password is empty',
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
  SIP_USERS_UNREADABLE: {
    message:
      '{file} cannot be read ({reason}): run this as the user that runs the server; a file that is damaged must be mended or moved away',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  SIP_USERS_UNWRITABLE: {
    message:
      '{file} cannot be written ({reason}): run this as the user that runs the server, or name another data folder',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
});
