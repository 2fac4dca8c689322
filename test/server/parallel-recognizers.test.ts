import { t } from 'tap';
import type { Test } from 'tap';
import { ControlClient } from '../../src/http/control-client.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { FaultEngine, type EngineFault } from '../speech/fault-engine.js';
import { eventually, House } from './house.js';
import { Phone } from './phone.js';

// Each has a server of its own, and waits most of its time.
t.jobs = 2;
t.setTimeout(150_000);

const voiceHz = 700;

const electricity = `
name: electricity
dialects: [cmn, yue]
defaults: { dialect: cmn, bargeIn: none, noInputMs: 4000, retries: 1, wayOut: main.lost }
prompts:
  pardon: { cmn: 我没听明白。, yue: 我听唔明。 }
flows:
  main:
    nodes:
      menu:
        type: menu
        prompt: { cmn: 请问您要办什么业务？, yue: 请问你想办咩事？ }
        noInput: { reprompts: [pardon] }
        noMatch: { reprompts: [pardon] }
        choices:
          bill: { key: 1, phrases: { cmn: [查询电费], yue: [电费几多] }, goto: confirm }
      confirm:
        type: menu
        prompt: { cmn: 是查电费吗？, yue: 系咪查电费呀？ }
        noInput: { reprompts: [pardon] }
        noMatch: { reprompts: [pardon] }
        choices:
          agree: { key: 1, phrases: { cmn: [是的], yue: [系呀] }, goto: bye }
      bye: { type: hangup, prompt: { cmn: 电费是一百元，再见。, yue: 电费系一百蚊，拜拜。 } }
      lost: { type: hangup, prompt: pardon }
`;

/** What a caller says, and what the recognizer of the other dialect writes for it. */
interface Saying {
  readonly dialect: 'cmn' | 'yue';
  readonly text: string;
  readonly elsewhere: string;
  /** Of the recognizer of its dialect. Default 0.94. */
  readonly confidence?: number;
}
const cantonese: readonly Saying[] = [
  { dialect: 'yue', text: '唔该，我想问下我嘅电费几多呀', elsewhere: '无该我想问哈我给店飞记多压' },
  { dialect: 'yue', text: '系呀', elsewhere: '害呀' },
];
const mandarin: readonly Saying[] = [
  { dialect: 'cmn', text: '我想查询电费', elsewhere: '我想叉巡电费' },
  { dialect: 'cmn', text: '是的', elsewhere: '系啲' },
];
const rightConfidence = 0.94;
/** What an engine of the other dialect believes of its nonsense. */
const wrongConfidence = 0.6;

