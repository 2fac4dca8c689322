import { defineErrors } from '../core/errors.js';

/** Errors of the audio room: sound that cannot be read. */
export const audioError = defineErrors({
  AUDIO_NOT_WAV: { message: 'not a WAV file: {why}', retryable: false, sipStatus: 500, httpStatus: 422 },
  AUDIO_UNSUPPORTED_WAV: {
    message: 'WAV format not supported: {why}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 422,
  },
});
