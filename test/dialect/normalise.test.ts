import { t } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { normalise } from '../../src/dialect/normalise.js';

const { packs } = await readDialectPacks();
const canonical = (raw: string, dialect: string) => normalise(raw, dialect, packs).canonical;

t.test('raw and canonical stand side by side, joined by spans', async (t) => {
  const raw = '唔該，電費幾多錢呀';
  const read = normalise(raw, 'yue', packs);
  t.equal(read.raw, raw, 'what was said is untouched');
  t.match(read.canonical, /电费多少钱/);
  for (const span of read.spans) {
    t.ok(span.rawStart < span.rawEnd && span.rawEnd <= raw.length);
    t.ok(span.canonicalStart <= span.canonicalEnd && span.canonicalEnd <= read.canonical.length);
  }
  const price = read.spans.find(
    (span) => read.canonical.slice(span.canonicalStart, span.canonicalEnd) === '多少钱',
  );
  t.match(raw.slice(price?.rawStart, price?.rawEnd), /^幾多錢/);
  t.equal(price?.dialect, 'yue');
});

t.test('both writings of a word are one', async (t) => {
  for (const [a, b] of [
    ['係咪停電', '系咪停电'],
    ['唔該', '唔该'],
    ['我毋知户号', '我呣知户号'],
    ['勿晓得', '弗晓得'],
    ['畀钱', '俾钱'],
    ['揾人工', '搵人工'],
  ] as const) {
    const dialect = /毋|呣/.test(a) ? 'nan' : /勿/.test(a) ? 'wuu' : 'yue';
    t.equal(canonical(a, dialect), canonical(b, dialect), `${a} ${b}`);
  }
});

t.test('words that only hold a dialect word inside are left alone', async (t) => {
  for (const text of ['没关系', '联系师傅', '系统坏了', '中文系', '食堂停电了'])
    t.equal(canonical(text, 'yue'), text);
  for (const text of ['阿拉伯', '伊朗', '砍伐', '介绍一下', '请勿打扰', '余额不足', '拨打电话']) {
    t.equal(canonical(text, 'wuu'), text);
  }
  for (const text of ['余额不足', '金额是一百', '额外收费']) t.equal(canonical(text, 'cmn-shaanxi'), text);
  for (const text of ['莫名其妙', '没得到回复', '遭受损失', '整个小区'])
    t.equal(canonical(text, 'cmn-sichuan'), text);
  for (const text of ['调整额度', '指定账户', '耽搁了']) t.equal(canonical(text, 'cmn-dongbei'), text);
  for (const text of ['无论如何', '无法接通', '互相', '予以补偿']) t.equal(canonical(text, 'nan'), text);
  for (const text of ['甚至', '寻求帮助']) t.equal(canonical(text, 'cjy'), text);
});

t.test('fillers and tags of engines are dropped, unless they are all that was said', async (t) => {
  t.equal(canonical('呃，我要交电费', 'cmn'), '我要交电费');
  t.equal(canonical('<|zh|><|NEUTRAL|>嗯我要交电费', 'cmn'), '我要交电费');
  t.equal(canonical('嗯', 'cmn'), '嗯');
  t.equal(canonical('我 要 交 电 费', 'cmn'), '我要交电费');
});

t.test('Cantonese falls back to Mandarin words, an accent of Mandarin takes no Cantonese ones', async (t) => {
  t.equal(canonical('咋办', 'yue'), '怎么办');
  t.equal(canonical('佢', 'cmn-sichuan'), '佢');
  t.equal(canonical('电费幾多', 'tlh'), '电费几多', 'an id nobody knows has plain writing only');
});

t.test('whole utterances come out as Mandarin would say them', async (t) => {
  for (const [dialect, raw, expected] of [
    ['cmn-sichuan', '我屋头停电了啷个办', '我家里停电了怎么办'],
    ['cmn-dongbei', '俺家电表咋整的', '我家电表怎么回事'],
    ['cmn-henan', '俺知不道户号', '我不知道户号'],
    ['cmn-shaanxi', '额想查一下电费多钱', '我想查一下电费多少钱'],
    ['cmn-hubei', '屋里冇得电，么样搞', '家里没有电,怎么办'],
    ['cmn-hunan', '何解又停电哒', '为什么又停电了'],
    ['yue', '点解今个月电费咁贵', '为什么这个月电费这么贵'],
    ['wuu', '阿拉屋里呒没电，哪能办', '我们家里没有电,怎么办'],
    ['nan', '阮兜无电，欲按怎', '我家没电,怎么办'],
    ['hak', '𠊎屋下冇电', '我家没有电'],
    ['gan', '什哩时间来电', '什么时候来电'],
    ['cjy', '这是甚费用', '这是什么费用'],
  ] as const) {
    t.equal(canonical(raw, dialect), expected, dialect);
  }
});
