import type { Test } from 'tap';
import { formatHostPort } from '../../../src/core/address.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import type { Dialog, DialogEvents } from '../../../src/embedded/sip/dialog.js';
import type { IncomingInvite, IncomingInviteEvents } from '../../../src/embedded/sip/incoming-invite.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { parseNameAddr } from '../../../src/embedded/sip/name-addr.js';
import type { OutgoingInvite, OutgoingInviteEvents } from '../../../src/embedded/sip/outgoing-invite.js';
import type { ListenAddress, Protocol } from '../../../src/embedded/sip/transport.js';
import {
  UserAgent,
  type UserAgentEvents,
  type UserAgentOptions,
} from '../../../src/embedded/sip/user-agent.js';

export const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';

export async function agent(t: Test, name: string, more: Partial<UserAgentOptions> = {}) {
  const ua = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    name,
    clock: systemClock,
    logger: silentLogger,
    // Short, so that what RFC 3261 keeps for 32 s is gone within a test.
    timers: { t1Ms: 20, t2Ms: 80, t4Ms: 40 },
    ...more,
  });
  t.teardown(() => ua.close());
  return ua;
}

export function uriOf(ua: UserAgent, protocol: Protocol = 'udp'): string {
  return uriAt(ua.addresses, protocol, 'bob');
}

/** The URI of the first listener of that protocol. */
export function uriAt(addresses: readonly ListenAddress[], protocol: Protocol, user: string): string {
  const address = addresses.find((candidate) => candidate.protocol === protocol);
  const transport = protocol === 'udp' ? '' : `;transport=${protocol}`;
  return `sip:${user}@${address === undefined ? 'none.invalid' : formatHostPort(address)}${transport}`;
}

/** Resolves with the arguments of the next event of that name. */
export function next<K extends keyof UserAgentEvents>(
  emitter: UserAgent,
  event: K,
): Promise<UserAgentEvents[K]>;
export function next<K extends keyof IncomingInviteEvents>(
  emitter: IncomingInvite,
  event: K,
): Promise<IncomingInviteEvents[K]>;
export function next<K extends keyof OutgoingInviteEvents>(
  emitter: OutgoingInvite,
  event: K,
): Promise<OutgoingInviteEvents[K]>;
export function next<K extends keyof DialogEvents>(emitter: Dialog, event: K): Promise<DialogEvents[K]>;
export function next(
  emitter: { once(event: string, listener: (...args: unknown[]) => void): unknown },
  event: string,
): Promise<unknown[]> {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}

/** A request of the phone in the early dialog that `response` to its INVITE made. */
export function early(
  phone: UserAgent,
  call: OutgoingInvite,
  response: SipMessage,
  method: string,
  cseq: number,
  { headers = {}, ...options }: { headers?: Record<string, string>; body?: string } = {},
): Promise<SipMessage> {
  return phone.request(method, parseNameAddr(response.get('contact') ?? '').uri, {
    callId: call.request.get('call-id') ?? '',
    fromTag: /tag=(.*)$/.exec(call.request.get('from') ?? '')?.[1] ?? '',
    headers: { To: response.get('to') ?? '', CSeq: `${cseq} ${method}`, ...headers },
    ...options,
  });
}

export function accepted(call: OutgoingInvite): Promise<Dialog> {
  return new Promise((resolve, reject) => {
    call.on('accepted', (_, dialog) => resolve(dialog));
    call.on('failed', (status) => reject(new Error(`failed ${status}`)));
  });
}

export async function empty(...agents: UserAgent[]): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    const left = agents.map((ua) => ua.counts());
    if (left.every((c) => c.transactions + c.lingering + c.dialogs + c.timers === 0)) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
