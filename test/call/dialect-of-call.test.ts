import { t } from 'tap';
import { DialectOfCall } from '../../src/call/dialect-of-call.js';
import { DialectIdentifier } from '../../src/dialect/identify.js';
import { readDialectPacks } from '../../src/dialect-data.js';
import type { RecognitionResult, RecognizerCapabilities } from '../../src/speech/recognizer.js';
import { hearsEveryDialect } from '../speech/open-engine.js';

const identifier = new DialectIdentifier((await readDialectPacks()).packs);
const engine = (changes: Partial<RecognizerCapabilities> = {}, name = 'some-engine') => ({
  name,
  capabilities: {
    ...hearsEveryDialect,
    ...changes,
  },
});
const spoken = ['cmn', 'cmn-sichuan', 'yue'];
const said = (text: string): RecognitionResult => ({
  alternatives: [{ phraseId: undefined, text, dialect: undefined, confidence: 0.9 }],
});
/** As a call does: what the words tell comes with the result. */
class Heard extends DialectOfCall {
  hears(result: RecognitionResult) {
    const [best] = result.alternatives;
    return this.heard(result, best && identifier.identifyText(best.text));
  }
}
const call = (changes: Partial<ConstructorParameters<typeof DialectOfCall>[0]> = {}) =>
  new Heard({ spoken, assumed: undefined, remembered: undefined, engine: engine(), ...changes });

t.test('one sentence that leaves no doubt switches, and is learnt', async (t) => {
  const yue = call();
  t.match(yue.hears(said('唔该，我想问下电费几多钱呀，我唔知点交')), {
    dialect: 'yue',
    spoken: 'yue',
    reason: 'sure',
  });
  t.match(yue.learnt, { dialect: 'yue', source: 'words' });
  t.ok((yue.learnt?.confidence ?? 0) > 0.8);
  t.match(call().hears(said('电费咋个交嘛，我晓不得')), { spoken: 'cmn-sichuan' });
});

t.test('neutral words never switch and teach nothing', async (t) => {
  const neutral = call({ assumed: 'yue' });
  for (const text of ['电费', '一百二十', '查询电费', '停电', '再见', '好'])
    t.equal(neutral.hears(said(text)), undefined);
  t.equal(neutral.dialect, 'yue');
  t.equal(neutral.learnt, undefined);
  t.equal(neutral.hears({ alternatives: [] }), undefined);
});

t.test('an engine that writes standard language tells nothing by its words', async (t) => {
  const deaf = call({ engine: engine({ dialectPreserving: false }) });
  t.equal(deaf.hears(said('唔该，我想问下电费几多钱呀')), undefined);
  t.equal(deaf.dialect, 'cmn');
});

t.test("a closed set's wording is the dialplan's: once is not enough", async (t) => {
  const closed = call({ engine: engine({ openSpeech: false }) });
  t.equal(closed.hears(said('屋企冇电')), undefined);
  t.equal(closed.dialect, 'cmn');
});

t.test('at most two switches, and before the second the caller is to be asked', async (t) => {
  const lively = call();
  const yue = said('唔该，我想问下电费几多钱呀，我唔知点交');
  const sichuan = said('电费咋个交嘛，我晓不得，啥子意思哦');
  const changes = [];
  for (let turn = 0; turn < 24; turn += 1) changes.push(lively.hears(turn % 6 < 3 ? yue : sichuan));
  const switches = changes.filter((change) => change?.reason === 'sure' || change?.reason === 'twice');
  t.equal(switches.length, 2);
  t.equal(changes.filter((change) => change?.ask !== undefined).length, 1);
});

t.test('a memory is where a call begins, if the dialplan speaks the language', async (t) => {
  const remembered = { dialect: 'cmn-henan', confirmations: 2, ageDays: 0 };
  t.equal(call({ remembered }).dialect, 'cmn-henan');
  t.equal(call({ remembered, spoken: ['yue', 'en-gb'] }).dialect, 'yue');
  t.equal(call({ remembered: { ...remembered, dialect: 'yue' }, spoken: ['cmn'] }).dialect, 'cmn');
});

