/** How long an engine may take, each in ms; 0 waits for ever. */
export interface RecognizerDeadlines {
  /** From the opening of a listening to its `ready`; only for engines that connect. */
  readonly connectMs: number;
  /** While the caller speaks: from `ready` to the first result; only for engines with interim results. */
  readonly firstResultMs: number;
  /** While the caller speaks: from one result to the next; only for engines with interim results. */
  readonly betweenResultsMs: number;
  /** From the end of the caller's speech to the final result. */
  readonly finalMs: number;
}

export interface SynthesizerDeadlines {
  /** From the request to the first sound, connecting included. */
  readonly firstAudioMs: number;
  /** From the wish for the next piece of sound to that piece. */
  readonly betweenChunksMs: number;
}

/**
 * After the caller's last word a caller waits at most 1500 ms. Of that the endpoint takes 340; one engine that hangs and
 * the next one's work have to fit into the rest, with the synthesizer's part.
 */
export const recognizerDeadlines: RecognizerDeadlines = {
  // A connection within a country takes 10 to 200 ms with TLS, one that does not come in 800 does not come.
  connectMs: 800,
  // Engines with interim results give the first after 300 to 700 ms of speech.
  firstResultMs: 1_500,
  // A caller who thinks aloud says nothing new for a while; an engine that hangs is found by finalMs anyway.
  betweenResultsMs: 4_000,
  finalMs: 600,
};

export const synthesizerDeadlines: SynthesizerDeadlines = {
  firstAudioMs: 400,
  // The bot's voice is handed over up to 2 s ahead; in the middle of a sentence there is less.
  betweenChunksMs: 400,
};
