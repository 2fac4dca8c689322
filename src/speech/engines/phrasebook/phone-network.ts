import { readFileSync } from 'node:fs';

/** One dense layer: what is trained of it. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  /** One per output. */
  readonly bias: Float32Array;
  /** Inputs × outputs. */
  readonly weights: Float32Array;
}

/** What phone-kernel.wat exports; addresses are bytes. */
interface Kernel {
  readonly memory: WebAssembly.Memory;
  grow(pages: number): void;
  dense(
    input: number,
    weights: number,
    bias: number,
    output: number,
    inputs: number,
    panels: number,
    blocks: number,
    least: number,
  ): void;
}

/** As the kernel has it: frames side by side, and outputs whose sums are made together. */
const blockFrames = 8;
const panelOutputs = 4;
/** Frames that go through all layers at once: their values fit the second cache beside the weights. */
const batchFrames = 32;
const floatBytes = 4;
const pageBytes = 65_536;

/** A layer in the kernel's memory. */
interface Placed {
  /** With what was added to fill the last panel of the layer before. */
  readonly inputs: number;
  readonly panels: number;
  readonly weights: number;
  readonly bias: number;
  readonly least: number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Dense layers with rectifiers between them, carried out by phone-kernel.wat. It has a memory of its own, laid out once:
 * the layers, then two places between which a batch of frames goes to and fro.
 */
export class PhoneNetwork {
  readonly inputs: number;
  readonly outputs: number;
  readonly #kernel: Kernel;
  readonly #layers: readonly Placed[];
  /** Addresses. */
  readonly #places: readonly [number, number];
  readonly #memory: Float32Array;

  /** Throws when there is no layer, when one does not fit the one before, or when this machine has no SIMD. */
  constructor(layers: readonly Layer[]) {
    const [first] = layers;
    const last = layers.at(-1);
    if (first === undefined || last === undefined) throw new RangeError('a network has a layer');
    this.inputs = first.inputs;
    this.outputs = last.outputs;
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./phone-kernel.wasm', import.meta.url)));
    this.#kernel = new WebAssembly.Instance(compiled, {}).exports as Kernel;

    let end = 0;
    const take = (floats: number): number => {
      const at = end;
      end += floats * floatBytes;
      return at;
    };
    let inputs = first.inputs;
    this.#layers = layers.map((layer, i) => {
      if (i > 0 && layer.inputs !== layers[i - 1]?.outputs) throw new RangeError('the layers do not fit');
      const panels = Math.ceil(layer.outputs / panelOutputs);
      const placed = {
        inputs,
        panels,
        weights: take(inputs * panels * panelOutputs),
        bias: take(panels * panelOutputs),
        least: layer === last ? -Infinity : 0,
      };
      inputs = panels * panelOutputs;
      return placed;
    });
    const widest = Math.max(...this.#layers.flatMap((one) => [one.inputs, one.panels * panelOutputs]));
    this.#places = [take(widest * batchFrames), take(widest * batchFrames)];
    this.#kernel.grow(Math.ceil(end / pageBytes));
    this.#memory = new Float32Array(this.#kernel.memory.buffer);
    this.#layers.forEach((placed, i) => this.#place(placed, layers[i] as Layer));
  }

  /** What comes out for each frame: frames × {@link inputs} in, frames × {@link outputs} back, the caller's own. */
  forward(input: Float32Array): Float32Array {
    const frames = input.length / this.inputs;
    const result = new Float32Array(frames * this.outputs);
    for (let from = 0; from < frames; from += batchFrames) {
      this.#batch(input, from, Math.min(batchFrames, frames - from), result);
    }
    return result;
  }

  /** Hot: two hundred thousand multiplications per frame. */
  #batch(input: Float32Array, from: number, frames: number, result: Float32Array): void {
    const memory = this.#memory;
    let [source, target] = this.#places;
    for (let frame = 0; frame < frames; frame++) {
      let to = lane(source, frame, this.inputs);
      const at = (from + frame) * this.inputs;
      for (let i = 0; i < this.inputs; i++, to += blockFrames) memory[to] = input[at + i] as number;
    }
    // The last block's lanes that no frame is in hold what an earlier batch left, and nobody reads what comes of it.
    const blocks = Math.ceil(frames / blockFrames);
    for (const { inputs, panels, weights, bias, least } of this.#layers) {
      this.#kernel.dense(source, weights, bias, target, inputs, panels, blocks, least);
      [source, target] = [target, source];
    }
    const width = Math.ceil(this.outputs / panelOutputs) * panelOutputs;
    for (let frame = 0; frame < frames; frame++) {
      let at = lane(source, frame, width);
      const to = (from + frame) * this.outputs;
      for (let i = 0; i < this.outputs; i++, at += blockFrames) result[to + i] = memory[at] as number;
    }
  }

  /** What fills the last panel is 0, in the weights as in the bias: it gives 0, and the next layer's rows for it are 0. */
  #place({ inputs, weights, bias }: Placed, layer: Layer): void {
    const memory = this.#memory;
    memory.set(layer.bias, bias / floatBytes);
    for (let output = 0; output < layer.outputs; output++) {
      const panel = Math.floor(output / panelOutputs);
      const at = weights / floatBytes + panel * inputs * panelOutputs + (output % panelOutputs);
      for (let i = 0; i < layer.inputs; i++) {
        memory[at + i * panelOutputs] = layer.weights[i * layer.outputs + output] as number;
      }
    }
  }
}

/** Index of a frame's first value among `width` per frame; the next is a block's frames further. */
function lane(address: number, frame: number, width: number): number {
  const inBlock = frame % blockFrames;
  return address / floatBytes + (frame - inBlock) * width + inBlock;
}
