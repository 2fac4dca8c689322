import { Buffer } from 'node:buffer';
import { writeFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplesOf } from '../../audio/pcm.js';
import { createResampler, type Resampler } from '../../audio/resample.js';
import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { linkAddress, type ForkRequest } from './audio-fork-command.js';
import { SAMPLE_RATE_HZ } from './audio-source.js';
import { BotAudioQueue } from './bot-audio-queue.js';
import { ForkEncoder } from './fork-encoder.js';
import type { ForkLinks } from './fork-links.js';
import type { ForkSocket, ForkSocketListener } from './fork-socket.js';
import { ForkWebSocket } from './fork-web-socket.js';

export interface ForkHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly channelUuid: string;
  readonly links: ForkLinks;
  getVariable(name: string): string | undefined;
  /** Publishes a CUSTOM event of this channel. */
  publish(subclass: string, body: string | undefined): void;
  /** `killAudio`: whatever plays on the channel stops. */
  breakPlayback(): void;
  /** The fork is gone from the network. */
  closed(fork: AudioFork): void;
}

/** What may wait for a slow server before frames are dropped. */
const BUFFER_SECS = 2;

/**
 * One `uuid_audio_fork`: a connection to which the call's sound is sent, one message per 20 ms frame, and from which bot
 * audio, marks and orders come. https://github.com/drachtio/drachtio-freeswitch-modules/tree/main/modules/mod_audio_fork
 */
export class AudioFork {
  readonly name: string;
  readonly #queue = new BotAudioQueue();
  readonly #encoder: ForkEncoder;
  readonly #tempFiles: string[] = [];
  #socket: ForkSocket | undefined;
  #playResampler: Resampler | undefined;
  #oddByte: number | undefined;
  #isPaused = false;
  #isOverrun = false;
  #isClosing = false;
  #isGraceful = false;
  #isGone = false;

  constructor(
    private readonly request: ForkRequest,
    private readonly host: ForkHost,
  ) {
    this.name = request.name;
    this.#encoder = new ForkEncoder(request.mix, request.sampleRateHz);
  }

  /** Starts connecting; what becomes of it is reported by the events connect and connect_failed. */
  start(): void {
    this.#start().catch((error: unknown) => this.#failed(errorCode(error)));
  }

