import { t } from 'tap';
import { understand, type SpeechQuestion } from '../../src/call/understand.js';
import type { OpenSpeech } from '../../src/dialog/action.js';
import type { SlotSpec } from '../../src/dialog/spoken-answer.js';
import { shippedKnowledge, testDay, vagueSentence } from './understanding-here.js';

t.setTimeout(120_000);
const knowledge = await shippedKnowledge();

const intents: OpenSpeech['intents'] = [
  { intent: 'pay-bill', id: 'pay', own: true },
  { intent: 'bill-query', id: 'bill', own: true },
  { intent: 'complaint', id: 'complaint', own: true },
  { intent: 'report-outage', id: 'outage', own: false },
];

const speech = (changes: Partial<OpenSpeech> = {}): OpenSpeech => ({
  autonomy: 'open',
  set: 'hotline',
  intents,
  replies: [{ reply: 'person', id: 'person' }],
  slot: undefined,
  confirming: undefined,
  spoken: ['cmn', 'yue', 'cmn-sichuan'],
  expected: true,
  ...changes,
});

const slot = (type: SlotSpec['type'], changes: Partial<SlotSpec> = {}): SlotSpec => ({
  type,
  minDigits: 1,
  maxDigits: 64,
  min: undefined,
  max: undefined,
  ...changes,
});

interface Asked {
  readonly speech?: OpenSpeech | undefined;
  readonly phrases?: SpeechQuestion['phrases'];
}

/** What a caller of the dialect means; further hearings after the first. */
function means(texts: string | readonly string[], dialect: string, asked: Asked = {}): unknown {
  const alternatives = [texts].flat().map((text, index) => ({
    phraseId: undefined,
    text,
    dialect: undefined,
    confidence: 0.9 - index / 5,
  }));
  const question = { alternatives, dialect, phrases: [], speech: speech(), ...asked };
  const understood = understand(knowledge, question, testDay);
  if (understood === undefined) return undefined;
  return 'phrase' in understood ? understood.phrase.phraseId : understood.meaning;
}

t.test('wishes in the words of each dialect, several in the order said', async (t) => {
  t.match(means('唔该，我想交电费呀', 'yue'), { type: 'choices', ids: ['pay'], sure: true });
  t.match(means('我屋头没得电了', 'cmn-sichuan'), { ids: ['outage'], sure: true });
  t.match(means('我要交电费，还有我家停电了', 'cmn'), { ids: ['pay', 'outage'], sure: true });
  t.match(means('我不是要投诉，我是要交电费', 'cmn'), { ids: ['pay'] });
  t.equal(means('今天天气不错', 'cmn'), undefined);
  t.equal(means('', 'cmn'), undefined);
});

t.test('what is not sure is told as such; what was denied before is not thought of again', async (t) => {
  const { text, intent } = vagueSentence(knowledge);
  const own = intents.map((one) => ({ ...one, own: true }));
  const id = own.find((one) => one.intent === intent)?.id;
  t.match(means(text, 'cmn', { speech: speech({ intents: own }) }), {
    type: 'choices',
    ids: [id],
    sure: false,
  });
  const denied = speech({ intents: own.filter((one) => one.id !== id) });
  t.notMatch(means(text, 'cmn', { speech: denied }) ?? {}, { ids: [id] });
});

t.test('phrases of the question count, but not in a sentence that means something else', async (t) => {
  const phrases = [{ id: 'complaint', text: '投诉', dialect: 'cmn' }];
  t.equal(means('投诉', 'cmn', { phrases }), 'complaint');
  t.match(means('我不是要投诉，我是要交电费', 'cmn', { phrases }), { ids: ['pay'] });
  t.equal(means('投诉', 'cmn', { phrases, speech: undefined }), 'complaint');
});

