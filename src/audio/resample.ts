import initSpeex, { type SpeexModule } from '@echogarden/speex-resampler-wasm';

/** A stateful mono converter: what it gives for a sound does not depend on how the sound was cut into chunks. */
export interface Resampler {
  readonly fromHz: number;
  readonly toHz: number;
  /** Converts one chunk; the result is the caller's own and may be a few samples shorter or longer than the ratio says. */
  process(samples: Int16Array): Int16Array;
  /** What is still inside after the last chunk; afterwards the resampler is as new. */
  flush(): Int16Array;
  /** Frees the memory in WASM. Safe to call twice. */
  close(): void;
}

/** Samples handed to WASM at once. */
const blockSamples = 4096;
/** Speex quality, 0 to 10: 5 costs a third of 10 and its aliases lie beneath G.711's own noise. */
const quality = 5;

let loading: Promise<SpeexModule> | undefined;

/**
 * Rejects when a rate is not a positive integer. The filter's delay is taken out: sample 0 of the result is sample 0
 * of the input.
 */
export async function createResampler(fromHz: number, toHz: number): Promise<Resampler> {
  if (!Number.isInteger(fromHz) || !Number.isInteger(toHz) || fromHz <= 0 || toHz <= 0) {
    throw new RangeError(`cannot resample from ${fromHz} to ${toHz} Hz`);
  }
  if (fromHz === toHz) return new Passthrough(fromHz, toHz);
  loading ??= initSpeex();
  return new SpeexResampler(await loading, fromHz, toHz);
}

/** Converts a whole sound at once: the result is round(length * toHz / fromHz) samples long. */
export async function resample(samples: Int16Array, fromHz: number, toHz: number): Promise<Int16Array> {
  const resampler = await createResampler(fromHz, toHz);
  try {
    const head = resampler.process(samples);
    const tail = resampler.flush();
    const result = new Int16Array(Math.round((samples.length * toHz) / fromHz));
    result.set(head.subarray(0, result.length));
    if (head.length < result.length) {
      result.set(tail.subarray(0, result.length - head.length), head.length);
    }
    return result;
  } finally {
    resampler.close();
  }
}

class Passthrough implements Resampler {
  constructor(
    readonly fromHz: number,
    readonly toHz: number,
  ) {}
  process(samples: Int16Array): Int16Array {
    return samples.slice();
  }
  flush(): Int16Array {
    return new Int16Array(0);
  }
  close(): void {
    // Nothing is held.
  }
}

class SpeexResampler implements Resampler {
  readonly #state: number;
  readonly #input: number;
  readonly #output: number;
  readonly #outputSamples: number;
  /** Two 32-bit counters in WASM memory: samples offered then taken, room then samples given. */
  readonly #counts: number;
  #takenSamples = 0;
  #givenSamples = 0;
  #closed = false;

  constructor(
    private readonly module: SpeexModule,
    readonly fromHz: number,
    readonly toHz: number,
  ) {
    this.#outputSamples = Math.ceil((blockSamples * toHz) / fromHz) + 64;
    this.#counts = module._malloc(8);
    this.#input = module._malloc(blockSamples * 2);
    this.#output = module._malloc(this.#outputSamples * 2);
    this.#state = module._speex_resampler_init(1, fromHz, toHz, quality, this.#counts);
    if (this.#state === 0) throw new RangeError(`cannot resample from ${fromHz} to ${toHz} Hz`);
    module._speex_resampler_skip_zeros(this.#state);
  }

  process(samples: Int16Array): Int16Array {
    if (this.#closed) return new Int16Array(0);
    const result = this.#run(samples);
    this.#takenSamples += samples.length;
    this.#givenSamples += result.length;
    return result;
  }

  flush(): Int16Array {
    if (this.#closed) return new Int16Array(0);
    const owedSamples = Math.max(
      0,
      Math.round((this.#takenSamples * this.toHz) / this.fromHz) - this.#givenSamples,
    );
    const latency = this.module._speex_resampler_get_input_latency(this.#state);
    const rest = this.#run(new Int16Array(latency + Math.ceil(this.fromHz / this.toHz) + 1));
    this.module._speex_resampler_reset_mem(this.#state);
    this.module._speex_resampler_skip_zeros(this.#state);
    this.#takenSamples = 0;
    this.#givenSamples = 0;
    return rest.slice(0, owedSamples);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.module._speex_resampler_destroy(this.#state);
    for (const address of [this.#counts, this.#input, this.#output]) this.module._free(address);
  }

  #run(samples: Int16Array): Int16Array {
    const room = new Int16Array(Math.ceil((samples.length * this.toHz) / this.fromHz) + 64);
    let given = 0;
    for (let at = 0; at < samples.length;) {
      const block = samples.subarray(at, at + blockSamples);
      // The views are taken anew each time: WASM memory may have grown and left the old ones detached.
      this.module.HEAP16.set(block, this.#input >> 1);
      const counts = new Uint32Array(this.module.HEAP16.buffer, this.#counts, 2);
      counts[0] = block.length;
      counts[1] = this.#outputSamples;
      this.module._speex_resampler_process_int(
        this.#state,
        0,
        this.#input,
        this.#counts,
        this.#output,
        this.#counts + 4,
      );
      const taken = counts[0] ?? 0;
      const made = Math.min(counts[1] ?? 0, room.length - given);
      const from = this.#output >> 1;
      room.set(this.module.HEAP16.subarray(from, from + made), given);
      given += made;
      if (taken === 0 && made === 0) break;
      at += taken;
    }
    return room.slice(0, given);
  }
}
