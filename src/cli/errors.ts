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
});
