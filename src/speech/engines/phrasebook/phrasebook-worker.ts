import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createResampler, type Resampler } from '../../../audio/resample.js';
import { pronunciation } from './alignment.js';
import { Listening, type KnownPhrase } from './listening.js';
import { parsePhoneModel, type PhoneModel } from './phone-model.js';
import type { PhraseReadings, PhrasebookReply, PhrasebookRequest, PhrasebookWorkerData } from './protocol.js';

const lineHz = 8000;

if (parentPort === null) throw new Error('phrasebook-worker runs as a worker thread');
const port = parentPort;
const { modelDir } = workerData as PhrasebookWorkerData;
const reply = (message: PhrasebookReply): void => port.postMessage(message);

// On Linux this lowers the worker's thread alone. Less than the synthesizer's 10: a caller waits for the answer.
if (process.platform === 'linux') setPriority(0, 5);

const models = new Map<string, Promise<PhoneModel>>();

function modelOf(name: string): Promise<PhoneModel> {
  let model = models.get(name);
  if (model === undefined) {
    const file = join(modelDir, `${name}.phones`);
    model = readFile(file).then((bytes) => parsePhoneModel(bytes, file));
    model.catch(() => models.delete(name));
    models.set(name, model);
  }
  return model;
}

interface Stream {
  readonly listening: Listening;
  readonly resampler: Resampler;
}

/** Messages of one stream are dealt with in order, though opening takes a while. */
const streams = new Map<number, Promise<Stream>>();

async function open(sampleRateHz: number, phrases: readonly PhraseReadings[]): Promise<Stream> {
  const known = await Promise.all(
    phrases.map(async ({ id, model: name, readings }): Promise<KnownPhrase> => {
      const model = await modelOf(name);
      const seen = new Set<string>();
      const pronunciations = readings.flatMap((reading) => {
        const made = pronunciation(model, reading);
        const sounds = made?.map(({ phone }) => phone).join();
        if (made === undefined || sounds === undefined || seen.has(sounds)) return [];
        seen.add(sounds);
        return [made];
      });
      if (pronunciations.length === 0) throw new Error(`no sounds known for phrase ${id}`);
      return { id, model, pronunciations };
    }),
  );
  return { listening: new Listening(known), resampler: await createResampler(sampleRateHz, lineHz) };
}

async function handle(message: PhrasebookRequest): Promise<void> {
  const id = message.stream;
  if (message.type === 'open') {
    streams.set(id, open(message.sampleRateHz, message.phrases));
    // A failure is told once, when somebody asks for the result or sooner if audio comes.
    await streams.get(id);
    return;
  }
  const stream = await streams.get(id);
  if (stream === undefined) return;
  switch (message.type) {
    case 'audio': {
      const early = stream.listening.push(stream.resampler.process(message.samples));
      if (early !== undefined && early.length > 0) {
        reply({ type: 'interim', stream: id, matches: early });
      }
      return;
    }
    case 'finish':
      stream.listening.push(stream.resampler.flush());
      reply({ type: 'final', stream: id, matches: stream.listening.finish() });
      break;
    case 'close':
      break;
  }
  streams.delete(id);
  stream.resampler.close();
}

port.on('message', (message: PhrasebookRequest) => {
  handle(message).catch((error: unknown) => {
    if (!streams.delete(message.stream)) return;
    const reason = error instanceof Error ? error.message : typeof error;
    reply({ type: 'failed', stream: message.stream, reason });
  });
});
reply({ type: 'ready' });
