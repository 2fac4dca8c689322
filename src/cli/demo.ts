import { join } from 'node:path';
import type { Command } from 'commander';
import { callEnded } from '../call/channels.js';
import { parseScript } from '../caller/load-script.js';
import { describeEvent } from '../caller/narration.js';
import { runCaller, type CallerReport } from '../caller/run-caller.js';
import type { CallerTurn } from '../caller/turn-ledger.js';
import { systemClock } from '../core/clock.js';
import { createLogger, silentLogger, type LogLevel } from '../core/logger.js';
import { createEspeakSynthesizer } from '../speech/engines/espeak-ng/espeak-synthesizer.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import type { CallRecord } from '../store/call-record.js';
import { demoScripts } from './demo-scripts.js';
import { addServerOptions, configOf, type ServerFlags } from './server-options.js';
import { startServer } from './start-server.js';

type DemoFlags = ServerFlags & { readonly json?: boolean };

interface DemoCall {
  readonly report: CallerReport;
  /** The server's record of the same call. */
  readonly record: CallRecord | undefined;
}

/** How long the server may take to store what it knows of a call that the caller has left, ms. */
const recordLimitMs = 5000;

/** `xiangyin demo`: starts the server, calls it twice, shows what was said, and ends. */
export function addDemoCommand(program: Command): void {
  addServerOptions(
    program.command('demo').description('start the server, call it twice, show both conversations, and end'),
    { sip: 'a free port of 127.0.0.1', http: 'a free port of 127.0.0.1', logLevel: 'error' },
  )
    .option('--json', 'one line of JSON at the end')
    .action((flags: DemoFlags) => demo(flags, program.version() ?? ''));
}

async function demo(flags: DemoFlags, version: string): Promise<void> {
  // Free ports unless told: the demo runs beside a softphone, or a server that is already there.
  const config = await configOf(flags, {
    ...(process.env['XIANGYIN_SIP_LISTEN'] === undefined && { 'sip.listen': ['udp:127.0.0.1:0'] }),
    ...(process.env['XIANGYIN_HTTP_LISTEN'] === undefined && { 'http.listen': '127.0.0.1:0' }),
    ...(process.env['XIANGYIN_LOG_LEVEL'] === undefined && { 'log.level': 'error' }),
  });
  const say = (line: string): void => {
    if (flags.json !== true) console.log(line);
  };
  // The callers speak and hear with an engine of their own; without it there is nothing to show, and it says so.
  const synthesizer = await createEspeakSynthesizer();
  say('starting the server, and making its prompts and phrases ready (a minute the first time) ...');
  const logger = createLogger(config.log.level as LogLevel);
  const server = await startServer({ config, clock: systemClock, logger, version });
  const calls: DemoCall[] = [];
  try {
    await server.ready;
    const target = dialable(server.sipAddresses);
    say(`the server takes calls on ${server.sipAddresses.join(', ')}`);
    for (const { number, title, script } of demoScripts) {
      say(`\n${title}: sip:${number}@${target}`);
      const call = await place(`sip:${number}@${target}`, script, synthesizer, say);
      calls.push(call);
      for (const line of summaryOf(call, config.dataDir)) say(line);
    }
  } finally {
    await synthesizer.close();
    await server.close();
  }
  const ok = calls.every(({ report, record }) => report.ok && record !== undefined);
  say(ok ? '\nok: both callers heard what they should' : '\nFAILED: see above');
  if (flags.json === true) console.log(JSON.stringify(resultOf(ok, calls, config.dataDir)));
  process.exitCode = ok ? 0 : 1;
}

async function place(
  uri: string,
  script: string,
  synthesizer: Synthesizer,
  say: (line: string) => void,
): Promise<DemoCall> {
  let recorded: (record: CallRecord | undefined) => void = () => undefined;
  const record = new Promise<CallRecord | undefined>((resolve) => (recorded = resolve));
  const unsubscribe = callEnded.subscribe((ended) => recorded(ended.record));
  const report = await runCaller({
    uri,
    script: parseScript(script, 'demo'),
    synthesizer,
    logger: silentLogger,
    clock: systemClock,
    onEvent: (event) => {
      const line = describeEvent(event);
      if (line !== undefined) say(line);
    },
  });
  const limit = systemClock.after(recordLimitMs, () => recorded(undefined));
  const kept = await record;
  limit.cancel();
  unsubscribe();
  return { report, record: kept };
}

function summaryOf({ report, record }: DemoCall, dataDir: string): string[] {
  const turns = answered(report).map(
    (turn) => `  after ${inputOf(turn)} the bot answered in ${turn.gapMs?.toFixed(0) ?? '?'} ms`,
  );
  return [
    ...turns,
    ...(report.ok ? [] : [`  FAILED: ${report.failure ?? 'unknown'}`]),
    ...(record === undefined
      ? ['  FAILED: the server kept no record']
      : [`  call ${record.id}, recording ${recordingOf(record, dataDir) ?? 'none'}`]),
  ];
}

function resultOf(ok: boolean, calls: readonly DemoCall[], dataDir: string): object {
  return {
    ok,
    calls: calls.map(({ report, record }) => ({
      turns: report.turns.map(({ said, pressed, heard, confidence, gapMs }) => ({
        said,
        pressed,
        heard,
        confidence,
        gapMs: gapMs === null ? null : Math.round(gapMs),
      })),
      recording: record === undefined ? null : recordingOf(record, dataDir),
      ...(report.failure !== undefined && { failure: report.failure }),
    })),
  };
}

function answered(report: CallerReport): readonly CallerTurn[] {
  return report.turns.filter((turn) => turn.gapMs !== null);
}

function inputOf(turn: CallerTurn): string {
  return turn.said !== null ? `"${turn.said}"` : `key ${turn.pressed ?? ''}`;
}

function recordingOf(record: CallRecord, dataDir: string): string | null {
  return record.recording === null ? null : join(dataDir, record.recording);
}

/** `127.0.0.1:5060` of the first UDP address, by loopback where the server listens on every address. */
function dialable(addresses: readonly string[]): string {
  const first = addresses.find((address) => address.startsWith('udp/')) ?? addresses[0] ?? '';
  return first.replace(/^\w+\//, '').replace('0.0.0.0', '127.0.0.1');
}
