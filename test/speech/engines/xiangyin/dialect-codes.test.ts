import { t } from 'tap';
import { DialectCodes } from '../../../../src/speech/engines/xiangyin/dialect-codes.js';

t.test('without a map an engine uses our ids', async (t) => {
  const codes = new DialectCodes(undefined);
  t.equal(codes.codeOf('yue'), 'yue');
  t.equal(codes.idOf('yue'), 'yue');
  t.strictSame(codes.idsOf(['yue', 'cmn']), ['yue', 'cmn']);
  t.strictSame(codes.idsOf(undefined), [], 'and which it has is known when it says so');
});

t.test('with a map only what it names is asked of the engine', async (t) => {
  const codes = new DialectCodes({ cmn: 'zh-CN', 'cmn-sichuan': 'zh-CN', yue: 'zh-HK' });
  t.equal(codes.codeOf('cmn-sichuan'), 'zh-CN');
  t.equal(codes.codeOf('wuu'), undefined);
  t.equal(codes.idOf('zh-CN'), 'cmn', 'of several that share a code the first');
  t.equal(codes.idOf('zh-CN', ['yue', 'cmn-sichuan']), 'cmn-sichuan', 'but one in question goes first');
  t.equal(codes.idOf('zh-TW'), undefined);
  t.strictSame(codes.idsOf(['zh-CN']), ['cmn', 'cmn-sichuan']);
  t.strictSame(codes.idsOf(undefined), ['cmn', 'cmn-sichuan', 'yue']);
  t.equal(codes.codeOf('constructor'), undefined, 'what objects have by birth is no dialect');
});
