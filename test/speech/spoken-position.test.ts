import t from 'tap';
import { resumeAtWord, resumeText } from '../../src/speech/spoken-position.js';

t.test('nothing or little was heard: the sentence anew', async (t) => {
  for (const ms of [0, 200, 1000]) {
    t.equal(
      resumeText('For sales, press one. For help, press two.', ms),
      'For sales, press one. For help, press two.',
    );
  }
});

t.test('goes on at the last clause that even a slow voice had reached', async (t) => {
  const text = '查询余额请按一，转账请按二，人工服务请按零。';
  t.equal(resumeText(text, 2000), text);
  // Seven characters at 330 ms and a pause of 500: 2.96 s after the lead-in.
  t.equal(resumeText(text, 3200), '转账请按二，人工服务请按零。');
  t.equal(resumeText(text, 5400), '人工服务请按零。');
});

t.test('never leaves nothing to say', async (t) => {
  t.equal(resumeText('Hello. Goodbye.', 60_000), 'Goodbye.');
  t.equal(resumeText('Hello', 60_000), 'Hello');
  t.equal(resumeText('您好。', 60_000), '您好。');
});

t.test('a full stop inside a number or a name begins no clause', async (t) => {
  t.equal(resumeText('It costs 3.50 today', 60_000), 'It costs 3.50 today');
});

t.test('a slow voice is further back at the same time', async (t) => {
  const text = '查询余额请按一，转账请按二。';
  t.equal(resumeText(text, 3200, 1), '转账请按二。');
  t.equal(resumeText(text, 3200, 0.7), text);
});

t.test('word times: from the word that broke off', async (t) => {
  const words = [
    { text: '余额', startMs: 0 },
    { text: '是', startMs: 500 },
    { text: '五十元', startMs: 700 },
  ];
  t.equal(resumeAtWord('余额是五十元', words, 600), '是五十元');
  t.equal(resumeAtWord('余额是五十元', words, 5000), '五十元');
  t.equal(resumeAtWord('余额是50元', words, 5000), undefined, 'the words are not those of the text');
  t.equal(resumeAtWord('余额', [], 100), undefined);
});
