/** What the bench's voice sounds like, and what a caller listens for. Pure data. */
import { concatSamples } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';

/** By this tone at its end a question tells that it was said to the end. */
export const MARK_HZ = 1400;
const VOICE_HZ = 700;
/** What the house says when engines are gone is complete without a mark. */
export const HOUSE_HZ = 500;
/** The words of a filler are no statement. */
const FILLER_HZ = 600;

/** As long as a short sentence; with a mark if the text asks for a key. */
export function voiceOf(text: string, sampleRateHz: number): Int16Array {
  const body = tone({ frequenciesHz: [VOICE_HZ], durationMs: 900, sampleRateHz });
  if (!text.includes('press')) return body;
  return concatSamples([body, tone({ frequenciesHz: [MARK_HZ], durationMs: 400, sampleRateHz })]);
}

/** Recordings of the house, as short as sentences: `name` to words. */
export const houseWords: Readonly<Record<string, string>> = {
  'one-moment': 'One moment.',
  'use-keys': 'Please use the keys.',
  'voice-trouble': 'Our voice has a problem.',
};

export function houseRecording(name: string): Int16Array {
  return name === 'one-moment'
    ? tone({ frequenciesHz: [FILLER_HZ], durationMs: 400, sampleRateHz: 8000 })
    : tone({ frequenciesHz: [HOUSE_HZ], durationMs: 1200, sampleRateHz: 8000 });
}

export interface ChaosTask {
  readonly host: string;
  /** First of the called numbers, one for each call. */
  readonly firstNumber: number;
  readonly calls: number;
  readonly atOnce: number;
  /** What callers say, mono s16 at 8 kHz. */
  readonly speech: Int16Array;
}

export interface ChaosCall {
  /** Called by him alone. */
  readonly number: string;
  readonly maxSilenceMs: number;
  /** How often he had to speak or press. */
  readonly answers: number;
  /** Packets that he heard, and of them those with a mark. */
  readonly packets: number;
  readonly markedPackets: number;
  /** Why it counts as hung; undefined: the bot said goodbye and hung up. */
  readonly hung: string | undefined;
}

export interface ChaosResult {
  readonly calls: readonly ChaosCall[];
  readonly lagP99Ms: number;
}
