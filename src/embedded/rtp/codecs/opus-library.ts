import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What the package's WebAssembly exports: libopus as C has it; addresses are numbers. */
interface OpusExports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(address: number): void;
  opus_encoder_get_size(channels: number): number;
  opus_encoder_init(state: number, rateHz: number, channels: number, application: number): number;
  opus_encoder_ctl_set(state: number, request: number, value: number): number;
  opus_encode(state: number, samples: number, count: number, payload: number, mostBytes: number): number;
  opus_decoder_get_size(channels: number): number;
  opus_decoder_init(state: number, rateHz: number, channels: number): number;
  opus_decoder_ctl_set(state: number, request: number, value: number): number;
  opus_decode(
    state: number,
    payload: number,
    bytes: number,
    samples: number,
    most: number,
    fec: number,
  ): number;
}

/** Requests of opus_defines.h. */
const APPLICATION_VOIP = 2048;
const RESET_STATE = 4028;

const MAX_PAYLOAD_BYTES = 2048;
/** 120 ms of 48 kHz, the most that one packet may hold. */
const MAX_DECODED_SAMPLES = 5760;

let library: OpusLibrary | undefined;

/**
 * libopus, compiled by the first call that has Opus (13 ms). Throws when the package is not there. It is the WebAssembly of
 * `@evan/opus`, without that package's own wrappings: its native addon keeps its buffers in one place for all threads of a
 * process, so two media workers would write into each other's sound, and neither wrapping can be told of lost packets.
 */
export function opusLibrary(): OpusLibrary {
  return (library ??= new OpusLibrary());
}

/** One instance for all coders of a thread: they take turns with its two buffers. */
class OpusLibrary {
  readonly #opus: OpusExports;
  readonly #payload: number;
  readonly #samples: number;
  /** Views of the buffers, taken anew when the memory has grown. */
  #payloadBytes = new Uint8Array(0);
  #sampleWords = new Int16Array(0);

  constructor() {
    const file = createRequire(import.meta.url).resolve('@evan/opus/wasm/simd.wasm');
    const nothing = (): number => 0;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {
      wasi_snapshot_preview1: { fd_seek: nothing, fd_write: nothing, fd_close: nothing, proc_exit: nothing },
      env: { emscripten_notify_memory_growth: () => this.#view() },
    });
    this.#opus = instance.exports as unknown as OpusExports;
    this.#payload = this.#opus.malloc(MAX_PAYLOAD_BYTES);
    this.#samples = this.#opus.malloc(2 * MAX_DECODED_SAMPLES);
    this.#view();
  }

  /** A new encoder for mono speech, as an address. */
  openEncoder(rateHz: number, settings: readonly (readonly [request: number, value: number])[]): number {
    const state = this.#allocate(this.#opus.opus_encoder_get_size(1));
    this.#opus.opus_encoder_init(state, rateHz, 1, APPLICATION_VOIP);
    for (const [request, value] of settings) this.#opus.opus_encoder_ctl_set(state, request, value);
    return state;
  }

  /** A new decoder to mono, as an address. */
  openDecoder(rateHz: number): number {
    const state = this.#allocate(this.#opus.opus_decoder_get_size(1));
    this.#opus.opus_decoder_init(state, rateHz, 1);
    return state;
  }

  resetDecoder(state: number): void {
    this.#opus.opus_decoder_ctl_set(state, RESET_STATE, 0);
  }

  /** Frees an encoder or a decoder. */
  free(state: number): void {
    this.#opus.free(state);
  }

  /** Hot: the packet's length in bytes, negative for an error of libopus. */
  encode(state: number, samples: Int16Array, into: Uint8Array, at: number): number {
    this.#sampleWords.set(samples);
    const length = this.#opus.opus_encode(
      state,
      this.#samples,
      samples.length,
      this.#payload,
      Math.min(MAX_PAYLOAD_BYTES, into.length - at),
    );
    for (let i = 0; i < length; i++) into[at + i] = this.#payloadBytes[i] as number;
    return length;
  }

  /** Hot: how many samples the payload gave, negative for an error of libopus; none are copied when `into` is too short. */
  decode(state: number, bytes: Uint8Array, start: number, end: number, into: Int16Array): number {
    return this.#decode(state, bytes, start, end, into, MAX_DECODED_SAMPLES, 0);
  }

  /**
   * The `samples` before the payload, which never came, as the payload says them again (RFC 6716 §2.1.7); what it does not
   * say is made up. How many there are, negative for an error. Decode the payload itself after it.
   */
  recover(
    state: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    samples: number,
    into: Int16Array,
  ): number {
    return this.#decode(state, bytes, start, end, into, samples, 1);
  }

  #decode(
    state: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    into: Int16Array,
    most: number,
    fec: number,
  ): number {
    const length = end - start;
    if (length > MAX_PAYLOAD_BYTES) return -1;
    for (let i = 0; i < length; i++) this.#payloadBytes[i] = bytes[start + i] as number;
    const samples = this.#opus.opus_decode(state, this.#payload, length, this.#samples, most, fec);
    if (samples <= into.length) {
      for (let i = 0; i < samples; i++) into[i] = this.#sampleWords[i] as number;
    }
    return samples;
  }

  /** Tells a decoder that so much never came (RFC 6716 §4.4), at most 120 ms: what it makes up instead is not used. */
  lose(state: number, samples: number): void {
    this.#opus.opus_decode(state, 0, 0, this.#samples, samples, 0);
  }

  #allocate(bytes: number): number {
    const address = this.#opus.malloc(bytes);
    if (address === 0) throw new RangeError('no memory left for Opus');
    return address;
  }

  #view(): void {
    const { buffer } = this.#opus.memory;
    this.#payloadBytes = new Uint8Array(buffer, this.#payload, MAX_PAYLOAD_BYTES);
    this.#sampleWords = new Int16Array(buffer, this.#samples, MAX_DECODED_SAMPLES);
  }
}
