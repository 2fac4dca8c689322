import { availableParallelism, loadavg, networkInterfaces } from 'node:os';
import type { HostPort } from '../../core/address.js';

/** What a HEARTBEAT tells. */
export interface ServerLoad {
  readonly upMs: number;
  readonly sessions: number;
  readonly maxSessions: number;
  readonly sessionsSinceStart: number;
  readonly intervalMs: number;
}

/** A HEARTBEAT's headers: clients choose among servers by them. */
export function heartbeatHeaders(load: ServerLoad): Readonly<Record<string, string>> {
  const upMs = Math.floor(load.upMs);
  return {
    'Event-Info': 'System Ready',
    'Up-Time': `0 years, 0 days, 0 hours, 0 minutes, ${Math.floor(upMs / 1000)} seconds`,
    'FreeSWITCH-Version': '1.10.12-xiangyin',
    'Uptime-msec': String(upMs),
    'Session-Count': String(load.sessions),
    'Max-Sessions': String(load.maxSessions),
    'Session-Per-Sec': '100',
    'Idle-CPU': idleCpuPercent().toFixed(6),
    'Session-Since-Startup': String(load.sessionsSinceStart),
    'Heartbeat-Interval': String(load.intervalMs / 1000),
  };
}

/** `sofia status` as the real server lays it out: clients find the address in it by regular expression. */
export function sofiaStatus(
  profile: string,
  addresses: readonly (HostPort & { readonly protocol: string })[],
  sessions: number,
): string {
  const rule = '='.repeat(97);
  const rows = addresses.map(({ host, port, protocol }) => {
    const transport = protocol === 'udp' ? '' : `;transport=${protocol}`;
    return `${profile.padStart(25)}\tprofile\t          sip:mod_sofia@${host}:${port}${transport}\tRUNNING (${sessions})`;
  });
  return (
    `${'Name'.padStart(25)}\t   Type\t${'Data'.padStart(40)}\tState\n${rule}\n` +
    `${rows.join('\n')}\n${rule}\n1 profile 0 aliases\n`
  );
}

/** This machine's first IPv4 address that others may reach. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address ?? '127.0.0.1';
}

/** From the load average: coarse is enough. */
function idleCpuPercent(): number {
  return Math.max(0, 100 - (100 * (loadavg()[0] ?? 0)) / availableParallelism());
}
