import type { SipMessage } from './message.js';
import { namedStatuses } from './reasons.js';
import { dropReasons, type DropReason, type Role, type SipObserver } from './sip-observer.js';
import type { Listener, Protocol, Source, Target } from './transport.js';

/** Labels are closed lists: what a peer makes up is counted as `other`, or by the class of its status. */
const methods = [
  ...['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'INFO', 'UPDATE', 'PRACK', 'REFER', 'NOTIFY', 'SUBSCRIBE'],
  ...['MESSAGE', 'PUBLISH', 'REGISTER', 'other'],
];
const otherMethod = methods.length - 1;
const transports = ['udp', 'tcp', 'tls', 'ws', 'wss'];
/** Slot 0 is no status: a request. */
const statuses = ['', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx', ...namedStatuses.map(String)];
const directions = ['in', 'out'] as const;
const roles: readonly Role[] = ['server', 'client'];
const kinds = ['request', 'response'];

const methodIndexes = new Map(methods.map((method, index) => [method, index]));
const transportIndexes = new Map(transports.map((transport, index) => [transport, index]));
const slotOfStatus = Uint8Array.from({ length: 700 }, (_, status) => {
  const named = statuses.indexOf(String(status));
  return named > 0 ? named : Math.floor(status / 100);
});

const inbound = 0;
const outbound = 1;

/** What is held now; see DrachtioServer.counts. */
export type Gauges = Readonly<Record<string, number>>;

const gaugeHelp: Readonly<Record<string, string>> = {
  transactions: 'Transactions without a final response.',
  lingering: 'Finished transactions kept to absorb repetitions (RFC 3261 timers D, I, J, K, L, M).',
  dialogs: 'Dialogs that applications hold.',
  timers: 'Timers of transactions and dialogs.',
  sockets: 'SIP sockets and connections.',
  apps: 'Applications connected.',
};

/** The figures of one SIP stack since its start. Counting is one addition into an array; the text is made when asked. */
export class SipCounters implements SipObserver {
  readonly #messages = new Float64Array(2 * transports.length * methods.length * statuses.length);
  readonly #repeats = new Float64Array(2 * methods.length * kinds.length);
  readonly #finished = new Float64Array(roles.length * methods.length * statuses.length);
  readonly #dropped = new Float64Array(dropReasons.length * transports.length);
  readonly #malformed = new Map<string, Float64Array>();

  received(message: SipMessage, _bytes: Buffer, source: Source, repeated: boolean): void {
    this.#count(inbound, message, source.protocol, repeated);
  }

  sent(message: SipMessage, _bytes: Buffer, _from: Listener, target: Target, repeated: boolean): void {
    this.#count(outbound, message, target.protocol, repeated);
  }

  malformed(code: string, protocol: Protocol): void {
    let byTransport = this.#malformed.get(code);
    if (byTransport === undefined) {
      this.#malformed.set(code, (byTransport = new Float64Array(transports.length)));
    }
    increment(byTransport, transportIndexes.get(protocol) ?? 0);
  }

  /** Counted as a message that came, and with its reason. */
  dropped(reason: DropReason, message: SipMessage | undefined, { protocol }: Source): void {
    if (message !== undefined) this.#count(inbound, message, protocol, false);
    const row = dropReasons.indexOf(reason) * transports.length;
    increment(this.#dropped, row + (transportIndexes.get(protocol) ?? 0));
  }

  finished(role: Role, method: string, status: number): void {
    const row = (role === 'server' ? 0 : 1) * methods.length + (methodIndexes.get(method) ?? otherMethod);
    increment(this.#finished, row * statuses.length + slotOf(status));
  }

  /** Prometheus' text format, with what is held now. */
  text(gauges: Gauges): string {
    return [
      ...this.#messageLines(),
      ...this.#repeatLines(),
      ...head('malformed_total', 'counter', 'Messages that could not be read, by the error they made.'),
      ...[...this.#malformed].flatMap(([code, counts]) =>
        transports.flatMap((transport, index) => line('malformed_total', { code, transport }, counts[index])),
      ),
      ...this.#droppedLines(),
      ...this.#finishedLines(),
      ...Object.entries(gaugeHelp).flatMap(([name, help]) =>
        gauges[name] === undefined
          ? []
          : [...head(name, 'gauge', help), `xiangyin_sip_${name} ${gauges[name]}`],
      ),
      '',
    ].join('\n');
  }

  /** Hot. */
  #count(direction: number, message: SipMessage, protocol: Protocol, repeated: boolean): void {
    const method = methodIndexes.get(message.method) ?? otherMethod;
    const transport = transportIndexes.get(protocol) ?? 0;
    const row = (direction * transports.length + transport) * methods.length + method;
    increment(this.#messages, row * statuses.length + slotOf(message.status));
    if (!repeated) return;
    increment(this.#repeats, (direction * methods.length + method) * 2 + (message.isRequest ? 0 : 1));
  }

  #messageLines(): string[] {
    const requests: string[] = [];
    const responses: string[] = [];
    let at = 0;
    for (const direction of directions) {
      for (const transport of transports) {
        for (const method of methods) {
          for (const status of statuses) {
            const count = this.#messages[at++];
            if (status === '')
              requests.push(...line('requests_total', { direction, method, transport }, count));
            else responses.push(...line('responses_total', { direction, method, status, transport }, count));
          }
        }
      }
    }
    return [
      ...head('requests_total', 'counter', 'Requests on the wire, repetitions included.'),
      ...requests,
      ...head('responses_total', 'counter', 'Responses on the wire, repetitions included.'),
      ...responses,
    ];
  }

  #repeatLines(): string[] {
    let at = 0;
    return [
      ...head('retransmissions_total', 'counter', 'Messages on the wire that had been there before.'),
      ...directions.flatMap((direction) =>
        methods.flatMap((method) =>
          kinds.flatMap((kind) =>
            line('retransmissions_total', { direction, kind, method }, this.#repeats[at++]),
          ),
        ),
      ),
    ];
  }

  #droppedLines(): string[] {
    let at = 0;
    const help = 'Messages of which nothing came: over budget, or belonging to nothing.';
    return [
      ...head('dropped_total', 'counter', help),
      ...dropReasons.flatMap((reason) =>
        transports.flatMap((transport) => line('dropped_total', { reason, transport }, this.#dropped[at++])),
      ),
    ];
  }

  #finishedLines(): string[] {
    let at = 0;
    const help = 'Transactions by final status, also those that we ended alone (408, 503, 487).';
    return [
      ...head('transactions_total', 'counter', help),
      ...roles.flatMap((role) =>
        methods.flatMap((method) =>
          statuses.flatMap((status) =>
            line('transactions_total', { role, method, status }, this.#finished[at++]),
          ),
        ),
      ),
    ];
  }
}

function slotOf(status: number): number {
  return slotOfStatus[status] ?? 0;
}

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

function head(name: string, type: 'counter' | 'gauge', help: string): string[] {
  return [`# HELP xiangyin_sip_${name} ${help}`, `# TYPE xiangyin_sip_${name} ${type}`];
}

/** No line for what never happened. Label values are from the lists above, or codes: none needs escaping. */
function line(name: string, labels: Readonly<Record<string, string>>, count: number | undefined): string[] {
  if (count === undefined || count === 0) return [];
  const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return [`xiangyin_sip_${name}{${text.join(',')}} ${count}`];
}
