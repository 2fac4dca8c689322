/** One daemon that calls need. */
export interface DaemonHealth {
  readonly kind: 'drachtio' | 'freeswitch';
  /** `host:port`, without the secret. */
  readonly address: string;
  readonly connected: boolean;
}

/**
 * What the server says of itself. `ok`: takes calls. `draining`: finishes its calls and takes no new ones. `degraded`:
 * cannot take calls, a daemon is missing or the records cannot be kept; /healthz answers 503 then.
 */
export interface HealthReport {
  readonly status: 'ok' | 'draining' | 'degraded';
  /** Live calls. */
  readonly calls: number;
  readonly daemons: readonly DaemonHealth[];
  /** What is wrong, one sentence each; empty when nothing is. */
  readonly problems: readonly string[];
}

/** Calls need one daemon of each kind. */
export function healthReport(
  daemons: readonly DaemonHealth[],
  calls: number,
  isDraining: boolean,
): HealthReport {
  const has = (kind: DaemonHealth['kind']): boolean =>
    daemons.some((one) => one.kind === kind && one.connected);
  const status = !has('drachtio') || !has('freeswitch') ? 'degraded' : isDraining ? 'draining' : 'ok';
  const problems = daemons
    .filter(({ connected }) => !connected)
    .map(({ kind, address }) => `${kind} at ${address} is not connected`);
  return { status, calls, daemons, problems };
}
