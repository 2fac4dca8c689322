import { t } from 'tap';
import type { IntentExamples } from '../../src/dialect/intent-examples.js';
import { IntentMatcher } from '../../src/dialect/intent-matcher.js';
import type { DialectPack } from '../../src/dialect/pack.js';
import { DialectPacks } from '../../src/dialect/packs.js';

const texts = (intent: string, dialect: string, ...lines: string[]) => ({ intent, dialect, texts: lines });

const chinese: IntentExamples = {
  language: 'cmn',
  concepts: [
    { name: 'outage', words: ['停电', '断电', '没电'] },
    { name: 'pay', words: ['交', '缴费', '付款'] },
    { name: 'bill', words: ['电费', '账单', '水费'] },
    { name: 'leak', words: ['漏水', '漏电'] },
    { name: 'check', words: ['查', '查询', '看看'] },
  ],
  sentenceWords: {
    joiners: ['另外', '还有'],
    mistakes: ['我说错了'],
    denials: ['不对'],
    contrasts: ['不是…是'],
  },
  examples: [
    texts('bill-query', 'cmn', '查电费', '查询账单', '电费多少', '看看我的账单', '水费多少钱', '查一下水费'),
    texts('pay-bill', 'cmn', '交电费', '我要缴费', '我想付款', '交水费', '怎么缴费', '付款交账单'),
    texts('report-outage', 'cmn', '停电了', '我家停电了', '家里没电', '什么时候来电', '又断电了', '小区停电'),
    texts('report-fault', 'cmn', '水管漏水', '漏水了', '厨房漏水', '家里漏电', '洗衣机漏电', '电表坏了'),
    texts('yes', 'cmn', '是', '对', '好的', '可以'),
    texts('no', 'cmn', '不是', '不要', '不对', '不用'),
    texts('none', 'cmn', '你好', '今天天气怎么样', '放首歌', '我要点外卖', '谢谢', '现在几点'),
  ],
};

const english: IntentExamples = {
  language: 'en',
  concepts: [{ name: 'outage', words: ['outage', 'power*', 'blackout'] }],
  sentenceWords: { joiners: ['and'], mistakes: ['i mean'], denials: ['no'], contrasts: [] },
  examples: [
    texts('report-outage', 'en', 'my power is out', 'there is a power outage', 'the lights went out'),
    texts('bill-query', 'en', 'how much is my bill', 'what do I owe', 'check my balance'),
    texts('none', 'en', 'hello', 'play some music', 'what is the weather'),
  ],
};

const word = { spellings: [], tells: 'strong', notBefore: [], notAfter: [] } as const;
const yue: DialectPack = {
  dialect: 'yue',
  words: [
    { ...word, word: '冇电', means: '没电', example: { text: '冇电', canonical: '没电' } },
    { ...word, word: '几多', means: '多少', example: { text: '几多', canonical: '多少' } },
  ],
  plain: [],
  fillers: [],
  backchannels: [],
  replies: { yes: [], no: [], dontKnow: [], repeat: [], person: [], slower: [], louder: [], stopCalling: [] },
  aroundReplies: [],
  turnFinal: [],
  turnHolding: [],
  soundCosts: [{ a: 'n', b: 'l', cost: 0.1 }],
};

const matcher = IntentMatcher.build([chinese, english], new DialectPacks([yue]));

t.test('sentences that no example holds are matched by what they share with examples', async (t) => {
  const intents: [string, string, string][] = [
    ['帮我查一下电费是多少', 'cmn', 'bill-query'],
    ['我想把水费交了', 'cmn-sichuan', 'pay-bill'],
    ['这里断电了', 'cmn-henan', 'report-outage'],
    ['屋企冇电呀', 'yue', 'report-outage'],
    ['水费几多呀', 'yue', 'bill-query'],
    ['the POWER is out here', 'en-us', 'report-outage'],
    ['how much do I owe', 'en-gb', 'bill-query'],
  ];
  for (const [text, dialect, intent] of intents)
    t.equal(matcher.understand(text, dialect).intent, intent, text);
});

