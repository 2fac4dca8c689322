import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { melSpectrogram } from '../../../audio/features.js';
import { createResampler, type Resampler } from '../../../audio/resample.js';
import { pronunciation } from './alignment.js';
import { Listening, type KnownPhrase, type KnownSound } from './listening.js';
import { parsePhoneModel, type Calibration, type PhoneModel } from './phone-model.js';
import type {
  PhraseReadings,
  PhrasebookReply,
  PhrasebookRequest,
  PhrasebookWorkerData,
  SoundRefusal,
} from './protocol.js';
import { soundTemplate } from './taught-sound.js';

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

/** How sure a taught sound is; the same for every model. */
let calibration: Promise<Calibration> | undefined;

function soundCalibration(): Promise<Calibration> {
  calibration ??= readFile(join(modelDir, 'taught.json'), 'utf8').then(
    (text) => JSON.parse(text) as Calibration,
  );
  calibration.catch(() => (calibration = undefined));
  return calibration;
}

/** What was taught, ready to be compared. A refusal is no sound. */
const sounds = new Map<string, Promise<KnownSound | SoundRefusal>>();

async function knownSound(id: string, name: string, samples: Int16Array): Promise<KnownSound | SoundRefusal> {
  const model = await modelOf(name);
  const template = soundTemplate(model, melSpectrogram(samples));
  if (typeof template === 'string') return template;
  return { id, model, template, calibration: await soundCalibration() };
}

interface Stream {
  readonly listening: Listening;
  readonly resampler: Resampler;
  readonly sampleRateHz: number;
  /** How much came. */
  samples: number;
}

/** Messages of one stream are dealt with in order, though opening takes a while. */
const streams = new Map<number, Promise<Stream>>();

async function open(sampleRateHz: number, phrases: readonly PhraseReadings[]): Promise<Stream> {
  const known = await Promise.all(
    phrases.map(async ({ id, said, taught: ids }): Promise<KnownPhrase> => {
      const found = await Promise.all(ids.map((one) => sounds.get(one)));
      const taught = found.filter((sound) => typeof sound === 'object');
      if (said === undefined) return { id, said, taught };
      const model = await modelOf(said.model);
      const seen = new Set<string>();
      const pronunciations = said.readings.flatMap((reading) => {
        const made = pronunciation(model, reading);
        const sounds = made?.map(({ phone }) => phone).join();
        if (made === undefined || sounds === undefined || seen.has(sounds)) return [];
        seen.add(sounds);
        return [made];
      });
      if (pronunciations.length === 0) throw new Error(`no sounds known for phrase ${id}`);
      return { id, said: { model, pronunciations }, taught };
    }),
  );
  return {
    listening: new Listening(known),
    resampler: await createResampler(sampleRateHz, lineHz),
    sampleRateHz,
    samples: 0,
  };
}

type StreamRequest = Extract<PhrasebookRequest, { readonly stream: number }>;

async function learn(message: Exclude<PhrasebookRequest, StreamRequest>): Promise<void> {
  const { id } = message;
  if (message.type === 'unteach') {
    sounds.delete(id);
    return;
  }
  const made = knownSound(id, message.model, message.samples);
  sounds.set(id, made);
  try {
    const sound = await made;
    reply({ type: 'taught', id, ...(typeof sound === 'string' && { refusal: sound }) });
  } catch (error) {
    sounds.delete(id);
    reply({ type: 'taught', id, failure: error instanceof Error ? error.message : typeof error });
  }
}

function audioMsOf({ samples, sampleRateHz }: Stream): number {
  return Math.round((samples * 1000) / sampleRateHz);
}

async function handle(message: StreamRequest): Promise<void> {
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
      stream.samples += message.samples.length;
      const early = stream.listening.push(stream.resampler.process(message.samples));
      // That nothing fits is a result too: who coughed is not waited for as long as who speaks.
      if (early !== undefined)
        reply({ type: 'interim', stream: id, matches: early, audioMs: audioMsOf(stream) });
      return;
    }
    case 'finish':
      stream.listening.push(stream.resampler.flush());
      reply({
        type: 'final',
        stream: id,
        matches: stream.listening.finish(),
        audioMs: audioMsOf(stream),
      });
      break;
    case 'close':
      break;
  }
  streams.delete(id);
  stream.resampler.close();
}

port.on('message', (message: PhrasebookRequest) => {
  if (message.type === 'teach' || message.type === 'unteach') {
    void learn(message);
    return;
  }
  handle(message).catch((error: unknown) => {
    if (!streams.delete(message.stream)) return;
    const reason = error instanceof Error ? error.message : typeof error;
    reply({ type: 'failed', stream: message.stream, reason });
  });
});
reply({ type: 'ready' });
