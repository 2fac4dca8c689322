/** Renders what `bench turn` plays: the bot's marked prompts, and the callers' clips in voices that the recognizer never heard. */
import { clip, concatSamples, fromDb, peak } from '../../src/audio/pcm.js';
import { heldOutVariants } from '../../src/speech/engines/phrasebook/training/throats.js';
import type { Synthesizer } from '../../src/speech/synthesizer.js';
import { atLevel, random } from './noise-corpus.js';
import {
  innerPauseMs,
  markDb,
  markHz,
  speechTopHz,
  turnPhrases,
  turnPrompts,
  voicedWithinDb,
} from './turn-set.js';

const rateHz = 8000;
const packetSamples = 160;
const promptLevelDb = -20;
/** How loud callers are, RMS over the clip: from a quiet one to one close to the microphone. */
const callerLevelsDb = [-26, -22, -18];

/** A caller's clip, in packets of 20 ms. */
export interface Clip {
  /** Name of the phrase. */
  readonly said: string;
  readonly hasPause: boolean;
  readonly voice: string;
  readonly samples: Int16Array;
  /** Packets that hold voice: first and last. */
  readonly firstVoiced: number;
  readonly lastVoiced: number;
}

export async function renderPrompts(synthesizer: Synthesizer): Promise<Map<string, Int16Array>> {
  const prompts = new Map<string, Int16Array>();
  for (const [name, text] of Object.entries(turnPrompts)) {
    const spoken = await say(synthesizer, text, undefined, 1);
    prompts.set(name, marked(atLevel(lowPassed(spoken), promptLevelDb), markHz(name), markDb(name)));
  }
  return prompts;
}

/** Each phrase in each voice, and where it has two parts once more with a pause between them. */
export async function renderClips(synthesizer: Synthesizer, seed = 1): Promise<Clip[]> {
  const next = random(seed);
  const clips: Clip[] = [];
  for (const voice of heldOutVariants) {
    for (const { name, parts } of turnPhrases) {
      const rate = 0.9 + next() * 0.25;
      const level = callerLevelsDb[clips.length % callerLevelsDb.length] ?? -22;
      const whole = await say(synthesizer, parts.join(' '), voice, rate);
      clips.push(asClip(name, false, voice, atLevel(whole, level), next));
      if (parts.length < 2) continue;
      const spoken: Int16Array[] = [];
      for (const part of parts) spoken.push(trimmed(await say(synthesizer, part, voice, rate)));
      const pause = new Int16Array((rateHz * innerPauseMs) / 1000);
      const parted = concatSamples(spoken.flatMap((part, i) => (i === 0 ? [part] : [pause, part])));
      clips.push(asClip(name, true, voice, atLevel(parted, level), next));
    }
  }
  return clips;
}

/** Begun anywhere within a packet, as speech is. */
function asClip(
  said: string,
  hasPause: boolean,
  voice: string,
  spoken: Int16Array,
  next: () => number,
): Clip {
  const offset = Math.floor(next() * packetSamples);
  const samples = new Int16Array(Math.ceil((offset + spoken.length) / packetSamples) * packetSamples);
  samples.set(spoken, offset);
  const least = peak(samples) * fromDb(-voicedWithinDb);
  let firstVoiced = -1;
  let lastVoiced = 0;
  for (let at = 0; at < samples.length; at += packetSamples) {
    if (peak(samples.subarray(at, at + packetSamples)) < least) continue;
    lastVoiced = at / packetSamples;
    if (firstVoiced < 0) firstVoiced = lastVoiced;
  }
  return { said, hasPause, voice, samples, firstVoiced: Math.max(0, firstVoiced), lastVoiced };
}

/** Without what is quieter than the clip's end is allowed to be. */
function trimmed(samples: Int16Array): Int16Array {
  const least = peak(samples) * fromDb(-voicedWithinDb);
  const isVoiced = (sample: number): boolean => Math.abs(sample) >= least;
  return samples.subarray(samples.findIndex(isVoiced), samples.findLastIndex(isVoiced) + 1);
}

/** The mark is there from the first sample to the last. */
function marked(samples: Int16Array, hz: number, levelDb: number): Int16Array {
  const amplitude = 32768 * Math.SQRT2 * fromDb(levelDb);
  return samples.map((sample, i) =>
    clip(Math.round(sample + amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz))),
  );
}

/** Leaves the place of the marks free: a windowed sinc of 101 taps. */
function lowPassed(samples: Int16Array): Int16Array {
  const half = 50;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const x = (i - half) * ((2 * speechTopHz) / rateHz);
    const sinc = i === half ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    return ((sinc * 2 * speechTopHz) / rateHz) * (0.54 + 0.46 * Math.cos((Math.PI * (i - half)) / half));
  });
  return samples.map((_, at) => {
    let sum = 0;
    for (let i = -half; i <= half; i++) sum += (taps[i + half] ?? 0) * (samples[at + i] ?? 0);
    return clip(Math.round(sum));
  });
}

async function say(
  synthesizer: Synthesizer,
  text: string,
  variant: string | undefined,
  rate: number,
): Promise<Int16Array> {
  const chunks: Int16Array[] = [];
  const request = {
    text,
    dialect: 'en-gb',
    rate,
    ...(variant === undefined ? {} : { voice: `+${variant}` }),
  };
  for await (const chunk of synthesizer.synthesize(request, rateHz)) chunks.push(chunk);
  return concatSamples(chunks);
}
