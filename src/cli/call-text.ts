import { formatHostPort } from '../core/address.js';
import type { LiveCall } from '../http/control-routes.js';
import type { Registration } from '../sip/locations.js';
import type { CallRecord, MediaRecord, TransferRecord, TurnRecord } from '../store/call-record.js';
import { dialectText, type DialectLine } from './dialect-lines.js';
import { ledgerLines } from './ledger-text.js';
import { describeEnd, durationText, transferText } from '../store/end-reason-text.js';
import { terminalText } from './terminal-text.js';

/** What is known of a file that the record names. */
export interface KeptFile {
  /** Absolute. */
  readonly path: string;
  /** Length of a recording; undefined if the file is gone, or no recording. */
  readonly durationMs: number | undefined;
  readonly exists: boolean;
}

/** Calls that are over, one line each, in the order given. */
export function callTable(records: readonly CallRecord[]): string {
  return table([
    ['call', 'received', 'from', 'to', 'length', 'dialplan', 'how it ended'],
    ...records.map((record) => [
      record.id,
      timeText(record.receivedAtMs),
      numberText(record.callingNumber),
      record.calledNumber,
      record.answeredAtMs === null ? '-' : durationText(record.endedAtMs - record.answeredAtMs),
      record.dialplan ?? '-',
      describeEnd(record),
    ]),
  ]);
}

/** Calls that are going on, one line each. */
export function liveTable(calls: readonly LiveCall[], nowMs: number): string {
  return table([
    ['call', 'received', 'from', 'to', 'for', 'dialplan', 'node', 'state'],
    ...calls.map((call) => [
      call.id,
      timeText(call.receivedAtMs),
      numberText(call.callingNumber),
      call.calledNumber,
      durationText(nowMs - (call.answeredAtMs ?? call.receivedAtMs)),
      call.dialplan ?? '-',
      call.node ?? '-',
      call.state,
    ]),
  ]);
}

/** Telephones that are registered, one line each. */
export function registrationTable(registrations: readonly Registration[]): string {
  if (registrations.length === 0) return 'no telephone is registered';
  return table([
    ['user', 'telephone', 'from', 'until', 'calls itself'],
    ...registrations.map(({ user, contact, source, expiresAtMs, userAgent }) => [
      user,
      contact,
      `${source.protocol}:${formatHostPort({ host: source.address, port: source.port })}`,
      timeText(expiresAtMs),
      userAgent === '' ? '-' : userAgent,
    ]),
  ]);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => displayWidth(row[column] ?? ''))),
  );
  const lineOf = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell))).join('  ');
  return terminalText(rows.map((row) => lineOf(row).trimEnd()).join('\n'));
}

function numberText(number: string): string {
  return number === '' ? 'unknown' : number;
}

/** Everything about one call, for people. */
export function callText(
  record: CallRecord,
  recording: KeptFile | undefined,
  journal: KeptFile | undefined,
  dialects: readonly DialectLine[] = [],
): string {
  const lines = [`Call ${record.id}`, ''];
  const fact = (name: string, value: string) => lines.push(`  ${name.padEnd(11)}${value}`);
  fact(record.direction === 'inbound' ? 'from' : 'calling as', numberText(record.callingNumber));
  fact('to', record.calledNumber);
  fact('received', timeText(record.receivedAtMs));
  if (record.answeredAtMs === null) {
    fact('answered', 'no');
  } else {
    fact('answered', `after ${durationText(record.answeredAtMs - record.receivedAtMs)}`);
    fact('lasted', durationText(record.endedAtMs - record.answeredAtMs));
  }
  fact('ended', describeEnd(record) + (record.detail === null ? '' : `: ${record.detail}`));
  if (record.dialplan !== null) {
    const version =
      record.dialplanVersion === null ? '' : ` (version ${record.dialplanVersion.slice(0, 12)})`;
    fact('dialplan', `${record.dialplan}${version}`);
  }
  if (record.path.length > 0) fact('path', record.path.join(' > '));
  if (recording !== undefined)
    fact('recording', fileText(recording, 'left the caller, right what the caller heard'));
  if (journal !== undefined) fact('journal', fileText(journal));
  if (record.media !== undefined) fact('packets', mediaText(record.media));
  fact('SIP', `Call-ID ${record.sipCallId}`);
  const events = [...record.turns, ...record.transfers, ...dialects].sort((a, b) => a.startMs - b.startMs);
  if (events.length > 0)
    lines.push(
      '',
      ...events.flatMap((event) => {
        if ('spoken' in event) return [`  ${offsetText(event.startMs)}  dialect ${dialectText(event)}`];
        return 'said' in event ? turnLines(event, record.turns.indexOf(event) + 1) : [transferLine(event)];
      }),
    );
  const waits = ledgerLines(record.turns, offsetText);
  if (waits.length > 0) lines.push('', ...waits);
  return terminalText(lines.join('\n'));
}