t.test('what the caller chose stays, whatever he says, and is what is learnt', async (t) => {
  const chosen = call();
  t.match(chosen.chosen('cmn'), { dialect: 'cmn', spoken: 'cmn', reason: 'chosen' });
  t.equal(chosen.hears(said('唔该，我想问下电费几多钱呀，我唔知点交')), undefined);
  t.strictSame(chosen.learnt, { dialect: 'cmn', confidence: 1, source: 'choice' });
});

t.test('a dialect that the dialplan sets of its own will teaches nothing', async (t) => {
  const set = call();
  set.assume('yue');
  t.equal(set.dialect, 'yue');
  t.equal(set.learnt, undefined);
});

t.test('what nobody can tell changes nothing', async (t) => {
  const deaf = call();
  t.equal(deaf.heard(said('唔该，我想问下电费几多钱呀，我唔知点交'), undefined), undefined);
  t.equal(deaf.dialect, 'cmn');
});

t.test(
  'sound counts beside words: an engine that tells languages apart, recognizers that heard in parallel',
  async (t) => {
    const byEngine = call({ spoken: ['cmn', 'yue'] });
    const yue = {
      ...said('我想查下電費先'),
      dialects: [
        { dialect: 'yue', score: 0.95 },
        { dialect: 'cmn', score: 0.05 },
      ],
      audioMs: 2000,
    };
    t.equal(byEngine.heard(yue, undefined), undefined, 'sound alone never switches');
    t.match([byEngine.hears(yue), byEngine.hears(yue)].at(-1), { dialect: 'yue' });
    const parallel = call({ spoken: ['cmn', 'yue'] });
    const both = (text: string): RecognitionResult => ({
      alternatives: [
        { phraseId: undefined, text, dialect: 'yue', confidence: 0.97 },
        { phraseId: undefined, text: '我想查一下', dialect: 'cmn', confidence: 0.1 },
      ],
    });
    t.equal(parallel.hears(both('电费')), undefined, 'nor do neutral words');
    t.match([parallel.hears(both('我想查下先')), parallel.hears(both('我想查下先'))].at(-1), {
      spoken: 'yue',
    });
  },
);

t.test('how far a caller is let speak goes by his dialect and by the engine', async (t) => {
  t.strictSame(call({ spoken: ['cmn', 'yue', 'wuu'] }).autonomies, { cmn: 'open', yue: 'open', wuu: 'keys' });
  t.strictSame(call({ spoken: ['wuu'], engine: engine({}, 'dashscope') }).autonomies, { wuu: 'confirm' });
  t.strictSame(call({ spoken: ['yue', 'nan'], engine: engine({ dialects: ['cmn'] }) }).autonomies, {
    yue: 'keys',
    nan: 'keys',
  });
  t.strictSame(call({ spoken: ['cmn'], engine: engine({ openSpeech: false }) }).autonomies, {
    cmn: 'closed',
  });
  const shanghai = call({ spoken: ['cmn', 'yue'] });
  t.match(shanghai.hears(said('侬好，阿拉屋里厢停电了呀，勿晓得哪能弄')), {
    dialect: 'wuu',
    spoken: 'cmn',
    autonomy: 'keys',
  });
});

t.test(
  'he is listened to in his dialect first, and before it is known in all that the dialplan speaks',
  async (t) => {
    const yue = call();
    t.strictSame(yue.order(['cmn']), ['cmn', 'cmn-sichuan', 'yue']);
    yue.hears(said('唔该，我想问下电费几多钱呀，我唔知点交'));
    t.strictSame(yue.order(['yue']), ['yue']);
    t.strictSame(yue.order([]), ['yue']);
  },
);
