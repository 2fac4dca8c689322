import type { Command } from 'commander';
import { systemClock } from '../core/clock.js';
import { createLogger } from '../core/logger.js';
import { loadScript } from '../caller/load-script.js';
import { describeEvent, describeOutcome } from '../caller/narration.js';
import { runCaller } from '../caller/run-caller.js';
import { sentencesOf, type CallerScript } from '../caller/script.js';
import { createEspeakSynthesizer } from '../speech/engines/espeak-ng/espeak-synthesizer.js';
import type { Synthesizer } from '../speech/synthesizer.js';

interface CallerFlags {
  readonly script: string;
  readonly listen?: string;
  readonly from?: string;
  readonly tlsCa?: string;
  readonly tlsNoVerify?: true;
  readonly record?: string;
  readonly json?: true;
  readonly verbose?: true;
}

/** `xiangyin caller`: places one scripted call, for smoke tests of a live system. */
export function addCallerCommand(program: Command): void {
  program
    .command('caller')
    .summary('place a scripted call: hear, press, say, barge in, hang up')
    .description(
      `Calls a SIP address and plays a script (YAML). Prints what happened with its times, in milliseconds since the
INVITE. Exits with 0 if all the script expects came true, 1 if not, 2 if the call could not be begun.

  steps:
    - expectAnswer: { withinMs: 5000 }
    - expect: { phrases: [Welcome to the clinic], withinMs: 8000 }
    - press: "1"
    - expect: speech
    - bargeIn: { afterMs: 300, say: opening hours }
    - expect: { silence: { forMs: 500 } }
    - hangup`,
    )
    .argument('<sip-uri>', 'whom to call, e.g. sip:100@127.0.0.1:5060 (;transport=tcp, tls, ws, wss)')
    .requiredOption('-s, --script <file>', 'what to do, step after step (YAML)')
    .option('--listen <address>', 'where to listen for SIP, e.g. udp:127.0.0.1:0; default: a free port')
    .option('--tls-ca <file>', 'PEM file of whom to trust when calling by tls or wss')
    .option('--tls-no-verify', 'take a server that cannot prove its name')
    .option('--from <uri>', 'calling party, e.g. sip:200@example.net')
    .option('--record <file>', 'stereo WAV of the call: left what was sent, right what was heard')
    .option('--json', 'one line of JSON at the end instead of text')
    .option('-v, --verbose', 'log to standard error')
    .action(async (uri: string, flags: CallerFlags) => {
      try {
        process.exitCode = await call(uri, flags);
      } catch (error) {
        console.error(`xiangyin caller: ${error instanceof Error ? error.message : String(error)}`);
        process.exitCode = 2;
      }
    });
}

async function call(uri: string, flags: CallerFlags): Promise<number> {
  const script = await loadScript(flags.script);
  const synthesizer = await synthesizerFor(script);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const report = await runCaller({
      uri,
      script,
      synthesizer,
      listen: flags.listen,
      from: flags.from,
      tlsCa: flags.tlsCa,
      tlsVerifyPeer: flags.tlsNoVerify !== true,
      record: flags.record,
      logger: createLogger(flags.verbose === true ? 'debug' : 'error'),
      clock: systemClock,
      signal: interrupted.signal,
      onEvent: (event) => {
        const line = flags.json === true ? undefined : describeEvent(event);
        if (line !== undefined) console.log(line);
      },
    });
    if (flags.json === true) console.log(JSON.stringify(report));
    else for (const line of describeOutcome(report)) console.log(line);
    return report.ok ? 0 : 1;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await synthesizer?.close();
  }
}

/** A script that only presses, plays and listens for energy needs none. */
async function synthesizerFor(script: CallerScript): Promise<Synthesizer | undefined> {
  const { said, expected } = sentencesOf(script);
  if (said.length === 0 && expected.every(({ audio }) => audio !== undefined)) return undefined;
  return createEspeakSynthesizer();
}