/** `in 1500, 0.4 % lost, jitter 3.2 ms; out 1500, 0 % lost, jitter 1 ms; round trip 24 ms`; what is not known is left out. */
function mediaText(media: MediaRecord): string {
  const way = (name: string, packets: number, loss: number | null, jitterMs: number | null): string =>
    [
      `${name} ${packets}`,
      ...(loss === null ? [] : [`${Number((100 * loss).toFixed(2))} % lost`]),
      ...(jitterMs === null ? [] : [`jitter ${Number(jitterMs.toFixed(1))} ms`]),
    ].join(', ');
  return [
    way('in', media.packetsReceived, media.lossReceived, media.jitterReceivedMs),
    way('out', media.packetsSent, media.lossSent, media.jitterSentMs),
    ...(media.roundTripMs === null ? [] : [`round trip ${Number(media.roundTripMs.toFixed(1))} ms`]),
  ].join('; ');
}

/** What the bot said, and under it what came back. */
function turnLines(turn: TurnRecord, number: number): string[] {
  const lines = [];
  if (turn.said.length > 0) {
    lines.push(
      `  ${offsetText(turn.startMs)}  bot     ${turn.said.join(' ')}  [${turn.node}, ${turn.dialect}]`,
    );
  }
  const answer = answerText(turn, number);
  if (answer !== undefined) {
    const at = turn.heardMs === null ? ' '.repeat(offsetText(turn.startMs).length) : offsetText(turn.heardMs);
    const gap = turn.gapMs === undefined ? '' : `, answered after ${Math.round(turn.gapMs)} ms`;
    lines.push(`  ${at}  caller  ${answer}${turn.bargedIn ? ', interrupting' : ''}${gap}`);
  }
  return lines;
}

function transferLine(transfer: TransferRecord): string {
  const { to, by, node, startMs } = transfer;
  return `  ${offsetText(startMs)}  ${by.padEnd(6)}  to ${to}: ${transferText(transfer)}  [${node ?? 'operator'}]`;
}

function answerText(turn: TurnRecord, number: number): string | undefined {
  switch (turn.outcome) {
    case 'keys':
      return turn.heard === null ? 'pressed keys (kept secret)' : `pressed ${turn.heard}`;
    case 'phrase': {
      const words = turn.heard === null ? 'said something (kept secret)' : `"${turn.heard}"`;
      // The number by which what was misunderstood is taught.
      const sure = turn.confidence === null ? '' : `, ${Math.round(turn.confidence * 100)} % sure`;
      return `${words} (turn ${number}${sure})`;
    }
    case 'noInput':
      return '(nothing)';
    case 'noMatch':
      return `(not understood: turn ${number} for \`dialect teach\`)`;
    case 'none':
      return undefined;
  }
}

function fileText(file: KeptFile, note?: string): string {
  if (!file.exists) return `${file.path} (the file is gone)`;
  const facts = [file.durationMs === undefined ? undefined : durationText(file.durationMs), note].filter(
    Boolean,
  );
  return facts.length === 0 ? file.path : `${file.path} (${facts.join('; ')})`;
}

/** Local time, `2026-11-21 01:35:02`. */
export function timeText(wallMs: number): string {
  return new Date(wallMs).toLocaleString('sv-SE');
}

/** Minutes and seconds since the answer, ` 1:02.5`. */
function offsetText(ms: number): string {
  const tenths = Math.floor(ms / 100);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return `${Math.floor(tenths / 600)}:${seconds}`.padStart(7);
}

/** Columns that a terminal gives a text: two for Chinese, Japanese and Korean characters. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
