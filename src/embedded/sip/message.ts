import { isUtf8 } from 'node:buffer';
import { canonicalName, headerKey } from './header-names.js';

interface Header {
  /** Lower-case full name: what is compared. */
  readonly key: string;
  /** As written by the sender. */
  readonly name: string;
  value: string;
}

/**
 * A SIP request or response. Headers keep their order and spelling; names compare without case and compact forms
 * (`v`, `i`, ...) are understood. Values are the text as it stands, folded lines joined; multi-value headers are
 * split only by who needs them. `Content-Length` is computed when written and never stored.
 */
export class SipMessage {
  /** Request: the method, upper case. Response: the method of its CSeq. */
  readonly method: string;
  readonly isRequest: boolean;
  #uri: string;
  #status: number;
  #reason: string;
  #body: string;
  #headers: Header[] = [];
  /** The bytes received, as long as nothing changed them. */
  #raw: Buffer | undefined;
  /** A body received that is no UTF-8 text: passed on byte by byte. */
  #binaryBody: Buffer | undefined;

  private constructor(isRequest: boolean, method: string, uri: string, status: number, reason: string) {
    this.isRequest = isRequest;
    this.method = method;
    this.#uri = uri;
    this.#status = status;
    this.#reason = reason;
    this.#body = '';
  }

  static request(method: string, uri: string): SipMessage {
    return new SipMessage(true, method, uri, 0, '');
  }

  /** `method` is the one of the request that is answered. */
  static response(status: number, reason: string, method: string): SipMessage {
    return new SipMessage(false, method, '', status, reason);
  }

  /** Request-URI; empty for a response. */
  get uri(): string {
    return this.#uri;
  }

  set uri(uri: string) {
    this.#uri = uri;
    this.#raw = undefined;
  }

  /** Status code; 0 for a request. */
  get status(): number {
    return this.#status;
  }

  get reason(): string {
    return this.#reason;
  }

  get body(): string {
    return this.#body;
  }

  set body(body: string) {
    this.#body = body;
    this.#binaryBody = undefined;
    this.#raw = undefined;
  }

  /** The first header of that name, or undefined. */
  get(name: string): string | undefined {
    const key = headerKey(name);
    for (const header of this.#headers) if (header.key === key) return header.value;
    return undefined;
  }

  /** All headers of that name, in order, one entry per line (values are not split at commas). */
  getAll(name: string): string[] {
    const key = headerKey(name);
    const values: string[] = [];
    for (const header of this.#headers) if (header.key === key) values.push(header.value);
    return values;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Replaces all headers of that name by one, at the place of the first; appends if there was none. */
  set(name: string, value: string): this {
    const key = headerKey(name);
    this.#raw = undefined;
    const first = this.#headers.findIndex((header) => header.key === key);
    if (first < 0) {
      this.#headers.push({ key, name: canonicalName(name), value });
      return this;
    }
    let index = 0;
    this.#headers = this.#headers.filter((header) => index++ <= first || header.key !== key);
    (this.#headers[first] as Header).value = value;
    return this;
  }

  append(name: string, value: string): this {
    this.#headers.push({ key: headerKey(name), name: canonicalName(name), value });
    this.#raw = undefined;
    return this;
  }

  /** Puts a header before all others: where a hop's Via belongs. */
  prepend(name: string, value: string): this {
    this.#headers.unshift({ key: headerKey(name), name: canonicalName(name), value });
    this.#raw = undefined;
    return this;
  }

  /** Replaces the first header of that name and leaves the others: how the top Via changes. */
  replaceFirst(name: string, value: string): this {
    const key = headerKey(name);
    const header = this.#headers.find((candidate) => candidate.key === key);
    if (header === undefined) return this.append(name, value);
    header.value = value;
    this.#raw = undefined;
    return this;
  }

  remove(name: string): this {
    const key = headerKey(name);
    this.#headers = this.#headers.filter((header) => header.key !== key);
    this.#raw = undefined;
    return this;
  }

  /** Name (as written) and value of every header, in order, without Content-Length. */
  *headers(): IterableIterator<[name: string, value: string]> {
    for (const header of this.#headers) yield [header.name, header.value];
  }

  /** Hot: about how many bytes it has on the wire; text outside ASCII has more. */
  get roughBytes(): number {
    let chars = this.#uri.length + this.#body.length + 50; // 50: method, version, Content-Length
    for (const { name, value } of this.#headers) chars += name.length + value.length + 4;
    return chars;
  }

  /** A copy that can be changed without touching this one. */
  clone(): SipMessage {
    const copy = new SipMessage(this.isRequest, this.method, this.#uri, this.#status, this.#reason);
    copy.#headers = this.#headers.map((header) => ({ ...header }));
    copy.#body = this.#body;
    copy.#binaryBody = this.#binaryBody;
    return copy;
  }

  /** For the parser: adds a header as received, and at the end the bytes it all came from. */
  received(name: string, value: string): void {
    this.#headers.push({ key: headerKey(name), name, value });
  }

  receivedBody(body: string, raw: Buffer | undefined, bytes: Buffer): void {
    this.#body = body;
    this.#raw = raw;
    this.#binaryBody = isUtf8(bytes) ? undefined : bytes;
  }

  /** The whole message as text; a body that is none is shown as UTF-8 shows it. */
  toString(): string {
    return this.#raw?.toString('utf8') ?? this.#head() + this.#body;
  }

  /** What goes over the wire: UTF-8, a received body as it came. */
  toBuffer(): Buffer {
    if (this.#raw !== undefined) return this.#raw;
    if (this.#binaryBody === undefined) return Buffer.from(this.#head() + this.#body);
    return Buffer.concat([Buffer.from(this.#head()), this.#binaryBody]);
  }

  /** Content-Length is always written (RFC 3261 §20.14). */
  #head(): string {
    let text = this.isRequest
      ? `${this.method} ${this.#uri} SIP/2.0\r\n`
      : `SIP/2.0 ${this.#status} ${this.#reason}\r\n`;
    for (const header of this.#headers) text += `${header.name}: ${header.value}\r\n`;
    const lengthBytes = this.#binaryBody?.length ?? Buffer.byteLength(this.#body);
    return `${text}Content-Length: ${lengthBytes}\r\n\r\n`;
  }
}
