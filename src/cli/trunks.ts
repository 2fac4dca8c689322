import type { Command } from 'commander';
import { ControlClient } from '../http/control-client.js';
import type { TrunkHostStatus, TrunkStatus } from '../sip/trunk-line.js';
import { readTrunks } from '../sip/trunks.js';
import { sipStatusText } from '../store/cause-names.js';
import { cliError } from './errors.js';
import { configOf, configOption, dataDirOf, dataFolderCommand, type DataFolderFlags } from './kept-calls.js';

type TrunksFlags = DataFolderFlags & { readonly json?: boolean };

/** `xiangyin trunks`: `check` reads the file, `list` and `show` ask the server that runs on a data folder. */
export function addTrunksCommand(program: Command): void {
  const trunks = program.command('trunks').description('carriers: check trunks.yaml, see how each does');
  trunks
    .command('check')
    .description('check trunks.yaml and the secrets that it names; says what is wrong and where')
    .argument('[file]', 'file to check (default: the one that the configuration names)')
    .option(...configOption)
    .option('--json', 'print one JSON object: {ok, trunks, problems}')
    .action(check);
  dataFolderCommand(trunks, 'list', 'all trunks of the running server')
    .option('--json', 'one line of JSON')
    .action(async (flags: TrunksFlags) => {
      const all = await ask(flags);
      console.log(flags.json === true ? JSON.stringify(all) : listText(all));
    });
  dataFolderCommand(trunks, 'show', 'one trunk of the running server')
    .argument('<name>', "the trunk's name")
    .option('--json', 'one line of JSON')
    .action(async (name: string, flags: TrunksFlags) => {
      const all = await ask(flags);
      const trunk = all.find((one) => one.name === name);
      if (trunk === undefined) {
        const names = all.map((one) => one.name).join(', ');
        throw cliError('CLI_NO_SUCH_TRUNK', { name, names: names === '' ? 'none' : names });
      }
      console.log(flags.json === true ? JSON.stringify(trunk) : trunkText(trunk));
    });
}

async function check(
  file: string | undefined,
  flags: { readonly config?: string; readonly json?: boolean },
): Promise<void> {
  const path = file ?? (await configOf(flags)).trunks;
  const { report, isAbsent } = await readTrunks(path);
  // The configured one may be left out; who names one means a file.
  if (isAbsent && file !== undefined) throw cliError('CLI_NO_SUCH_FILE', { path });
  const { trunks, problems, errors } = report;
  if (flags.json === true) {
    console.log(JSON.stringify({ ok: errors === 0, trunks, problems }));
  } else {
    for (const problem of problems) console.error(problem);
    const found = errors > 0 ? counted(errors, 'error') : `${counted(trunks.length, 'trunk')}, no errors`;
    if (isAbsent) console.log(`there is no ${path}: no trunks`);
    else console.log(`${found}, ${counted(problems.length - errors, 'warning')}`);
  }
  process.exitCode = errors === 0 ? 0 : 1;
}

function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

async function ask(flags: TrunksFlags): Promise<readonly TrunkStatus[]> {
  const client = await ControlClient.open(await dataDirOf(flags));
  return client.trunks();
}

function listText(all: readonly TrunkStatus[]): string {
  if (all.length === 0) return 'no trunks; sip-config/trunks.yaml names them';
  const width = Math.max(...all.map(({ name }) => name.length));
  return all
    .map(
      (trunk) =>
        `${trunk.name.padEnd(width)}  ${stateText(trunk)}  calls ${String(trunk.calls)} of ${String(trunk.maxCalls)}  ${trunk.hosts.map(({ uri }) => uri).join(' ')}`,
    )
    .join('\n');
}

function trunkText(trunk: TrunkStatus): string {
  const { name, hosts, calls, maxCalls } = trunk;
  return [
    name,
    `  state         ${stateText(trunk)}`,
    `  calls out     ${String(calls)} of ${String(maxCalls)}`,
    ...hosts.flatMap((host) => [
      `  host          ${host.uri}`,
      `    registration  ${registrationText(host)}`,
      `    OPTIONS       ${healthText(host)}${coolText(host)}`,
    ]),
  ].join('\n');
}

/** In a word or two whether calls go there, and if not, why. */
function stateText({ enabled, hosts, registration, healthy, coolDownMs }: TrunkStatus): string {
  if (!enabled) return 'disabled';
  if (healthy === false) return 'no answer to OPTIONS';
  if (coolDownMs > 0) return `failed, passed over for ${String(Math.ceil(coolDownMs / 1000))} s`;
  const lame = hosts.filter((host) => !isWell(host)).length;
  if (lame > 0 && lame < hosts.length)
    return `${String(hosts.length - lame)} of ${String(hosts.length)} hosts ok`;
  return registration === null || registration === 'refreshing' ? 'ok' : registration;
}

function isWell({ registration, healthy, coolDownMs }: TrunkHostStatus): boolean {
  const isThere = registration === null || registration === 'registered' || registration === 'refreshing';
  return isThere && healthy !== false && coolDownMs === 0;
}

/** `failed: 403 Forbidden: are username and password right?`: what an admin asks next. */
function registrationText({ registration, registrationStatus: status }: TrunkHostStatus): string {
  if (registration === null) return 'needs none';
  if (registration === 'registered' || registration === 'refreshing') return registration;
  if (status === null) return registration === 'failed' ? 'failed: not reached, or no answer' : registration;
  const isRefused = status === 401 || status === 403 || status === 407;
  const hint = isRefused ? ': are username and password right?' : '';
  return `${registration}: ${sipStatusText(status)}${hint}`;
}

function coolText({ coolDownMs }: TrunkHostStatus): string {
  return coolDownMs === 0
    ? ''
    : `; failed, tried after the others for ${String(Math.ceil(coolDownMs / 1000))} s`;
}

function healthText({ healthy }: TrunkHostStatus): string {
  if (healthy === null) return 'not asked, or not yet';
  return healthy ? 'answered' : 'not answered';
}
