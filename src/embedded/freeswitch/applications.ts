import { parseHostPort } from '../../core/address.js';
import type { Application, Execution } from './application-stack.js';
import type { ApplicationHost } from './application-host.js';
import { BufferSource } from './audio-source.js';
import { startBeepDetection, stopBeepDetection } from './beep-detection.js';
import { parseJoin } from './conference-join.js';
import { startInbandKeys, stopInbandKeys } from './inband-keys.js';
import { playAndGetDigits } from './play-and-get-digits.js';
import { playback, playSource } from './playback.js';
import { record, startRecordSession, stopRecordSession } from './recording.js';
import { stopToneDetect, toneDetect } from './tone-detection.js';
import { parseAssignment, parseMultiset } from './variables.js';

type ChannelApplication = (
  host: ApplicationHost,
  execution: Execution,
) => string | undefined | Promise<string | undefined>;

/** `send_dtmf` without a length, as in the real server (in samples there: 2000 = 250 ms). */
const DEFAULT_DTMF_MS = 250;

const APPLICATIONS: Readonly<Record<string, ChannelApplication>> = {
  // Our channels are answered before a client can reach them.
  answer: () => undefined,
  pre_answer: () => undefined,
  set: (host, execution) => set(host, execution.argument),
  multiset: (host, execution) => {
    for (const [name, value] of parseMultiset(execution.argument)) {
      host.variables.set(name, host.variables.expand(value));
    }
    return undefined;
  },
  unset: (host, execution) => {
    host.variables.unset(execution.argument.trim());
    return undefined;
  },
  export: (host, execution) => {
    const assignment = execution.argument.replace(/^nolocal:/, '');
    const [name] = parseAssignment(assignment);
    const exported = host.variables.get('export_vars');
    host.variables.set('export_vars', exported === undefined ? name : `${exported},${name}`);
    return execution.argument.startsWith('nolocal:') ? undefined : set(host, assignment);
  },
  playback,
  endless_playback: async (host, execution) => {
    for (;;) {
      const response = await playback(host, execution);
      if (response !== 'FILE PLAYED' || execution.interruption !== undefined) return response;
    }
  },
  break: (host) => {
    // The break must meet the application outside this one, which is innermost until it has completed.
    queueMicrotask(() => host.breakApplications(false));
    return undefined;
  },
  sleep: (host, execution) => wait(host, execution, Number.parseInt(execution.argument, 10) || 0),
  park: (host, execution) => wait(host, execution, undefined),
  hangup: (host, execution) => {
    const cause = host.variables.expand(execution.argument);
    // The completion of hangup itself comes first, then those of the applications it ends.
    queueMicrotask(() => host.hangup(cause));
    return undefined;
  },
  send_dtmf: async (host, execution) => {
    const [digits = '', duration] = host.variables.expand(execution.argument).trim().split('@');
    const durationMs = Number.parseInt(duration ?? '', 10) || DEFAULT_DTMF_MS;
    await execution.unlessInterrupted(
      host.session.sendDtmf(digits.replace(/[^0-9A-Da-d*#]/g, ''), durationMs),
    );
    return undefined;
  },
  start_dtmf: startInbandKeys,
  stop_dtmf: stopInbandKeys,
  spandsp_start_dtmf: startInbandKeys,
  spandsp_stop_dtmf: stopInbandKeys,
  flush_dtmf: (host) => {
    host.digits.clear();
    return undefined;
  },
  set_mute: (host, execution) => {
    const [side, value] = execution.argument.trim().split(/\s+/);
    if (side === 'read') host.media.isCallerMuted = /^(true|1|yes|on)$/i.test(value ?? '');
    return undefined;
  },
  // `say LANG TYPE METHOD [GENDER] TEXT`: the synthesizer reads the text as it stands.
  say: (host, execution) => {
    const words = execution.argument.trim().split(/\s+/);
    const hasGender = /^(feminine|masculine|neuter)$/i.test(words[3] ?? '');
    return say(host, execution, words.slice(hasGender ? 4 : 3).join(' '), host.variables.get('tts_voice'));
  },
  // `speak ENGINE|VOICE|TEXT`; the text may hold further bars.
  speak: (host, execution) => {
    const parts = execution.argument.split('|');
    const [, voice] = parts;
    return parts.length >= 3
      ? say(host, execution, parts.slice(2).join('|'), voice)
      : say(host, execution, execution.argument, host.variables.get('tts_voice'));
  },
  // `socket HOST:PORT [async] [full]`: one more client; all of ours are asynchronous and may do everything.
  socket: async (host, execution) => {
    const [address = ''] = host.variables.expand(execution.argument).trim().split(/\s+/);
    const parsed = parseHostPort(address);
    if (parsed === undefined) {
      host.logger.warn({ channel: host.uuid }, 'socket needs HOST:PORT');
      return undefined;
    }
    await new Promise<void>((resolve) => {
      execution.onInterrupt = (why) => {
        if (why === 'hangup') resolve();
      };
      void host.openControl(parsed).then(resolve);
    });
    execution.onInterrupt = undefined;
    return undefined;
  },
  conference: async (host, execution) => {
    const request = parseJoin(host.variables.expand(execution.argument));
    if (request !== undefined) await host.joinConference(request, execution);
    return undefined;
  },
  play_and_get_digits: playAndGetDigits,
  record,
  record_session: startRecordSession,
  stop_record_session: stopRecordSession,
  tone_detect: toneDetect,
  stop_tone_detect: stopToneDetect,
  avmd_start: startBeepDetection,
  avmd_stop: stopBeepDetection,
};

/** What {@link findApplication} finds. */
export const APPLICATION_NAMES: readonly string[] = Object.keys(APPLICATIONS);

/** The application of that name on this channel, or undefined: then the real server hangs the call up. */
export function findApplication(host: ApplicationHost, name: string): Application | undefined {
  const application = Object.hasOwn(APPLICATIONS, name) ? APPLICATIONS[name] : undefined;
  return application === undefined ? undefined : (execution) => application(host, execution);
}

function set(host: ApplicationHost, assignment: string): undefined {
  const [name, value] = parseAssignment(assignment);
  host.variables.set(name, host.variables.expand(value));
  return undefined;
}

/** Waits that long, or with undefined until the call ends; only `sleep` is ended by a break. */
function wait(host: ApplicationHost, execution: Execution, ms: number | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    const timer = ms === undefined ? undefined : host.clock.after(ms, () => resolve(undefined));
    execution.onInterrupt = (why) => {
      if (why === 'break' && ms === undefined) return;
      timer?.cancel();
      resolve(undefined);
    };
  });
}

async function say(
  host: ApplicationHost,
  execution: Execution,
  text: string,
  voice: string | undefined,
): Promise<undefined> {
  if (!host.sounds.canSpeak) {
    // The real server without a speech engine also completes without a word; the operator must be told.
    host.logger.warn({ channel: host.uuid }, 'say and speak need a synthesizer, none is configured');
    return undefined;
  }
  const samples = await execution.unlessInterrupted(host.sounds.speak(text, voice));
  if (samples === undefined) return undefined;
  // The text does not become a header: it may name what the caller is told.
  await playSource(host, execution, 'say:', new BufferSource(samples, { isReadAhead: false }));
  return undefined;
}
