import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { default as initEspeak, EspeakWorker } from '@echogarden/espeak-ng-emscripten';
import { createResampler } from '../../../audio/resample.js';
import type { PhoneTiming } from '../../synthesizer.js';
import type { EspeakReply, EspeakWorkerData, SpeakMessage } from './protocol.js';
import { SilenceTrimmer } from './silence-trimmer.js';

/** What espeak-ng makes, whatever is asked. */
const engineHz = 22_050;
/** Silence kept before and after a sentence: a fade of one packet, so that nothing clicks. */
const keptSilenceMs = 20;

if (parentPort === null) throw new Error('espeak-worker runs as a worker thread');
const port = parentPort;
const reply = (message: EspeakReply, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

// On Linux this lowers the worker's thread alone: a packet is never late because a sentence is being made.
if (process.platform === 'linux') setPriority(0, 10);

const { packageUrl } = workerData as EspeakWorkerData;
const { default: init } = (await import(packageUrl)) as { default: typeof initEspeak };
const module = await init();
const engine = new module.eSpeakNGWorker();
let working = Promise.resolve();
port.on('message', (message: SpeakMessage) => {
  working = working.then(() => speak(engine, message));
});
reply({ type: 'ready' });

async function speak(espeak: EspeakWorker, message: SpeakMessage): Promise<void> {
  const { id, stop, sampleRateHz } = message;
  try {
    if (Atomics.load(stop, 0) === 1) return reply({ type: 'end', id });
    // A voice that is not found leaves the one before set: the code must be looked at each time.
    if (espeak.set_voice(message.voice) !== 0) return reply({ type: 'noVoice', id });
    espeak.set_rate(message.wordsPerMinute);
    if (message.phonesOnly) {
      reply({ type: 'phones', id, phones: phonesOf(espeak, message.text) });
      return reply({ type: 'end', id });
    }
    const resampler = await createResampler(engineHz, sampleRateHz);
    const trimmer = new SilenceTrimmer((sampleRateHz * keptSilenceMs) / 1000);
    const give = (samples: Int16Array): void => {
      if (samples.length > 0) {
        reply({ type: 'chunk', id, samples }, [samples.buffer as ArrayBuffer]);
      }
    };
    try {
      espeak.synthesize(escapeSsml(message.text), (samples) => {
        if (Atomics.load(stop, 0) === 1) return true;
        give(trimmer.push(resampler.process(samples)));
        return false;
      });
      if (Atomics.load(stop, 0) !== 1) {
        give(trimmer.push(resampler.flush()));
        give(trimmer.end());
      }
    } finally {
      resampler.close();
    }
    reply({ type: 'end', id });
  } catch (error) {
    reply({ type: 'failed', id, reason: error instanceof Error ? error.message : typeof error });
  }
}

/** Each phone lasts until the next begins; what follows the last is the pause after the sentence. */
function phonesOf(espeak: EspeakWorker, text: string): PhoneTiming[] {
  const begins: { phone: string; ms: number }[] = [];
  espeak.synthesize(escapeSsml(text), (_samples, events) => {
    for (const event of events) {
      if (event.type !== 'phoneme') continue;
      begins.push({ phone: String(event.id ?? ''), ms: event.audio_position });
    }
    return false;
  });
  return begins.map(({ phone, ms }, i) => ({
    phone,
    durationMs: (begins[i + 1]?.ms ?? ms) - ms,
  }));
}

/** The engine reads its input as SSML. */
function escapeSsml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
