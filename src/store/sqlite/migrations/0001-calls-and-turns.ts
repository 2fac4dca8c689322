import type { Kysely } from 'kysely';

/** Calls and their turns; list by time, by number; find by SIP Call-ID. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('calls')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('sip_call_id', 'text', (column) => column.notNull())
    .addColumn('direction', 'text', (column) => column.notNull())
    .addColumn('calling_number', 'text', (column) => column.notNull())
    .addColumn('called_number', 'text', (column) => column.notNull())
    .addColumn('dialplan', 'text')
    .addColumn('dialplan_version', 'text')
    .addColumn('received_at_ms', 'integer', (column) => column.notNull())
    .addColumn('answered_at_ms', 'integer')
    .addColumn('ended_at_ms', 'integer', (column) => column.notNull())
    .addColumn('end_reason', 'text', (column) => column.notNull())
    .addColumn('sip_status', 'integer')
    .addColumn('q850_cause', 'integer')
    .addColumn('detail', 'text')
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('recording', 'text')
    .addColumn('journal', 'text')
    .execute();
  await db.schema.createIndex('calls_by_time').on('calls').columns(['received_at_ms', 'id']).execute();
  await db.schema
    .createIndex('calls_by_called')
    .on('calls')
    .columns(['called_number', 'received_at_ms'])
    .execute();
  await db.schema
    .createIndex('calls_by_calling')
    .on('calls')
    .columns(['calling_number', 'received_at_ms'])
    .execute();
  await db.schema.createIndex('calls_by_sip_call_id').on('calls').column('sip_call_id').execute();

  await db.schema
    .createTable('turns')
    .addColumn('call_id', 'text', (column) => column.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('said', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('heard', 'text')
    .addColumn('confidence', 'real')
    .addColumn('dialect', 'text', (column) => column.notNull())
    .addColumn('start_ms', 'real', (column) => column.notNull())
    .addColumn('heard_ms', 'real')
    .addColumn('barged_in', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('turns_key', ['call_id', 'position'])
    .execute();
}
