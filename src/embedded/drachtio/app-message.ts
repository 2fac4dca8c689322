/** The SIP part of an application's frame. It lacks most headers that a message on the wire has. */
export interface AppMessage {
  readonly startLine: string;
  /** Of a request; '' for a response. */
  readonly method: string;
  readonly uri: string;
  /** Of a response; 0 for a request. */
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Hot: reads it; undefined when the start line is none. Content-Length is not looked at: the frame has a length. */
export function readAppMessage(text: string): AppMessage | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  const head = oneLineEach(headEnd < 0 ? text : text.slice(0, headEnd));
  const body = headEnd < 0 ? '' : text.slice(headEnd + 4);
  const lines = head.split('\r\n');
  const startLine = lines[0] ?? '';
  const headers: [string, string][] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string;
    const last = headers.at(-1);
    if ((line.startsWith(' ') || line.startsWith('\t')) && last !== undefined) {
      last[1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  const response = /^SIP\/2\.0 ([1-6]\d\d) ?(.*)$/.exec(startLine);
  if (response !== null) {
    const status = Number(response[1]);
    return { startLine, method: '', uri: '', status, reason: response[2] ?? '', headers, body };
  }
  const request = /^([A-Z]+) (\S+) SIP\/2\.0$/.exec(startLine);
  if (request === null) return undefined;
  const [, method = '', uri = ''] = request;
  return { startLine, method, uri, status: 0, reason: '', headers, body };
}

/** A line end within a value would let who wrote the value write headers: it becomes a blank. */
function oneLineEach(head: string): string {
  return /\r(?!\n)|(?<!\r)\n/.test(head) ? head.replace(/(?:\r(?!\n)|(?<!\r)\n)+/g, ' ') : head;
}

/** The first header of that (lower-case) name. */
export function headerOf(message: AppMessage, name: string): string | undefined {
  for (const [key, value] of message.headers) if (key.toLowerCase() === name) return value;
  return undefined;
}
