import { t, type Test } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { parseReply, readReply, type Reply } from '../../src/dialect/replies.js';

const { packs } = await readDialectPacks();

function check(test: Test, dialect: string, expected: Readonly<Partial<Record<Reply | 'nothing', string>>>) {
  for (const [reply, texts] of Object.entries(expected)) {
    for (const text of texts.split(' ')) {
      test.equal(
        readReply(text, dialect, packs),
        reply === 'nothing' ? undefined : reply,
        `${dialect}: ${text}`,
      );
    }
  }
}

t.test('yes and no of each dialect are heard', async (t) => {
  check(t, 'cmn', {
    yes: '是 是的 对 对的 好的 可以 嗯 没错 没问题 行啊 对对对 是的，谢谢 嗯，好的 那好吧 对，就是这个',
    no: '不 不是 不用了谢谢 不要 没有 算了 不对 好的不用了 对，不要 不是，是一百二 不用了，好的',
  });
  check(t, 'cmn-sichuan', {
    yes: '要得 要得嘛 对头 莫得问题 得行 是噻',
    no: '莫得 不得行 要不得 不消了 不是嘛',
  });
  check(t, 'cmn-dongbei', { yes: '嗯呐 必须地 妥了 那可不', no: '拉倒吧 不整了 没有的事儿' });
  check(t, 'cmn-henan', { yes: '中 中嘞 可中 管 木问题 是嘞', no: '不中 木有 不是嘞' });
  check(t, 'cmn-shandong', { yes: '管 中 是来', no: '不管 不中 木有' });
  check(t, 'cmn-shaanxi', { yes: '能成 对着呢 嫽咋咧 没麻达', no: '不成 不咧 算咧' });
  check(t, 'cmn-hunan', { yes: '要得 要得咯 是咯 冇得问题', no: '冇得 要不得 算哒' });
  check(t, 'cmn-hubei', { yes: '要得 是滴 冇得问题 可以撒', no: '冇得 要不得 不是撒' });
  check(t, 'yue', {
    yes: '系 係 系呀 啱 得 得啦 冇错 冇问题 好呀 梗系 冇唔啱',
    no: '唔系 唔係呀 唔得 唔使 唔使喇唔该 唔要 冇 未 唔啱，系一百二',
  });
  check(t, 'wuu', { yes: '是额 对额 好额 来三额 呒没问题', no: '勿是 勿要 覅 勿来三 呒没' });
  check(t, 'nan', { yes: '着 会使 无问题', no: '毋是 袂使 免 毋免' });
  check(t, 'hak', { yes: '系 做得 冇问题', no: '毋系 做毋得 毋使' });
  check(t, 'gan', { yes: '作得 冇问题 要得', no: '冇有 作不得 要不得' });
  check(t, 'hsn', { yes: '要得 冇得问题', no: '唔是 冇得 要不得' });
  check(t, 'cjy', { yes: '能行嘞 对着嘞', no: '不行嘞 没啦' });
});

t.test('a negation in front of an answer does not make a no of 冇问题 and its like', async (t) => {
  check(t, 'yue', { yes: '冇问题 冇問題呀 冇错 冇所谓' });
  check(t, 'cmn', { yes: '没问题 没关系 没错 没有不对 没什么问题' });
  check(t, 'cmn', { no: '不是 不行不行 不要不要' });
});

t.test('a doubled negation whose meaning hangs on a pause is not taken for an answer', async (t) => {
  check(t, 'cmn', { nothing: '不是不要 不是不行' });
  check(t, 'cmn', { no: '不是，不要' });
});

t.test('A-not-A is a question, in every dialect', async (t) => {
  check(t, 'cmn-henan', { question: '中不中 中不 可以不可以' });
  check(t, 'yue', { question: '系唔系 系咪 得唔得 可唔可以 好唔好呀' });
  check(t, 'cmn-sichuan', { question: '要不要得 得不得行' });
  check(t, 'wuu', { question: '好伐 对伐 好勿好 阿好 是伐' });
  check(t, 'cmn', { question: '是不是 对不对 行吗 可以吗 有没有 是吗 对？' });
  check(t, 'nan', { question: '好无 会使无' });
  check(t, 'cmn-shaanxi', { question: '得是', yes: '是的么' });
});

t.test('知不道 is no question', async (t) => {
  check(t, 'cmn-shandong', { 'dont-know': '知不道 俺知不道', question: '知不知道' });
  check(t, 'cmn-henan', { 'dont-know': '知不道' });
  check(t, 'cmn-sichuan', { 'dont-know': '晓不得 不晓得 我晓不得' });
  check(t, 'yue', { 'dont-know': '唔知 我唔知呀 唔清楚' });
  check(t, 'wuu', { 'dont-know': '勿晓得 我勿清爽' });
});

t.test('who has heard enough has said neither yes nor no', async (t) => {
  check(t, 'cmn', { stop: '行了行了 好了好了 得了得了 行了行了别说了 够了够了' });
});

t.test('repeat, person, slower, louder and stop calling are heard inside a sentence', async (t) => {
  check(t, 'cmn', {
    person: '转人工 我要转人工 帮我找个人 人工',
    repeat: '再说一遍 没听清楚 麻烦你再说一遍 什么',
    slower: '你说慢点 慢一点',
    louder: '声音大一点 大声点',
    'stop-calling': '不要再打电话来了 别再打了',
  });
  check(t, 'yue', {
    person: '我想搵人工 唔该转人工 想搵个人讲',
    repeat: '唔该讲多次 你讲咩话 听唔清楚',
    slower: '讲慢啲 可以慢啲讲',
    louder: '大声啲 讲大声啲呀',
    'stop-calling': '唔好再打嚟喇',
  });
  check(t, 'wuu', {
    person: '帮我转人工',
    repeat: '再讲一遍 侬讲啥',
    slower: '慢慢叫讲',
    louder: '声音响点',
  });
  check(t, 'cmn-sichuan', { repeat: '再说一道嘛 你说啥子', person: '喊个人来说' });
});

t.test('what only sounds like an answer is none', async (t) => {
  check(t, 'cmn', {
    no: '不用转人工',
    nothing:
      '找个人来修一下 我不交电费 没收到账单 我要交电费 你们客服态度很差 是一百二十块 对面停电了 好久没电了',
  });
  check(t, 'yue', { no: '唔使搵人工', nothing: '系广州嘅 得闲嚟修 冇收到单' });
});

t.test('an answer before more is told as such', async (t) => {
  t.strictSame(parseReply('好，我要交电费', 'cmn', packs), { reply: 'yes', whole: false });
  t.strictSame(parseReply('不是，是一百二', 'cmn', packs), { reply: 'no', whole: false });
  t.strictSame(parseReply('不是我要交水费', 'cmn', packs), { reply: 'no', whole: false });
  t.strictSame(parseReply('是的', 'cmn', packs), { reply: 'yes', whole: true });
  t.equal(parseReply('', 'cmn', packs), undefined);
  t.equal(parseReply('，。', 'cmn', packs), undefined);
});
