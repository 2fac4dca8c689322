import { defineErrors } from '../core/errors.js';

/** Errors of the speech room and its engines. */
export const speechError = defineErrors({
  SPEECH_ENGINE_MISSING: {
    message: 'the speech engine {engine} is not installed: run "npm install {package}"',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_NO_VOICE: {
    message: 'the speech engine {engine} has no voice for dialect {dialect} (voice {voice})',
    retryable: false,
    sipStatus: 488,
    httpStatus: 422,
  },
  SPEECH_ENGINE_FAILED: {
    message: 'the speech engine {engine} failed: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_RATE_UNSUPPORTED: {
    message: 'the speech engine {engine} does not work at {sampleRateHz} Hz',
    retryable: false,
    sipStatus: 488,
    httpStatus: 422,
  },
  SPEECH_CLOSED: {
    message: 'the speech engine {engine} is closed',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_MODEL_UNREADABLE: {
    message: 'the acoustic model {file} cannot be read: {reason}',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
});
