import type { XiangyinError } from '../../core/errors.js';
import { sipStackError } from './errors.js';
import { headerKey } from './header-names.js';
import { SipMessage } from './message.js';
import { checkSyntax, malformedHeader } from './strictness.js';

/** One UDP datagram at most; the same for a stream. */
export const maxMessageBytes = 65_535;
/**
 * Of one header, or the Request-URI: a signed Identity has some 2,000. What applications read headers with may take the
 * square of their length, and one of 64 kB would hold everything up for seconds.
 */
const maxHeaderChars = 8192;
/** A call through many proxies has some dozens. */
const maxHeaders = 250;
/** Folded ones included. */
const maxHeadLines = 1000;

const token = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const mandatory = ['via', 'from', 'to', 'call-id', 'cseq'] as const;
const singular = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards']);

/**
 * What could be read, and the first thing wrong with it: a request with a problem may still be answered. Problems are made
 * once each: a stranger's packet must not cost us a stack trace.
 */
export interface ReadMessage {
  readonly message: SipMessage | undefined;
  readonly problem: XiangyinError | undefined;
}

const malformedStartLine = sipStackError('SIP_MALFORMED_START_LINE');
const wrongVersion = sipStackError('SIP_VERSION_NOT_SUPPORTED');
const tooLarge = sipStackError('SIP_MESSAGE_TOO_LARGE', { limitBytes: maxMessageBytes });
const longHeader = sipStackError('SIP_HEADER_TOO_LONG', { limitChars: maxHeaderChars });
const incomplete = sipStackError('SIP_BODY_INCOMPLETE');

/**
 * Hot: reads one whole message: tolerant of bare LF, folded lines, compact names and stray header lines; strict about the
 * start line and the five headers that every message has.
 */
export function readMessage(bytes: Buffer): ReadMessage {
  if (bytes.length > maxMessageBytes) return failed(tooLarge);
  let begin = 0;
  while (bytes[begin] === 0x0d || bytes[begin] === 0x0a) begin++;
  let irregular = false;
  let headEnd = bytes.indexOf('\r\n\r\n', begin, 'latin1');
  let bodyStart = headEnd + 4;
  if (headEnd < 0) {
    // Bare line feeds, or a message that ends with its last header.
    irregular = true;
    headEnd = bytes.indexOf('\n\n', begin, 'latin1');
    bodyStart = headEnd + 2;
    if (headEnd < 0) headEnd = bodyStart = bytes.length;
  }
  const head = bytes.toString('utf8', begin, headEnd);
  let lineEnd = head.indexOf('\n');
  if (lineEnd < 0) lineEnd = head.length;
  const started = readStartLine(trimEnd(head, 0, lineEnd), head);
  const { message } = started;
  if (message === undefined) return started;

  let problem = started.problem;
  let lengthBytes: number | undefined;
  let count = 0;
  let lines = 0;
  let name = '';
  let value = '';
  const flush = (): void => {
    const key = headerKey(name);
    if (key.length !== name.length) irregular = true;
    if (key === 'content-length') {
      const length = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
      if (Number.isNaN(length) || (lengthBytes !== undefined && lengthBytes !== length)) {
        problem ??= malformedHeader('content-length');
      } else lengthBytes = length;
      return;
    }
    if (value.length > maxHeaderChars) {
      problem ??= longHeader;
      return;
    }
    if (singular.has(key) && message.has(key)) problem ??= malformedHeader(key);
    message.received(name, value);
  };
  for (let at = lineEnd + 1; at < head.length; at = lineEnd + 1) {
    lineEnd = head.indexOf('\n', at);
    if (lineEnd < 0) lineEnd = head.length;
    const line = trimEnd(head, at, lineEnd);
    const first = line.charCodeAt(0);
    if (++lines > maxHeadLines) {
      problem ??= tooLarge;
      break;
    }
    if (first === 0x20 || first === 0x09) {
      // RFC 3261 §7.3.1: a folded line goes on with one space.
      irregular = true;
      value = `${value} ${trimSpace(line)}`;
      if (line.includes('\r') || hasBareNul(line)) name = '';
      continue;
    }
    if (name !== '') flush();
    name = '';
    if (++count > maxHeaders) {
      problem ??= tooLarge;
      break;
    }
    const colon = line.indexOf(':');
    const candidate = colon < 0 ? '' : line.slice(0, colon).trimEnd();
    if (!token.test(candidate) || line.includes('\r') || hasBareNul(line)) {
      irregular = true; // a line that is no header is left out of what we pass on
      continue;
    }
    if (candidate.length !== colon) irregular = true;
    name = candidate;
    value = trimSpace(line.slice(colon + 1));
  }
  if (name !== '') flush();

  for (const key of mandatory) if (!message.has(key)) problem ??= malformedHeader(key);
  problem ??= checkCSeq(message) ?? checkSyntax(message);
  let bodyEnd = bytes.length;
  if (lengthBytes === undefined) irregular = true;
  else if (bodyStart + lengthBytes > bytes.length) {
    problem ??= incomplete;
  } else bodyEnd = bodyStart + lengthBytes;
  message.receivedBody(
    bytes.toString('utf8', bodyStart, bodyEnd),
    irregular || problem !== undefined ? undefined : bytes.subarray(begin, bodyEnd),
    bytes.subarray(bodyStart, bodyEnd),
  );
  return { message, problem };
}

