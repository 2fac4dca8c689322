import { samplesOf } from '../audio/pcm.js';
import { TypedEmitter } from '../core/typed-emitter.js';

/** 20 ms at 8 kHz: the physical step of a telephone call. */
export const frameSamples = 160;

/** A media server that takes nothing any more: half a minute of the bot's voice, which is handed over 2 s ahead, waits. */
const maxBufferedBytes = 30 * 8000 * 2;

/** A WebSocket as a stream needs it. */
export interface MessageSocket {
  /** Bytes that wait to be taken by the system. */
  readonly bufferedAmount: number;
  /** Hot: `listener` gets each message; the bytes are valid during the call only. One listener. */
  onMessage(listener: (data: Buffer, isBinary: boolean) => void): void;
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

  readonly #caller = new Int16Array(frameSamples);
  readonly #heard = new Int16Array(frameSamples);
  #filled = 0;
  #frames = 0;
  #closed = false;
  #lost = false;

  constructor(
    private readonly socket: MessageSocket,
    private readonly channels: 1 | 2,
  ) {
    super();
    socket.onMessage((data, isBinary) => {
      if (this.#closed) return;
      if (isBinary) this.#samples(data);
      else this.#text(data);
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
  #samples(data: Buffer): void {
    const samples = samplesOf(data);
    const { channels } = this;
    if (channels === 2 && this.#filled === 0 && samples.length === 2 * frameSamples) {
      this.#stereoFrame(samples);
      return;
    }
    const end = samples.length - (samples.length % channels);
    const caller = this.#caller;
    const heard = this.#heard;
    let filled = this.#filled;
    for (let at = 0; at < end; at += channels) {
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
  #stereoFrame(samples: Int16Array): void {
    const caller = this.#caller;
    const heard = this.#heard;
    for (let i = 0; i < frameSamples; i++) {
      caller[i] = samples[2 * i] as number;
      heard[i] = samples[2 * i + 1] as number;
    }
    this.#frames += 1;
    this.onFrame?.(caller, heard);
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
