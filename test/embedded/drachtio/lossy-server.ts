import type { Test } from 'tap';
import type { DrachtioServerOptions } from '../../../src/embedded/drachtio/drachtio-server.js';
import { fairClock } from '../sip/fair-clock.js';
import { lossyLink, type LinkOptions } from '../sip/lossy-link.js';
import { agent } from '../sip/phones.js';
import { endlessBudget, startServer, type Request, type Response } from './harness.js';

/**
 * Short, so that what RFC 3261 keeps for 32 s is gone in 0.64 s. T4 is long beside what the network delays: a copy of an INVITE
 * that comes after it is a new call, whose caller is gone.
 */
export const quickTimers = { t1Ms: 10, t2Ms: 40, t4Ms: 300 };

/**
 * The bad networks that calls have to come through, and what part of them at least goes as planned: of the others each ends as
 * the standard says. With the clock of these tests nearly all go as planned.
 */
export const networks = [
  { name: '5 % loss', loss: 0.05, duplicates: 0.1, reordered: 0.2, atLeast: 0.9 },
  { name: '20 % loss', loss: 0.2, duplicates: 0.1, reordered: 0.2, atLeast: 0.9 },
  { name: 'half doubled, half late', loss: 0, duplicates: 0.5, reordered: 0.5, atLeast: 0.9 },
];

/** A server, a phone, and between them a network that loses, doubles and reorders. */
export async function lossyServer(t: Test, link: LinkOptions, more: Partial<DrachtioServerOptions> = {}) {
  const server = await startServer(t, {
    sip: ['udp:127.0.0.1:0'],
    sourceBudget: endlessBudget,
    clock: fairClock,
    timers: quickTimers,
    ...more,
  });
  const phone = await agent(t, 'phone', {
    listen: ['udp:127.0.0.1:0'],
    timers: quickTimers,
    clock: fairClock,
  });
  const network = await lossyLink(t, phone.addresses[0]?.port ?? 0, server.sipAddresses[0]?.port ?? 0, link);
  return {
    server,
    phone,
    network,
    /** The server as the phone reaches it. */
    uri: `sip:service@127.0.0.1:${network.nearPort}`,
    /** The phone as the server reaches it. */
    phoneUri: `sip:phone@127.0.0.1:${network.farPort}`,
  };
}

/** A caller that heard nothing of us gives up after 64*T1 and cannot cancel: who rings gives up, too, at last. */
export const ringingMs = 1500;

/** Resolves when the caller has cancelled, or the application has given up ringing. */
export function ringingOver(req: Request, res: Response): Promise<void> {
  return new Promise((resolve) => {
    const limit = fairClock.after(ringingMs, () => {
      res.send(480);
      resolve();
    });
    req.once('cancel', () => {
      limit.cancel();
      resolve();
    });
  });
}
