import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import { DialplanLibrary } from '../call/dialplan-library.js';
import type { Config } from '../config/schema.js';
import { systemClock } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import { silentLogger } from '../core/logger.js';
import { ControlClient } from '../http/control-client.js';
import { shownEntry, type ShownEntry } from '../http/teaching-routes.js';
import type { Teaching, TeachOrder, TeachReport } from '../quality/teaching.js';
import { databaseFile } from '../store/data-folder.js';
import { createSqliteStore } from '../store/sqlite/sqlite-store.js';
import { TaughtInHouse } from '../teaching.js';
import { timeText } from './call-text.js';
import { cliError } from './errors.js';
import { dataFolderCommand, configOf, type DataFolderFlags } from './kept-calls.js';
import { terminalText } from './terminal-text.js';

interface TaughtFlags extends DataFolderFlags {
  readonly json?: boolean;
}

interface TeachFlags extends TaughtFlags {
  readonly means: string;
  readonly dialect?: string;
  readonly by?: string;
}

/** `xiangyin dialect teach`, `taught` and `unteach`: what was not understood, or wrongly, is from the next caller on. */
export function addTeachCommands(dialect: Command): void {
  dataFolderCommand(
    dialect,
    'teach',
    'say what a caller meant who was not understood, or misunderstood: the next one is; it is checked before it counts',
  )
    .argument('<call-id>', "the call's id, a beginning of it that no other has, or its SIP Call-ID")
    .argument('<turn>', "the number of the turn, as 'calls show' has it", wholeNumber)
    .requiredOption('--means <what>', 'an intent, a choice of that question, or one of its phrases')
    .option('--dialect <id>', 'what the caller spoke (default: the dialect in which he was asked)')
    .option('--by <name>', 'who teaches (default: you, by your name on this machine)')
    .option('--json', 'print one JSON object')
    .action(teach);
  dataFolderCommand(
    dialect,
    'taught',
    'everything that was taught: by whom, when, from which call, how often it matched since',
  )
    .option('--json', 'print one JSON array')
    .action(list);
  dataFolderCommand(dialect, 'unteach', 'take back what was taught, everywhere at once')
    .argument('<id>', "an id of 'dialect taught'")
    .option('--json', 'print what it was, as one JSON object')
    .action(unteach);
}

async function teach(call: string, turn: number, flags: TeachFlags): Promise<void> {
  const { means, dialect, by = userInfo().username } = flags;
  const order: TeachOrder = { call, turn, means, by, ...(dialect !== undefined && { dialect }) };
  // On standard error: what --json prints stays alone.
  console.error('checking it against all that is understood already (a sound takes up to a minute) ...');
  const { answer, live } = await ask(
    flags,
    (server) => server.teach(order),
    async (teaching) => {
      const { entry, report } = await teaching.teach(order);
      return { entry: shownEntry(entry), report };
    },
  );
  if (answer === undefined) throw cliError('CLI_NO_DATABASE', { dataDir: (await configOf(flags)).dataDir });
  if (flags.json === true) console.log(JSON.stringify({ ...answer, live }));
  else console.log(terminalText(taughtText(answer.entry, answer.report, live)));
}

async function list(flags: TaughtFlags): Promise<void> {
  const { answer: entries = [] } = await ask(
    flags,
    (server) => server.taught(),
    async (teaching) => (await teaching.list()).map(shownEntry),
  );
  if (flags.json === true) console.log(JSON.stringify(entries));
  else
    console.log(
      entries.length === 0 ? 'nothing is taught' : terminalText(entries.map(entryText).join('\n\n')),
    );
}

async function unteach(id: string, flags: TaughtFlags): Promise<void> {
  const { answer: entry } = await ask(
    flags,
    (server) => server.unteach(id),
    async (teaching) => shownEntry(await teaching.unteach(id)),
  );
  if (entry === undefined) throw cliError('CLI_NO_DATABASE', { dataDir: (await configOf(flags)).dataDir });
  if (flags.json === true) console.log(JSON.stringify(entry));
  else console.log(terminalText(`taken back: ${whatText(entry)} means ${meaningText(entry)} no more`));
}

