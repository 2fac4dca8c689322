import type { WebSocket } from 'ws';
import { TypedEmitter } from '../core/typed-emitter.js';

/** 20 ms at 8 kHz: the physical step of a telephone call. */
export const frameSamples = 160;

/** A media server that takes nothing any more: half a minute of the bot's voice, which is handed over 2 s ahead, waits. */
const maxBufferedBytes = 30 * 8000 * 2;

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
    private readonly socket: WebSocket,
    private readonly channels: 1 | 2,
  ) {
    super();
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#closed) return;
      if (isBinary) this.#samples(data);
      else this.#text(data);
    });
    socket.on('close', () => this.#gone());
    socket.on('error', () => this.#gone());
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
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    this.socket.send(Buffer.from(bytes), { binary: true });
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
    const step = 2 * this.channels;
    const end = data.byteLength - (data.byteLength % step);
    for (let at = 0; at < end; at += step) {
      this.#caller[this.#filled] = data.readInt16LE(at);
      if (this.channels === 2) this.#heard[this.#filled] = data.readInt16LE(at + 2);
      this.#filled += 1;
      if (this.#filled === frameSamples) {
        this.#filled = 0;
        this.#frames += 1;
        this.onFrame?.(this.#caller, this.#heard);
      }
    }
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
