import { InvalidArgumentError } from 'commander';
import { parseHostPort, type HostPort } from '../core/address.js';

/** Secrets that stand in everybody's documentation. */
const knownSecrets: readonly string[] = ['cymru', 'ClueCon'];
const minSecretLength = 8;

/** A control port on the network with a secret from the manual would hand the machine to anybody. */
export function openWithKnownSecret(
  option: string,
  { host }: HostPort,
  secretOption: string,
  secret: string | undefined,
): string | undefined {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLocal || secret === undefined) return undefined;
  if (!knownSecrets.includes(secret) && secret.length >= minSecretLength) return undefined;
  return `${option} listens on ${host}, beyond this machine: ${secretOption} must be at least ${minSecretLength} characters and your own`;
}

/** `127.0.0.1:9022`, for commander. */
export function address(text: string): HostPort {
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new InvalidArgumentError('write it as host:port, e.g. 127.0.0.1:9022');
  return parsed;
}

/** `udp:127.0.0.1:5060,tcp:127.0.0.1:5060`, for commander. */
export function sipList(text: string): string[] {
  const addresses = text.split(',').map((part) => part.trim());
  for (const part of addresses) {
    const match = /^(?:udp|tcp|ws):(.+)$/.exec(part);
    if (match?.[1] === undefined || parseHostPort(match[1]) === undefined) {
      throw new InvalidArgumentError('write it as udp:host:port,tcp:host:port,ws:host:port');
    }
  }
  return addresses;
}
