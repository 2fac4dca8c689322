import { t } from 'tap';
import type { CallRecord } from '../../src/store/call-record.js';
import { dialplanOf } from '../call/fakes.js';
import { replay } from '../call/replay-journal.js';
import { shippedKnowledge, vagueSentence } from '../call/understanding-here.js';
import { projectFile } from '../dialog/project-file.js';
import { converse, scriptedScene } from './scripted-call.js';

t.setTimeout(170_000);

/** As it ships, but for the chime, which is a recording. */
const hotline = projectFile('dialplans/hotline.yaml').replace('    - file: chime\n', '');

/** One server for all: learning what callers say takes it seconds. */
const stage = await scriptedScene(t, 'hotline', hotline);
/** Nobody is remembered from one call to the next. */
const talk = (answers: Parameters<typeof converse>[1]) => converse(stage, answers, { Privacy: 'id' });
const dialectsOf = (record: CallRecord) => record.turns.map(({ dialect }) => dialect);
const saidIn = (record: CallRecord) => record.turns.flatMap(({ said }) => said).join('\n');

t.test('a Cantonese caller is answered in Cantonese at once and pays a bill', async (t) => {
  const record = await talk(['唔该，我想交电费呀', '两百廿蚊', '系呀', '冇喇，唔该晒']);
  t.strictSame(record.path.slice(2), [
    'main.menu',
    'pay.amount',
    'pay.link',
    'main.more',
    'main.anything-else',
    'main.goodbye',
  ]);
  t.strictSame(dialectsOf(record).slice(1, 4), ['yue', 'yue', 'yue']);
  t.match(saidIn(record), /交二百二十蚊，啱唔啱/);
  t.match(saidIn(record), /二百二十蚊嘅付款连结/);
  t.equal(stage.speech.listenedIn[1]?.[0], 'yue', 'the engine is told');
  const journal = await stage.house.journal(record);
  t.match(
    journal.filter(({ type }) => type === 'dialect'),
    [{ dialect: 'yue', spoken: 'yue', reason: 'sure', autonomy: 'open' }],
  );
  t.strictSame(replay(dialplanOf(hotline), journal), record.path, 'the journal decides the same');
});

t.test('a Sichuanese caller reports an outage with its address and day', async (t) => {
  const record = await talk([
    '我屋头没得电了嘛，咋个回事哦',
    '整栋楼都没得电',
    '建设路三十八号二单元',
    '对头',
    '昨天',
    '没得了',
  ]);
  t.strictSame(record.path.slice(2), [
    'main.menu',
    'outage.scope',
    'outage.how',
    'outage.address',
    'outage.since',
    'outage.which',
    'outage.reported',
    'main.more',
    'main.anything-else',
    'main.goodbye',
  ]);
  t.match(saidIn(record), /地址是建设路三十八号二单元，对不对？/);
  t.ok(dialectsOf(record).includes('cmn-sichuan'));
  t.strictSame(replay(dialplanOf(hotline), await stage.house.journal(record)), record.path);
});

t.test('two wishes in one sentence: asked which first, both are done; a value is corrected', async (t) => {
  const record = await talk([
    '我要交电费，还有我想报电表读数',
    '先报读数',
    '四千零七十二',
    '不对，是四千零七十三',
    '对',
    '一百二',
    '不是，一百五十块',
    '对的',
    '没有了',
  ]);
  t.strictSame(record.path.slice(2), [
    'main.menu',
    'reading.reading',
    'reading.noted',
    'main.more',
    'pay.amount',
    'pay.link',
    'main.more',
    'main.anything-else',
    'main.goodbye',
  ]);
  const said = saidIn(record);
  t.match(said, /您要交电费，还要报电表读数，先办哪一样/);
  t.match(said, /读数四 零 七 三已经记下/);
  t.match(said, /接下来交电费/);
  t.match(said, /一百五十元的付款链接/);
  t.strictSame(replay(dialplanOf(hotline), await stage.house.journal(record)), record.path);
});

t.test('who speaks Wu, which is not heard well enough, is led by keys', async (t) => {
  const record = await talk([
    '侬好，阿拉屋里厢个电费哪能介贵啦，勿晓得啥体',
    { keys: '5' },
    { keys: '120*5#' },
    { keys: '1' },
    { keys: '2' },
  ]);
  t.match(saidIn(record), /查询电费请按1/);
  t.match(saidIn(record), /交一百二十点五元，对吗/);
  t.strictSame(record.path.slice(2), [
    'main.menu',
    'pay.amount',
    'pay.link',
    'main.more',
    'main.anything-else',
    'main.goodbye',
  ]);
  const journal = await stage.house.journal(record);
  t.match(
    journal.filter(({ type }) => type === 'dialect'),
    [{ dialect: 'wuu', spoken: 'cmn', autonomy: 'keys' }],
  );
});

t.test('control words go before everything: a person, another language by name, no more calls', async (t) => {
  const person = await talk(['我要交电费', '帮我转人工吧', '不用了']);
  t.strictSame(person.path.slice(3), ['pay.amount', 'person.busy', 'main.goodbye']);
  const language = await talk(['我要交电费', '你会讲广东话吗', '一百蚊', '啱', '冇喇']);
  t.match(dialectsOf(language).slice(1, 4), ['cmn', 'yue', 'yue']);
  const stop = await talk(['唔好再打嚟喇']);
  t.strictSame(stop.path.slice(3), ['stop.goodbye']);
  t.equal(stop.stopCalling, true);
  t.equal(person.stopCalling, undefined);
  t.match(
    (await stage.house.journal(stop)).filter(({ type }) => type === 'stopCalling'),
    [{}],
  );
});

t.test('what is not sure is asked back, and what is said instead counts at once', async (t) => {
  const { text, intent } = vagueSentence(await shippedKnowledge());
  const [label, node] = {
    'bill-query': ['查电费', 'bill.account'],
    'pay-bill': ['交电费', 'pay.amount'],
    'report-outage': ['报停电', 'outage.scope'],
  }[intent] ?? ['', ''];
  const yes = await talk([text, '是的', '帮我转人工', '不用']);
  t.match(saidIn(yes), `您是要${label}，对吗`);
  t.strictSame(yes.path.slice(2), ['main.menu', node, 'person.busy', 'main.goodbye']);
  const no = await talk([text, '不是，我要投诉', '不用']);
  t.strictSame(no.path.slice(2), ['main.menu', 'complaint.sorry', 'person.busy', 'main.goodbye']);
});
