import { defineErrors } from '../core/errors.js';

const forGood = { retryable: false, sipStatus: 500 } as const;

export const httpError = defineErrors({
  HTTP_ADDRESS_IN_USE: {
    message:
      'port {port} on {host} is taken, probably by another Xiangyin: stop that one, or set http.listen (--metrics of a daemon alone) to a free port',
    ...forGood,
    httpStatus: 500,
  },
  HTTP_LISTEN_FAILED: {
    message: 'cannot listen on {host} port {port} ({reason}): set http.listen to an address of this machine',
    ...forGood,
    httpStatus: 500,
  },
  HTTP_NOT_LISTENING: {
    message: 'a prompt URL was asked for before the HTTP listener was up',
    ...forGood,
    httpStatus: 503,
  },
  HTTP_NOT_FOUND: { message: 'there is nothing at this address', ...forGood, httpStatus: 404 },
  HTTP_REQUEST_REFUSED: { message: '{reason}', ...forGood, httpStatus: 400 },
  HTTP_INTERNAL: {
    message: 'something went wrong in the server; its log says what',
    ...forGood,
    httpStatus: 500,
  },
  HTTP_CONTROL_LOCAL_ONLY: {
    message: 'the server is controlled only from its own machine',
    ...forGood,
    httpStatus: 403,
  },
  HTTP_CONTROL_TOKEN_WRONG: {
    message: 'the control token is missing or wrong: it is in control.token of the data folder',
    ...forGood,
    httpStatus: 401,
  },
  HTTP_NO_SUCH_CALL: {
    message: 'there is no live call {id}; `xiangyin calls list` shows those that are over',
    ...forGood,
    httpStatus: 404,
  },
  HTTP_SIP_SERVER_NOT_OURS: {
    message: 'the SIP server is not ours (drachtio.url): only the embedded one is traced',
    ...forGood,
    httpStatus: 409,
  },
  HTTP_NO_SERVER: {
    message:
      'no server is running on the data folder {dataDir} ({reason}): start one with `xiangyin serve`, or name its folder with --data-dir',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  HTTP_CONTROL_TOKEN_UNREADABLE: {
    message: 'cannot read {file} ({reason}): run this as the user that runs the server',
    ...forGood,
    httpStatus: 500,
  },
  HTTP_CONTROL_FAILED: { message: '{reason}', ...forGood, httpStatus: 500 },
});
