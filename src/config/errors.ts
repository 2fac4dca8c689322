import { defineErrors } from '../core/errors.js';

/** Every one of them is the operator's to mend before the server starts: none is retryable, none ends a call. */
const fatal = { retryable: false, sipStatus: 500, httpStatus: 500 } as const;

export const configError = defineErrors({
  CONFIG_FILE_UNREADABLE: {
    message:
      'cannot read the configuration {file} ({reason}): check --config, or leave it out to run on the defaults',
    ...fatal,
  },
  CONFIG_INVALID: { message: '{problems}', ...fatal },
  CONFIG_DAEMON_URL_INVALID: {
    message:
      '{url} is not the address of a daemon: write drachtio://:secret@host:port or esl://:secret@host:port, with any of @ : / # % in the secret percent-encoded',
    ...fatal,
  },
  CONFIG_DAEMONS_INCOMPLETE: {
    message:
      '{given} is configured but {missing} is not: a call needs both daemons. Give {missing} too, or neither to run on the embedded pair',
    ...fatal,
  },
});
