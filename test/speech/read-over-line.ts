import { concatSamples } from '../../src/audio/pcm.js';
import type { SynthesisRequest, Synthesizer } from '../../src/speech/synthesizer.js';
import { overG711 } from '../audio/over-g711.js';

/** Silence before what is read, and after it, samples at 8 kHz: as a call's listening has it. */
const lead = new Int16Array(1600);
const tail = new Int16Array(2400);

/** A sentence over a telephone line (8 kHz, A-law), as a recognizer of a call is given it. */
export async function readOverLine(
  voice: Pick<Synthesizer, 'synthesize'>,
  request: SynthesisRequest,
): Promise<Int16Array> {
  const chunks: Int16Array[] = [lead];
  for await (const chunk of voice.synthesize(request, 8000)) chunks.push(chunk);
  return overG711(concatSamples([...chunks, tail]), 'PCMA');
}
