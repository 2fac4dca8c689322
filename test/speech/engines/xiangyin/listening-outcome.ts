import { errorCode } from '../../../../src/core/errors.js';
import type { RecognitionResult, RecognizerStream } from '../../../../src/speech/recognizer.js';
import type { SpokenAudio } from '../../../../src/speech/synthesizer.js';

/** Everything that a listening told, in order, with its end. */
export interface Told {
  readonly ready: number;
  readonly interims: readonly RecognitionResult[];
  /** `final`, or the code of the error. */
  readonly end: string;
  readonly final: RecognitionResult | undefined;
}

/** Resolves at the first end; `later` holds what came after it, which must be nothing. */
export function outcomeOf(stream: RecognizerStream, later: string[] = []): Promise<Told> {
  return new Promise((resolve) => {
    const interims: RecognitionResult[] = [];
    let ready = 0;
    let ended = false;
    const end = (how: string, final: RecognitionResult | undefined): void => {
      if (ended) later.push(how);
      ended = true;
      resolve({ ready, interims, end: how, final });
    };
    stream.on('ready', () => void (ended ? later.push('ready') : (ready += 1)));
    stream.on('interim', (result) => void (ended ? later.push('interim') : interims.push(result)));
    stream.on('final', (result) => end('final', result));
    stream.on('error', (error) => end(errorCode(error), undefined));
  });
}

/** How a sentence ended: `end`, or the code of the error; with how much was heard. */
export async function heardOf(
  audio: SpokenAudio,
): Promise<{ readonly end: string; readonly samples: number }> {
  let samples = 0;
  try {
    for await (const chunk of audio) samples += chunk.length;
    return { end: 'end', samples };
  } catch (error) {
    return { end: errorCode(error), samples };
  }
}
