import { defineErrors } from '../core/errors.js';

export const mediaError = defineErrors({
  MEDIA_DAEMON_UNREACHABLE: {
    message: 'cannot use FreeSWITCH at {address}: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_DAEMON_REFUSED: {
    message: 'FreeSWITCH at {address} refused us; {reason}',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_NO_PROFILE: {
    message:
      'FreeSWITCH at {address} has no running SIP profile {profile} on an IPv4 address; add it, or name another in mediaServer.profile',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_LISTEN_IN_USE: {
    message:
      'cannot wait for FreeSWITCH on {address}: the port is taken; choose another mediaServer.eventSocketListen',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_NO_SERVER: {
    message: 'no media server is connected',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_NOT_ACCEPTABLE: {
    message: 'the media server found nothing it can speak in the offer or answer',
    retryable: false,
    sipStatus: 488,
    httpStatus: 422,
  },
  MEDIA_ENDPOINT_FAILED: {
    message: 'the media server refused an endpoint: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_NO_AUDIO_FORK: {
    message: 'the media server at {address} has no audio fork (module mod_audio_fork)',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_FORK_FAILED: {
    message: 'the audio fork could not be started: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_PLAYBACK_FAILED: {
    message: 'the media server could not play a file: {reason}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  MEDIA_BRIDGE_FAILED: {
    message: 'the media server could not connect two calls: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  MEDIA_ENDPOINT_GONE: {
    message: 'the media server has ended the endpoint',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
});
