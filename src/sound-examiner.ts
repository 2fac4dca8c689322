import { decodePcma, encodePcma } from './audio/g711.js';
import { concatSamples } from './audio/pcm.js';
import { errorCode } from './core/errors.js';
import { qualityError } from './quality/errors.js';
import type { SoundExaminer, SoundHeard } from './quality/sound-check.js';
import { createEspeakSynthesizer } from './speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from './speech/engines/phrasebook/phrasebook.js';
import type { Phrase, Recognizer } from './speech/recognizer.js';

const lineHz = 8000;
/** Silence before and after what is read, as a listening has it. */
const leadSamples = 1600;
const tailSamples = 3200;
/** Variants of espeak-ng's voices, a woman's and a man's, and how fast they read. */
const voices = [
  { voice: '+f3', rate: 1 },
  { voice: '+m3', rate: 0.9 },
];

/**
 * Engines of its own to check sounds with, so that calls go on as they are. `templateDir` is where the phrasebook keeps how
 * phrases are said. Rejects QUALITY_NO_ENGINE.
 */
export async function openSoundExaminer(
  templateDir: string,
): Promise<SoundExaminer & { close(): Promise<void> }> {
  const missing = (error: unknown) =>
    qualityError(
      'QUALITY_NO_ENGINE',
      { reason: error instanceof Error ? error.message : errorCode(error) },
      error,
    );
  const synthesizer = await createEspeakSynthesizer().catch((error: unknown) => {
    throw missing(error);
  });
  const phrasebook = await createPhrasebook({ synthesizer, templateDir }).catch(async (error: unknown) => {
    await synthesizer.close();
    throw missing(error);
  });
  return {
    teach: (sound) => phrasebook.teach(sound),
    hear: (phrases, samples) => hear(phrasebook, phrases, samples),
    say: async (text, dialect, number) => {
      if (!synthesizer.capabilities.dialects.includes(dialect)) return undefined;
      const { voice = '', rate = 1 } = voices[number % voices.length] ?? {};
      const read: Int16Array[] = [];
      const request = { text, dialect, voice, rate, background: true };
      for await (const chunk of synthesizer.synthesize(request, lineHz)) read.push(chunk);
      return overLine(read);
    },
    close: async () => {
      await phrasebook.close();
      await synthesizer.close();
    },
  };
}

/** Through G.711, with silence around. */
function overLine(chunks: readonly Int16Array[]): Int16Array {
  const line = concatSamples([new Int16Array(leadSamples), ...chunks, new Int16Array(tailSamples)]);
  const coded = new Uint8Array(line.length);
  encodePcma(line, coded);
  decodePcma(coded, line);
  return line;
}

function hear(
  recognizer: Recognizer,
  phrases: readonly Phrase[],
  samples: Int16Array,
): Promise<SoundHeard | undefined> {
  return new Promise((resolve, reject) => {
    const stream = recognizer.open({ sampleRateHz: lineHz, phrases, dialects: [] });
    stream.on('final', ({ alternatives: [best] }) =>
      resolve(best && { phraseId: best.phraseId, taught: best.taught }),
    );
    stream.on('error', (error) => {
      // A menu in a dialect that nobody can read, and of which nothing is taught yet.
      if (errorCode(error) === 'SPEECH_NO_VOICE') resolve(undefined);
      else reject(error);
    });
    stream.write(samples);
    stream.finish();
  });
}