t.test('what it knows it is sure of; what it does not know it says that it is not', async (t) => {
  const known = matcher.understand('我家停电了', 'cmn');
  t.match(known, { intent: 'report-outage', sure: true, also: [] });
  t.ok(known.confidence > 0.8 && known.confidence > (known.runnerUp?.confidence ?? 1));
  for (const strange of ['氢氧化钠', '电', 'xyzzy']) {
    t.equal(matcher.understand(strange, 'cmn').sure, false, strange);
  }
  t.match(matcher.understand('今天天气很好', 'cmn'), { intent: 'none', sure: true });
});

t.test('silence has no intent, and a language without examples has none for sure', async (t) => {
  t.match(matcher.understand('，。！', 'cmn'), { intent: undefined, confidence: 0, sure: false });
  t.match(matcher.understand('bonjour', 'fr-fr'), { intent: 'none', sure: false });
});

t.test('several wishes come in the order they were said, each once', async (t) => {
  t.match(matcher.understand('我家停电了，另外我想查一下电费', 'cmn'), {
    intent: 'report-outage',
    sure: true,
    also: ['bill-query'],
  });
  t.match(matcher.understand('查询账单还有家里停电了还有看看账单', 'cmn'), {
    intent: 'bill-query',
    also: ['report-outage'],
  });
  t.strictSame(matcher.understand('家里停电了，还有小区停电', 'cmn').also, []);
  t.strictSame(matcher.understand('我要缴费', 'cmn').also, []);
  t.match(matcher.understand('my power is out and how much is my bill', 'en-gb').also, ['bill-query']);
});

t.test('of an answer and a wish the wish is what the sentence is about', async (t) => {
  t.match(matcher.understand('好的，我要缴费', 'cmn'), { intent: 'pay-bill', sure: true, also: ['yes'] });
  t.match(matcher.understand('不用，家里没电', 'cmn'), { intent: 'report-outage', also: ['no'] });
  t.match(matcher.understand('不用，不要', 'cmn'), { intent: 'no', also: [] });
});

t.test('the packs know answers that no example has; what examples know better they decide', async (t) => {
  const packs = new DialectPacks([
    { ...yue, replies: { ...yue.replies, yes: ['梗系', '水费'], repeat: ['咩话'] } },
  ]);
  const answering = IntentMatcher.build([chinese], packs);
  t.match(answering.understand('梗系', 'yue'), { intent: 'yes', sure: true });
  t.match(
    answering.understand('咩话', 'yue').intent !== 'repeat',
    true,
    'an intent that this hotline has not',
  );
  t.match(answering.understand('我想付款', 'yue'), { intent: 'pay-bill' });
});

t.test('what the caller took back is no wish of his', async (t) => {
  t.match(matcher.understand('交电费，不对，查电费', 'cmn'), { intent: 'bill-query', also: [] });
  t.match(matcher.understand('我不是要查账单，是要缴费', 'cmn'), { intent: 'pay-bill', also: [] });
  t.match(matcher.understand('how much is my bill, no, my power is out', 'en-us'), {
    intent: 'report-outage',
  });
});

t.test('other hearings of the recognizer may decide, and weigh less than the first', async (t) => {
  const alone = matcher.understand('叫电费', 'cmn');
  const helped = matcher.understand('叫电费', 'cmn', [{ text: '交电费' }, { text: '我要交电费' }]);
  t.equal(helped.intent, 'pay-bill');
  t.ok(helped.confidence > (alone.intent === 'pay-bill' ? alone.confidence : 0));
  const kept = matcher.understand('我家停电了', 'cmn', [{ text: '查电费', confidence: 0.2 }]);
  t.equal(kept.intent, 'report-outage');
});

t.test('words written by their sound are understood in a second pass, answers never', async (t) => {
  t.match(matcher.understand('耨店', 'yue'), { intent: 'report-fault', sure: true, bySound: true });
  t.notOk(matcher.understand('耨店', 'cmn').bySound, 'only where n and l are confused');
  t.notOk(matcher.understand('我家漏水了', 'cmn').bySound);
  t.notOk(matcher.understand('我家停电了', 'cmn').bySound);
  t.notOk(matcher.understand('部队', 'cmn').bySound);
});

t.test('the same examples give the same answers', async (t) => {
  const again = IntentMatcher.build([chinese, english], new DialectPacks([yue]));
  again.prepare(['yue', 'en-us', 'fr-fr']);
  for (const text of ['查电费', '停电费', '氢氧化钠']) {
    t.strictSame(again.understand(text, 'yue'), matcher.understand(text, 'yue'));
  }
});
