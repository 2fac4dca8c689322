import { defineErrors } from '../core/errors.js';

const traits = { retryable: false, sipStatus: 500, httpStatus: 404 } as const;

export const cliError = defineErrors({
  CLI_NO_DATABASE: {
    message: 'no calls are kept in {dataDir} yet; another data folder is named with --data-dir or --config',
    ...traits,
  },
  CLI_DATA_FOLDER_UNREADABLE: {
    message:
      'the data folder {dataDir} cannot be read ({reason}): run this as the user that runs the server, or name its folder with --data-dir',
    ...traits,
  },
  CLI_NO_SUCH_CALL: {
    message:
      'no call {key} is kept in {dataDir}: `xiangyin calls list` shows those that are, `xiangyin calls live` those that go on',
    ...traits,
  },
  CLI_NO_SUCH_TRACE: {
    message:
      'no SIP message of {key} is in memory: only the last calls are kept (sip.traceBytes, --trace-bytes), and only since the server was started',
    ...traits,
  },
  CLI_NO_SUCH_FILE: { message: 'there is no file {path}', ...traits },
  CLI_NO_SUCH_TRUNK: { message: 'the server has no trunk {name}; there are: {names}', ...traits },
  CLI_NO_SUCH_ENGINE: {
    message: "there is no engine '{name}' in the configuration ({names}); a URL begins with ws:// or wss://",
    ...traits,
  },
  CLI_NO_TOKEN: { message: 'no token can be read from {place}', ...traits },
  CLI_NO_AUTHORITIES: {
    message: 'no certificate of an authority can be read from {file}: give a PEM file',
    ...traits,
  },
  CLI_RECORDING_UNREADABLE: { message: 'the recording {file} cannot be read: give a WAV file', ...traits },
  CLI_TRACE_AMBIGUOUS: { message: 'several calls begin with that: {callIds}. Give more of it', ...traits },
  CLI_NO_TERMINAL: {
    message: 'no password was given: type it at a terminal, or pipe it in with --password-stdin',
    ...traits,
  },
  CLI_GIVEN_UP: { message: 'given up; nothing was changed', ...traits },
  CLI_PASSWORDS_DIFFER: { message: 'the two passwords are not the same; nothing was changed', ...traits },
  CLI_NO_SIP_SERVER: {
    message: 'no `xiangyin sip` answers at {base} ({reason}): was it started with --metrics?',
    ...traits,
  },
  CLI_NO_SUCH_DIALECT: { message: 'there is no dialect {id}; there are: {ids}', ...traits },
  CLI_DIALPLAN_LACKS_DIALECT: { message: 'dialplan {name} has no dialect {id}; it has: {ids}', ...traits },
  CLI_ALREADY_SERVED: {
    message:
      'a server runs on the data folder {dataDir} already (process {pid}): stop that one, or give this one a folder of its own with --data-dir',
    ...traits,
  },
  CLI_CONFIGURED_FILE: {
    message:
      '{option}: {path} cannot be used ({code}): start the server in the folder that has it, or set {option} in the configuration',
    ...traits,
  },
  CLI_NO_TEST_SET: { message: 'this installation came without test sets: name one with --set', ...traits },
  CLI_TEST_SET_UNREADABLE: { message: 'the test set {file} cannot be read', ...traits },
});
