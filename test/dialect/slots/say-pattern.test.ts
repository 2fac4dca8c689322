import { t } from 'tap';
import { matchPattern, parsePattern, type BlankReader } from '../../../src/dialect/slots/say-pattern.js';

const digits: BlankReader = (_name, index) => [{ end: index + 1, value: 0 }];
const numbers =
  (text: string): BlankReader =>
  (_name, index) => {
    const found = /^\d+/.exec(text.slice(index))?.[0];
    return found === undefined ? [] : [{ end: index + found.length, value: Number(found) }];
  };
const same = (text: string) => text.trim();

function match(say: string, text: string, start = 0) {
  return matchPattern(parsePattern(say, same), text, start, numbers(text));
}

t.test('choices, options and blanks fit in any spacing', async (t) => {
  const say = '(a )?quarter (past|after) {h}';
  t.match(match(say, 'quarter past 3'), { end: 14, values: { h: 3 } });
  t.match(match(say, 'a quarter after  11'), { end: 19, values: { h: 11 } });
  t.equal(match(say, 'quarter to 3'), undefined);
});

t.test('a word does not end in the middle of another', async (t) => {
  t.equal(match('half {h}', 'halfway 3'), undefined);
  t.equal(match('{h} am', '3 amps'), undefined);
  t.match(match('{h}点', '3点钟'), { end: 2 });
});

t.test('the longest fit counts', async (t) => {
  t.match(match('{h}(:{m})?', '3:45'), { end: 4, values: { h: 3, m: 45 } });
  t.match(match('{h}(:{m})?', '3: no'), { end: 1, values: { h: 3 } });
});

t.test('brackets that do not close are told', async (t) => {
  t.throws(() => parsePattern('half (past {h}', same), /'\(' is not closed/);
  t.throws(() => parsePattern('half past) {h}', same), /without a bracket/);
  t.throws(() => parsePattern('half {H}', same), /without a name/);
});

t.test('a pattern of options only never fits nothing', async (t) => {
  t.equal(matchPattern(parsePattern('(a)?(b)?', same), 'xyz', 0, digits), undefined);
});
