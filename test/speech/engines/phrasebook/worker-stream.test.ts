import t from 'tap';
import { createResampler } from '../../../../src/audio/resample.js';
import { Listening, type KnownPhrase } from '../../../../src/speech/engines/phrasebook/listening.js';
import type { PhrasebookReply } from '../../../../src/speech/engines/phrasebook/protocol.js';
import { WorkQueue } from '../../../../src/speech/engines/phrasebook/work-queue.js';
import { WorkerStream } from '../../../../src/speech/engines/phrasebook/worker-stream.js';
import { uniform } from './reference-network.js';

const silence = (ms: number): Int16Array => new Int16Array(ms * 8);
/** As loud as a voice, in all bands. */
const voice = (ms: number): Int16Array => {
  const next = uniform(1);
  return Int16Array.from({ length: ms * 8 }, () => 4000 * next());
};

/** Streams at 8 kHz and the turns of their queue; `asked` counts how often a verdict was worked out. */
function bench() {
  const turns: (() => void)[] = [];
  const work = new WorkQueue((step) => turns.push(step));
  const replies: PhrasebookReply[] = [];
  const state = { asked: 0, ended: 0, broken: false };
  const phrase: KnownPhrase = {
    id: 'yes',
    get said() {
      state.asked++;
      if (state.broken) throw new Error('out of order');
      return undefined;
    },
    taught: [],
  };
  const open = async (id: number): Promise<WorkerStream> =>
    new WorkerStream({
      id,
      sampleRateHz: 8000,
      listening: new Listening([phrase]),
      resampler: await createResampler(8000, 8000),
      work,
      reply: (message) => replies.push(message),
      onEnd: () => state.ended++,
    });
  const run = (): void => {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
  };
  const told = (): string[] =>
    replies.map((reply) => `${reply.type} ${'stream' in reply ? reply.stream : ''}`);
  return { open, run, turns, replies, state, told };
}

t.test('a pause makes a verdict once, and the end has it without another', async (t) => {
  const { open, run, replies, state, told } = bench();
  const stream = await open(1);
  stream.hear(voice(300));
  run();
  t.strictSame(told(), []);
  stream.hear(silence(200));
  stream.hear(silence(200));
  run();
  t.strictSame(replies, [{ type: 'interim', stream: 1, matches: [], audioMs: 500 }], 'as it fell due');
  stream.hear(silence(100));
  stream.finish();
  t.strictSame(told(), ['interim 1', 'final 1'], 'the end waits for no turn');
  t.match(replies[1], { audioMs: 800 });
  t.strictSame([state.asked, state.ended], [1, 1]);
  stream.close();
  t.equal(state.ended, 1);
});

t.test('a caller who goes on before the verdict is made costs none', async (t) => {
  const { open, run, state, told } = bench();
  const stream = await open(1);
  for (let word = 0; word < 4; word++) {
    stream.hear(voice(200));
    stream.hear(silence(200));
  }
  stream.hear(voice(200));
  run();
  t.strictSame([state.asked, told()], [0, []]);
  stream.hear(silence(200));
  run();
  t.strictSame([state.asked, told()], [1, ['interim 1']]);
});

t.test('a listening that is closed while it waits is not worked out', async (t) => {
  const { open, run, state, told } = bench();
  const [pausing, ending, staying] = [await open(1), await open(2), await open(3)];
  for (const stream of [pausing, ending, staying]) stream.hear(voice(300));
  pausing.hear(silence(200));
  ending.finish();
  staying.finish();
  pausing.close();
  ending.close();
  run();
  t.strictSame([state.asked, told()], [1, ['final 3']]);
  t.equal(state.ended, 3);
});

t.test('who has come to his end is told before who pauses', async (t) => {
  const { open, run, told } = bench();
  const [pausing, ending] = [await open(1), await open(2)];
  for (const stream of [pausing, ending]) stream.hear(voice(300));
  pausing.hear(silence(200));
  ending.finish();
  run();
  t.strictSame(told(), ['final 2', 'interim 1']);
});

t.test('an end that overtakes its own pause tells both, for one verdict', async (t) => {
  const { open, run, state, told } = bench();
  const stream = await open(1);
  stream.hear(voice(300));
  stream.hear(silence(200));
  stream.finish();
  run();
  t.strictSame([state.asked, told()], [1, ['interim 1', 'final 1']]);
});

t.test('nothing said is told at once; a verdict that cannot be made fails its listening alone', async (t) => {
  const { open, run, state, told } = bench();
  const silent = await open(1);
  silent.hear(silence(500));
  silent.finish();
  t.strictSame(told(), ['final 1']);
  const [broken, whole] = [await open(2), await open(3)];
  for (const stream of [broken, whole]) stream.hear(voice(300));
  broken.hear(silence(200));
  state.broken = true;
  run();
  state.broken = false;
  whole.finish();
  run();
  t.strictSame(told(), ['final 1', 'failed 2', 'final 3']);
  t.equal(state.ended, 3);
});
