import { t } from 'tap';
import { dialectIds } from '../../src/dialect/catalogue.js';
import { autonomyOf, coverageBy, coverageOf } from '../../src/dialect/engine-coverage.js';

t.test('what was measured decides how far a caller is let speak', async (t) => {
  const autonomy = (engine: string, dialect: string) => coverageBy(engine, dialect)?.hears?.autonomy;
  t.equal(autonomy('dashscope', 'yue'), 'open', '10.1 %');
  t.equal(autonomy('sensevoice', 'cmn-sichuan'), 'confirm', '28.4 %');
  t.equal(autonomy('sensevoice', 'wuu'), 'keys', '46.9 %');
  t.equal(autonomy('paraformer', 'yue'), 'keys', '89 %');
  t.equal(autonomy('dashscope', 'nan'), 'keys', 'nobody measured it by itself');
  t.equal(autonomy('phrasebook', 'yue'), 'closed');
  t.equal(coverageBy('phrasebook', 'wuu'), undefined, 'espeak-ng has no voice for it');
});

t.test('codes and voices are those of the engine, never made from the id', async (t) => {
  t.match(coverageBy('azure', 'cmn-sichuan'), {
    hears: { code: 'zh-CN-sichuan' },
    speaks: { code: 'zh-CN-sichuan', voices: ['zh-CN-sichuan-YunxiNeural'] },
  });
  t.match(coverageBy('azure', 'cmn-henan'), { hears: undefined, speaks: { code: 'zh-CN-henan' } });
  t.equal(coverageBy('azure', 'hak'), undefined);
  t.equal(coverageBy('nobody', 'cmn'), undefined);
});

t.test('every dialect has an engine that hears it', async (t) => {
  t.strictSame(
    dialectIds.filter((id) => !coverageOf(id).some(({ hears }) => hears !== undefined)),
    [],
  );
});

t.test('an engine that nobody wrote down is judged by what it says of itself', async (t) => {
  const open = (dialect: string, dialects?: readonly string[]) =>
    autonomyOf(dialect, { name: 'new', openSpeech: true, ...(dialects && { dialects }) });
  t.equal(autonomyOf('cmn', { openSpeech: false }), 'closed');
  t.equal(open('yue', ['yue', 'cmn']), 'open');
  t.equal(open('wuu', ['wuu', 'cmn']), 'keys', 'engines on the whole are not good enough');
  t.equal(open('cmn-henan', ['cmn']), 'confirm', 'heard as another accent');
  t.equal(open('yue', ['cmn']), 'keys', 'another language');
  t.equal(open('en-gb'), 'open');
});
