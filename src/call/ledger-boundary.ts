/** Instants of a turn that the sound does not tell: each is stamped where it happens, on the process's clock. */
export type LedgerBoundary =
  /** A key of the caller is over. */
  | 'key'
  /** It is decided that the caller has finished speaking: a final result is wanted. */
  | 'endpoint'
  /** The recognizer's final result is there. */
  | 'final'
  /** The dialog has decided, and its prompts go to the player. */
  | 'acted'
  /** The sound of a prompt is asked for. */
  | 'requested'
  /** Its first samples are there. */
  | 'firstChunk'
  /** They were handed to the audio stream; or the media server was told to play a file. */
  | 'handedOver'
  /** The caller interrupts: the media server was told to be silent. */
  | 'cut'
  /** It was no interruption: the prompt goes on. */
  | 'resumed';

/**
 * Called at a boundary, the moment it is reached. `samples`: what was handed over first, mono s16 at 8 kHz; not kept.
 * Never throws.
 */
export type Stamp = (boundary: LedgerBoundary, samples?: Int16Array) => void;
