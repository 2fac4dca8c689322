import { t } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { dialectIds } from '../../src/dialect/catalogue.js';
import { DialectIdentifier, markersOf } from '../../src/dialect/identify.js';
import { neutral, spoken } from './identify-sentences.js';

const { packs } = await readDialectPacks();
const identifier = new DialectIdentifier(packs);

t.test('who commits is right, and commits often enough', async (t) => {
  let sure = 0;
  let all = 0;
  for (const [dialect, texts] of Object.entries(spoken)) {
    for (const text of texts) {
      const evidence = identifier.identifyText(text);
      all += 1;
      if (!evidence.sure) continue;
      sure += 1;
      t.equal(evidence.dialect, dialect, text);
    }
  }
  t.ok(sure / all > 0.75, `${String(sure)} of ${String(all)} were told`);
});

t.test('neutral text is never told', async (t) => {
  for (const text of neutral) t.notOk(identifier.identifyText(text).sure, text);
});

t.test('a marker that accents share points to a set, not to one', async (t) => {
  const evidence = identifier.identifyText('我搞忘了户号');
  t.notOk(evidence.sure);
  t.equal(evidence.dialect, undefined);
  t.equal(evidence.score.get('cmn-sichuan'), evidence.score.get('cmn-hubei'));
});

t.test('one strong or two weak markers are needed', async (t) => {
  t.ok(identifier.identifyText('啷个办').sure);
  t.notOk(identifier.identifyText('我晓得').sure);
});

t.test('a marker said twice counts once', async (t) => {
  const once = identifier.identifyText('我晓得').score.get('wuu');
  t.equal(identifier.identifyText('我晓得我晓得').score.get('wuu'), once);
});

t.test('a marker is found where it stood in what was written, in either writing', async (t) => {
  const raw = '請問，係咪停電呀';
  const [marker] = markersOf(raw, packs).filter(({ word }) => word === '系咪');
  t.equal(raw.slice(marker?.rawStart, marker?.rawEnd), '係咪');
  t.ok((marker?.weight.get('yue') ?? 0) > 0);
});

t.test('contexts keep plain words from telling', async (t) => {
  for (const text of [
    '没关系',
    '联系我',
    '体系',
    '文学院系主任',
    '阿拉伯人',
    '伊朗',
    '砍伐',
    '余额不足',
    '小阮',
  ]) {
    t.strictSame(identifier.identifyText(text).markers, [], text);
  }
});

t.test('the posterior is a probability over the whole catalogue', async (t) => {
  for (const text of ['', '我要交电费', '啷个办', '唔该']) {
    const { posterior } = identifier.identifyText(text);
    t.strictSame([...posterior.keys()], dialectIds);
    t.ok(Math.abs([...posterior.values()].reduce((a, b) => a + b, 0) - 1) < 1e-9);
  }
  t.ok((identifier.identifyText('唔该').posterior.get('yue') ?? 0) > 0.5);
});
