import { frameSamples, type AudioStream } from '../audio-stream/audio-stream.js';
import type { AudioStreamServer, ExpectedStream } from '../audio-stream/audio-stream-server.js';
import type { MediaEndpoint } from '../media/media-endpoint.js';

/** How long the media server may take to dial the audio WebSocket after it accepted the fork, ms. */
const arrivalLimitMs = 3000;

/**
 * A call's audio between application and media server: one stereo stream for both directions, or, where the media
 * server needs it, a mono stream to speak and hear and a stereo one to record. Owned by the call.
 */
export class CallAudio {
  #closed = false;

  private constructor(
    /** Carries the bot's voice, and the caller's channel for recognizers. */
    readonly speaking: AudioStream,
    /** Carries both channels, sample-aligned, for recorder and ledger. */
    readonly recording: AudioStream,
  ) {}

  /** Starts the forks and waits for their WebSockets. Rejects MEDIA_FORK_FAILED, AUDIO_STREAM_NEVER_CAME. */
  static async open(endpoint: MediaEndpoint, server: AudioStreamServer): Promise<CallAudio> {
    const two = endpoint.forkPlan === 'mono-and-stereo';
    const speak = server.expect(two ? 1 : 2, arrivalLimitMs);
    const listen = two ? server.expect(2, arrivalLimitMs) : undefined;
    const expected: ExpectedStream[] = listen === undefined ? [speak] : [speak, listen];
    try {
      // The limit of the WebSockets' arrival holds for a media server too that never answers the command.
      const [speaking, recording] = await Promise.all([
        speak.arrived,
        listen?.arrived,
        endpoint.startForks({ speak: speak.url, listen: listen?.url ?? '' }),
      ]);
      return new CallAudio(speaking, recording ?? speaking);
    } catch (error) {
      for (const { arrived, cancel } of expected) {
        cancel();
        arrived.then((stream) => stream.close()).catch(() => undefined);
      }
      throw error;
    }
  }

  /**
   * Calls `listen` per frame as soon as the caller's channel is there, with what he heard at that moment or, where that
   * comes by the second fork, some frames before; `record` per frame with both, sample-aligned. Arrays are reused.
   */
  attach(
    listen: (caller: Int16Array, heard: Int16Array) => void,
    record: (caller: Int16Array, heard: Int16Array) => void,
  ): void {
    if (this.recording === this.speaking) {
      this.speaking.onFrame = (caller, heard) => {
        listen(caller, heard);
        record(caller, heard);
      };
      return;
    }
    const latest = new Int16Array(frameSamples);
    this.speaking.onFrame = (caller) => listen(caller, latest);
    this.recording.onFrame = (caller, heard) => {
      latest.set(heard);
      record(caller, heard);
    };
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.speaking.close();
    this.recording.close();
  }
}
