import { t } from 'tap';
import {
  dialectIds,
  dialects,
  fallbackChain,
  findDialect,
  isDialectId,
  sameLanguageChain,
} from '../../src/dialect/catalogue.js';

t.test('every id of the catalogue is known once, and falls back to known ones only', async (t) => {
  t.equal(new Set(dialectIds).size, dialects.length);
  for (const { id, fallback } of dialects) {
    t.ok(isDialectId(id));
    t.equal(findDialect(id)?.id, id);
    t.strictSame(
      fallback.filter((other) => !isDialectId(other) || other === id),
      [],
      `${id} falls back to dialects`,
    );
    t.equal(new Set(fallback).size, fallback.length, `${id} tries each once`);
  }
});

t.test('the ids of the shipped test set are all there', async (t) => {
  const wanted =
    'cmn cmn-sichuan cmn-dongbei cmn-shandong cmn-henan cmn-shaanxi cmn-hunan cmn-hubei yue wuu nan hak gan hsn cjy ' +
    'en-us en-gb en-in es-mx es-es pt-br pt-pt ar-gulf ar-eg de-de de-at de-ch fr-fr fr-ch';
  t.strictSame(dialectIds, wanted.split(' '));
});

t.test('a chain begins with the dialect itself', async (t) => {
  t.strictSame(fallbackChain('cmn-sichuan'), ['cmn-sichuan', 'cmn']);
  t.strictSame(fallbackChain('hsn'), ['hsn', 'cmn-hunan', 'cmn']);
  t.strictSame(fallbackChain('tlh'), ['tlh'], 'an unknown id stands alone');
  t.notOk(isDialectId('tlh'));
  t.notOk(isDialectId('constructor'));
});

t.test("another language's words are no substitute", async (t) => {
  t.strictSame(sameLanguageChain('yue'), ['yue']);
  t.strictSame(sameLanguageChain('cmn-henan'), ['cmn-henan', 'cmn']);
  t.strictSame(sameLanguageChain('en-in'), ['en-in', 'en-gb', 'en-us']);
});
