import { readFile } from 'node:fs/promises';
import { decodePcmu, encodePcmu } from '../audio/g711.js';
import { concatSamples } from '../audio/pcm.js';
import { resample } from '../audio/resample.js';
import { parseWav } from '../audio/wav.js';
import { errorCode } from '../core/errors.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import { callerError } from './errors.js';
import {
  sentenceKey,
  sentencesOf,
  type CallerInputStep,
  type CallerScript,
  type Sentence,
} from './script.js';
import { makeTemplate, type SentenceTemplate } from './sentence-template.js';

const LINE_RATE_HZ = 8000;

/** Everything a script says and listens for, made before the call so that nothing waits on the line. */
export interface CallerSounds {
  /** What an input step sends: mono s16, 8 kHz. */
  clip(input: CallerInputStep): Int16Array;
  readonly templates: readonly SentenceTemplate[];
}

/**
 * Speaks the script's sentences and reads its files. Rejects CALLER_NO_SYNTHESIZER, CALLER_AUDIO_UNUSABLE, or with what
 * the synthesizer says.
 */
export async function prepareSounds(
  script: CallerScript,
  synthesizer: Synthesizer | undefined,
): Promise<CallerSounds> {
  const { said, expected } = sentencesOf(script);
  const clips = new Map<string, Int16Array>();
  for (const sentence of said) clips.set(sentenceKey(sentence), await speak(sentence, synthesizer));
  for (const step of script.steps) {
    const input = step.kind === 'bargeIn' ? step.input : step;
    if (input.kind === 'play') clips.set(input.file, await readClip(input.file));
  }
  const templates: SentenceTemplate[] = [];
  for (const sentence of expected) {
    const samples =
      sentence.audio === undefined ? await speak(sentence, synthesizer) : await readClip(sentence.audio);
    const template = makeTemplate(sentence.text, throughG711(samples));
    if (template === undefined) {
      throw callerError('CALLER_AUDIO_UNUSABLE', {
        file: sentence.audio ?? 'an expected sentence',
        reason: 'it is too short to be recognised (150 ms of voice at least)',
      });
    }
    templates.push(template);
  }
  return {
    templates,
    clip(input) {
      const key =
        input.kind === 'say' ? sentenceKey(input.sentence) : input.kind === 'play' ? input.file : '';
      return clips.get(key) ?? new Int16Array(0);
    },
  };
}

async function speak(sentence: Sentence, synthesizer: Synthesizer | undefined): Promise<Int16Array> {
  if (synthesizer === undefined) throw callerError('CALLER_NO_SYNTHESIZER');
  const { text, dialect, voice, rate } = sentence;
  const rates = synthesizer.capabilities.sampleRatesHz;
  const sampleRateHz = rates.includes(LINE_RATE_HZ) ? LINE_RATE_HZ : (rates[0] ?? LINE_RATE_HZ);
  const chunks: Int16Array[] = [];
  const spoken = synthesizer.synthesize(
    { text, dialect, ...(voice === undefined ? {} : { voice }), ...(rate === undefined ? {} : { rate }) },
    sampleRateHz,
  );
  for await (const chunk of spoken) chunks.push(chunk.slice());
  return resample(concatSamples(chunks), sampleRateHz, LINE_RATE_HZ);
}

async function readClip(file: string): Promise<Int16Array> {
  try {
    const { samples, channels, sampleRateHz } = parseWav(await readFile(file));
    const first = new Int16Array(Math.floor(samples.length / channels));
    for (let i = 0; i < first.length; i++) first[i] = samples[i * channels] as number;
    if (first.length === 0) throw new RangeError('it is empty');
    return await resample(first, sampleRateHz, LINE_RATE_HZ);
  } catch (error) {
    const reason = error instanceof RangeError ? error.message : errorCode(error);
    throw callerError('CALLER_AUDIO_UNUSABLE', { file, reason }, error);
  }
}

/** As the far side's prompts sound here: quantised by the line. */
function throughG711(samples: Int16Array): Int16Array {
  const bytes = new Uint8Array(samples.length);
  const heard = new Int16Array(samples.length);
  encodePcmu(samples, bytes);
  decodePcmu(bytes, heard);
  return heard;
}
