import { defineErrors } from '../core/errors.js';

/** What goes wrong before a scripted call can be placed; a script that fails on the way is a report, not an error. */
export const callerError = defineErrors({
  CALLER_SCRIPT_UNREADABLE: {
    message: "cannot read the script '{file}': {reason}",
    retryable: false,
    sipStatus: 500,
    httpStatus: 400,
  },
  CALLER_SCRIPT_INVALID: {
    message: '{problems}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 400,
  },
  CALLER_AUDIO_UNUSABLE: {
    message: "cannot play '{file}': {reason}",
    retryable: false,
    sipStatus: 500,
    httpStatus: 400,
  },
  CALLER_NO_SYNTHESIZER: {
    message:
      'the script says or expects sentences, and no synthesizer is there: run `npm install @echogarden/espeak-ng-emscripten`, or use play, press and expect: speech',
    retryable: false,
    sipStatus: 500,
    httpStatus: 501,
  },
  CALLER_URI_INVALID: {
    message: "'{uri}' is no SIP URI: write sip:number@host:port",
    retryable: false,
    sipStatus: 400,
    httpStatus: 400,
  },
});
