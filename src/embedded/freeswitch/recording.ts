import { open, type FileHandle } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { clip, interleave, rms } from '../../audio/pcm.js';
import { wavHeader } from '../../audio/wav.js';
import { errorCode } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import type { Logger } from '../../core/logger.js';
import type { StereoFrame } from '../rtp/caller-timeline.js';
import type { ApplicationHost } from './application-host.js';
import type { Execution } from './application-stack.js';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from './audio-source.js';
import { isTerminator } from './playback.js';

type RecordingMix = 'caller' | 'mixed' | 'stereo';

/** Written as it comes, a second at most is lost by a crash; the header's length is put in at the end. */
const FLUSH_SAMPLES = SAMPLE_RATE_HZ / 2;
const HEADER_BYTES = 44;

/** One WAV file being written from the call's frames. */
export class WavRecording {
  samples = 0;
  readonly #pending: Int16Array[] = [];
  #pendingSamples = 0;
  #writing: Promise<void>;
  #handle: FileHandle | undefined;
  #failed = false;

  constructor(
    path: string,
    private readonly mix: RecordingMix,
    private readonly logger: Logger,
  ) {
    this.#writing = this.#open(path).catch((error: unknown) => this.#fail(error));
  }

  /** Hot. Copies what it keeps. */
  frame(frame: StereoFrame): void {
    if (this.#failed) return;
    let part: Int16Array;
    if (this.mix === 'stereo') part = interleave(frame.left, frame.right);
    else if (this.mix === 'caller') part = frame.left.slice();
    else part = frame.left.map((sample, i) => clip(sample + (frame.right[i] as number)));
    this.#pending.push(part);
    this.#pendingSamples += FRAME_SAMPLES;
    this.samples += FRAME_SAMPLES;
    if (this.#pendingSamples >= FLUSH_SAMPLES) this.#flush();
  }

  /** Resolves when the file is whole. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle === undefined) return;
    try {
      await handle.write(this.#header(), 0, HEADER_BYTES, 0);
    } finally {
      await handle.close();
    }
  }

  get #channels(): number {
    return this.mix === 'stereo' ? 2 : 1;
  }

  #header(): Uint8Array {
    const dataBytes = this.samples * 2 * this.#channels;
    return wavHeader({ sampleRateHz: SAMPLE_RATE_HZ, channels: this.#channels, dataBytes });
  }

  async #open(path: string): Promise<void> {
    await makeFolder(dirname(path));
    this.#handle = await open(path, 'w');
    await this.#handle.write(
      wavHeader({ sampleRateHz: SAMPLE_RATE_HZ, channels: this.#channels, dataBytes: 0 }),
    );
  }

  #flush(): void {
    const parts = this.#pending
      .splice(0)
      .map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    this.#pendingSamples = 0;
    if (parts.length === 0) return;
    this.#writing = this.#writing
      .then(async () => void (await this.#handle?.write(Buffer.concat(parts))))
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (!this.#failed) this.logger.error({ code: errorCode(error) }, 'a recording cannot be written');
    this.#failed = true;
  }
}

/**
 * `record FILE [LIMIT_SECS SILENCE_THRESHOLD SILENCE_HITS]`: the caller alone, until the limit, a terminator key, or that
 * many 20 ms frames below the threshold. Sets record_seconds, record_ms, record_samples.
 */
export async function record(host: ApplicationHost, execution: Execution): Promise<undefined> {
  const [file = '', limit, threshold, hits] = host.variables.expand(execution.argument).trim().split(/\s+/);
  const limitSamples = (Number(limit) || 0) * SAMPLE_RATE_HZ;
  const silenceRms = Number(threshold) || 0;
  // The real server counts packets of 20 ms, and takes 0 hits for three seconds' worth.
  const silenceFrames = Number(hits) || 150;
  const recording = new WavRecording(resolvePath(host, file), 'caller', host.logger);
  let quietFrames = 0;
  host.variables.unset('playback_terminator_used');
  host.publish('RECORD_START', { 'Record-File-Path': file });
  await new Promise<void>((resolve) => {
    const tap = (frame: StereoFrame): void => {
      recording.frame(frame);
      quietFrames = silenceRms > 0 && rms(frame.left) < silenceRms ? quietFrames + 1 : 0;
      const isFull = limitSamples > 0 && recording.samples >= limitSamples;
      if (isFull || quietFrames >= silenceFrames) end();
    };
    const end = (): void => {
      host.media.removeTap(tap);
      execution.onDigit = undefined;
      execution.onInterrupt = undefined;
      resolve();
    };
    host.media.addTap(tap);
    execution.onDigit = (digit) => {
      if (!isTerminator(host, digit)) return false;
      end();
      return true;
    };
    execution.onInterrupt = end;
  });
  await recording
    .close()
    .catch((error: unknown) => host.logger.error({ code: errorCode(error) }, 'record failed'));
  const { variables } = host;
  variables.set('record_samples', String(recording.samples));
  variables.set('record_seconds', String(Math.floor(recording.samples / SAMPLE_RATE_HZ)));
  variables.set('record_ms', String(Math.floor((recording.samples * 1000) / SAMPLE_RATE_HZ)));
  host.publish('RECORD_STOP', { 'Record-File-Path': file });
  return undefined;
}

interface RunningRecording {
  readonly path: string;
  /** Paused: what is said meanwhile is left out. Masked: silence stands for it. */
  isPaused: boolean;
  isMasked: boolean;
  stop(): void;
}

const SILENT_FRAME: StereoFrame = {
  index: 0,
  left: new Int16Array(FRAME_SAMPLES),
  right: new Int16Array(FRAME_SAMPLES),
};

/** Recordings of whole calls, which go on beside applications, by channel. */
const running = new WeakMap<ApplicationHost, Map<string, RunningRecording>>();

/** `record_session FILE`: both sides, mixed or, with RECORD_STEREO, caller left; returns at once. */
export function startRecordSession(host: ApplicationHost, execution: Execution): undefined {
  const [file = ''] = host.variables.expand(execution.argument).trim().split(/\s+/);
  startRecording(host, file);
  return undefined;
}

export function stopRecordSession(host: ApplicationHost, execution: Execution): undefined {
  stopRecording(host, host.variables.expand(execution.argument).trim());
  return undefined;
}

/** False when the file is already being recorded. */
export function startRecording(host: ApplicationHost, file: string): boolean {
  const recordings = running.get(host) ?? new Map<string, RunningRecording>();
  running.set(host, recordings);
  if (file === '' || recordings.has(file)) return false;
  const mix = host.variables.isTrue('RECORD_STEREO') ? 'stereo' : 'mixed';
  const recording = new WavRecording(resolvePath(host, file), mix, host.logger);
  const entry: RunningRecording = {
    path: file,
    isPaused: false,
    isMasked: false,
    stop: () => {
      host.media.removeTap(tap);
      recordings.delete(file);
      const published = (): void => host.publish('RECORD_STOP', { 'Record-File-Path': file });
      recording.close().then(published, (error: unknown) => {
        host.logger.error({ code: errorCode(error) }, 'a recording could not be closed');
      });
    },
  };
  const tap = (frame: StereoFrame): void => {
    if (!entry.isPaused) recording.frame(entry.isMasked ? SILENT_FRAME : frame);
  };
  recordings.set(file, entry);
  host.media.addTap(tap);
  host.publish('RECORD_START', { 'Record-File-Path': file });
  return true;
}

/** `uuid_record U pause|resume|mask|unmask FILE`. False when that file is not being recorded. */
export function changeRecording(
  host: ApplicationHost,
  file: string,
  change: { readonly isPaused?: boolean; readonly isMasked?: boolean },
): boolean {
  const recording = running.get(host)?.get(file);
  if (recording === undefined) return false;
  recording.isPaused = change.isPaused ?? recording.isPaused;
  recording.isMasked = change.isMasked ?? recording.isMasked;
  return true;
}

/** Stops the recording of that file, `all` every one. False when there was none. */
export function stopRecording(host: ApplicationHost, file: string): boolean {
  const recordings = running.get(host);
  const wanted = file === 'all' ? [...(recordings?.values() ?? [])] : [recordings?.get(file)];
  let stoppedAny = false;
  for (const recording of wanted) {
    recording?.stop();
    stoppedAny ||= recording !== undefined;
  }
  return stoppedAny;
}

function resolvePath(host: ApplicationHost, file: string): string {
  return isAbsolute(file) ? file : join(host.variables.get('sound_prefix') ?? process.cwd(), file);
}
