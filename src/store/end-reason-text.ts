import type { CallRecord, TransferRecord } from './call-record.js';
import { q850Text, sipStatusText } from './cause-names.js';

/** Causes that say no more than that the call ended. Q.850 §2.2.7.1. */
const plainCauses: readonly number[] = [16, 31];

/** How a call ended, as a clause for a list: `the caller hung up`. */
export function describeEnd(record: CallRecord): string {
  const outbound = record.direction === 'outbound';
  switch (record.endReason) {
    case 'remote-bye':
      return outbound ? 'the called person hung up' : 'the caller hung up';
    case 'local-bye':
      return 'the bot hung up';
    case 'cancelled':
      return outbound ? 'given up before anybody answered' : 'the caller gave up before the answer';
    case 'rejected': {
      const by = outbound ? 'refused by the other side' : 'refused';
      return record.sipStatus === null ? by : `${by} with ${sipStatusText(record.sipStatus)}`;
    }
    case 'replaced':
      return 'another call took its place';
    case 'timeout':
      return 'its time ran out';
    case 'error':
      return 'it failed';
  }
}

/** Why a call was refused or ended: one paragraph of whole sentences, for somebody who asks what happened. */
export function explainEnd(record: CallRecord): string {
  const sentences = [`${opening(record)} ${ending(record)}`];
  sentences.push(...record.transfers.map((transfer) => transferSentence(transfer, record)));
  const whereabouts = whereItWas(record);
  if (whereabouts !== undefined) sentences.push(whereabouts);
  if (
    record.q850Cause !== null &&
    !plainCauses.includes(record.q850Cause) &&
    record.endReason !== 'rejected'
  ) {
    sentences.push(`The cause given was: ${q850Text(record.q850Cause)}.`);
  }
  return sentences.join(' ');
}

/** `12.5 s`, `340 ms`, `3 min 20 s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1000) return `${Math.max(0, Math.round(durationMs))} ms`;
  if (durationMs < 60_000) return `${(Math.floor(durationMs / 100) / 10).toFixed(1)} s`;
  const totalSeconds = Math.floor(durationMs / 1000);
  const [hours, minutes, seconds] = [
    Math.floor(totalSeconds / 3600),
    Math.floor(totalSeconds / 60) % 60,
    totalSeconds % 60,
  ];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${seconds} s`;
}

/** How a transfer ended, as a clause: `nobody answered (408 Request Timeout)`. */
function describeTransfer({ outcome, by, sipStatus, answeredMs, endedMs }: TransferRecord): string {
  // A 487 answers the CANCEL with which we gave up.
  const isOurs = outcome === 'noAnswer' && sipStatus === 487;
  const status = sipStatus === null || sipStatus < 300 || isOurs ? '' : ` (${sipStatusText(sipStatus)})`;
  switch (outcome) {
    case 'answered':
      return by === 'refer' || answeredMs === null
        ? 'it was answered'
        : `it was answered, and they were connected for ${durationText(endedMs - answeredMs)}`;
    case 'busy':
      return `it was busy${status}`;
    case 'refused':
      return `it was refused${status}`;
    case 'noAnswer':
      return `nobody answered${status}`;
    case 'failed':
      return answeredMs === null ? `it failed${status}` : 'it was answered, and broke off';
    case 'cancelled':
      return 'the call ended first';
  }
}

/** {@link describeTransfer} and why, where that is more: `it was busy (486 Busy Here): the callee is busy`. */
export function transferText(transfer: TransferRecord): string {
  const text = describeTransfer(transfer);
  const detail = transfer.detail?.replace(/[.\s]+$/, '') ?? '';
  if (detail === '') return text;
  return detail.startsWith(text) ? detail : `${text}: ${detail}`;
}

function transferSentence(transfer: TransferRecord, record: CallRecord): string {
  const { to, by, node } = transfer;
  const who = node === null ? 'An operator transferred it' : 'It was transferred';
  const until = outlived(transfer, record) ? ', until the other side hung up' : '';
  return `${who} to ${to} by ${methodNames[by]}: ${transferText(transfer)}${until}.`;
}

/** Whether two people talked, and the dialplan had its turn after them: then the caller did not hang up. */
function outlived(transfer: TransferRecord, record: CallRecord): boolean {
  const { by, outcome, detail, node } = transfer;
  if (by === 'refer' || outcome !== 'answered' || detail !== null) return false;
  const isLast = record.transfers.at(-1) === transfer;
  const atItsEnd = record.endReason === 'local-bye' && record.detail === null;
  return !isLast || atItsEnd || (node !== null && record.path.at(-1) !== node);
}

const methodNames = { refer: 'handing the telephone on (REFER)', bridge: 'bridging' } as const;

function opening(record: CallRecord): string {
  return record.direction === 'outbound'
    ? `The call to ${record.calledNumber}`
    : `The call from ${record.callingNumber === '' ? 'an unknown number' : record.callingNumber} to ${record.calledNumber}`;
}

/** The rest of the sentence that {@link opening} begins. */
function ending(record: CallRecord): string {
  const outbound = record.direction === 'outbound';
  const reason = record.detail === null ? undefined : record.detail.replace(/[.\s]+$/, '');
  const because = reason === undefined ? '' : `: ${reason}`;
  const after = `after ${durationText(record.endedAtMs - (record.answeredAtMs ?? record.receivedAtMs))}`;
  const unanswered = record.answeredAtMs === null;
  switch (record.endReason) {
    case 'rejected': {
      const status = record.sipStatus === null ? '' : ` with ${sipStatusText(record.sipStatus)}`;
      return `was refused${outbound ? ' by the other side' : ''}${status}${because}.`;
    }
    case 'cancelled':
      return outbound
        ? `was given up ${after}, before anybody answered${because}.`
        : `ended before it was answered: the caller gave up ${after}${reason === undefined ? '' : ` (${reason})`}.`;
    case 'remote-bye':
      return `was ended by the ${outbound ? 'called person' : 'caller'}, who hung up ${after}${because}.`;
    case 'local-bye':
      // Without a detail nothing but the dialplan ends a call from our side.
      return reason === undefined
        ? `was ended by the bot ${after}: the dialplan was at its end.`
        : `was ended from our side ${after}: ${reason}.`;
    case 'replaced':
      return `was ended ${after}, because another call took its place${because}.`;
    case 'timeout':
      return unanswered
        ? `was given up ${after}, because an answer did not come in time${because}.`
        : `was ended ${after}, because its time ran out${because}.`;
    case 'error':
      return `failed ${after}${because}${reason === undefined ? '; the log of that time has the code' : ''}.`;
  }
}

/** Where in the dialplan a call was that somebody or something broke off. */
function whereItWas(record: CallRecord): string | undefined {
  const node = record.path.at(-1);
  if (node === undefined || record.dialplan === null) return undefined;
  const last = record.turns.at(-1);
  const misheard = last?.outcome === 'noMatch' || last?.outcome === 'noInput';
  const heard =
    last?.outcome === 'noInput'
      ? ' The last thing asked was not answered.'
      : ' The last thing said to it was not understood.';
  return `It was in node '${node}' of dialplan '${record.dialplan}' then.${misheard ? heard : ''}`;
}
