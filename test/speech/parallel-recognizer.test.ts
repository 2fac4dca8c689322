import { t } from 'tap';
import type { Test } from 'tap';
import { spotPhrase } from '../../src/call/spot-phrase.js';
import { errorCode } from '../../src/core/errors.js';
import { ParallelRecognizer, type ParallelRecognizerOptions } from '../../src/speech/parallel-recognizer.js';
import type { RecognitionResult, RecognizeOptions } from '../../src/speech/recognizer.js';
import { broken, frame, house, microtasks } from './chain-house.js';
import { ScriptedRecognizer } from './scripted-recognizer.js';

const bill = (text: string, dialect: string) => ({ id: 'bill', text, dialect });
const phrases = [bill('查询电费', 'cmn')];
const cantonese = { dialect: 'yue', phrases: [bill('电费几多', 'yue')] };
const sichuanese = { dialect: 'cmn-sichuan', phrases: [bill('好多电费', 'cmn-sichuan')] };

/** A chain of these engines, each with a dialect, and what it hears in parallel. */
function scene(
  t: Test,
  engines: ScriptedRecognizer[] = [engineOf('cmn'), engineOf('yue')],
  more: Partial<ParallelRecognizerOptions> = {},
) {
  const { clock, chain, failures } = house(t, engines);
  const recognizer = new ParallelRecognizer({
    recognizer: chain,
    recognizers: 2,
    turns: 2,
    waitMs: 200,
    spot: spotPhrase,
    clock,
    ...more,
  });
  const [mandarin = engineOf('cmn'), other = mandarin] = engines;
  return {
    clock,
    recognizer,
    failures,
    mandarin,
    other,
    opened: () => engines.map((one) => one.listenings.length),
  };
}

function engineOf(dialect: string, capabilities: ConstructorParameters<typeof ScriptedRecognizer>[1] = {}) {
  return new ScriptedRecognizer(`${dialect}-engine`, { dialects: [dialect], ...capabilities });
}

function listen(recognizer: ParallelRecognizer, options: Partial<RecognizeOptions> = {}) {
  const stream = recognizer.open({
    sampleRateHz: 8000,
    phrases,
    dialects: ['cmn', 'yue'],
    alsoIn: [cantonese],
    ...options,
  });
  const finals: RecognitionResult[] = [];
  const interims: RecognitionResult[] = [];
  const errors: string[] = [];
  stream.on('final', (result) => finals.push(result));
  stream.on('interim', (result) => interims.push(result));
  stream.on('error', (error) => errors.push(errorCode(error)));
  return { stream, finals, interims, errors };
}

const said = (text: string, confidence = 0.95, more: Partial<RecognitionResult> = {}): RecognitionResult => ({
  alternatives: text === '' ? [] : [{ phraseId: undefined, text, dialect: undefined, confidence }],
  ...more,
});
const words = ({ alternatives }: RecognitionResult) => alternatives[0]?.text;

t.test('the same sound goes to a recognizer of each dialect, with what is expected in it', async (t) => {
  const { recognizer, mandarin, other } = scene(t);
  const { stream } = listen(recognizer, { hints: [{ text: '建设路' }], maxAlternatives: 5 });
  for (let at = 0; at < 3; at += 1) stream.write(frame(at));
  t.strictSame(mandarin.last.written, other.last.written);
  t.strictSame(mandarin.last.options.phrases, phrases);
  t.match(other.last.options, { dialects: ['yue'], phrases: cantonese.phrases, maxAlternatives: 5 });
  t.strictSame(other.last.options.hints, [{ text: '建设路' }]);
  stream.close();
});

t.test('a sure answer is told at once, and the other recognizer is closed with it', async (t) => {
  const { recognizer, mandarin, other, clock } = scene(t);
  const { stream, finals } = listen(recognizer);
  stream.finish();
  mandarin.last.tell('final', said('查询电费'));
  t.strictSame(finals.map(words), ['查询电费']);
  t.equal(clock.nowMs(), 0);
  t.equal(other.last.closed, 1);
  t.equal(clock.pendingTimers, 0);
  other.last.tell('final', said('电费几多'));
  t.equal(finals.length, 1);
});

t.test('of an unsure answer and a better one the better one is told, with both', async (t) => {
  const { recognizer, mandarin, other } = scene(t);
  const { stream, finals } = listen(recognizer);
  stream.finish();
  mandarin.last.tell('final', said('店飞记多', 0.4));
  t.equal(finals.length, 0);
  other.last.tell('final', said('电费几多呀', 0.9, { audioMs: 800 }));
  t.match(finals, [
    {
      alternatives: [{ text: '电费几多呀', dialect: 'yue' }],
      by: { engine: 'yue-engine' },
      audioMs: 800,
      hearings: [
        { dialect: 'yue', by: { engine: 'yue-engine' }, probability: 0.853, inGrammar: true },
        { dialect: 'cmn', by: { engine: 'cmn-engine' }, probability: 0.42, inGrammar: false },
      ],
    },
  ]);
});