async function scene(t: Test, options: Readonly<Record<string, unknown>> = {}) {
  let said: Saying = { dialect: 'cmn', text: '', elsewhere: '' };
  const recognizerOf = (dialect: string) =>
    FaultEngine.start({
      dialects: [dialect],
      hear: () =>
        said.dialect === dialect
          ? [{ text: said.text, confidence: said.confidence ?? rightConfidence }]
          : [{ text: said.elsewhere, confidence: wrongConfidence }],
    });
  const engines = {
    mandarin: await recognizerOf('cmn'),
    cantonese: await recognizerOf('yue'),
    voice: await FaultEngine.start({ dialects: ['cmn', 'yue'] }),
  };
  t.teardown(() => Promise.all(Object.values(engines).map((engine) => engine.close())));
  const house = await House.start(
    t,
    {
      'speech.engines': Object.entries(engines).map(([name, { url }]) => ({ name, url })),
      'speech.recognizers': ['mandarin', 'cantonese'],
      'speech.synthesizers': ['voice'],
      ...options,
    },
    { dialplans: { electricity }, numbers: '  - called: [5]\n    dialplan: electricity\n' },
  );
  await house.server.ready;
  const phone = await Phone.open(t);
  const listened = () => [engines.mandarin.begun, engines.cantonese.begun] as const;

  /** Says these after each question; resolves with the call's record, and what each turn asked of the two recognizers. */
  const converse = async (sayings: readonly Saying[], headers: Readonly<Record<string, string>> = {}) => {
    const asked: (readonly number[])[] = [];
    const call = await (await phone.dial(house.uri('5'), { headers })).answered();
    for (const saying of sayings) {
      await call.hears(voiceHz);
      await eventually(() => quiet(call));
      call.forget();
      const before = listened();
      said = saying;
      call.sing(1000);
      await eventually(() => (sum(listened()) > sum(before) ? true : undefined));
      await pause(500);
      call.sing(0);
      // Whatever comes of it is heard.
      await call.hears(voiceHz);
      asked.push(listened().map((count, index) => count - (before[index] ?? 0)));
    }
    await call.farEnd();
    await call.end();
    return { record: await house.record(call.sipCallId), asked };
  };
  return { house, engines, converse };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The bot has said all that it has to say. */
async function quiet(call: { readonly audibleFrames: number }): Promise<true | undefined> {
  const { audibleFrames } = call;
  await pause(250);
  return call.audibleFrames === audibleFrames ? true : undefined;
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);
const dialectsOf = ({ turns }: CallRecord) => turns.map(({ dialect }) => dialect);
const through = ['main.menu', 'main.confirm', 'main.bye'];

t.test(
  'a Cantonese caller on a Mandarin line is understood in his first turn, and answered in Cantonese; then one recognizer is enough',
  async (t) => {
    const { house, engines, converse } = await scene(t);
    const idle = await house.held();
    const { record, asked } = await converse(cantonese);
    t.strictSame(record.path, through);
    t.strictSame(dialectsOf(record), ['cmn', 'yue', 'yue']);
    t.strictSame(asked, [
      [1, 1],
      [0, 1],
    ]);
    const journal = await house.journal(record);
    t.match(
      journal.filter(({ type }) => type === 'heardIn'),
      [
        {
          hearings: [
            { dialect: 'yue', by: { engine: 'cantonese' }, inGrammar: true },
            { dialect: 'cmn', by: { engine: 'mandarin' }, inGrammar: false },
          ],
        },
      ],
    );
    t.match(
      journal.filter(({ type }) => type === 'dialect'),
      [{ dialect: 'yue', spoken: 'yue', reason: 'sure' }],
    );
    t.strictSame(replay(dialplanOf(electricity), journal), record.path, 'the journal decides the same');

    const control = await ControlClient.open(house.dataDir);
    await eventually(async () => (await control.showCaller(record.callingNumber)).memory);
    const again = await converse(cantonese);
    t.strictSame(dialectsOf(again.record), ['yue', 'yue', 'yue']);
    t.strictSame(
      again.asked,
      [
        [0, 1],
        [0, 1],
      ],
      'who is remembered is heard by one',
    );
    t.strictSame(await house.leftAbove(idle), {});
    t.equal(engines.mandarin.streams + engines.cantonese.streams, 0);
  },
);

t.test('a Mandarin caller stays one, and after two turns one recognizer is enough', async (t) => {
  const { converse, engines } = await scene(t);
  const { record, asked } = await converse(mandarin, { Privacy: 'id' });
  t.strictSame(record.path, through);
  t.strictSame(dialectsOf(record), ['cmn', 'cmn', 'cmn']);
  t.strictSame(asked, [
    [1, 1],
    [1, 1],
  ]);
  t.equal(engines.cantonese.streams, 0, 'the other one is closed with each turn');
  const short = await scene(t, { 'speech.parallel.turns': 1 });
  t.strictSame((await short.converse(mandarin, { Privacy: 'id' })).asked, [
    [1, 1],
    [1, 0],
  ]);
});

t.test('turned off, one recognizer hears each turn', async (t) => {
  const { converse } = await scene(t, { 'speech.parallel.turns': 0 });
  const { record, asked } = await converse(mandarin, { Privacy: 'id' });
  t.strictSame(record.path, through);
  t.strictSame(asked, [
    [1, 0],
    [1, 0],
  ]);
});

for (const fault of ['halfOpen', 'refuse', 'garbage'] satisfies EngineFault[]) {
  t.test(`the other recognizer fails (${fault}): a Mandarin caller does not notice`, async (t) => {
    // Who waited for it would be seen to.
    const { house, converse, engines } = await scene(t, { 'speech.parallel.waitMs': 2000 });
    await engines.cantonese.fail(fault);
    const { record } = await converse(mandarin, { Privacy: 'id' });
    t.strictSame(record.path, through);
    t.strictSame(dialectsOf(record), ['cmn', 'cmn', 'cmn']);
    for (const { ledger } of record.turns.slice(0, 2)) t.ok((ledger?.recognizerMs ?? 0) < 1000);
    const failed = (await house.journal(record)).filter(({ type }) => type === 'recognizerFailed');
    t.strictSame(failed, []);
  });
}

t.test(
  'one that is not sure, and another that hangs: the caller waits no longer than is allowed',
  async (t) => {
    const { converse, engines } = await scene(t, { 'speech.parallel.waitMs': 300 });
    await engines.cantonese.fail('stall');
    const unsure = mandarin.map((saying) => ({ ...saying, confidence: 0.7 }));
    const { record } = await converse(unsure, { Privacy: 'id' });
    t.strictSame(record.path, through);
    t.strictSame(dialectsOf(record), ['cmn', 'cmn', 'cmn']);
    const [first] = record.turns;
    t.ok((first?.ledger?.recognizerMs ?? 0) >= 290 && (first?.ledger?.recognizerMs ?? 0) < 900);
  },
);

t.test('the call’s own recognizer hangs: what the Cantonese one understood is taken', async (t) => {
  const { converse, engines } = await scene(t);
  await engines.mandarin.fail('stall');
  const { record } = await converse(cantonese, { Privacy: 'id' });
  t.strictSame(record.path, through);
  t.strictSame(dialectsOf(record), ['cmn', 'yue', 'yue']);
});
