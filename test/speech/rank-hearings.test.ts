import { t } from 'tap';
import { rankHearings } from '../../src/speech/rank-hearings.js';
import { hearing, nothing } from './hearings.js';

t.test(
  'who is likelier to have got the words goes first, of two alike the dialect of the call',
  async (t) => {
    const own = hearing({ dialect: 'cmn', probability: 0.6 });
    const yue = hearing({ probability: 0.8 });
    t.strictSame(rankHearings([own, yue], own), [yue, own]);
    const alike = hearing({ probability: 0.6 });
    t.strictSame(rankHearings([alike, own], own), [own, alike]);
    t.strictSame(rankHearings([own, nothing('yue')], own)[0], own);
  },
);

t.test('what the question expects goes before what an engine is surer of', async (t) => {
  const own = hearing({ dialect: 'cmn', probability: 0.9, inGrammar: false });
  const yue = hearing({ probability: 0.55 });
  t.strictSame(rankHearings([own, yue], own), [yue, own]);
  const both = { ...own, inGrammar: true };
  t.strictSame(rankHearings([both, yue], both), [both, yue], 'but not if both have it');
});

t.test('an engine that tells dialects by sound is heeded, for a language all its dialects', async (t) => {
  const told = (dialect: string) =>
    hearing({ dialect: 'cmn', probability: 0.8, dialects: [{ dialect, score: 0.95 }] });
  const yue = hearing({ probability: 0.75 });
  t.equal(rankHearings([told('yue'), yue], undefined)[0]?.dialect, 'yue');
  t.equal(rankHearings([told('cmn'), yue], undefined)[0]?.dialect, 'cmn');
  const mexican = hearing({ dialect: 'es-mx', probability: 0.7 });
  t.equal(rankHearings([told('es'), mexican], undefined)[0]?.dialect, 'es-mx');
});

t.test('probabilities beyond all reason break nothing', async (t) => {
  const wild = [Number.NaN, -1, 0, 1, 7].map((probability) => hearing({ probability }));
  t.equal(rankHearings(wild, wild[0]).length, wild.length);
  t.strictSame(rankHearings([], undefined), []);
});
