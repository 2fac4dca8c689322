import { t } from 'tap';
import { callText } from '../../src/cli/call-text.js';
import { dialectLines } from '../../src/cli/dialect-lines.js';
import { sampleRecord, sampleTurn } from '../store-contract/sample-record.js';

t.test('calls show tells when a call went on in another dialect, and why', async (t) => {
  const dir = t.testdir({
    'x.jsonl': [
      '{"v":1,"atMs":0,"type":"call"}',
      '{"v":1,"atMs":1000,"type":"answered"}',
      '{"v":1,"atMs":4500,"type":"dialect","dialect":"hak","spoken":"cmn","reason":"sure"}',
      '{"v":1,"atMs":9000,"type":"dialect","dialect":"yue","spoken":"yue","reason":"doubt","ask":["yue","cmn"]}',
      '{"v":1,"atMs":9100,"type":"dial',
    ].join('\n'),
  });
  const lines = await dialectLines(`${dir}/x.jsonl`);
  t.match(lines, [
    { startMs: 3500, dialect: 'hak' },
    { startMs: 8000, ask: ['yue', 'cmn'] },
  ]);
  const turns = [sampleTurn({ startMs: 0, heardMs: 3400 }), sampleTurn({ startMs: 3600 })];
  const shown = callText(sampleRecord({ turns }), undefined, undefined, lines).split('\n');
  const at = shown.findIndex((line) =>
    line.includes('goes on in hak, answered in cmn (one answer left no doubt)'),
  );
  t.match(shown[at], /^ +0:03\.5 {2}dialect /);
  t.match(shown[at - 1], /caller/);
  t.match(shown[at + 1], /bot/);
  t.match(shown.at(-1), /in doubt between yue and cmn/);
});

t.test('a journal that is gone tells nothing', async (t) => {
  t.strictSame(await dialectLines(`${t.testdir()}/gone`), []);
});
