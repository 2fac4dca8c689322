import { randomBytes, randomUUID } from 'node:crypto';

/** A version 4 UUID. */
export function uuid(): string {
  return randomUUID();
}

/** A call's id in records, logs and file names: sorts by time, e.g. `20261121-013502-9f3c1a7e`. */
export function callId(wallMs: number): string {
  const t = new Date(wallMs).toISOString();
  const stamp = `${t.slice(0, 10).replaceAll('-', '')}-${t.slice(11, 19).replaceAll(':', '')}`;
  return `${stamp}-${randomBytes(4).toString('hex')}`;
}

/** Of something that was taught: short enough to type, `taught-9f3c1a7e`. */
export function taughtId(): string {
  return `taught-${randomBytes(4).toString('hex')}`;
}

/** An unguessable token for URLs and secrets: 192 bits, URL-safe. */
export function token(): string {
  return randomBytes(24).toString('base64url');
}
