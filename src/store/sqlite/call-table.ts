import type { Kysely, Selectable } from 'kysely';
import type { CallRecord, LedgerRecord, MediaRecord, TransferRecord, TurnRecord } from '../call-record.js';
import type { CallQuery } from '../call-store.js';
import { storeError } from '../errors.js';
import type { CallRow, Tables, TransferRow, TurnRow } from './tables.js';

const defaultLimit = 20;
/** From so many characters on, a beginning of an id is looked up. */
const minPrefixLength = 4;
/** SQLite takes 32766 variables in a statement at most; a list of many calls gets their turns in parts. */
const batch = 1000;

/** Writes calls with their turns and transfers, all of them or nothing. */
export async function saveCalls(db: Kysely<Tables>, records: readonly CallRecord[]): Promise<void> {
  // The last of several with one id, as if they had come one after the other.
  const calls = [...new Map(records.map((record) => [record.id, record])).values()];
  const ids = calls.map(({ id }) => id);
  await db.transaction().execute(async (transaction) => {
    for (const table of ['turns', 'transfers'] as const)
      await transaction.deleteFrom(table).where('call_id', 'in', ids).execute();
    await transaction.replaceInto('calls').values(calls.map(rowOf)).execute();
    for (const { id, turns, transfers } of calls) {
      if (turns.length > 0)
        await transaction
          .insertInto('turns')
          .values(turns.map((turn, position) => turnRowOf(id, position, turn)))
          .execute();
      if (transfers.length > 0)
        await transaction
          .insertInto('transfers')
          .values(transfers.map((transfer, position) => transferRowOf(id, position, transfer)))
          .execute();
    }
  });
}

