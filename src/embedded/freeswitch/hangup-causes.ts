/** Q.850 codes of the causes that clients name in `hangup CAUSE`, as in the real server. */
const Q850: Readonly<Record<string, number>> = {
  NONE: 0,
  UNALLOCATED_NUMBER: 1,
  NO_ROUTE_DESTINATION: 3,
  NORMAL_CLEARING: 16,
  USER_BUSY: 17,
  NO_USER_RESPONSE: 18,
  NO_ANSWER: 19,
  SUBSCRIBER_ABSENT: 20,
  CALL_REJECTED: 21,
  NUMBER_CHANGED: 22,
  DESTINATION_OUT_OF_ORDER: 27,
  INVALID_NUMBER_FORMAT: 28,
  NORMAL_UNSPECIFIED: 31,
  NORMAL_CIRCUIT_CONGESTION: 34,
  NETWORK_OUT_OF_ORDER: 38,
  NORMAL_TEMPORARY_FAILURE: 41,
  SWITCH_CONGESTION: 42,
  BEARERCAPABILITY_NOTAVAIL: 58,
  SERVICE_UNAVAILABLE: 63,
  INCOMPATIBLE_DESTINATION: 88,
  MANDATORY_IE_MISSING: 96,
  RECOVERY_ON_TIMER_EXPIRE: 102,
  INTERWORKING: 127,
  ORIGINATOR_CANCEL: 487,
  MANAGER_REQUEST: 503,
  MEDIA_TIMEOUT: 604,
};

/** The name of a cause given by name or by number; anything else is a normal end, as in the real server. */
export function hangupCause(text: string | undefined): string {
  const wanted = (text ?? '').trim().toUpperCase();
  if (wanted in Q850) return wanted;
  const number = Number(wanted);
  const byNumber = Object.entries(Q850).find(([, code]) => code === number && wanted !== '');
  return byNumber?.[0] ?? 'NORMAL_CLEARING';
}

export function q850Code(cause: string): number {
  return Q850[cause] ?? 16;
}

/** The Reason header of our BYE (RFC 3326). */
export function reasonHeader(cause: string): string {
  const code = q850Code(cause);
  // Beyond 127 are causes of this server alone, for which Q.850 has no code.
  return `Q.850;cause=${code > 127 ? 16 : code};text="${cause}"`;
}