  /** Hot. One frame of the call: left what the caller said, right what the caller heard. */
  frame(left: Int16Array, right: Int16Array): void {
    const socket = this.#socket;
    if (socket?.isOpen !== true || this.#isPaused || this.#isClosing) return;
    if (socket.waitingBytes > BUFFER_SECS * this.#encoder.bytesPerSec) {
      if (!this.#isOverrun) this.host.publish('mod_audio_fork::buffer_overrun', undefined);
      this.#isOverrun = true;
      return;
    }
    this.#isOverrun = false;
    socket.frame(this.#encoder, left, right);
  }

  /** Hot. Adds this tick's bot audio to `out`; false when there is none. */
  mix(out: Int16Array): boolean {
    return this.#queue.mix(out);
  }

  /** Hot. Called when the frame that {@link mix} contributed to has gone out. */
  sent(): void {
    const reached = this.#queue.takeReached();
    if (reached === undefined) return;
    for (const name of reached) this.#sendMark(name, 'playout');
  }

  /** Text to the server; false when it cannot be sent now. */
  sendText(text: string): boolean {
    if (this.#socket?.isOpen !== true) return false;
    this.#socket.text(text);
    return true;
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  /** Drops the bot audio that waits. */
  stopPlay(): void {
    for (const name of this.#queue.clear()) this.#sendMark(name, 'cleared');
  }

  /** No more audio to the server, which then closes when it has said everything. */
  gracefulShutdown(): void {
    this.#isGraceful = true;
    this.#isPaused = true;
  }

  /** Sends a last text, if any, and closes. */
  close(finalText?: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (finalText !== undefined) this.sendText(finalText);
    for (const path of this.#tempFiles) void rm(path, { force: true }).catch(() => undefined);
    this.#queue.clear();
    if (this.#socket === undefined) this.#gone();
    else this.#socket.close();
  }

  async #start(): Promise<void> {
    const { request, host } = this;
    await this.#encoder.prepare();
    if (request.playRateHz !== undefined) {
      this.#playResampler = await createResampler(request.playRateHz, SAMPLE_RATE_HZ);
    }
    if (this.#isClosing) {
      // Stopped while we waited: close() found nothing to free yet.
      this.#free();
      return;
    }
    let isOpened = false;
    const listener: ForkSocketListener = {
      opened: () => {
        isOpened = true;
        if (request.metadata !== undefined) this.sendText(request.metadata);
        host.publish('mod_audio_fork::connect', undefined);
      },
      message: (data, isBinary) => this.#message(data, isBinary),
      gone: (reason) => {
        if (!isOpened && !this.#isClosing) this.#failed(reason);
        else if (isOpened && !this.#isClosing && !this.#isGraceful) {
          host.publish('mod_audio_fork::disconnect', undefined);
        }
        this.#gone();
      },
    };
    const link = linkAddress(request.url);
    this.#socket =
      link === undefined
        ? new ForkWebSocket(this.#webSocketOptions(), listener)
        : host.links.open(link, listener);
  }

  #webSocketOptions(): ConstructorParameters<typeof ForkWebSocket>[0] {
    const { request, host } = this;
    const user = host.getVariable('MOD_AUDIO_BASIC_AUTH_USERNAME');
    const password = host.getVariable('MOD_AUDIO_BASIC_AUTH_PASSWORD') ?? '';
    const isLenient = /^(true|1|yes)$/i.test(host.getVariable('MOD_AUDIO_FORK_ALLOW_SELFSIGNED') ?? '');
    return {
      url: request.url,
      auth: user === undefined ? undefined : `${user}:${password}`,
      isStrict: !isLenient,
      clock: host.clock,
    };
  }

  #failed(reason: string): void {
    if (!this.#isClosing) this.host.publish('mod_audio_fork::connect_failed', JSON.stringify({ reason }));
    this.#gone();
  }

  /** The network side is over. The fork itself stays until it is stopped, so that `stop` still answers +OK. */
  #gone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#free();
    this.#queue.clear();
    this.host.closed(this);
  }

  #free(): void {
    this.#encoder.close();
    this.#playResampler?.close();
    this.#playResampler = undefined;
  }

  #message(data: Buffer, isBinary: boolean): void {
    try {
      if (isBinary) this.#audio(data);
      else this.#order(data.toString());
    } catch (error) {
      this.host.logger.warn({ code: errorCode(error) }, 'a message of the audio server was not understood');
    }
  }

  /** Hot. Signed 16-bit little-endian mono at the bidirectional rate; a message may end inside a sample. */
  #audio(bytes: Buffer): void {
    const resampler = this.#playResampler;
    if (resampler === undefined || this.#isClosing) return;
    let whole = bytes;
    if (this.#oddByte !== undefined) whole = Buffer.concat([Buffer.of(this.#oddByte), bytes]);
    this.#oddByte = whole.length % 2 === 1 ? whole[whole.length - 1] : undefined;
    // The queue keeps them: a view would hold the whole buffer that the socket was read into.
    const samples = samplesOf(whole).slice();
    const lost = this.#queue.push(resampler.fromHz === resampler.toHz ? samples : resampler.process(samples));
    if (lost > 0) this.host.publish('mod_audio_fork::buffer_overrun', JSON.stringify({ lostSamples: lost }));
  }

  #order(text: string): void {
    const message = JSON.parse(text) as { type?: unknown; data?: unknown } | null;
    const data = message?.data;
    const body = data === undefined ? undefined : JSON.stringify(data);
    switch (message?.type) {
      case 'killAudio':
        this.host.publish('mod_audio_fork::kill_audio', undefined);
        this.#oddByte = undefined;
        this.stopPlay();
        this.#playResampler?.flush();
        this.host.breakPlayback();
        return;
      case 'mark': {
        const name = (data as { name?: unknown } | undefined)?.name;
        if (typeof name !== 'string') return;
        // A mark ends an utterance: what the resampler still holds belongs before it.
        if (this.#playResampler !== undefined) this.#queue.push(this.#playResampler.flush());
        if (!this.#queue.mark(name)) this.host.logger.warn({}, 'too many marks wait, one was dropped');
        else if (this.#queue.waitingSamples === 0) this.sent();
        return;
      }
      case 'clearMarks':
        this.#queue.clearMarks();
        return;
      case 'playAudio':
        if (this.request.isBidirectional && this.request.playRateHz === undefined) this.#playAudio(data);
        return;
      case 'transcription':
      case 'transfer':
      case 'disconnect':
      case 'error':
        this.host.publish(`mod_audio_fork::${message.type}`, body);
        return;
      case 'json':
        this.host.publish('mod_audio_fork::json', text);
        return;
      default:
        this.host.logger.debug({}, 'the audio server sent a message of unknown type');
    }
  }

  /** Writes the sound to a file that the client may then play; the module itself plays nothing. */
  #playAudio(data: unknown): void {
    if (typeof data !== 'object' || data === null) return;
    const { audioContent, ...rest } = data as Record<string, unknown>;
    const extension = playAudioExtension(rest);
    const publish = (extra: object): void =>
      this.host.publish('mod_audio_fork::play_audio', JSON.stringify({ ...rest, ...extra }));
    if (typeof audioContent !== 'string' || extension === undefined) {
      publish({});
      return;
    }
    const count = this.#tempFiles.length;
    const file = join(tmpdir(), `${this.host.channelUuid}_${this.name}_${count}.tmp${extension}`);
    this.#tempFiles.push(file);
    writeFile(file, Buffer.from(audioContent, 'base64')).then(
      () => {
        if (this.#isClosing) void rm(file, { force: true }).catch(() => undefined);
        else publish({ file });
      },
      (error: unknown) => this.host.logger.warn({ code: errorCode(error) }, 'a sound could not be written'),
    );
  }

  #sendMark(name: string, event: 'playout' | 'cleared'): void {
    this.sendText(JSON.stringify({ type: 'mark', data: { name, event } }));
  }
}

function playAudioExtension(data: Record<string, unknown>): string | undefined {
  if (data['audioContentType'] === 'wave' || data['audioContentType'] === 'wav') return '.wav';
  if (data['audioContentType'] !== 'raw') return undefined;
  const rateHz = data['sampleRate'];
  return typeof rateHz === 'number' && [8000, 16000, 24000, 32000, 48000, 64000].includes(rateHz)
    ? `.r${rateHz / 1000}`
    : '.r16';
}
