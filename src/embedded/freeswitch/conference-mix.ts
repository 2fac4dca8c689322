import { clip } from '../../audio/pcm.js';
import { FRAME_SAMPLES } from './audio-source.js';

/**
 * The sum of what is said in one frame of a conference, and what each hears of it: all but what is taken out again for him,
 * his own voice first of all. The sum is kept wider than 16 bits, so that taking out gives exactly the others. Pure.
 */
export class ConferenceMix {
  readonly #sum = new Int32Array(FRAME_SAMPLES);
  readonly #rest = new Int32Array(FRAME_SAMPLES);

  /** Hot: the next frame begins, in silence. */
  begin(): void {
    this.#sum.fill(0);
  }

  /** Hot: somebody says this in the frame. */
  add(samples: Int16Array): void {
    for (let i = 0; i < FRAME_SAMPLES; i += 1) {
      this.#sum[i] = (this.#sum[i] as number) + (samples[i] as number);
    }
  }

  /** Hot: begins what one listener hears: everything, until {@link without} takes something out. */
  hear(): void {
    this.#rest.set(this.#sum);
  }

  /** Hot: the listener does not hear this. It must have been added to this frame. */
  without(samples: Int16Array): void {
    for (let i = 0; i < FRAME_SAMPLES; i += 1) {
      this.#rest[i] = (this.#rest[i] as number) - (samples[i] as number);
    }
  }

  /** Hot: adds what the listener hears, times `factor`, to `out`, clipped. */
  addTo(out: Int16Array, factor = 1): void {
    for (let i = 0; i < FRAME_SAMPLES; i += 1) {
      out[i] = clip((out[i] as number) + Math.round((this.#rest[i] as number) * factor));
    }
  }
}