/** The running server, whose calls know at once; else the data folder. Undefined where nothing was ever kept. */
async function ask<T>(
  flags: TaughtFlags,
  ofServer: (server: ControlClient) => Promise<T>,
  ofFolder: (teaching: Teaching) => Promise<T>,
): Promise<{ readonly answer: T | undefined; readonly live: boolean }> {
  const config = await configOf(flags);
  try {
    return { answer: await ofServer(await ControlClient.open(config.dataDir)), live: true };
  } catch (error) {
    if (errorCode(error) !== 'HTTP_NO_SERVER') throw error;
  }
  return { answer: await withFolder(config, ofFolder), live: false };
}

async function withFolder<T>(
  config: Config,
  task: (teaching: Teaching) => Promise<T>,
): Promise<T | undefined> {
  const file = databaseFile(config.dataDir);
  if (!existsSync(file)) return undefined;
  const shared = { clock: systemClock, logger: silentLogger };
  const library = new DialplanLibrary({
    dialplanDir: config.dialplans.dir,
    numbersFile: config.numbers,
    audioPromptsDir: config.audioPrompts,
    ...shared,
  });
  await library.loadOrFail();
  const store = await createSqliteStore({ file });
  try {
    const { dataDir } = config;
    const house = await TaughtInHouse.open({
      calls: store,
      taught: store.taught,
      dataDir,
      library,
      ...shared,
    });
    return await task(house.teaching);
  } finally {
    await store.close();
    library.close();
  }
}

function taughtText(entry: ShownEntry, report: TeachReport, live: boolean): string {
  return [
    `${entry.id}: ${whatText(entry)} means ${meaningText(entry)}`,
    ...checkedText(report),
    live
      ? 'the next caller who says it is understood'
      : 'no server runs on this data folder: it counts from the next start of one',
    `'xiangyin dialect unteach ${entry.id}' takes it back`,
  ].join('\n');
}

function checkedText({ words, sound }: TeachReport): string[] {
  if (sound !== undefined) {
    const { phrases, everyday } = sound;
    return [
      `checked: of ${phrases} phrases and ${everyday} everyday sentences read aloud, none of the phrases is lost`,
    ];
  }
  if (words === undefined) return ['checked: no phrase of a dialplan is taken for it'];
  const { sentences, rightBefore, rightAfter } = words;
  const known = words.known ? ['it was understood as this intent before, too'] : [];
  return [
    `checked: of ${sentences} sentences of the regression set ${rightAfter} are understood, before ${rightBefore}; none is taken for it`,
    ...known,
  ];
}

function entryText(entry: ShownEntry): string {
  const { id, taughtBy, taughtAtMs, callId, turn, matches, lastMatchedMs } = entry;
  const last = lastMatchedMs === null ? '' : `, last ${timeText(lastMatchedMs)}`;
  return [
    `${id}  ${whatText(entry)}`,
    `  means    ${meaningText(entry)}`,
    `  taught   by ${taughtBy}, ${timeText(taughtAtMs)}, from turn ${turn} of call ${callId}`,
    `  matched  ${matches} time${matches === 1 ? '' : 's'}${last}`,
  ].join('\n');
}

function whatText({ words, soundMs, dialect }: ShownEntry): string {
  return words === null
    ? `a sound of ${((soundMs ?? 0) / 1000).toFixed(1)} s (${dialect})`
    : `"${words}" (${dialect})`;
}

/** How many wordings are shown: the others mean the same. */
const mostPhrases = 3;

function meaningText({ intent, phrases }: ShownEntry): string {
  const shown = phrases.slice(0, mostPhrases).map(({ text }) => `"${text}"`);
  if (phrases.length > mostPhrases) shown.push('...');
  return [
    ...(intent === null ? [] : [`intent ${intent}`]),
    ...(shown.length > 0 ? [shown.join(' ')] : []),
  ].join(', ');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text))
    throw new InvalidArgumentError('It must be a whole number, 1 is the first turn.');
  return Number(text);
}
