import { defineErrors } from '../../core/errors.js';

/** What the SIP stack refuses or fails at. Texts name places and limits, never what a packet said. */
export const sipStackError = defineErrors({
  SIP_MALFORMED_START_LINE: {
    message: 'the start line is neither a SIP/2.0 request nor a response',
    retryable: false,
    sipStatus: 400,
    httpStatus: 400,
  },
  SIP_MALFORMED_HEADER: {
    message: 'the header {header} is missing or cannot be read',
    retryable: false,
    sipStatus: 400,
    httpStatus: 400,
  },
  SIP_MALFORMED_URI: {
    message: 'the URI in {where} cannot be read',
    retryable: false,
    sipStatus: 400,
    httpStatus: 400,
  },
  SIP_VERSION_NOT_SUPPORTED: {
    message: 'the request is not of SIP version 2.0',
    retryable: false,
    sipStatus: 505,
    httpStatus: 400,
  },
  SIP_UNSUPPORTED_URI_SCHEME: {
    message: 'the Request-URI is none of sip, sips, tel, urn',
    retryable: false,
    sipStatus: 416,
    httpStatus: 400,
  },
  SIP_MESSAGE_TOO_LARGE: {
    message: 'the message is larger than {limitBytes} bytes',
    retryable: false,
    sipStatus: 513,
    httpStatus: 413,
  },
  SIP_HEADER_TOO_LONG: {
    message: 'a header or the Request-URI is longer than {limitChars} characters',
    retryable: false,
    sipStatus: 513,
    httpStatus: 413,
  },
  SIP_BODY_INCOMPLETE: {
    message: 'the message ends before the bytes that Content-Length promises',
    retryable: false,
    sipStatus: 400,
    httpStatus: 400,
  },
  SIP_BAD_LISTEN_ADDRESS: {
    message:
      "'{address}' is no listen address: write udp:, tcp:, tls:, ws: or wss: with host:port, udp:127.0.0.1:5060",
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  SIP_ADDRESS_IN_USE: {
    message:
      '{protocol} port {port} on {host} is already in use: stop the other server or choose another port',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_LISTEN_FAILED: {
    message: 'cannot listen on {protocol}:{host}:{port}: {reason}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_TLS_CERTIFICATE_MISSING: {
    message:
      "'{address}' needs a certificate and its key: set sip.tls.certificate and sip.tls.key to PEM files",
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  SIP_TLS_FILE_UNUSABLE: {
    message: '{file} cannot be used for TLS: {reason}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
  SIP_NAME_NOT_FOUND: {
    message: 'no address was found for the name {host}',
    retryable: true,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_TRANSPORT_UNAVAILABLE: {
    message: 'no listener for {protocol}: the request cannot be sent',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_CLOSED: {
    message: 'the SIP stack is closed',
    retryable: false,
    sipStatus: 503,
    httpStatus: 503,
  },
  SIP_WRONG_STATE: {
    message: '{what} is not possible in state {state}',
    retryable: false,
    sipStatus: 500,
    httpStatus: 500,
  },
});