t.test('an unsure answer waits for the other no longer than it may', async (t) => {
  const { recognizer, mandarin, other, clock } = scene(t);
  const { stream, finals } = listen(recognizer);
  stream.finish();
  clock.advance(50);
  mandarin.last.tell('final', said('店飞记多', 0.4));
  clock.advance(199);
  t.equal(finals.length, 0);
  clock.advance(1);
  t.strictSame(finals.map(words), ['店飞记多']);
  t.equal(finals[0]?.hearings?.length, 1, 'one alone is no evidence');
  t.equal(other.last.closed, 1);
  t.equal(clock.pendingTimers, 0);
});

t.test('whatever the other one does, the call hears of its own alone', async (t) => {
  for (const fault of ['open', 'write', 'error', 'early', 'hang'] as const) {
    const { recognizer, mandarin, other, clock } = scene(t);
    if (fault === 'open') other.openFailure = broken('no');
    const { stream, finals, errors } = listen(recognizer);
    if (fault === 'write') other.last.writeFailure = broken('no');
    stream.write(frame(1));
    if (fault === 'error') other.last.tell('error', broken('gone'));
    if (fault === 'early') other.last.tell('final', said('电费几多'));
    stream.write(frame(2));
    stream.finish();
    await microtasks();
    mandarin.last.tell('final', said('查询电费', 0.6));
    clock.advance(fault === 'hang' ? 200 : 0);
    t.strictSame(finals.map(words), ['查询电费'], fault);
    t.strictSame(mandarin.last.written, [...frame(1), ...frame(2)]);
    t.strictSame(errors, []);
    t.equal(clock.pendingTimers, 0, fault);
  }
});

t.test(
  'when the call’s own recognizer is gone, what the other understood is taken, and no guess',
  async (t) => {
    for (const { text, confidence, told } of [
      { text: '电费几多', confidence: 0.9, told: ['电费几多'] },
      { text: '店飞', confidence: 0.3, told: [] },
      { text: '', confidence: 0, told: [] },
    ]) {
      const { recognizer, mandarin, other } = scene(t, [engineOf('cmn'), engineOf('yue')]);
      const { stream, finals, errors } = listen(recognizer, { dialects: ['cmn'] });
      mandarin.last.tell('error', broken('gone'));
      stream.finish();
      await microtasks();
      other.last.tell('final', said(text, confidence));
      t.strictSame(finals.map(words), told);
      t.strictSame(errors, told.length > 0 ? [] : ['SPEECH_NO_RECOGNIZER']);
    }
  },
);

t.test('an engine of another dialect that stands in for the call’s own is not taken for it', async (t) => {
  const { recognizer, mandarin, other } = scene(t);
  const { stream, finals } = listen(recognizer);
  mandarin.last.tell('error', broken('gone'));
  stream.finish();
  // The chain has gone on to the Cantonese engine, beside the listening that was there.
  t.equal(other.listenings.length, 2);
  for (const listening of other.listenings) listening.tell('final', said('电费几多', 0.9));
  t.strictSame(
    finals[0]?.hearings?.map(({ dialect }) => dialect),
    ['yue', 'yue'],
  );
});

t.test('an interim is the best one so far, and says whether it may be left at that', async (t) => {
  const { recognizer, mandarin, other } = scene(t);
  const { stream, interims } = listen(recognizer);
  const last = () => interims.at(-1);
  mandarin.last.tell('interim', said('店飞', 0.4));
  t.match(last(), { alternatives: [{ text: '店飞' }], undecided: true });
  other.last.tell('interim', said('电费几多', 0.9));
  t.match(last(), { alternatives: [{ text: '电费几多', dialect: 'yue' }], undecided: true });
  const before = interims.length;
  mandarin.last.tell('interim', said('店飞记', 0.4));
  t.equal(interims.length, before, 'of the worse one nothing new is told');
  mandarin.last.tell('interim', said('查询电费', 0.97));
  t.match(last(), { alternatives: [{ text: '查询电费' }] });
  t.equal(last()?.undecided, undefined);
  stream.close();
});

t.test('what an engine tells of the dialect by sound is heeded and told', async (t) => {
  const { recognizer, mandarin, other } = scene(t);
  const { stream, finals } = listen(recognizer, { phrases: [], alsoIn: [{ ...cantonese, phrases: [] }] });
  stream.finish();
  const dialects = [
    { dialect: 'yue', score: 0.95 },
    { dialect: 'cmn', score: 0.05 },
  ];
  mandarin.last.tell('final', said('我想问下电费', 0.9, { dialects }));
  t.equal(finals.length, 0, 'however sure it is of its words');
  other.last.tell('final', said('我想问下电费几多', 0.8));
  t.strictSame(finals.map(words), ['我想问下电费几多']);
  t.strictSame(finals[0]?.dialects, dialects);
});

