import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.js';
import { encodeHeaderValue, type EventFormat } from './event-socket-framing.js';

/** Headers that several events share (a channel's variables, say), with their JSON written once. */
export class HeaderBlock {
  #json: string | undefined;

  constructor(readonly headers: Readonly<Record<string, string>>) {}

  /** The members of a JSON object, without its braces. */
  get json(): string {
    return (this.#json ??= JSON.stringify(this.headers).slice(1, -1));
  }
}

/** One event as Event Socket clients see it: flat text headers and perhaps a body. */
export class FreeSwitchEvent {
  readonly #blocks: readonly HeaderBlock[];
  #headers: Readonly<Record<string, string>> | undefined;
  #json: string | undefined;
  #plain: string | undefined;

  constructor(
    readonly name: string,
    /** Event-Subclass of a CUSTOM event. */
    readonly subclass: string | undefined,
    /** In this order; no header may stand in two of them. */
    blocks: readonly HeaderBlock[],
    readonly body: string | undefined,
  ) {
    this.#blocks = blocks;
  }

  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= Object.assign({}, ...this.#blocks.map((block) => block.headers)) as Record<
      string,
      string
    >);
  }

  header(name: string): string | undefined {
    for (const { headers } of this.#blocks) {
      const value = headers[name];
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Serialised once per format, however many clients receive it. */
  serialize(format: EventFormat): string {
    if (format === 'json') return (this.#json ??= this.#toJson());
    if (format === 'plain') return (this.#plain ??= this.#toPlain());
    return this.#toXml();
  }

  #toJson(): string {
    let members = '';
    for (const { json } of this.#blocks) {
      if (json !== '') members += members === '' ? json : `,${json}`;
    }
    if (this.body === undefined) return `{${members}}`;
    const body = JSON.stringify(this.body);
    return `{${members},"Content-Length":"${Buffer.byteLength(this.body)}","_body":${body}}`;
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
  readonly #server: HeaderBlock;

  constructor(
    readonly coreUuid: string,
    /** The IPv4 address clients see as FreeSWITCH-IPv4. */
    address: string,
    private readonly clock: Clock,
  ) {
    this.#server = new HeaderBlock({
      'Core-UUID': coreUuid,
      'FreeSWITCH-Hostname': this.hostname,
      'FreeSWITCH-Switchname': this.hostname,
      'FreeSWITCH-IPv4': address,
      'FreeSWITCH-IPv6': '::1',
    });
  }

  /** `subclass` only with the name CUSTOM. */
  make(
    name: string,
    headers: Readonly<Record<string, string>>,
    options: { readonly subclass?: string; readonly body?: string } = {},
  ): FreeSwitchEvent {
    // What a client sends (`sendevent`) may name a header of ours: its own counts.
    const blocks = [...this.#head(name, options.subclass), new HeaderBlock(headers)];
    const all = Object.assign({}, ...blocks.map((block) => block.headers)) as Record<string, string>;
    return new FreeSwitchEvent(name, options.subclass, [new HeaderBlock(all)], options.body);
  }

  /** As {@link make}, of blocks that have no header in common with each other or with those of every event. */
  makeOfBlocks(
    name: string,
    blocks: readonly HeaderBlock[],
    options: { readonly subclass?: string; readonly body?: string } = {},
  ): FreeSwitchEvent {
    const all = [...this.#head(name, options.subclass), ...blocks];
    return new FreeSwitchEvent(name, options.subclass, all, options.body);
  }

  /** An event that nobody wants is not made; it is numbered all the same, as on the real server. */
  skip(): void {
    this.#sequence += 1;
  }

  #head(name: string, subclass: string | undefined): readonly HeaderBlock[] {
    this.#sequence += 1;
    const now = new Date(this.clock.wallMs());
    const own: Record<string, string> = {
      ...(subclass !== undefined && { 'Event-Subclass': subclass }),
      'Event-Name': name,
      'Event-Date-Local': now.toISOString().slice(0, 19).replace('T', ' '),
      'Event-Date-GMT': now.toUTCString(),
      'Event-Date-Timestamp': String(Math.round(now.getTime() * 1000)),
      'Event-Sequence': String(this.#sequence),
    };
    return [new HeaderBlock(own), this.#server];
  }
}
