import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.js';
import { encodeHeaderValue, type EventFormat } from './event-socket-framing.js';

/** One event as Event Socket clients see it: flat text headers and perhaps a body. */
export class FreeSwitchEvent {
  #json: string | undefined;
  #plain: string | undefined;

  constructor(
    readonly name: string,
    /** Event-Subclass of a CUSTOM event. */
    readonly subclass: string | undefined,
    readonly headers: Readonly<Record<string, string>>,
    readonly body: string | undefined,
  ) {}

  /** Serialised once per format, however many clients receive it. */
  serialize(format: EventFormat): string {
    if (format === 'json') return (this.#json ??= this.#toJson());
    if (format === 'plain') return (this.#plain ??= this.#toPlain());
    return this.#toXml();
  }

  #toJson(): string {
    if (this.body === undefined) return JSON.stringify(this.headers);
    return JSON.stringify({
      ...this.headers,
      'Content-Length': String(Buffer.byteLength(this.body)),
      _body: this.body,
    });
  }

  #toPlain(): string {
    let text = '';
    for (const [name, value] of Object.entries(this.headers))
      text += `${name}: ${encodeHeaderValue(value)}\n`;
    if (this.body === undefined) return `${text}\n`;
    return `${text}Content-Length: ${Buffer.byteLength(this.body)}\n\n${this.body}`;
  }

  #toXml(): string {
    let text = '<event>\n  <headers>\n';
    for (const [name, value] of Object.entries(this.headers)) {
      text += `    <${name}>${escapeXml(encodeHeaderValue(value))}</${name}>\n`;
    }
    text += '  </headers>\n';
    if (this.body !== undefined) {
      text += `  <Content-Length>${Buffer.byteLength(this.body)}</Content-Length>\n  <body>${escapeXml(this.body)}</body>\n`;
    }
    return `${text}</event>`;
  }
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (c) => (c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&amp;'));
}

/** Makes events with the headers that every event of this server carries, numbered in order. */
export class EventFactory {
  #sequence = 0;
  readonly hostname = hostname();

  constructor(
    readonly coreUuid: string,
    /** The IPv4 address clients see as FreeSWITCH-IPv4. */
    readonly address: string,
    private readonly clock: Clock,
  ) {}

  /** `subclass` only with the name CUSTOM. */
  make(
    name: string,
    headers: Readonly<Record<string, string>>,
    options: { subclass?: string; body?: string } = {},
  ): FreeSwitchEvent {
    this.#sequence += 1;
    const now = new Date(this.clock.wallMs());
    const all: Record<string, string> = {};
    if (options.subclass !== undefined) all['Event-Subclass'] = options.subclass;
    all['Event-Name'] = name;
    all['Core-UUID'] = this.coreUuid;
    all['FreeSWITCH-Hostname'] = this.hostname;
    all['FreeSWITCH-Switchname'] = this.hostname;
    all['FreeSWITCH-IPv4'] = this.address;
    all['FreeSWITCH-IPv6'] = '::1';
    all['Event-Date-Local'] = now.toISOString().slice(0, 19).replace('T', ' ');
    all['Event-Date-GMT'] = now.toUTCString();
    all['Event-Date-Timestamp'] = String(Math.round(now.getTime() * 1000));
    all['Event-Sequence'] = String(this.#sequence);
    return new FreeSwitchEvent(name, options.subclass, Object.assign(all, headers), options.body);
  }
}

/** Where events go: every Event Socket session decides for itself whether its client asked for one. */
export class EventBus {
  readonly #listeners = new Set<(event: FreeSwitchEvent) => void>();

  constructor(readonly factory: EventFactory) {}

  add(listener: (event: FreeSwitchEvent) => void): void {
    this.#listeners.add(listener);
  }

  remove(listener: (event: FreeSwitchEvent) => void): void {
    this.#listeners.delete(listener);
  }

  /** Calls the sessions in order of their arrival; a session never throws (its socket's errors are events). */
  publish(event: FreeSwitchEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
