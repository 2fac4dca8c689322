import initFvad from '@echogarden/fvad-wasm';

/** One 20 ms frame of 8 kHz. */
const frameSamples = 160;
/** How sure it must be, 0 to 3: 3 takes the least noise for voice. */
const aggressiveness = 3;

// Loaded with the program (4 ms), so that a line can be judged from its first frame without waiting for anything.
const fvad = await initFvad();
/** Where each frame is put; all lines take turns. */
const frameAddress = fvad._malloc(2 * frameSamples);

/**
 * WebRTC's voice activity detector, of one line: six bands, each with a mixture of Gaussians for voice and one for
 * noise, which learn as they listen. It knows stationary noise from voice, but takes music, babble and coughs for voice.
 */
export class VoiceModel {
  #instance: number;

  constructor() {
    this.#instance = fvad._fvad_new();
    if (this.#instance === 0) return;
    fvad._fvad_set_sample_rate(this.#instance, 8000);
    fvad._fvad_set_mode(this.#instance, aggressiveness);
  }

  /** Hot: allocates nothing. Whether this frame of 160 samples at 8 kHz holds voice; true when there is no telling. */
  isVoice(samples: Int16Array): boolean {
    if (this.#instance === 0 || samples.length !== frameSamples) return true;
    fvad.HEAP16.set(samples, frameAddress >> 1);
    return fvad._fvad_process(this.#instance, frameAddress, frameSamples) !== 0;
  }

  /** Frees the memory in WASM. Safe to call twice. */
  close(): void {
    if (this.#instance !== 0) fvad._fvad_free(this.#instance);
    this.#instance = 0;
  }
}
