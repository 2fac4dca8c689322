/** A header's name (RFC 3261 §25.1, token). */
const token = /^[A-Za-z0-9!%*_+`'~.-]+$/;
/** Written by drachtio, the library or the dialer, in both forms of their names: another value would break the request. */
const reserved =
  /^(via|v|route|record-route|call-id|i|cseq|max-forwards|content-length|l|content-type|c|contact|m|from|f|to|t)$/i;

/** Whether a call, or a rule of trunks.yaml, may set this header. */
export function isSettableHeader(name: string): boolean {
  return token.test(name) && !reserved.test(name);
}
