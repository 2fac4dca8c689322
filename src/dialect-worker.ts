import { parentPort, workerData } from 'node:worker_threads';
import { understand } from './call/understand.js';
import { errorCode } from './core/errors.js';
import { DialectIdentifier } from './dialect/identify.js';
import { IntentMatcher } from './dialect/intent-matcher.js';
import type { PackProblem } from './dialect/pack-problem.js';
import type { TaughtSentence } from './dialect/taught-sentences.js';
import { readDialectPacks, readIntentData, readSlotReader } from './dialect-data.js';
import { dialectDataDir } from './dialect-files.js';
import type {
  DialectCall,
  DialectRequest,
  DialectWorkerData,
  FromDialectWorker,
} from './dialect-messages.js';

/** The thread that understands: it reads the words and learns the intents, which takes seconds, and holds up no packet. */
const { dir = dialectDataDir } = workerData as DialectWorkerData;

const matchers = new Map<string, IntentMatcher>();
let taught: readonly TaughtSentence[] = [];
const reading = read();
reading.then(
  () => tell({ type: 'ready' }),
  (error: unknown) => tell({ type: 'problem', problem: `the words of the dialects: ${errorCode(error)}` }),
);

// One after the other, in the order they came.
let previous: Promise<void> = Promise.resolve();
parentPort?.on('message', (call: DialectCall) => {
  previous = previous.then(() => handle(call));
});

async function read() {
  const [{ packs, problems }, { slots, problems: inSlots }] = await Promise.all([
    readDialectPacks(`${dir}/packs`),
    readSlotReader(`${dir}/slots-data`),
  ]);
  tellProblems([...problems, ...inSlots]);
  return { packs, slots, identifier: new DialectIdentifier(packs) };
}

async function handle({ sequence, request }: DialectCall): Promise<void> {
  try {
    tell({ type: 'answer', sequence, value: await perform(request) });
  } catch (error) {
    // What fails costs this sentence, not the thread.
    tell({ type: 'answer', sequence, value: undefined, failure: errorCode(error) });
  }
}

async function perform(request: DialectRequest): Promise<unknown> {
  const { packs, slots, identifier } = await reading;
  switch (request.type) {
    case 'prepare':
      for (const set of request.sets) await learn(set, request.dialects);
      return undefined;
    case 'teach':
      taught = request.sentences;
      for (const matcher of matchers.values()) matcher.teach(taught, tellTaught);
      return undefined;
    case 'identify':
      return identifier.identifyText(request.text);
    case 'understand':
      return understand(
        { packs, slots, matcherOf: (set) => matchers.get(set) },
        request.question,
        new Date(request.todayMs),
      );
  }
}

async function learn(set: string, dialects: readonly string[]): Promise<void> {
  const { packs } = await reading;
  let matcher = matchers.get(set);
  if (matcher === undefined) {
    const { examples, learned, problems } = await readIntentData(set, `${dir}/intents`);
    tellProblems(problems);
    matcher = IntentMatcher.build(examples, packs, learned);
  }
  matcher.prepare(dialects);
  matcher.teach(taught, tellTaught);
  matchers.set(set, matcher);
}

function tellTaught(id: string): void {
  tell({ type: 'taughtMatched', id });
}

function tellProblems(problems: readonly PackProblem[]): void {
  for (const { file, line, message } of problems)
    tell({ type: 'problem', problem: `${file}:${String(line)}: ${message}` });
}

function tell(message: FromDialectWorker): void {
  parentPort?.postMessage(message);
}
