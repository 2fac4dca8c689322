/** What `bench ledger` plays: clips whose first and last sample are known, and a prompt that begins with a marker. */
import { goertzel } from '../../src/audio/goertzel.js';
import { concatSamples, fromDb, peak, rmsDb } from '../../src/audio/pcm.js';
import { heldOutVariants } from '../../src/speech/engines/phrasebook/training/throats.js';
import type { Synthesizer } from '../../src/speech/synthesizer.js';
import { atLevel } from './noise-corpus.js';

const rateHz = 8000;

/** As in test/fixtures/bench-ledger/dialplans/ledger.yaml. */
const phrases = ['opening hours', 'technical support', 'change my address', 'speak to a person'];
const clipLevelDb = -20;
/** A clip begins and ends where it is so near to its peak: the edges are sharp, and a marker follows. */
const edgeDb = 20;
const clipMarkerMs = 10;

/** A caller's clip: its first sample is its first voiced one, its last sample the last of its marker. */
export interface LedgerClip {
  readonly said: string;
  readonly samples: Int16Array;
}

/** Each phrase in each voice that the recognizer never heard. */
export async function renderLedgerClips(synthesizer: Synthesizer): Promise<LedgerClip[]> {
  const clips: LedgerClip[] = [];
  for (const voice of heldOutVariants) {
    for (const said of phrases) {
      const chunks: Int16Array[] = [];
      const request = { text: said, dialect: 'en-us', voice: `+${voice}` };
      for await (const chunk of synthesizer.synthesize(request, rateHz)) chunks.push(chunk.slice());
      const spoken = atLevel(concatSamples(chunks), clipLevelDb);
      const least = peak(spoken) * fromDb(-edgeDb);
      const loud = (sample: number): boolean => Math.abs(sample) >= least;
      const trimmed = spoken.subarray(spoken.findIndex(loud), spoken.findLastIndex(loud) + 1);
      clips.push({ said, samples: concatSamples([trimmed, markerTone(clipMarkerMs)]) });
    }
  }
  return clips;
}

const promptMarkerMs = 60;
const humHz = 300;

/** A marker, then a hum without any pause: whoever hears a new marker hears a new prompt. */
export function markedPrompt(ms: number): Int16Array {
  const hum = Int16Array.from({ length: (ms * rateHz) / 1000 }, (_, i) =>
    Math.round(4000 * Math.sin((2 * Math.PI * humHz * i) / rateHz)),
  );
  return concatSamples([markerTone(promptMarkerMs), hum]);
}

const markerHz = 1000;
const markerAmplitude = 8000;

function markerTone(ms: number): Int16Array {
  return Int16Array.from({ length: (ms * rateHz) / 1000 }, (_, i) =>
    Math.round(markerAmplitude * Math.sin((2 * Math.PI * markerHz * (i + 0.5)) / rateHz)),
  );
}

/** The marker is looked for in windows of 5 ms, every 2.5 ms. */
const hopSamples = 20;
const windowSamples = 40;
/** So many windows with little else in them are a marker: a vowel may have one such. */
const leastWindows = 12;
/** DESIGN.md §5. */
const audibleDb = -40;
/** The hum repeats itself exactly after so many samples: three of its periods. */
const humSamples = 80;
/** What is left of a hop when the hum of before is taken away: less than this of its energy is G.711's noise. */
const humRest = 0.1;
/** So long it hums before that counts, hops (40 ms). */
const leastHum = 16;
/** Shorter silences than this are within a word, or between the pulses of a voice. */
const silenceMs = 15;

export type BotSound =
  /** A marker began, told when it has lasted for 30 ms. */
  | { readonly type: 'marker'; readonly atMs: number }
  /** The bot is audible after a silence, or after a hum that gave way to something else. */
  | { readonly type: 'onset'; readonly atMs: number };

/** Finds in what a caller hears where the bot begins. Times are those at which the sample could be heard. */
export class BotEar {
  readonly #window = new Int16Array(windowSamples);
  /** The hop at the end, and what came before it. */
  readonly #past = new Int16Array(humSamples + hopSamples);
  #humHops = 0;
  /** What is audible next is no hum. */
  #isNew = false;
  #windows = 0;
  #markerAtMs = 0;
  /** One past the last audible sample. */
  audibleUntilMs = Number.NEGATIVE_INFINITY;

  /** The prompt that has no pause is heard now. */
  get isHumming(): boolean {
    return this.#humHops >= leastHum;
  }

  /** One packet whose first sample is heard at `atMs`. */
  hear(samples: Int16Array, atMs: number): BotSound[] {
    const sounds: BotSound[] = [];
    for (let at = 0; at + hopSamples <= samples.length; at += hopSamples) {
      const hop = samples.subarray(at, at + hopSamples);
      const isAudible = rmsDb(hop) > audibleDb;
      const hopMs = atMs + at / 8;
      if (isAudible) {
        if (hopMs - this.audibleUntilMs >= silenceMs) sounds.push({ type: 'onset', atMs: hopMs });
        this.audibleUntilMs = hopMs + hopSamples / 8;
      }
      this.#past.copyWithin(0, hopSamples);
      this.#past.set(hop, humSamples);
      if (this.#hasHumEnded()) this.#isNew = true;
      if (this.#isNew && isAudible) {
        this.#isNew = false;
        sounds.push({ type: 'onset', atMs: hopMs });
      }
      this.#window.copyWithin(0, hopSamples);
      this.#window.set(hop, windowSamples - hopSamples);
      const marker = this.#marker(atMs + (at + hopSamples - windowSamples) / 8);
      if (marker !== undefined) sounds.push(marker);
    }
    return sounds;
  }

  /** Whether what hummed until this hop hums no more. */
  #hasHumEnded(): boolean {
    const past = this.#past;
    let [energy, rest] = [0, 0];
    for (let i = humSamples; i < past.length; i += 1) {
      const sample = past[i] as number;
      energy += sample * sample;
      rest += (sample - (past[i - humSamples] as number)) ** 2;
    }
    const hums = energy > 0 && rest < humRest * energy;
    const ended = !hums && this.#humHops >= leastHum;
    this.#humHops = hums ? this.#humHops + 1 : 0;
    return ended;
  }

  #marker(windowMs: number): BotSound | undefined {
    let energy = 0;
    for (const sample of this.#window) energy += sample * sample;
    const mean = energy / windowSamples;
    // A sine alone has all its energy at its frequency: half of its amplitude's square.
    const isMarker =
      mean > (32768 * fromDb(audibleDb)) ** 2 && goertzel(this.#window, markerHz, rateHz) / 2 > 0.8 * mean;
    if (!isMarker) {
      this.#windows = 0;
      return undefined;
    }
    if (this.#windows === 0) this.#markerAtMs = windowMs;
    this.#windows += 1;
    return this.#windows === leastWindows ? { type: 'marker', atMs: this.#markerAtMs } : undefined;
  }
}
