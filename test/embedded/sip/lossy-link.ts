import { createSocket, type Socket } from 'node:dgram';
import type { Test } from 'tap';

export interface LinkOptions {
  /** Part of the packets that is lost, 0 to 1. Default 0. */
  readonly loss?: number;
  /** Part that comes twice. Default 0. */
  readonly duplicates?: number;
  /** Part that is overtaken by others: up to `delayMs` late. Default 0. */
  readonly reordered?: number;
  /** Default 10. */
  readonly delayMs?: number;
  /** The same packets in the same order meet the same fate. Default 1. */
  readonly seed?: number;
  /** Default true. False: Contact passes as it is, and requests inside dialogs pass by the link. */
  readonly inDialogs?: boolean;
  /** Loses exactly the packets for which it returns true. */
  readonly drop?: (packet: string) => boolean;
}

export interface Link {
  /** Where the near side sends to reach the far one. */
  readonly nearPort: number;
  /** Where the far side sends to reach the near one. */
  readonly farPort: number;
  /** Start lines of what was lost, and how many packets went through. */
  readonly lost: string[];
  readonly counts: { passed: number };
}

/** A pseudo-random sequence in [0, 1) (mulberry32): the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A bad network between two SIP ports of this host. It writes itself into Contact, so that requests inside dialogs pass
 * it too, both ways; not for a call through a proxy, where it would come back to itself.
 */
export async function lossyLink(
  t: Test,
  nearPeer: number,
  farPeer: number,
  options: LinkOptions = {},
): Promise<Link> {
  const { loss = 0, duplicates = 0, reordered = 0, delayMs = 10, seed = 1, inDialogs = true, drop } = options;
  const next = random(seed);
  const lost: string[] = [];
  const counts = { passed: 0 };
  const near = await open();
  const far = await open();
  let closed = false;
  t.teardown(() => {
    closed = true;
    near.close();
    far.close();
  });
  const pass = (from: Socket, to: Socket, ownPort: number, peer: number): void => {
    from.on('message', (bytes) => {
      const text = bytes.toString();
      const isLost = drop?.(text) === true || next() < loss;
      if (isLost) {
        lost.push(text.slice(0, text.indexOf('\r\n')));
        return;
      }
      const contact = /^(Contact: <sip:(?:[^@>]*@)?127\.0\.0\.1:)\d+/im;
      const out = inDialogs ? text.replace(contact, `$1${ownPort}`) : text;
      const send = (): void => {
        if (!closed) to.send(out, peer, '127.0.0.1');
      };
      counts.passed++;
      if (next() < reordered) setTimeout(send, next() * delayMs);
      else send();
      if (next() < duplicates) setTimeout(send, next() * delayMs);
    });
  };
  pass(near, far, far.address().port, farPeer);
  pass(far, near, near.address().port, nearPeer);
  return { nearPort: near.address().port, farPort: far.address().port, lost, counts };
}

function open(): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket)));
}
