import { defineErrors } from '../../core/errors.js';

/** Errors of the embedded RTP room. */
export const rtpError = defineErrors({
  RTP_NO_PORT: {
    message: 'no free RTP port on {address} between {minPort} and {maxPort}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  RTP_CLOSED: { message: 'RTP session is closed', retryable: false, sipStatus: 487, httpStatus: 409 },
  RTP_NO_TELEPHONE_EVENT: {
    message: 'the other side did not agree to telephone-event',
    retryable: false,
    sipStatus: 488,
    httpStatus: 409,
  },
});
