import type { Command } from 'commander';
import { ControlClient } from '../http/control-client.js';
import type { ReloadReport, ServerStatus } from '../http/control-routes.js';
import { dataFolderCommand, dataDirOf, type DataFolderFlags } from './kept-calls.js';

type ControlFlags = DataFolderFlags & { readonly json?: boolean; readonly off?: boolean };

/** `xiangyin status`, `reload` and `drain`: what an operator does with the server that runs on a data folder. */
export function addControlCommands(program: Command): void {
  command(program, 'status', 'what the running server does: calls, daemons, what it holds', async (client) =>
    statusText(await client.status()),
  );
  command(
    program,
    'reload',
    'read the dialplans, numbers, trunks, callers and recorded prompts again',
    async (client) => reloadText(await client.reload()),
  );
  command(program, 'drain', 'take no new calls; live ones go on', async (client, { off }) =>
    statusText(await client.drain(off !== true)),
  ).option('--off', 'take calls again');
}

/** An answer for people, the same for machines, and whether it means that all is well. */
interface Answer {
  readonly text: string;
  readonly data: object;
  readonly well: boolean;
}

function command(
  program: Command,
  name: string,
  description: string,
  ask: (client: ControlClient, flags: ControlFlags) => Promise<Answer>,
): Command {
  return dataFolderCommand(program, name, description)
    .option('--json', 'one line of JSON')
    .action(async (flags: ControlFlags) => {
      const { text, data, well } = await ask(await ControlClient.open(await dataDirOf(flags)), flags);
      console.log(flags.json === true ? JSON.stringify(data) : text);
      process.exitCode = well ? 0 : 1;
    });
}

function statusText(status: ServerStatus): Answer {
  const { version, pid, startedAtMs, calls, sipAddresses, daemons, problems, counts } = status;
  const minutes = Math.floor((Date.now() - startedAtMs) / 60_000);
  const { preparing = 0, ...held } = counts;
  const lines = [
    `${status.status}: ${calls} live calls`,
    `  version ${version}, process ${pid}, up ${minutes} min`,
    `  ${status.status === 'draining' ? 'refuses' : 'takes'} calls on ${sipAddresses.join(', ')}`,
    ...daemons.map((d) => `  ${d.kind} at ${d.address}: ${d.connected ? 'connected' : 'NOT CONNECTED'}`),
    ...problems.map((problem) => `  problem: ${problem}`),
    `  prompts and phrases: ${preparing === 0 ? 'ready' : `${preparing} still to be made ready`}`,
    `  holds ${Object.entries(held)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
  ];
  return { text: lines.join('\n'), data: status, well: status.status !== 'degraded' };
}

function reloadText(report: ReloadReport): Answer {
  const names = report.dialplans.join(', ');
  const { errors } = report;
  const trunks = report.trunks.length === 0 ? '' : `; trunks: ${report.trunks.join(', ')}`;
  const verdict =
    errors === 0
      ? `loaded: ${names}${trunks}`
      : `not all was taken: ${errors} error(s); the running versions stay`;
  return { text: [...report.problems, verdict].join('\n'), data: report, well: errors === 0 };
}