t.test('an engine whose confidences say nothing is not judged by them', async (t) => {
  const { recognizer, mandarin, other } = scene(t, [engineOf('cmn', { confidence: false }), engineOf('yue')]);
  const { stream, finals } = listen(recognizer);
  stream.finish();
  mandarin.last.tell('final', said('店飞记多', 1));
  other.last.tell('final', said('电费几多', 0.8));
  t.match(finals[0]?.hearings, [{ dialect: 'yue' }, { dialect: 'cmn', probability: 0.5 }]);
});

t.test('no second recognizer where nothing is asked for, or nobody is there for it', async (t) => {
  const nobody = engineOf('cmn');
  for (const [what, engines, options, more] of [
    ['not asked for', [engineOf('cmn'), engineOf('yue')], { alsoIn: [] }, {}],
    ['turned off', [engineOf('cmn'), engineOf('yue')], {}, { recognizers: 1 }],
    ['only a relative is there', [nobody], {}, {}],
    ['it has not told what it hears', [engineOf('cmn'), engineOf('yue', { dialects: [] })], {}, {}],
    [
      'the same engine hears both at once',
      [engineOf('cmn', { dialects: ['cmn', 'yue'], maxDialects: 2 })],
      {},
      {},
    ],
    [
      'a closed set that is listened for anyway',
      [engineOf('cmn', { dialects: ['cmn', 'yue'], openSpeech: false })],
      { phrases: [...phrases, ...cantonese.phrases] },
      {},
    ],
    [
      'a closed set without phrases',
      [engineOf('cmn'), engineOf('yue', { openSpeech: false })],
      { alsoIn: [{ dialect: 'yue', phrases: [] }] },
      {},
    ],
  ] as const) {
    const { recognizer, opened } = scene(t, [...engines], more);
    listen(recognizer, options).stream.close();
    t.equal(
      opened().reduce((sum, count) => sum + count),
      1,
      what,
    );
  }
});

t.test('one engine that hears a dialect at a time is asked twice', async (t) => {
  const both = engineOf('cmn', { dialects: ['cmn', 'yue'] });
  const { recognizer } = scene(t, [both]);
  listen(recognizer);
  t.strictSame(
    both.listenings.map(({ options }) => options.dialects[0]),
    ['cmn', 'yue'],
  );
});

t.test(
  'an engine that failed too often is not asked besides, and no other language in its place',
  async (t) => {
    const { recognizer, other, mandarin, opened } = scene(t);
    for (let round = 0; round < 3; round += 1) {
      const { stream } = listen(recognizer);
      other.last.tell('error', broken('gone'));
      t.equal(mandarin.last.options.dialects[0], 'cmn', 'Mandarin does not stand in for Cantonese');
      stream.close();
    }
    t.strictSame(opened(), [3, 3]);
    listen(recognizer).stream.close();
    t.strictSame(opened(), [4, 3]);
  },
);

t.test('as many recognizers as are allowed, the likeliest dialects first', async (t) => {
  const engines = [engineOf('cmn'), engineOf('yue'), engineOf('cmn-sichuan')];
  const alsoIn = [{ dialect: 'nan', phrases: [] }, cantonese, sichuanese];
  const two = scene(t, engines);
  listen(two.recognizer, { alsoIn }).stream.close();
  t.strictSame(two.opened(), [1, 1, 0]);
  const three = scene(t, engines, { recognizers: 3 });
  listen(three.recognizer, { alsoIn }).stream.close();
  t.strictSame(three.opened(), [2, 2, 1]);
});

t.test('closing closes all, and nothing is told after it', async (t) => {
  const { recognizer, mandarin, other, clock } = scene(t);
  const { stream, finals, interims, errors } = listen(recognizer);
  stream.finish();
  mandarin.last.tell('final', said('店飞', 0.4));
  stream.close();
  stream.close();
  other.last.tell('final', said('电费几多'));
  clock.advance(10_000);
  t.strictSame([finals, interims, errors], [[], [], []]);
  t.equal(other.last.closed, 1);
  t.equal(clock.pendingTimers, 0);
});

t.test('it can what its chain can, and tells how often it may be asked for more', async (t) => {
  const { recognizer, mandarin, other } = scene(t);
  t.match(recognizer.capabilities, { dialects: ['cmn', 'yue'], parallel: { recognizers: 2, turns: 2 } });
  await recognizer.prepare(phrases);
  t.equal(mandarin.prepared.length, 1);
  t.ok(recognizer.hears(['yue']));
  await recognizer.close();
  t.equal(other.closed, 1);
});
