import type { SipTrace, SipTraceMessage } from '../http/sip-trace.js';
import { terminalText } from './terminal-text.js';

/** Where the first column stands: behind the seconds. */
const indent = 11;
/** The arrow around its label. */
const arrowLength = 8;

/**
 * One call as a ladder: a column for each address, a line for each message: seconds since the first, the arrow with method
 * or status, what matters in it. `full` adds the whole message under its line.
 */
export function traceText(call: SipTrace, full: boolean): string {
  const [first] = call.messages;
  if (first === undefined) return `Call-ID ${call.callId}: no messages`;
  const columns = columnsOf(call.messages);
  const gap = Math.max(
    ...columns.map((name) => name.length + 2),
    ...call.messages.map((message) => labelOf(message).length + arrowLength),
  );
  const lines = [
    `Call-ID ${call.callId}`,
    `began ${new Date(first.wallMs).toLocaleString('sv-SE')}.${String(first.wallMs % 1000).padStart(3, '0')}, ` +
      `${call.messages.length + call.dropped} messages` +
      (call.dropped === 0 ? '' : `, ${call.dropped} of them in the middle no longer kept`),
    '',
    header(columns, gap),
  ];
  for (const message of call.messages) {
    const seconds = ((message.wallMs - first.wallMs) / 1000).toFixed(3).padStart(9);
    const notes = notesOf(message);
    lines.push(`${seconds}  ${ladder(message, columns, gap)}  ${notes.join('; ')}`.trimEnd());
    if (full) lines.push('', ...indented(message.text), '');
  }
  return terminalText(lines.join('\n'));
}

/** Addresses in the order in which they appear, peers left of ours where both are new. */
function columnsOf(messages: readonly SipTraceMessage[]): string[] {
  const columns: string[] = [];
  for (const { peer, local } of messages) {
    for (const address of [peer, local]) if (!columns.includes(address)) columns.push(address);
  }
  return columns;
}

/** Each address over the middle of its column, as far as the one before leaves room. */
function header(columns: readonly string[], gap: number): string {
  let line = '';
  for (const [index, name] of columns.entries()) {
    line = line.padEnd(indent + index * gap - Math.floor(name.length / 2)) + name;
  }
  return line;
}

/** The vertical lines of all columns with this message's arrow between two of them. */
function ladder(message: SipTraceMessage, columns: readonly string[], gap: number): string {
  const { peer, local, direction } = message;
  const [from, to] = direction === 'in' ? [peer, local] : [local, peer];
  const [a, b] = [columns.indexOf(from), columns.indexOf(to)];
  const [left, right] = [Math.min(a, b), Math.max(a, b)];
  const width = (right - left) * gap - 1;
  const label = ` ${labelOf(message)} `;
  const before = Math.floor((width - label.length) / 2);
  const body = '-'.repeat(before) + label + '-'.repeat(width - label.length - before);
  const arrow = a < b ? `${body.slice(0, -1)}>` : `<${body.slice(1)}`;
  let line = '';
  for (let column = 0; column < columns.length; column++) {
    line += '|';
    if (column === left && left !== right) {
      line += arrow;
      column = right - 1;
    } else if (column < columns.length - 1) line += ' '.repeat(gap - 1);
  }
  return line;
}

/** `INVITE 1`, `200 OK (INVITE 1)`, each `again` when it is a retransmission. */
function labelOf(message: SipTraceMessage): string {
  const [start = ''] = message.text.split(/\r?\n/, 1);
  const [, number = '', method = ''] = /^\s*(\d+)\s+(\S+)/.exec(headerOf(message.text, 'cseq') ?? '') ?? [];
  const status = /^SIP\/2\.0 (.*)$/.exec(start)?.[1];
  const label =
    status === undefined ? `${start.split(' ', 1)[0] ?? ''} ${number}` : `${status} (${method} ${number})`;
  return message.repeated ? `${label} again` : label;
}

/** What is worth a word beside the arrow. */
function notesOf({ text, protocol, repeated }: SipTraceMessage): string[] {
  if (repeated) return [];
  const notes: string[] = protocol === 'udp' ? [] : [protocol];
  const isRequest = !text.startsWith('SIP/2.0 ');
  if (/^INVITE (\S+)/.test(text)) notes.push(/^INVITE (\S+)/.exec(text)?.[1] ?? '');
  notes.push(...sdpNotes(text));
  for (const name of ['Reason', 'Warning', 'Retry-After', 'Refer-To', 'Subscription-State']) {
    const value = headerOf(text, name);
    if (value !== undefined) notes.push(`${name}: ${value}`);
  }
  const contact = headerOf(text, 'contact');
  if (contact !== undefined && (isRequest || /^SIP\/2\.0 [23]/.test(text))) notes.push(`Contact: ${contact}`);
  return notes;
}

/** One note for each m= line: `audio 192.0.2.1:4000 PCMA telephone-event, sendonly`. */
function sdpNotes(text: string): string[] {
  const body = /\r?\n\r?\n(v=0[^]*)$/.exec(text)?.[1];
  if (body === undefined) return [];
  const [session = '', ...media] = body.split(/^(?=m=)/m);
  return media.map((section) => {
    const [, kind = '', port = '', profile = '', formats = ''] =
      /^m=(\S+) (\d+)\S* (\S+)([^\r\n]*)/.exec(section) ?? [];
    const host =
      /^c=IN IP[46] ([^\s/]+)/m.exec(section)?.[1] ?? /^c=IN IP[46] ([^\s/]+)/m.exec(session)?.[1] ?? '?';
    const names = formats
      .trim()
      .split(/\s+/)
      .map((format) => codecName(format, section));
    const way = /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(section)?.[1];
    const secure = profile.includes('SAVP') ? ' secure' : '';
    const direction = way === undefined || way === 'sendrecv' ? '' : `, ${way}`;
    return `${kind} ${host}:${port} ${names.join(' ')}${secure}${direction}`;
  });
}

/** RFC 3551 table 4, as far as telephony meets it; the rest have their rtpmap. */
const staticPayloads: Readonly<Record<string, string>> = {
  0: 'PCMU',
  3: 'GSM',
  8: 'PCMA',
  9: 'G722',
  18: 'G729',
};

function codecName(format: string, section: string): string {
  const mapped = new RegExp(`^a=rtpmap:${format} ([^/\\s]+)`, 'm').exec(section)?.[1];
  return mapped ?? staticPayloads[format] ?? format;
}

const compactNames: Readonly<Record<string, string>> = { contact: 'm', 'refer-to': 'r' };

function headerOf(text: string, name: string): string | undefined {
  const compact = compactNames[name.toLowerCase()];
  const names = compact === undefined ? name : `${name}|${compact}`;
  return new RegExp(`^(?:${names})[ \\t]*:[ \\t]*(.*?)[ \\t]*\\r?$`, 'im').exec(text)?.[1];
}

function indented(text: string): string[] {
  return text
    .replace(/(?:\r?\n)+$/, '')
    .split(/\r?\n/)
    .map((line) => `${' '.repeat(indent)} ${line}`.trimEnd());
}
