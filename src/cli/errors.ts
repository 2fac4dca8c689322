import { defineErrors } from '../core/errors.js';

const traits = { retryable: false, sipStatus: 500, httpStatus: 404 } as const;

export const cliError = defineErrors({
  CLI_NO_DATABASE: {
    message: 'no calls are kept in {dataDir} yet; another data folder is named with --data-dir or --config',
    ...traits,
  },
  CLI_NO_SUCH_CALL: {
    message: 'no call {key} is kept in {dataDir}; `xiangyin calls list` shows those that are',
    ...traits,
  },
  CLI_NO_SUCH_TRACE: {
    message:
      'no SIP message of {key} is in memory: only the last calls are kept (sip.traceBytes), and only since the server was started',
    ...traits,
  },
  CLI_NO_SUCH_TRUNK: { message: 'the server has no trunk {name}; there are: {names}', ...traits },
  CLI_TRACE_AMBIGUOUS: { message: 'several Call-IDs begin with that: {callIds}. Give more of it', ...traits },
  CLI_NO_TERMINAL: {
    message: 'no password was given: type it at a terminal, or pipe it in with --password-stdin',
    ...traits,
  },
  CLI_PASSWORDS_DIFFER: { message: 'the two passwords are not the same; nothing was changed', ...traits },
  CLI_NO_SIP_SERVER: {
    message: 'no `xiangyin sip` answers at {base} ({reason}): was it started with --metrics?',
    ...traits,
  },
});
