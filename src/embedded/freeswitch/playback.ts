import { mixInto } from '../../audio/pcm.js';
import { errorCode } from '../../core/errors.js';
import type { Execution, FrameWriter } from './application-stack.js';
import type { ApplicationHost } from './application-host.js';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ, type AudioSource } from './audio-source.js';

/** How the playing of one sound ended; `missing` when it could not be opened. */
export type PlayOutcome = 'done' | 'break' | 'timeout' | 'hangup' | 'missing';

/**
 * The real server reads files ahead in blocks of this many samples and tells clients what it read, not what was heard:
 * a file stopped after 0.3 s counts 2048 ms, and clients' tests expect exactly that.
 */
const READ_AHEAD_SAMPLES = 16384;
/** Pause before the second and each further file of an array, unless playback_sleep_val says otherwise. */
const DEFAULT_PAUSE_MS = 250;

interface PlayLimits {
  /** Stops by itself after this much; undefined: plays to the end. */
  readonly limitSamples?: number | undefined;
  /** Called with each key; true ends the playing. */
  readonly endsOnDigit?: ((digit: string) => boolean) | undefined;
  /** What playback_last_offset_pos counts on from in a list; the other figures are each item's own. */
  readonly playedBeforeSamples?: number;
}

/**
 * The `playback` application: one file or several separated by the variable playback_delimiter. Resolves with the
 * Application-Response of the real server, which is the last file's.
 */
export async function playback(host: ApplicationHost, execution: Execution): Promise<string> {
  host.variables.unset('playback_terminator_used');
  const timeoutSecs = host.variables.integer('playback_timeout_sec') ?? 0;
  const outcome = await playList(host, execution, host.variables.expand(execution.argument), {
    // The real server ignores a limit of one second.
    limitSamples: timeoutSecs > 1 ? timeoutSecs * SAMPLE_RATE_HZ : undefined,
    endsOnDigit: (digit) => isTerminator(host, digit),
  });
  if (outcome === 'missing') return 'FILE NOT FOUND';
  const isError = outcome === 'timeout' && !host.variables.isTrue('playback_timeout_as_success');
  return isError ? 'PLAYBACK ERROR' : 'FILE PLAYED';
}

/** Plays what `argument` names, in order; the outcome is that of the last one played. */
export async function playList(
  host: ApplicationHost,
  execution: Execution,
  argument: string,
  limits: PlayLimits,
): Promise<PlayOutcome> {
  const delimiter = host.variables.get('playback_delimiter')?.charAt(0);
  const names = (delimiter === undefined ? [argument] : argument.split(delimiter))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const pauseMs = host.variables.integer('playback_sleep_val') ?? DEFAULT_PAUSE_MS;
  let outcome: PlayOutcome = 'missing';
  let playedBeforeSamples = 0;
  let opening = openSound(host, names[0]);
  for (const [index, name] of names.entries()) {
    if (index > 0 && pauseMs > 0 && !(await pause(host, execution, pauseMs))) return stopped(execution);
    const source = await execution.unlessInterrupted(opening);
    // The next one is opened while this one plays, so that nothing but the pause lies between them.
    opening = openSound(host, names[index + 1]);
    if (execution.interruption !== undefined) return stopped(execution);
    if (source === undefined) {
      outcome = 'missing';
      continue;
    }
    // Measured: a file's own position replaces the count, tones and silence add to it.
    if (!/^\w+_stream:/.test(name)) playedBeforeSamples = 0;
    outcome = await playSource(host, execution, name, source, { ...limits, playedBeforeSamples });
    playedBeforeSamples += source.positionSamples;
    if (outcome !== 'done') return outcome;
  }
  return outcome;
}

/** Plays one opened sound and reports it: PLAYBACK_START, PLAYBACK_STOP and the playback variables. */
export async function playSource(
  host: ApplicationHost,
  execution: Execution,
  name: string,
  source: AudioSource,
  limits: PlayLimits = {},
): Promise<PlayOutcome> {
  const headers: Record<string, string> = { 'Playback-File-Path': name };
  if (name.startsWith('tone_stream:')) headers['Playback-File-Type'] = 'tone_stream';
  if (/^(say|speak):/.test(name)) headers['Playback-File-Type'] = 'tts_stream';
  const startSamples = source.positionSamples;
  host.publish('PLAYBACK_START', headers);
  const outcome = await writeOut(execution, source, limits);
  reportPlayed(host, source, { startSamples, outcome, playedBeforeSamples: limits.playedBeforeSamples ?? 0 });
  const status = outcome === 'break' ? 'break' : 'done';
  host.publish('PLAYBACK_STOP', { ...headers, 'Playback-Status': status });
  return outcome;
}