t.test('yes and no in every dialect', async (t) => {
  const asked = { speech: speech({ confirming: { value: undefined } }) };
  for (const [said, dialect, reply] of [
    ['系呀', 'yue', 'yes'],
    ['冇问题', 'yue', 'yes'],
    ['唔系', 'yue', 'no'],
    ['要得', 'cmn-sichuan', 'yes'],
    ['中', 'cmn-henan', 'yes'],
    ['嗯呐', 'cmn-dongbei', 'yes'],
    ['勿是', 'wuu', 'no'],
    ['no thank you', 'en-gb', 'no'],
    ['claro', 'es-mx', 'yes'],
  ] as const)
    t.match(means(said, dialect, asked), { type: 'reply', reply }, said);
  t.equal(means('中不中', 'cmn-henan', asked), undefined, 'who asks has not answered');
});

t.test('values, as the question wants them', async (t) => {
  const value = (said: string | string[], dialect: string, spec: SlotSpec) =>
    means(said, dialect, { speech: speech({ slot: spec, intents: [] }) });
  t.match(value('两百廿蚊', 'yue', slot('amount')), { type: 'value', value: '220', sure: true });
  t.match(value('一百二', 'cmn-sichuan', slot('amount')), { value: '120', sure: true });
  t.equal(value('一百二', 'cmn', slot('amount', { max: 100 })), undefined, 'more than is taken');
  t.match(value('听日', 'yue', slot('date')), { value: 'tomorrow', sure: true });
  t.match(value('三点', 'cmn', slot('time')), { value: '03:00', sure: false, others: ['15:00'] });
  t.match(value('幺三八零零幺三八零零零', 'cmn', slot('digits', { minDigits: 11 })), {
    value: '13800138000',
  });
  t.match(value('建设路三十八号', 'cmn', slot('text')), { value: '建设路三十八号', sure: true });
  t.match(value(['啥子哦', '一百二'], 'cmn', slot('amount')), {
    value: '120',
    sure: false,
  });
});

t.test('what is said instead of a yes: no, Tuesday', async (t) => {
  const asked = (type: SlotSpec['type'], value: string) => ({
    speech: speech({ slot: slot(type), intents: [], confirming: { value } }),
  });
  t.match(means('不对，是星期二', 'cmn', asked('date', '11-23')), { type: 'value', value: '11-24' });
  t.match(means('唔系，听日', 'yue', asked('date', 'today')), { value: 'tomorrow' });
  t.match(means('不是一百二，是两百一', 'cmn', asked('amount', '120')), { value: '210' });
  t.match(means('不是一百二', 'cmn', asked('amount', '120')), { type: 'reply', reply: 'no' });
  t.match(means('对，一百二', 'cmn', asked('amount', '120')), { type: 'reply', reply: 'yes' });
  t.match(means('不对，是幸福路', 'cmn', asked('text', '建设路')), { type: 'value', value: '是幸福路' });
  const wish = { speech: speech({ confirming: { value: undefined } }) };
  t.match(means('不是，我要投诉', 'cmn', wish), { type: 'choices', ids: ['complaint'], sure: true });
});

t.test('control words go before everything', async (t) => {
  const asked = { speech: speech({ slot: slot('text') }) };
  for (const [said, dialect, reply] of [
    ['帮我转人工吧', 'cmn', 'person'],
    ['唔好再打嚟喇', 'yue', 'stop-calling'],
    ['请不要再给我打电话了', 'cmn', 'stop-calling'],
    ['再说一遍', 'cmn', 'repeat'],
    ['慢啲讲', 'yue', 'slower'],
    ['大声点', 'cmn', 'louder'],
    ['换个语言', 'cmn', 'language'],
    ['你会讲德语吗', 'cmn', 'language'],
  ] as const)
    t.match(means(said, dialect, asked), { type: 'reply', reply }, said);
  t.match(means('讲广东话得唔得', 'cmn', asked), { type: 'language', dialect: 'yue' });
});

t.test('of who is hardly heard only phrases and whole answers count', async (t) => {
  const asked = {
    speech: speech({ autonomy: 'keys' }),
    phrases: [{ id: 'pay', text: '交电费', dialect: 'cmn' }],
  };
  t.equal(means('我屋里厢停电了呀', 'wuu', asked), undefined);
  t.equal(means('交电费', 'wuu', asked), 'pay');
  t.match(means('转人工', 'wuu', asked), { reply: 'person' });
});
