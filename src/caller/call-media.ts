import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { MediaTicker } from '../embedded/rtp/media-ticker.js';
import type { RtpSocket } from '../embedded/rtp/port-pool.js';
import { RtpSession, type RtpStats } from '../embedded/rtp/rtp-session.js';
import { receives, sends, type Direction, type RemoteMedia } from '../embedded/rtp/sdp.js';
import { CallRecording } from './call-recording.js';
import type { CallerEvent } from './caller-event.js';
import { OutgoingAudio } from './outgoing-audio.js';
import { SentenceSpotter } from './sentence-spotter.js';
import type { SentenceTemplate } from './sentence-template.js';
import { SpeechMeter } from './speech-meter.js';

export interface CallMediaOptions {
  readonly socket: RtpSocket;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly templates: readonly SentenceTemplate[];
  /** The moment that the events' `atMs` count from, on the clock. */
  readonly originMs: number;
  readonly onEvent: (event: CallerEvent) => void;
}

const PTIME_MS = 20;
const FRAME_SAMPLES = PTIME_MS * 8;

/**
 * The caller's mouth and ear: sends a packet every 20 ms from the answer on (silence too, as a phone does), measures
 * and recognises what comes back, and keeps both sides if asked. One per call; closed by {@link CallMedia.close}.
 */
export class CallMedia {
  readonly #options: CallMediaOptions;
  readonly #ticker: MediaTicker;
  readonly #outgoing = new OutgoingAudio();
  readonly #meter: SpeechMeter;
  readonly #spotter: SentenceSpotter;
  readonly #frame = new Int16Array(FRAME_SAMPLES);
  #session: RtpSession | undefined;
  #recording: CallRecording | undefined;
  #sending = true;
  #closed = false;
  /** Of the key that has the line: ticks until its end packet, this one included. */
  #keyTicksLeft = 0;
  #pressing = false;
  #keyBegan: ((atMs: number) => void) | undefined;
  #keyEnded: ((atMs: number) => void) | undefined;

  constructor(options: CallMediaOptions) {
    this.#options = options;
    this.#ticker = new MediaTicker({ clock: options.clock, logger: options.logger, intervalMs: PTIME_MS });
    const { onEvent, originMs } = options;
    this.#meter = new SpeechMeter({
      speechStart: (atMs, silenceMs) => onEvent({ type: 'speechStart', atMs: atMs - originMs, silenceMs }),
      dip: (fromMs, toMs) => onEvent({ type: 'dip', fromMs: fromMs - originMs, atMs: toMs - originMs }),
      speechEnd: (atMs) => onEvent({ type: 'speechEnd', atMs: atMs - originMs }),
    });
    this.#spotter = new SentenceSpotter(options.templates, ({ text, confidence, startMs, endMs }) =>
      onEvent({ type: 'heard', text, confidence, startMs: startMs - originMs, atMs: endMs - originMs }),
    );
  }

  get stats(): RtpStats | undefined {
    return this.#session?.stats;
  }

  /** What was agreed; first time: sound begins. `localDirection` is ours, as our SDP says it. */
  agreed(remote: RemoteMedia, localDirection: Direction): void {
    if (this.#closed) return;
    this.#sending = sends(localDirection) && remote.remote !== undefined && receives(remote.direction);
    const { codec, payloadType, telephoneEventType } = remote;
    if (this.#session !== undefined) {
      this.#session.setRemote(remote.remote, codec, payloadType, telephoneEventType);
      return;
    }
    const { socket, clock, logger } = this.#options;
    this.#session = new RtpSession({
      socket,
      clock,
      logger,
      codec,
      payloadType,
      telephoneEventType,
      remote: remote.remote,
      ptimeMs: PTIME_MS,
    });
    this.#session.onAudio = (samples, _position, packet) => {
      this.#meter.push(samples, packet.arrivalMs);
      this.#spotter.push(samples, packet.arrivalMs);
      this.#recording?.received(samples, packet.arrivalMs);
    };
    this.#ticker.add(() => this.#tick());
  }

  /** Says a clip after those that wait. Resolves when it is sent. */
  say(samples: Int16Array): Promise<void> {
    const { onEvent, originMs } = this.#options;
    return new Promise((resolve) =>
      this.#outgoing.enqueue(samples, {
        began: (atMs) => onEvent({ type: 'inputBegan', atMs: atMs - originMs }),
        done: (lastVoicedMs) => {
          onEvent({ type: 'inputDone', atMs: lastVoicedMs - originMs });
          resolve();
        },
      }),
    );
  }

  /**
   * Presses keys by telephone-event. A key's end is the moment its first end packet leaves; `inputDone` tells the
   * last one's. Rejects RTP_NO_TELEPHONE_EVENT if the far side does not take them.
   */
  async press(keys: string, toneMs: number): Promise<void> {
    const { onEvent, originMs } = this.#options;
    const session = this.#session;
    if (session === undefined) return;
    this.#pressing = true;
    this.#keyBegan = (atMs) => onEvent({ type: 'inputBegan', atMs: atMs - originMs });
    try {
      for (const [index, key] of [...keys].entries()) {
        this.#keyTicksLeft = Math.ceil(toneMs / PTIME_MS);
        if (index === keys.length - 1) {
          this.#keyEnded = (atMs) => onEvent({ type: 'inputDone', atMs: atMs - originMs });
        }
        await session.sendDtmf(key, toneMs);
      }
    } finally {
      this.#pressing = false;
      this.#keyTicksLeft = 0;
    }
  }

  /** From now on both sides are kept; written by {@link close}. */
  record(file: string): void {
    this.#recording ??= new CallRecording(file, this.#options.clock.nowMs());
  }

  /** The far side has hung up: tells what was heard and not yet certain. */
  flush(): void {
    this.#spotter.flush();
  }

  /** Frees the ports and writes the recording, if there is one. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticker.close();
    if (this.#session === undefined) this.#options.socket.close();
    else this.#session.close();
    await this.#recording?.write(this.#options.clock.nowMs());
  }

  /** Hot. */
  #tick(): void {
    const session = this.#session;
    if (session === undefined) return;
    const nowMs = this.#options.clock.nowMs();
    if (this.#pressing) {
      // A key takes the place of sound.
      this.#keyTick(nowMs);
      session.skip();
    } else if (this.#sending) {
      this.#outgoing.take(this.#frame, nowMs);
      if (session.send(this.#frame)) this.#recording?.sent(this.#frame, nowMs);
    } else session.skip();
    this.#meter.tick(nowMs);
    this.#spotter.tick(nowMs);
  }

  /** One tick of keys: the first of a press, the one whose packet is a key's first end, or neither. */
  #keyTick(nowMs: number): void {
    this.#keyBegan?.(nowMs);
    this.#keyBegan = undefined;
    if (this.#keyTicksLeft === 0 || --this.#keyTicksLeft > 0) return;
    this.#keyEnded?.(nowMs);
    this.#keyEnded = undefined;
  }
}
