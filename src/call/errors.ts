import { defineErrors } from '../core/errors.js';

export const callError = defineErrors({
  CALL_NO_DIALPLAN: {
    message: 'no rule in the numbers file matches the called number',
    retryable: false,
    sipStatus: 404,
    httpStatus: 404,
  },
  CALL_DIALPLAN_MISSING: {
    message: "the numbers file names dialplan '{dialplan}', which is not loaded",
    retryable: false,
    sipStatus: 500,
    httpStatus: 404,
  },
  CALL_DIALPLAN_UNKNOWN: {
    message: "there is no dialplan '{dialplan}'; there are {known}",
    retryable: false,
    sipStatus: 404,
    httpStatus: 404,
  },
  CALL_TARGET_INVALID: {
    message: 'whom to call must be a number, the name of a user, or a sip: URI',
    retryable: false,
    sipStatus: 400,
    httpStatus: 422,
  },
  CALL_DRAINING: {
    message: 'the server is draining or shutting down and places no new calls',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  CALL_NO_CAPACITY: {
    message: 'all {limit} places are taken (calls.maxConcurrent)',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  CALL_NO_LINE: {
    message: 'no drachtio server is connected: no call can be placed',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  CALL_NOT_TRANSFERABLE: {
    message: 'the call cannot be transferred now: it is not answered yet, or connected with somebody already',
    retryable: true,
    sipStatus: 409,
    httpStatus: 409,
  },
  CALL_DIALPLANS_BROKEN: {
    message: '{count} problem(s) in the dialplans or the numbers file:\n{problems}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
  CALL_DISK_STALLED: {
    message: 'the disk takes nothing any more',
    retryable: true,
    sipStatus: 500,
    httpStatus: 500,
  },
  CALL_DISK_GONE: {
    message: 'the thread that writes recordings and journals is gone ({reason}): restart the server',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  CALL_NO_ANSWER_SDP: {
    message: 'the ACK of an INVITE without an offer brought no answer',
    retryable: false,
    sipStatus: 488,
    httpStatus: 422,
  },
});
