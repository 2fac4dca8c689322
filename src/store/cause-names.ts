/** Names of final SIP statuses (IANA's registry of RFC 3261 §27.4) that calls end with. */
const sipStatusNames: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  421: 'Extension Required',
  422: 'Session Interval Too Small',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
  607: 'Unwanted',
  608: 'Rejected',
};

/** What the causes of ITU-T Q.850 §2.2.7 mean to somebody who does not know the table. */
const q850Names: Readonly<Record<number, string>> = {
  1: 'the number does not exist',
  2: 'no route to the network',
  3: 'no route to the destination',
  16: 'normal clearing',
  17: 'busy',
  18: 'nobody responded',
  19: 'nobody answered',
  20: 'the subscriber is absent',
  21: 'the call was rejected',
  22: 'the number has changed',
  26: 'answered elsewhere',
  27: 'the destination is out of order',
  28: 'the number is incomplete',
  29: 'a facility was rejected',
  31: 'normal, unspecified',
  34: 'no line is free',
  38: 'the network is out of order',
  41: 'a temporary failure',
  42: 'the switch is overloaded',
  44: 'the requested line is not available',
  47: 'no resources are left',
  50: 'the facility is not subscribed',
  55: 'incoming calls are barred',
  57: 'the bearer is not authorised',
  58: 'the bearer is not available now',
  63: 'the service is not available',
  65: 'the bearer is not implemented',
  69: 'the facility is not implemented',
  79: 'the service is not implemented',
  88: 'the destination is incompatible',
  102: 'a timer expired',
  111: 'a protocol error',
  127: 'interworking, unspecified',
};

/** `404 Not Found`; the bare status if it has no name. */
export function sipStatusText(status: number): string {
  const name = sipStatusNames[status];
  return name === undefined ? String(status) : `${status} ${name}`;
}

/** `no line is free (Q.850 cause 34)`. */
export function q850Text(cause: number): string {
  const name = q850Names[cause];
  return name === undefined ? `Q.850 cause ${cause}` : `${name} (Q.850 cause ${cause})`;
}
