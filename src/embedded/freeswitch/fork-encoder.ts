import { endianness } from 'node:os';
import { clip, interleave } from '../../audio/pcm.js';
import { createResampler, type Resampler } from '../../audio/resample.js';
import type { ForkMix } from './audio-fork-command.js';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from './audio-source.js';

const isLittleEndian = endianness() === 'LE';

/*
 * What is needed while a message is made is shared by all forks of the thread: the processor has it at hand then.
 */
const mixed = new Int16Array(FRAME_SAMPLES);
const messages = new Map<number, ReturnType<typeof makeMessage>>();

/**
 * Makes a fork's messages: signed 16-bit little-endian at the fork's rate, one message per 20 ms frame. mono is the
 * caller, mixed the sum, stereo interleaved with the caller left.
 */
export class ForkEncoder {
  readonly bytesPerSec: number;
  readonly #channels: number;
  readonly #frameSamples: number;
  /** One per channel; empty when the rate is that of the call. */
  readonly #lines: ResampledLine[] = [];
  readonly #message: Int16Array;
  readonly #messageBytes: Uint8Array;
  readonly #localHeader: Uint8Array;

  constructor(
    private readonly mix: ForkMix,
    private readonly sampleRateHz: number,
  ) {
    this.#channels = mix === 'stereo' ? 2 : 1;
    this.bytesPerSec = sampleRateHz * 2 * this.#channels;
    this.#frameSamples = (FRAME_SAMPLES * sampleRateHz) / SAMPLE_RATE_HZ;
    const samples = this.#channels * this.#frameSamples;
    const shared = messages.get(samples) ?? makeMessage(samples);
    messages.set(samples, shared);
    this.#message = shared.samples;
    this.#messageBytes = shared.bytes;
    this.#localHeader = localHeader(this.#messageBytes.length);
  }

  /** Must have resolved before the first frame. */
  async prepare(): Promise<void> {
    if (this.sampleRateHz === SAMPLE_RATE_HZ) return;
    for (let i = 0; i < this.#channels; i += 1) {
      this.#lines.push(
        new ResampledLine(await createResampler(SAMPLE_RATE_HZ, this.sampleRateHz), this.#frameSamples),
      );
    }
  }

  /** Hot. The message of one frame, valid until the next one. */
  view(left: Int16Array, right: Int16Array): Uint8Array {
    this.#fill(left, right);
    return this.#messageBytes;
  }

  /** Hot. The message of one frame: a copy, since the WebSocket may keep it until the kernel takes it. */
  encode(left: Int16Array, right: Int16Array): Buffer {
    this.#fill(left, right);
    // Out of Node's pool, so it is cheap.
    return Buffer.from(this.#messageBytes);
  }

  /**
   * Hot. The message of one frame as it lies on the wire: header, a masking key of zeros, payload (RFC 6455 §5.2). The key
   * protects proxies from what web pages make browsers send (§10.3): for a peer on this machine there is none between.
   */
  encodeLocal(left: Int16Array, right: Int16Array): Buffer {
    this.#fill(left, right);
    const header = this.#localHeader;
    const frame = Buffer.allocUnsafe(header.length + this.#messageBytes.length);
    frame.set(header);
    frame.set(this.#messageBytes, header.length);
    return frame;
  }

  close(): void {
    for (const line of this.#lines) line.close();
    this.#lines.length = 0;
  }

  #sum(left: Int16Array, right: Int16Array): Int16Array {
    for (let i = 0; i < FRAME_SAMPLES; i += 1) {
      mixed[i] = clip((left[i] as number) + (right[i] as number));
    }
    return mixed;
  }

  #fill(left: Int16Array, right: Int16Array): void {
    const caller = this.mix === 'mixed' ? this.#sum(left, right) : left;
    const [lineA, lineB] = this.#lines;
    const first = lineA?.next(caller) ?? caller;
    const count = this.#frameSamples;
    if (this.#channels === 2) interleave(first, lineB?.next(right) ?? right, this.#message);
    else this.#message.set(first.length === count ? first : first.subarray(0, count));
    if (!isLittleEndian) Buffer.from(this.#message.buffer).swap16();
  }
}

function makeMessage(length: number): { readonly samples: Int16Array; readonly bytes: Uint8Array } {
  const samples = new Int16Array(length);
  return { samples, bytes: new Uint8Array(samples.buffer) };
}

/** A final binary frame of a client, with a masking key of zeros. */
function localHeader(payloadBytes: number): Uint8Array {
  const header = new Uint8Array(payloadBytes < 126 ? 6 : 8);
  header[0] = 0x82;
  header[1] = 0x80 | (payloadBytes < 126 ? payloadBytes : 126);
  if (payloadBytes >= 126) {
    header[2] = payloadBytes >> 8;
    header[3] = payloadBytes & 0xff;
  }
  return header;
}

/** A resampler whose output is cut into whole frames again. */
class ResampledLine {
  #rest: Int16Array | undefined;

  constructor(
    private readonly resampler: Resampler,
    private readonly frameSamples: number,
  ) {}

  /** Hot. One frame in, one frame out. */
  next(samples: Int16Array): Int16Array {
    const converted = this.resampler.process(samples);
    // The filter keeps a millisecond back for ever: so much silence first, and no frame need wait for the next one.
    const rest = (this.#rest ??= new Int16Array(Math.max(0, this.frameSamples - converted.length)));
    const all = new Int16Array(Math.max(this.frameSamples, rest.length + converted.length));
    all.set(rest);
    all.set(converted, rest.length);
    this.#rest = all.slice(this.frameSamples);
    return all.subarray(0, this.frameSamples);
  }

  close(): void {
    this.resampler.close();
  }
}
