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
  SPEECH_NO_RECOGNIZER: {
    message: 'no recognizer is left that hears {dialect} ({tried} tried): callers answer by keys',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_NO_SYNTHESIZER: {
    message: 'no synthesizer is left that speaks {dialect} ({tried} tried): only recorded prompts are heard',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_CLOSED: {
    message: 'the speech engine {engine} is closed',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_ENGINE_UNREACHABLE: {
    message: 'the speech engine {engine} cannot be reached at {url}: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_ENGINE_REFUSED: {
    message: 'the speech engine {engine} does not let us in ({reason}): check its token',
    retryable: false,
    sipStatus: 503,
    httpStatus: 502,
  },
  SPEECH_ENGINE_BUSY: {
    message: 'the speech engine {engine} has no room for more ({reason})',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_ENGINE_LOST: {
    message: 'the connection to the speech engine {engine} was lost: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SPEECH_PROTOCOL_BROKEN: {
    message: 'the speech engine {engine} broke the engine protocol: {rule}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 502,
  },
  SPEECH_REQUEST_REFUSED: {
    message: 'the speech engine {engine} cannot do what was asked: {reason}',
    retryable: false,
    sipStatus: 488,
    httpStatus: 422,
  },
  SPEECH_MODEL_UNREADABLE: {
    message: 'the acoustic model {file} cannot be read: {reason}',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
});

/** Codes by which an engine tells that it cannot serve this request: it is not broken. */
export const notItsFault: ReadonlySet<string> = new Set([
  'SPEECH_NO_VOICE',
  'SPEECH_RATE_UNSUPPORTED',
  'SPEECH_REQUEST_REFUSED',
]);
