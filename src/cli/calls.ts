import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { parseWav } from '../audio/wav.js';
import { errorCode } from '../core/errors.js';
import { ControlClient } from '../http/control-client.js';
import type { TransferOrder } from '../http/control-routes.js';
import type { CallRecord } from '../store/call-record.js';
import type { CallQuery } from '../store/call-store.js';
import { explainEnd } from '../store/end-reason-text.js';
import { callTable, callText, liveTable } from './call-text.js';
import type { KeptFile } from './call-text.js';
import { dialectLines } from './dialect-lines.js';
import { dataFolderCommand, dataDirOf, keptCall, withKeptCalls } from './kept-calls.js';
import type { DataFolderFlags } from './kept-calls.js';

interface ListFlags extends DataFolderFlags {
  readonly limit: number;
  readonly since?: number;
  readonly called?: string;
  readonly calling?: string;
  readonly json?: boolean;
}

/** `xiangyin calls`: what happened on the line, from the data folder; and what goes on, from the running server. */
export function addCallsCommand(program: Command): void {
  const calls = program
    .command('calls')
    .description('what calls there were, what was said in them, which go on');

  dataFolderCommand(calls, 'list', 'calls that are over, newest first; refused ones too')
    .option('--limit <count>', 'at most so many', wholeNumber, 20)
    .option(
      '--since <time>',
      'only those since then: 30m, 2h, 7d ago, or 2026-11-21, "2026-11-21 09:30"',
      pointInTime,
    )
    .option('--called <number>', 'only those to this number')
    .option('--calling <number>', 'only those from this number')
    .option('--json', 'print one JSON list of whole records')
    .action(list);

  dataFolderCommand(
    calls,
    'show',
    'everything about one call: its times, its path through the dialplan, what was said and heard',
  )
    .argument('<call-id>', "the call's id, a beginning of it that no other has, or its SIP Call-ID")
    .option('--json', 'print the record as one JSON object')
    .action(show);

  dataFolderCommand(calls, 'live', 'calls that are going on in the running server')
    .option('--json', 'print one JSON list')
    .action(live);

  dataFolderCommand(calls, 'hangup', 'end a call that is going on')
    .argument('<call-id>', 'its whole id, as `calls live` shows it')
    .option('--json', 'print {"id":..}')
    .action(hangup);

  dataFolderCommand(calls, 'dial', 'have the running server call somebody, who hears a dialplan')
    .argument(
      '<to>',
      'a number (over a trunk), the name of a registered user, or a sip: URI of an allowed host',
      somebody,
    )
    .requiredOption('--dialplan <name>', 'what the callee hears')
    .option('--from <number>', 'what the callee is shown')
    .option('--trunk <name>', 'only over this trunk')
    .option('--ring <seconds>', 'how long it may ring, 1 to 180', ringSeconds, 30)
    .option('--wait', 'until the call is over; the exit status is 1 if nobody answered')
    .option('--json', 'print {"id":..}; with --wait the whole record')
    .action(dial);

  dataFolderCommand(calls, 'transfer', 'connect the other side of a call that is going on with somebody else')
    .argument('<call-id>', 'its whole id, as `calls live` shows it')
    .argument('<to>', 'a number, the name of a registered user, or a sip: URI of an allowed host', somebody)
    .addOption(
      new Option('--by <method>', 'bridge: the server stays between; refer: the telephone is handed on')
        .choices(['auto', 'bridge', 'refer'])
        .default('auto'),
    )
    .option('--json', 'print {"id":..,"to":..,"by":..}')
    .action(transfer);
}

async function list(flags: ListFlags): Promise<void> {
  const query: CallQuery = {
    limit: flags.limit,
    ...(flags.since !== undefined && { sinceMs: flags.since }),
    ...(flags.called !== undefined && { calledNumber: flags.called }),
    ...(flags.calling !== undefined && { callingNumber: flags.calling }),
  };
  const dataDir = await dataDirOf(flags);
  const records = await withKeptCalls(dataDir, (store) => store.list(query)).catch((error: unknown) => {
    // A folder in which nothing was ever kept is an empty list, not a failure.
    if (errorCode(error) === 'CLI_NO_DATABASE') return [];
    throw error;
  });
  if (flags.json === true) console.log(JSON.stringify(records));
  else if (records.length === 0) console.log(`no such calls are kept in ${dataDir}`);
  else console.log(callTable(records));
}

async function show(key: string, flags: DataFolderFlags & { json?: boolean }): Promise<void> {
  const dataDir = await dataDirOf(flags);
  const record = await keptCall(dataDir, key);
  if (flags.json === true) {
    console.log(JSON.stringify(record));
    return;
  }
  const recording = record.recording === null ? undefined : await keptFile(dataDir, record.recording, true);
  const journal = record.journal === null ? undefined : await keptFile(dataDir, record.journal, false);
  const dialects = journal === undefined ? [] : await dialectLines(journal.path);
  console.log(callText(record, recording, journal, dialects));
}

