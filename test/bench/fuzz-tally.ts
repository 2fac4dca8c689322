import { readFile } from 'node:fs/promises';
import { maxMessageBytes } from '../../src/embedded/sip/parse-message.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { SipObserver } from '../../src/embedded/sip/sip-observer.js';
import type { Protocol, Source } from '../../src/embedded/sip/transport.js';
import type { TransportTally } from './fuzz-verdict.js';

type Counted = 'udp' | 'tcp';

/** Counts on both sides: what the attacker sends, and as the server's observer what arrives of it. */
export class FuzzTally implements SipObserver {
  readonly #sent = { udp: 0, tcp: 0 };
  readonly #read = { udp: 0, tcp: 0 };
  readonly #malformed = { udp: 0, tcp: 0 };
  /** Where the attacker sends from: answers of the telephone, and of the server to itself, are nobody's attack. */
  readonly #ports = { udp: new Set<number>(), tcp: new Set<number>() };

  attacker(protocol: Counted, port: number): void {
    this.#ports[protocol].add(port);
  }

  left(protocol: Counted, messages = 1): void {
    this.#sent[protocol] += messages;
  }

  /** How many messages of the attacker have arrived, malformed ones included. */
  arrived(protocol: Counted): number {
    return this.#read[protocol] + this.#malformed[protocol];
  }

  of(protocol: Counted, dropped = 0): TransportTally {
    return {
      sent: this.#sent[protocol],
      received: this.arrived(protocol),
      malformed: this.#malformed[protocol],
      dropped,
    };
  }

  received(_message: SipMessage, _bytes: Buffer, { protocol, port }: Source): void {
    if ((protocol === 'udp' || protocol === 'tcp') && this.#ports[protocol].has(port)) this.#read[protocol]++;
  }

  /** Only the attacker sends such. */
  malformed(_code: string, protocol: Protocol): void {
    if (protocol === 'udp' || protocol === 'tcp') this.#malformed[protocol]++;
  }

  /** Without a message it was counted as malformed. */
  dropped(_reason: string, message: SipMessage | undefined, source: Source): void {
    if (message !== undefined) this.received(message, Buffer.alloc(0), source);
  }

  sent(): void {
    // what the server says is not counted
  }

  finished(): void {
    // nor how its transactions end
  }
}

/**
 * How many messages a stream of these bytes holds up to the point where nobody can follow it any more: each needs a
 * Content-Length there (RFC 3261 §18.3). Written apart from the server's own way of cutting, to check it.
 */
export function wholeMessages(stream: Buffer): number {
  let rest = stream.toString('latin1');
  for (let count = 0; ; count++) {
    rest = rest.replace(/^(\r\n)+/, '');
    const head = rest.indexOf('\r\n\r\n');
    if (head < 0) return count;
    const lines = rest.slice(0, head).split('\r\n').slice(1);
    const lengths = lines.flatMap(
      (line) => /^(?:content-length|l)[ \t]*:[ \t]*(\d+)[ \t]*$/i.exec(line) ?? [],
    );
    const total = head + 4 + Number(lengths[1] ?? NaN);
    if (!(total <= Math.min(rest.length, maxMessageBytes))) return count;
    rest = rest.slice(total);
  }
}

/** Datagrams that the kernel threw away at this port since it was bound; 0 where it does not tell. */
export async function droppedByKernel(port: number): Promise<number> {
  const table = await readFile('/proc/net/udp', 'utf8').catch(() => '');
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const line = table.split('\n').find((text) => text.trim().split(/\s+/)[1]?.endsWith(`:${hex}`));
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0);
}