/** Whether this key ends playing: `playback_terminators` (default `*`), `none`, `any`. Remembers which it was. */
export function isTerminator(host: ApplicationHost, digit: string): boolean {
  const terminators = host.variables.get('playback_terminators') ?? '*';
  if (terminators.toLowerCase() === 'none') return false;
  if (terminators.toLowerCase() !== 'any' && !terminators.includes(digit)) return false;
  host.variables.set('playback_terminator_used', digit);
  return true;
}

/** Undefined when the sound cannot be opened: the reason goes to the log only. */
async function openSound(host: ApplicationHost, name: string | undefined): Promise<AudioSource | undefined> {
  if (name === undefined) return undefined;
  const [path = '', offset] = name.split('@@');
  const offsetSamples = Number.parseInt(offset ?? '0', 10) || 0;
  try {
    return await host.sounds.open(path, {
      prefix: host.variables.get('sound_prefix'),
      voice: host.variables.get('tts_voice'),
      offsetSamples,
    });
  } catch (error) {
    host.logger.warn(
      { channel: host.uuid, sound: loggedName(path), code: errorCode(error) },
      'a sound could not be opened',
    );
    return undefined;
  }
}

/** Without what callers are told (`say:`) and without the token in a prompt's URL. */
function loggedName(name: string): string {
  return /^(say|speak):/.test(name) ? 'say:' : (name.split('?')[0] ?? '');
}

/** False when interrupted. */
function pause(host: ApplicationHost, execution: Execution, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = host.clock.after(ms, () => {
      execution.onInterrupt = undefined;
      resolve(true);
    });
    execution.onInterrupt = () => {
      timer.cancel();
      resolve(false);
    };
  });
}

function stopped(execution: Execution): PlayOutcome {
  return execution.interruption === 'hangup' ? 'hangup' : 'break';
}

function writeOut(execution: Execution, source: AudioSource, limits: PlayLimits): Promise<PlayOutcome> {
  return new Promise((resolve) => {
    const end = (outcome: PlayOutcome): void => {
      execution.writer = undefined;
      execution.onInterrupt = undefined;
      execution.onDigit = undefined;
      resolve(outcome);
    };
    execution.writer = new SourceWriter(source, limits.limitSamples, end);
    execution.onDigit = (digit) => {
      if (limits.endsOnDigit?.(digit) !== true) return false;
      end('break');
      return true;
    };
    execution.onInterrupt = () => end(stopped(execution));
  });
}

function reportPlayed(
  host: ApplicationHost,
  source: AudioSource,
  play: { startSamples: number; outcome: PlayOutcome; playedBeforeSamples: number },
): void {
  const { startSamples, outcome, playedBeforeSamples } = play;
  const toNative = source.nativeRateHz / SAMPLE_RATE_HZ;
  let samples = Math.round((source.positionSamples - startSamples) * toNative);
  if (source.isReadAhead && outcome !== 'done') {
    const totalSamples = source.totalSamples ?? Number.POSITIVE_INFINITY;
    const whole = Math.round((totalSamples - startSamples) * toNative);
    samples = Math.min(whole, Math.ceil(samples / READ_AHEAD_SAMPLES) * READ_AHEAD_SAMPLES);
  }
  const { variables } = host;
  variables.set(
    'playback_last_offset_pos',
    String(Math.round((playedBeforeSamples + source.positionSamples) * toNative)),
  );
  variables.set('playback_seconds', String(Math.floor(samples / source.nativeRateHz)));
  variables.set('playback_ms', String(Math.floor((samples * 1000) / source.nativeRateHz)));
  variables.set('playback_samples', String(samples));
}

/** Writes a source frame by frame and says when it is over. */
class SourceWriter implements FrameWriter {
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #written = 0;
  #isOver = false;

  constructor(
    private readonly source: AudioSource,
    private readonly limitSamples: number | undefined,
    private readonly ended: (outcome: PlayOutcome) => void,
  ) {}

  /** Hot. */
  mix(out: Int16Array): boolean {
    if (this.#isOver) return false;
    const count = this.source.read(this.#frame);
    mixInto(out, count === FRAME_SAMPLES ? this.#frame : this.#frame.subarray(0, count));
    this.#written += count;
    const { totalSamples } = this.source;
    if (
      count < FRAME_SAMPLES ||
      (totalSamples !== undefined && this.source.positionSamples >= totalSamples)
    ) {
      this.#end('done');
    } else if (this.limitSamples !== undefined && this.#written >= this.limitSamples) {
      this.#end('timeout');
    }
    return count > 0;
  }

  #end(outcome: PlayOutcome): void {
    this.#isOver = true;
    this.ended(outcome);
  }
}