async function live(flags: DataFolderFlags & { json?: boolean }): Promise<void> {
  const client = await ControlClient.open(await dataDirOf(flags));
  const found = await client.calls();
  if (flags.json === true) console.log(JSON.stringify(found));
  else console.log(found.length === 0 ? 'no call is going on' : liveTable(found, Date.now()));
}

async function hangup(id: string, flags: DataFolderFlags & { json?: boolean }): Promise<void> {
  const client = await ControlClient.open(await dataDirOf(flags));
  await client.hangup(id);
  console.log(flags.json === true ? JSON.stringify({ id }) : `call ${id} is ended`);
}

interface DialFlags extends DataFolderFlags {
  readonly dialplan: string;
  readonly from?: string;
  readonly trunk?: string;
  readonly ring: number;
  readonly wait?: boolean;
  readonly json?: boolean;
}

async function dial(to: string, flags: DialFlags): Promise<void> {
  const dataDir = await dataDirOf(flags);
  const client = await ControlClient.open(dataDir);
  const { dialplan, from, trunk, ring } = flags;
  const id = await client.place({
    to,
    dialplan,
    ringMs: ring * 1000,
    ...(from !== undefined && { from }),
    ...(trunk !== undefined && { trunk }),
  });
  if (flags.wait !== true) {
    console.log(flags.json === true ? JSON.stringify({ id }) : `call ${id} is being placed`);
    return;
  }
  const record = await recordOf(client, dataDir, id);
  console.log(flags.json === true ? JSON.stringify(record) : explainEnd(record));
  process.exitCode = record.answeredAtMs === null ? 1 : 0;
}

/** How often a running server is asked whether a call is over, ms. */
const pollMs = 200;
/** How often its record is looked for then: it is stored a moment later. */
const recordTries = 25;

async function recordOf(client: ControlClient, dataDir: string, id: string): Promise<CallRecord> {
  while ((await client.calls()).some((call) => call.id === id)) await setTimeout(pollMs);
  for (let left = recordTries; ; left -= 1) {
    try {
      return await keptCall(dataDir, id);
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(pollMs);
    }
  }
}

async function transfer(
  id: string,
  to: string,
  flags: DataFolderFlags & { by: TransferOrder['by']; json?: boolean },
): Promise<void> {
  const { by, json } = flags;
  const client = await ControlClient.open(await dataDirOf(flags));
  await client.transfer(id, { to, by });
  console.log(json === true ? JSON.stringify({ id, to, by }) : `call ${id} is being transferred`);
}

/** Looks a file of the record up in the data folder. */
async function keptFile(dataDir: string, name: string, isRecording: boolean): Promise<KeptFile> {
  const path = resolve(dataDir, name);
  try {
    return { path, exists: true, durationMs: isRecording ? await recordingMs(path) : undefined };
  } catch (error) {
    return { path, exists: errorCode(error) !== 'ENOENT', durationMs: undefined };
  }
}

/** Our recorder writes 16-bit samples after the plain header. */
const headerBytes = 44;
const sampleBytes = 2;

/** Length by the size of the file: an hour of sound is not read to tell how long it is. */
async function recordingMs(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    const { sampleRateHz, channels } = parseWav(buffer.subarray(0, bytesRead));
    return ((size - headerBytes) / (sampleRateHz * channels * sampleBytes)) * 1000;
  } finally {
    await file.close();
  }
}

function somebody(text: string): string {
  if (text.trim() === '')
    throw new InvalidArgumentError('Write a number, the name of a user, or a sip: URI.');
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** As long as the server takes it. */
function ringSeconds(text: string): number {
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > 180) throw new InvalidArgumentError('It must be 1 to 180 whole seconds.');
  return seconds;
}

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Wall-clock time of `2h` (ago), or of a date with or without a time, local. */
export function pointInTime(text: string, _previous?: number, nowMs = Date.now()): number {
  const ago = /^(\d+)\s*([mhd])$/.exec(text.trim());
  const unit = unitMs[ago?.[2] ?? ''];
  if (ago !== null && unit !== undefined) return nowMs - Number(ago[1]) * unit;
  const date = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}(?::\d{2})?))?$/.exec(text.trim());
  // A date alone would be read as UTC.
  const wallMs =
    date === null ? Number.NaN : Date.parse(`${date[1] ?? ''}T${(date[2] ?? '00:00').padStart(5, '0')}`);
  if (Number.isNaN(wallMs))
    throw new InvalidArgumentError('Write 30m, 2h, 7d, 2026-11-21 or "2026-11-21 09:30".');
  return wallMs;
}
