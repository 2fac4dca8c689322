import { samplesOf } from '../audio/pcm.js';
import { TypedEmitter } from '../core/typed-emitter.js';

/** 20 ms at 8 kHz: the physical step of a telephone call. */
export const frameSamples = 160;

/** A media server that takes nothing any more: half a minute of the bot's voice, which is handed over 2 s ahead, waits. */
const maxBufferedBytes = 30 * 8000 * 2;

/** What comes is valid during the call only. */
export interface MessageListener {
  /** Hot. A binary message is what lies in `batch` from `from` to before `to`; `from` is even. */
  binary(batch: Buffer, from: number, to: number): void;
  text(data: Buffer): void;
}

/** A WebSocket as a stream needs it. */
export interface MessageSocket {
  /** Bytes that wait to be taken by the system. */
  readonly bufferedAmount: number;
  /** One listener, for each message. */
  onMessage(listener: MessageListener): void;
  /** When the connection is over, however it ended; once. One listener. */
  onGone(listener: () => void): void;
  /** The bytes are copied. Nothing after the end. */
  send(data: Uint8Array | string): void;
  /** Begins the closing handshake. Safe to call twice. */
  close(code: number): void;
  /** Ends the connection at once. */
  terminate(): void;
}

export type AudioStreamEvents = {
  /** Everything sent before the mark of this name has been played, or was cleared by killAudio. */
  mark: [name: string, event: 'playout' | 'cleared'];
  /** The media server closed the WebSocket, or it broke. Comes once, never after close(). */
  lost: [];
};

/*
 * A whole frame is taken apart in memory that all streams share: the processor has it at hand. The messages of many streams
 * come in one batch, whose samples are looked at through one view.
 */
const wholeCaller = new Int16Array(frameSamples);
const wholeHeard = new Int16Array(frameSamples);
let lastBatch: Buffer | undefined;
let lastSamples: Int16Array = new Int16Array(0);

/**
 * One fork's WebSocket (mod_audio_fork's protocol, wire.md C): frames of the call come in, the bot's voice and
 * commands go out. Owned by the call.
 */
export class AudioStream extends TypedEmitter<AudioStreamEvents> {
  /**
   * Hot. Called per 20 ms frame, in order, with mono s16 samples at 8 kHz: what the caller said, and (stereo forks
   * only, else silence) what the caller heard. Both arrays are reused: valid during the call only.
   */
  onFrame: ((caller: Int16Array, heard: Int16Array) => void) | undefined;

  /** The beginning of a frame whose rest comes with the next message. */
  #begun: { readonly caller: Int16Array; readonly heard: Int16Array } | undefined;
  #filled = 0;
  #frames = 0;
  #closed = false;
  #lost = false;

  constructor(
    private readonly socket: MessageSocket,
    private readonly channels: 1 | 2,
  ) {
    super();
    socket.onMessage({
      binary: (batch, from, to) => this.#samples(batch, from, to),
      text: (data) => {
        if (!this.#closed) this.#text(data);
      },
    });
    socket.onGone(() => this.#gone());
  }

  /** Samples of each channel received since the fork began: the recording's clock. */
  get positionSamples(): number {
    return this.#frames * frameSamples;
  }

  /** Mono s16 at 8 kHz, to be played after what was sent before. The array is copied. */
  send(samples: Int16Array): void {
    if (this.#closed || this.#lost) return;
    if (this.socket.bufferedAmount > maxBufferedBytes) {
      // Closes, and so tells that it is lost.
      this.socket.terminate();
      return;
    }
    this.socket.send(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }

  /** Asks for a `mark` event once everything sent so far has been played. */
  mark(name: string): void {
    this.#command({ type: 'mark', data: { name } });
  }

  /** Drops what was sent and not yet played: silent within the next packet. */
  killAudio(): void {
    this.#command({ type: 'killAudio' });
  }

  /** Closes the WebSocket; a peer that does not answer the close frame is cut off by the server's closeTimeout. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onFrame = undefined;
    this.removeAllListeners();
    this.socket.close(1000);
    if (this.#lost) this.socket.terminate();
  }

  #command(message: object): void {
    if (this.#closed || this.#lost) return;
    this.socket.send(JSON.stringify(message));
  }

  /** Hot. s16le, interleaved when stereo; after a stall several frames come in one message, cut anywhere. */
  #samples(batch: Buffer, from: number, to: number): void {
    if (this.#closed) return;
    if (batch !== lastBatch) {
      lastBatch = batch;
      lastSamples = samplesOf(batch);
    }
    const samples = lastSamples;
    const { channels } = this;
    const start = from >> 1;
    const count = (to - from) >> 1;
    if (channels === 2 && this.#filled === 0 && count === 2 * frameSamples) {
      this.#stereoFrame(samples, start);
      return;
    }
    const end = start + count - (count % channels);
    const { caller, heard } = (this.#begun ??= {
      caller: new Int16Array(frameSamples),
      heard: new Int16Array(frameSamples),
    });
    let filled = this.#filled;
    for (let at = start; at < end; at += channels) {
      caller[filled] = samples[at] as number;
      if (channels === 2) heard[filled] = samples[at + 1] as number;
      filled += 1;
      if (filled === frameSamples) {
        filled = 0;
        this.#frames += 1;
        this.onFrame?.(caller, heard);
      }
    }
    this.#filled = filled;
  }

  /** Hot. The usual message: one whole frame. */
  #stereoFrame(samples: Int16Array, start: number): void {
    for (let i = 0, at = start; i < frameSamples; i++, at += 2) {
      wholeCaller[i] = samples[at] as number;
      wholeHeard[i] = samples[at + 1] as number;
    }
    this.#frames += 1;
    this.onFrame?.(wholeCaller, wholeHeard);
  }

  #text(data: Buffer): void {
    let message: unknown;
    try {
      message = JSON.parse(data.toString('utf8'));
    } catch {
      return; // Metadata may be any text; nothing depends on it.
    }
    // `null` is JSON too.
    const { type, data: body } = (message ?? {}) as {
      type?: unknown;
      data?: { name?: unknown; event?: unknown } | null;
    };
    if (type !== 'mark' || typeof body?.name !== 'string') return;
    this.emit('mark', body.name, body.event === 'cleared' ? 'cleared' : 'playout');
  }

  #gone(): void {
    if (this.#closed || this.#lost) return;
    this.#lost = true;
    this.emit('lost');
  }
}
