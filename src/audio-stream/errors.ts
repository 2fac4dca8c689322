import { defineErrors } from '../core/errors.js';

export const audioStreamError = defineErrors({
  AUDIO_STREAM_ADDRESS_IN_USE: {
    message: 'cannot listen for audio on {address}: the port is taken; choose another audioStream.listen',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  AUDIO_STREAM_NEVER_CAME: {
    message: 'the media server did not open the audio WebSocket within {limitMs} ms; can it reach {url}?',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
});
