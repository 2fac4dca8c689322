import { t } from 'tap';
import type { IntentMatch } from '../../src/dialect/intent-matcher.js';
import type { TaughtSentence } from '../../src/dialect/taught-sentences.js';
import {
  checkSentence,
  sentenceRefusal,
  wordingRefusal,
  type TeachableMatcher,
} from '../../src/quality/words-check.js';
import { readDialectData } from '../../src/dialect-data.js';
import { readShippedSet } from '../../src/dialect-files.js';

t.setTimeout(120_000);
const data = await readDialectData();
const set = await readShippedSet('tuned', new Set(data.intents.keys()));
const lines = set?.lines ?? [];
const untaught = new Map<string, IntentMatch>();
let isTaught = false;
/** The shipped one. As long as nothing is taught it understands a sentence once: it would say the same again. */
const matcher: TeachableMatcher = {
  teach(sentences) {
    isTaught = sentences.length > 0;
    data.matcher.teach(sentences);
  },
  understand(text, dialect) {
    const known = isTaught ? undefined : untaught.get(`${dialect} ${text}`);
    if (known !== undefined) return known;
    const match = data.matcher.understand(text, dialect);
    if (!isTaught) untaught.set(`${dialect} ${text}`, match);
    return match;
  },
};
const candidate = (words: string, intent: string): TaughtSentence => ({
  id: 'taught-1',
  dialect: 'cmn',
  words,
  intent,
});

t.test('a sentence that is like no other may be taught', async (t) => {
  const report = checkSentence(matcher, lines, [], candidate('帮我翻翻小本本', 'bill-query'));
  t.match(report, { stolen: [], found: true, known: false });
  t.equal(report.rightAfter, report.rightBefore);
  t.ok(report.sentences > 500);
  t.equal(sentenceRefusal(report, 'bill-query'), undefined);
});

t.test('one that takes the sentences of another intent is refused, and they are shown', async (t) => {
  const own = lines.find(({ intent, dialect }) => intent === 'pay-bill' && dialect === 'cmn');
  const report = checkSentence(matcher, lines, [], candidate(own?.text ?? '', 'complaint'));
  t.ok(report.stolen.length > 0);
  const reason = sentenceRefusal(report, 'complaint') ?? '';
  t.match(reason, /means? pay-bill.* would now be taken as complaint: "/);
  t.ok(reason.includes(own?.text ?? '?'));
});

t.test(
  'one that surely means something else is refused, though no sentence of the set is as alike',
  async (t) => {
    const report = checkSentence(matcher, lines, [], candidate('我想交一下电费', 'complaint'));
    t.match(report, { otherwise: 'pay-bill' });
    t.match(sentenceRefusal({ ...report, stolen: [] }, 'complaint'), /surely understood as pay-bill already/);
  },
);

t.test('what makes others worse, or is not understood itself, is refused', async (t) => {
  const report = { sentences: 100, rightBefore: 97, rightAfter: 96, stolen: [], found: true, known: false };
  t.match(
    sentenceRefusal(report, 'yes'),
    /of 100 sentences of the regression set 96 would be understood instead of 97/,
  );
  t.match(
    sentenceRefusal({ ...report, rightAfter: 97, found: false }, 'yes'),
    /would still not be understood as yes/,
  );
});

t.test('a sentence that decides is the only thing that is blamed', async (t) => {
  // A matcher that is wrong whatever it is taught: that is not the candidate's doing.
  const wrong: IntentMatch = { intent: 'none', confidence: 1, sure: true, also: [] };
  const report = checkSentence(
    { teach: () => undefined, understand: () => wrong },
    lines,
    [],
    candidate('好', 'yes'),
  );
  t.match(report, { stolen: [], rightAfter: report.rightBefore, found: false });
});

const menu = [
  { id: 'bill', text: '查询电费', dialect: 'cmn' },
  { id: 'pay', text: '我要交电费', dialect: 'cmn' },
];
const wording = (words: string) => ({
  id: 'taught-1',
  words,
  phrases: [{ text: '查询电费', dialect: 'cmn' }],
});

t.test('a wording that another choice has is refused', async (t) => {
  t.equal(wordingRefusal([menu], [], wording('帮我轧轧苗头')), undefined);
  t.match(
    wordingRefusal([menu], [], wording('我要交电费')),
    /the phrase "我要交电费" of another choice is in it/,
  );
  t.match(wordingRefusal([menu], [], wording('要交电费')), /"我要交电费" is listened for/);
  const taken = [
    { id: 'taught-0', words: '帮我轧轧苗头', phrases: [{ text: '我要交电费', dialect: 'cmn' }] },
  ];
  t.match(wordingRefusal([menu], taken, wording('帮我轧轧苗头')), /goes before/);
});
