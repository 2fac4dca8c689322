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
  CALL_NO_ANSWER_SDP: {
    message: 'the ACK of an INVITE without an offer brought no answer',
    retryable: false,
    sipStatus: 488,
    httpStatus: 422,
  },
});
