/**
 * Reads the key of an INFO request. Two bodies are in use: `application/dtmf-relay` with a `Signal=5` line, and
 * `application/dtmf` with the bare key. Undefined if the request carries no key.
 */
export function keyOfInfo(contentType: string | undefined, body: string): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/dtmf-relay') {
    const signal = /^\s*Signal\s*=\s*(\S+)/im.exec(body)?.[1];
    return signal === undefined ? undefined : keyOfSignal(signal);
  }
  if (type === 'application/dtmf') return keyOfSignal(body.trim());
  return undefined;
}

/** Keys come as themselves, or as event numbers 10 and 11 for `*` and `#` (RFC 4733 §3.2). */
function keyOfSignal(signal: string): string | undefined {
  if (signal === '10') return '*';
  if (signal === '11') return '#';
  return /^[0-9*#A-D]$/i.test(signal) ? signal.toUpperCase() : undefined;
}
