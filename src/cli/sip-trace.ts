import type { Command } from 'commander';
import { formatHostPort, type HostPort } from '../core/address.js';
import { ControlClient } from '../http/control-client.js';
import type { SipTraceAnswer } from '../http/sip-trace.js';
import { address } from './daemon-options.js';
import { cliError } from './errors.js';
import { dataFolderCommand, dataDirOf, type DataFolderFlags } from './kept-calls.js';
import { traceText } from './sip-trace-text.js';

type TraceFlags = DataFolderFlags & {
  readonly metrics?: HostPort;
  readonly full?: boolean;
  readonly json?: boolean;
};

/** A server on this machine answers at once. */
const answerLimitMs = 5000;

/** `xiangyin sip trace <call-id>`: asks the running server for the messages of one call. */
export function addSipTraceCommand(sip: Command): void {
  dataFolderCommand(sip, 'trace', 'the SIP messages of one call, from the memory of the running server')
    .argument(
      '<call-id>',
      'its SIP Call-ID, the id that `calls live` or `calls list` shows, or a beginning that no other has',
    )
    .option(
      '--metrics <host:port>',
      'ask a `xiangyin sip` by its --metrics, not the server of a data folder',
      address,
    )
    .option('--full', 'whole messages; passwords, keys and what was pressed are always blanked')
    .option('--json', 'one line of JSON: {callId, dropped, messages}')
    // The parent has options of the same names: theirs are read where the subcommand stands behind them.
    .action(async (key: string, own: TraceFlags, command: Command) => {
      const flags = { ...own, ...pick(command) };
      const answer = await ask(key, flags);
      if (answer.found === 'none') throw cliError('CLI_NO_SUCH_TRACE', { key });
      if (answer.found === 'several') {
        throw cliError('CLI_TRACE_AMBIGUOUS', { callIds: answer.callIds.join(', ') });
      }
      const { call } = answer;
      console.log(flags.json === true ? JSON.stringify(call) : traceText(call, flags.full === true));
    });
}

/** Commander gives an option that parent and child both have to the parent. */
function pick(command: Command): Pick<TraceFlags, 'metrics' | 'json'> {
  const { metrics, json } = command.optsWithGlobals<TraceFlags>();
  return { ...(metrics !== undefined && { metrics }), ...(json !== undefined && { json }) };
}

async function ask(key: string, flags: TraceFlags): Promise<SipTraceAnswer> {
  if (flags.metrics === undefined) return (await ControlClient.open(await dataDirOf(flags))).sipTrace(key);
  const base = `http://${formatHostPort(flags.metrics)}`;
  try {
    const response = await fetch(`${base}/trace/${encodeURIComponent(key)}`, {
      signal: AbortSignal.timeout(answerLimitMs),
    });
    const body = (await response.json()) as SipTraceAnswer & {
      readonly error?: { readonly message: string };
    };
    if (!response.ok) throw new Error(body.error?.message ?? `status ${response.status}`);
    return body;
  } catch (error) {
    // fetch tells the reason as the cause: a code of the system's, or words.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const { code, message } = cause as { readonly code?: string; readonly message?: string };
    const reason = code ?? message ?? String(cause);
    throw cliError('CLI_NO_SIP_SERVER', { base, reason }, error);
  }
}