export async function listCalls(db: Kysely<Tables>, query: CallQuery): Promise<CallRecord[]> {
  let select = db.selectFrom('calls').selectAll();
  if (query.sinceMs !== undefined) select = select.where('received_at_ms', '>=', query.sinceMs);
  if (query.calledNumber !== undefined) select = select.where('called_number', '=', query.calledNumber);
  if (query.callingNumber !== undefined) select = select.where('calling_number', '=', query.callingNumber);
  const rows = await select
    .orderBy('received_at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(Math.max(0, Math.trunc(query.limit ?? defaultLimit)))
    .execute();
  return whole(db, rows);
}

/** By id, SIP Call-ID, or a beginning of an id that only one call has. Throws STORE_AMBIGUOUS_ID. */
export async function findCall(db: Kysely<Tables>, key: string): Promise<CallRecord | undefined> {
  const calls = db.selectFrom('calls').selectAll();
  const row =
    (await calls.where('id', '=', key).executeTakeFirst()) ??
    (await calls
      .where('sip_call_id', '=', key)
      .orderBy('received_at_ms', 'desc')
      .limit(1)
      .executeTakeFirst()) ??
    (await byPrefix(db, key));
  return row === undefined ? undefined : (await whole(db, [row]))[0];
}

async function byPrefix(db: Kysely<Tables>, prefix: string): Promise<Selectable<CallRow> | undefined> {
  if (prefix.length < minPrefixLength) return undefined;
  // A range, not LIKE: it runs on the primary key and knows no wildcards.
  const rows = await db
    .selectFrom('calls')
    .selectAll()
    .where('id', '>=', prefix)
    .where('id', '<', `${prefix}\u{10ffff}`)
    .orderBy('id')
    .limit(4)
    .execute();
  if (rows.length > 1) {
    const shown = rows.slice(0, 3).map(({ id }) => id);
    const candidates = rows.length > 3 ? `${shown.join(', ')} and more` : shown.join(', ');
    throw storeError('STORE_AMBIGUOUS_ID', { candidates });
  }
  return rows[0];
}

/** Calls with what belongs to them. */
async function whole(db: Kysely<Tables>, rows: readonly Selectable<CallRow>[]): Promise<CallRecord[]> {
  const turns = new Map<string, TurnRecord[]>();
  const transfers = new Map<string, TransferRecord[]>();
  for (let start = 0; start < rows.length; start += batch) {
    const ids = rows.slice(start, start + batch).map(({ id }) => id);
    for (const row of await rowsOf(db, 'turns', ids)) append(turns, row.call_id, turnOf(row));
    for (const row of await rowsOf(db, 'transfers', ids)) append(transfers, row.call_id, transferOf(row));
  }
  return rows.map((row) => recordOf(row, turns.get(row.id) ?? [], transfers.get(row.id) ?? []));
}

function rowsOf<T extends 'turns' | 'transfers'>(db: Kysely<Tables>, table: T, ids: readonly string[]) {
  const select = db.selectFrom<'turns' | 'transfers'>(table).selectAll();
  const found = select.where('call_id', 'in', ids).orderBy('call_id').orderBy('position').execute();
  return found as unknown as Promise<Selectable<Tables[T]>[]>;
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function rowOf(record: CallRecord): CallRow {
  return {
    id: record.id,
    sip_call_id: record.sipCallId,
    direction: record.direction,
    calling_number: record.callingNumber,
    called_number: record.calledNumber,
    dialplan: record.dialplan,
    dialplan_version: record.dialplanVersion,
    received_at_ms: record.receivedAtMs,
    answered_at_ms: record.answeredAtMs,
    ended_at_ms: record.endedAtMs,
    end_reason: record.endReason,
    sip_status: record.sipStatus,
    q850_cause: record.q850Cause,
    detail: record.detail,
    path: JSON.stringify(record.path),
    recording: record.recording,
    journal: record.journal,
    stop_calling: record.stopCalling === true ? 1 : 0,
    media: record.media === undefined ? null : JSON.stringify(record.media),
  };
}

function recordOf(
  row: Selectable<CallRow>,
  turns: readonly TurnRecord[],
  transfers: readonly TransferRecord[],
): CallRecord {
  return {
    id: row.id,
    sipCallId: row.sip_call_id,
    direction: row.direction,
    callingNumber: row.calling_number,
    calledNumber: row.called_number,
    dialplan: row.dialplan,
    dialplanVersion: row.dialplan_version,
    receivedAtMs: row.received_at_ms,
    answeredAtMs: row.answered_at_ms,
    endedAtMs: row.ended_at_ms,
    endReason: row.end_reason,
    sipStatus: row.sip_status,
    q850Cause: row.q850_cause,
    detail: row.detail,
    path: JSON.parse(row.path) as string[],
    turns,
    transfers,
    ...(row.stop_calling !== 0 && { stopCalling: true as const }),
    ...(row.media !== null && { media: JSON.parse(row.media) as MediaRecord }),
    recording: row.recording,
    journal: row.journal,
  };
}

function turnRowOf(callId: string, position: number, turn: TurnRecord): TurnRow {
  return {
    call_id: callId,
    position,
    node: turn.node,
    said: JSON.stringify(turn.said),
    outcome: turn.outcome,
    heard: turn.heard,
    confidence: turn.confidence,
    dialect: turn.dialect,
    start_ms: turn.startMs,
    heard_ms: turn.heardMs,
    barged_in: turn.bargedIn ? 1 : 0,
    gap_ms: turn.gapMs ?? null,
    ledger: turn.ledger === undefined ? null : JSON.stringify(turn.ledger),
  };
}

function turnOf(row: Selectable<TurnRow>): TurnRecord {
  return {
    node: row.node,
    said: JSON.parse(row.said) as string[],
    outcome: row.outcome,
    heard: row.heard,
    confidence: row.confidence,
    dialect: row.dialect,
    startMs: row.start_ms,
    heardMs: row.heard_ms,
    bargedIn: row.barged_in !== 0,
    ...(row.gap_ms === null ? {} : { gapMs: row.gap_ms }),
    ...(row.ledger === null ? {} : { ledger: JSON.parse(row.ledger) as LedgerRecord }),
  };
}

function transferRowOf(callId: string, position: number, transfer: TransferRecord): TransferRow {
  return {
    call_id: callId,
    position,
    node: transfer.node,
    target: transfer.to,
    method: transfer.by,
    outcome: transfer.outcome,
    sip_status: transfer.sipStatus,
    detail: transfer.detail,
    start_ms: transfer.startMs,
    answered_ms: transfer.answeredMs,
    ended_ms: transfer.endedMs,
  };
}

function transferOf(row: Selectable<TransferRow>): TransferRecord {
  return {
    node: row.node,
    to: row.target,
    by: row.method,
    outcome: row.outcome,
    sipStatus: row.sip_status,
    detail: row.detail,
    startMs: row.start_ms,
    answeredMs: row.answered_ms,
    endedMs: row.ended_ms,
  };
}
