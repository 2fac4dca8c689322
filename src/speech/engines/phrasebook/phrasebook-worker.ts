import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { melSpectrogram } from '../../../audio/features.js';
import { createResampler } from '../../../audio/resample.js';
import { pronunciations } from './alignment.js';
import { Listening, type KnownPhrase, type KnownSound } from './listening.js';
import { parsePhoneModel, type Calibration, type PhoneModel } from './phone-model.js';
import type {
  PhraseReadings,
  PhrasebookReply,
  PhrasebookRequest,
  PhrasebookWorkerData,
  SoundRefusal,
} from './protocol.js';
import { soundTemplate, type SoundTemplate } from './taught-sound.js';
import { warmUp } from './warm-up.js';
import { WorkQueue } from './work-queue.js';
import { WorkerStream } from './worker-stream.js';

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

const work = new WorkQueue(setImmediate);

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
  const template = await new Promise<SoundTemplate | SoundRefusal>((resolve, reject) => {
    work.put(samples, 'background', () => {
      try {
        resolve(soundTemplate(model, melSpectrogram(samples)));
      } catch (error) {
        reject(error as Error);
      }
    });
  });
  if (typeof template === 'string') return template;
  return { id, model, template, calibration: await soundCalibration() };
}

/** Messages of one stream are dealt with in order, though opening takes a while. */
const streams = new Map<number, Promise<WorkerStream>>();

async function knownPhrase({ id, said, taught: ids }: PhraseReadings): Promise<KnownPhrase> {
  const found = await Promise.all(ids.map((one) => sounds.get(one)));
  const taught = found.filter((sound) => typeof sound === 'object');
  if (said === undefined) return { id, said, taught };
  const model = await modelOf(said.model);
  const ways = pronunciations(model, said.readings);
  return { id, said: ways.length === 0 ? undefined : { model, pronunciations: ways }, taught };
}

/** So often the model is used before a caller uses it: then its code is compiled. */
const warmUps = 8;

/** Between everything that is wanted, one at a time. A model that cannot be read is told to who needs it. */
async function warm(phrases: readonly PhraseReadings[]): Promise<void> {
  const known = await Promise.all(phrases.map(knownPhrase)).catch(() => []);
  const again = (left: number): void =>
    work.put(known, 'background', () => {
      warmUp(known);
      if (left > 1) again(left - 1);
    });
  if (known.length > 0) again(warmUps);
}

async function open(
  id: number,
  sampleRateHz: number,
  phrases: readonly PhraseReadings[],
): Promise<WorkerStream> {
  const known = await Promise.all(phrases.map(knownPhrase));
  // A phrase that this model has no sounds for keeps nobody from being heard with the others.
  const deaf = known.filter(({ said, taught }) => said === undefined && taught.length === 0);
  if (known.length > 0 && deaf.length === known.length) {
    throw new Error(`no sounds known for phrase ${deaf[0]?.id ?? ''}`);
  }
  return new WorkerStream({
    id,
    sampleRateHz,
    listening: new Listening(known),
    resampler: await createResampler(sampleRateHz, lineHz),
    work,
    reply,
    onEnd: () => streams.delete(id),
  });
}

type StreamRequest = Extract<PhrasebookRequest, { readonly stream: number }>;

async function learn(message: Extract<PhrasebookRequest, { type: 'teach' | 'unteach' }>): Promise<void> {
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

async function handle(message: StreamRequest): Promise<void> {
  const id = message.stream;
  if (message.type === 'open') {
    streams.set(id, open(id, message.sampleRateHz, message.phrases));
    // A failure is told once, when somebody asks for the result or sooner if audio comes.
    await streams.get(id);
    return;
  }
  const stream = await streams.get(id);
  if (stream === undefined) return;
  switch (message.type) {
    case 'audio':
      return stream.hear(message.samples);
    case 'finish':
      return stream.finish();
    case 'close':
      return stream.close();
  }
}

port.on('message', (message: PhrasebookRequest) => {
  if (message.type === 'teach' || message.type === 'unteach') {
    void learn(message);
    return;
  }
  if (message.type === 'warm') {
    void warm(message.phrases);
    return;
  }
  handle(message).catch((error: unknown) => {
    if (!streams.delete(message.stream)) return;
    const reason = error instanceof Error ? error.message : typeof error;
    reply({ type: 'failed', stream: message.stream, reason });
  });
});
reply({ type: 'ready' });