function readStartLine(line: string, head: string): ReadMessage {
  const firstSpace = line.indexOf(' ');
  if (firstSpace < 0) return failed(malformedStartLine);
  const word = line.slice(0, firstSpace);
  if (word.toUpperCase() === 'SIP/2.0') {
    const match = /^([1-6]\d\d)(?: (.*))?$/.exec(line.slice(firstSpace + 1));
    if (match === null) return failed(malformedStartLine);
    const method = /^(?:CSeq)\s*:\s*\d+\s+(\S+)/im.exec(head)?.[1] ?? '';
    return { message: SipMessage.response(Number(match[1]), match[2] ?? '', method), problem: undefined };
  }
  // RFC 3261 §7.1: single spaces, none around. What is nearly so can still be refused with a response.
  const rest = line.slice(firstSpace + 1);
  const trimmed = rest.trimEnd();
  const lastBlank = lastBlankOf(trimmed);
  const version = /^SIP\/(\d+\.\d+)$/i.exec(trimmed.slice(lastBlank + 1));
  if (version === null || lastBlank < 0 || !token.test(word)) return failed(malformedStartLine);
  const uri = trimmed.slice(0, lastBlank).trimEnd();
  const message = SipMessage.request(word, uri.trim());
  if (version[1] !== '2.0') return { message, problem: wrongVersion };
  if (uri.length > maxHeaderChars) return { message, problem: longHeader };
  const exact = uri.length + ' SIP/2.0'.length === rest.length && uri !== '' && !/[\s<>\0]/.test(uri);
  return { message, problem: exact ? undefined : malformedStartLine };
}

function lastBlankOf(text: string): number {
  for (let at = text.length - 1; at >= 0; at--) if (/\s/.test(text.charAt(at))) return at;
  return -1;
}

/** A NUL may stand in a quoted string when a backslash says so (RFC 3261 §25.1, quoted-pair). */
function hasBareNul(line: string): boolean {
  return line.includes('\0') && /(?:^|[^\\])\0/.test(line);
}

/** RFC 3261 §8.1.1.5: a number below 2^31 and, in a request, the request's own method. */
function checkCSeq(message: SipMessage): XiangyinError | undefined {
  const match = /^(\d{1,10})\s+(\S+)$/.exec(message.get('cseq') ?? '');
  if (match === null || Number(match[1]) >= 2 ** 31 || match[2] !== message.method) {
    return malformedHeader('cseq');
  }
  return undefined;
}

function trimEnd(text: string, from: number, to: number): string {
  return text.slice(from, to > from && text.charCodeAt(to - 1) === 0x0d ? to - 1 : to);
}

/** Without blanks and tabs around; `trim` would take a byte order mark and other text too. */
function trimSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function failed(problem: XiangyinError): ReadMessage {
  return { message: undefined, problem };
}
