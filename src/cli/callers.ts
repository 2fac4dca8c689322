import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { errorCode } from '../core/errors.js';
import { findDialect } from '../dialect/catalogue.js';
import { ControlClient, type KnownCaller } from '../http/control-client.js';
import { CallerKeys } from '../store/caller-keys.js';
import type { CallerMemory } from '../store/caller-memory.js';
import { databaseFile } from '../store/data-folder.js';
import { createSqliteStore, type SqliteStores } from '../store/sqlite/sqlite-store.js';
import { timeText } from './call-text.js';
import { dataFolderCommand, dataDirOf, type DataFolderFlags } from './kept-calls.js';

type CallersFlags = DataFolderFlags & { readonly json?: boolean; readonly keepTaught?: boolean };

/** `xiangyin callers`: what is remembered of a caller, and its erasure. */
export function addCallersCommand(program: Command): void {
  const callers = program
    .command('callers')
    .description('what is remembered of callers from earlier calls; erase it');
  dataFolderCommand(
    callers,
    'show',
    'what is remembered of a number, and whether it asked not to be called; the exit status is 1 if nothing is',
  )
    .argument('<number>', 'the number as it is called, or as it is shown by its calls')
    .option('--json', 'print {"remembered":..} with all that is')
    .action(show);
  dataFolderCommand(
    callers,
    'forget',
    'erase what is remembered of a number, and the sounds taught from its recordings; calls and recordings stay as they are',
  )
    .argument('<number>', 'the number as it is called, or as it is shown by its calls')
    .option('--keep-taught', 'sounds that were cut from its recordings go on to be understood')
    .option('--json', 'print {"forgotten":..,"taught":{"erased":..,"kept":..}}')
    .action(forget);
}

async function show(number: string, flags: CallersFlags): Promise<void> {
  const { memory, stoppedSinceMs } = (await ask(
    await dataDirOf(flags),
    (server) => server.showCaller(number),
    (store, keys) => lookUpInFolder(store, keys.keyOf(number)),
  )) ?? { memory: undefined, stoppedSinceMs: undefined };
  if (flags.json === true) {
    const stopped = stoppedSinceMs !== undefined && { stoppedSinceMs };
    console.log(JSON.stringify({ remembered: memory !== undefined, ...memory, ...stopped }));
  } else {
    console.log(memory === undefined ? 'nothing is remembered of this number' : memoryText(memory));
    if (stoppedSinceMs !== undefined) {
      console.log(`stop mark    asked on ${timeText(stoppedSinceMs)} not to be called any more`);
    }
  }
  process.exitCode = memory === undefined ? 1 : 0;
}

async function forget(number: string, flags: CallersFlags): Promise<void> {
  const keepTaught = flags.keepTaught === true;
  const { forgotten, taught } = (await ask(
    await dataDirOf(flags),
    (server) => server.forgetCaller(number, keepTaught),
    (store, keys) => forgetInFolder(store, keys.keyOf(number), keepTaught),
  )) ?? { forgotten: false, taught: { erased: 0, kept: 0 } };
  if (flags.json === true) {
    console.log(JSON.stringify({ forgotten, taught }));
    return;
  }
  console.log(forgotten ? 'forgotten' : 'nothing was remembered of this number');
  if (taught.erased > 0)
    console.log(`erased with it: ${taught.erased} taught from the sound of his recordings`);
  if (taught.kept > 0) {
    console.log(
      `${taught.kept} taught from his calls stay${keepTaught ? '' : ' (words only)'}: 'xiangyin dialect taught' lists them, 'unteach' takes them back`,
    );
  }
}

async function lookUpInFolder(
  { callers }: Pick<SqliteStores, 'callers'>,
  key: string | undefined,
): Promise<KnownCaller> {
  if (key === undefined) return { memory: undefined, stoppedSinceMs: undefined };
  return {
    memory: await callers.recall(key, Date.now()),
    stoppedSinceMs: await callers.stoppedSince(key),
  };
}

async function forgetInFolder(
  { callers, taught }: Pick<SqliteStores, 'callers' | 'taught'>,
  key: string | undefined,
  keepTaught: boolean,
): Promise<{ forgotten: boolean; taught: { erased: number; kept: number } }> {
  if (key === undefined) return { forgotten: false, taught: { erased: 0, kept: 0 } };
  const forgotten = await callers.forget(key);
  const erased = keepTaught ? 0 : await taught.forgetSounds(key);
  const kept = (await taught.list()).filter(({ callerKey }) => callerKey === key).length;
  return { forgotten, taught: { erased, kept } };
}

/** The running server, which holds back what calls that go on would leave; else the data folder. */
async function ask<T>(
  dataDir: string,
  ofServer: (server: ControlClient) => Promise<T>,
  ofFolder: (store: SqliteStores, keys: CallerKeys) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ofServer(await ControlClient.open(dataDir));
  } catch (error) {
    if (errorCode(error) !== 'HTTP_NO_SERVER') throw error;
  }
  const file = databaseFile(dataDir);
  // A look leaves nothing behind where nothing was.
  const keys = existsSync(file) ? await CallerKeys.find(dataDir) : undefined;
  if (keys === undefined) return undefined;
  const store = await createSqliteStore({ file });
  try {
    return await ofFolder(store, keys);
  } finally {
    await store.close();
  }
}

function memoryText(memory: CallerMemory): string {
  const { dialect, confidence, source, confirmations, lastIntents, voiceSpeed, consent } = memory;
  const { name = dialect, ownName = '' } = findDialect(dialect) ?? {};
  const by =
    source === 'choice' ? 'he chose it' : `by his words, ${String(Math.round(confidence * 100))} % sure`;
  return [
    `dialect      ${dialect} (${name}, ${ownName}): ${by}`,
    `confirmed    by ${String(Math.round(confirmations * 10) / 10)} calls, older ones counting for less`,
    `wanted       ${lastIntents.length === 0 ? '-' : lastIntents.join(', ')}`,
    `voice speed  ${voiceSpeed === null ? 'as it is' : String(voiceSpeed)}`,
    `last seen    ${timeText(memory.lastSeenMs)}`,
    `kept until   ${timeText(memory.expiresAtMs)}, ${consent === 'given' ? 'he agreed' : 'by notice'}`,
  ].join('\n');
}
