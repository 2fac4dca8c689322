/** What to do when no WebSocket came about, by the reason: a code of Node's, or `HTTP 404`. */
export function reachingAdvice(reason: string): string {
  return advices.find(([reasons]) => reasons.test(reason))?.[1] ?? 'check the URL, and that the engine runs';
}

const advices: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'nothing listens there: start the engine, or give the host and port that it listens on'],
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'the name of the host has no address: check its spelling, or give an address'],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    'the host does not respond: check its address, and what filters packets on the way',
  ],
  [/^HTTP 40[13]$/, 'it wants a token: give it with --token-file, or another one'],
  [/^HTTP ([23]|40[045]$)/, 'no WebSocket is there: check the path of the URL'],
  [/^HTTP /, 'the engine, or a proxy before it, failed: look into its log'],
  [
    /SELF_SIGNED|UNABLE_TO|ALTNAME|^CERT_/,
    'its certificate is not trusted for this name: give its authority with --ca-file (caFile of a configured engine)',
  ],
  [
    /^(ECONNRESET|EPROTO|HPE_\w+|ERR_SSL_\w+)$/,
    'it speaks something else: check the port, and whether it is ws: or wss:',
  ],
];
