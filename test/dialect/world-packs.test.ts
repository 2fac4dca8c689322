import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { t } from 'tap';
import { dialects } from '../../src/dialect/catalogue.js';
import { DialectIdentifier } from '../../src/dialect/identify.js';
import { normalise } from '../../src/dialect/normalise.js';
import { replyKinds } from '../../src/dialect/pack.js';
import { DialectPacks } from '../../src/dialect/packs.js';
import { readPack } from '../../src/dialect/read-pack.js';
import { readReply } from '../../src/dialect/replies.js';

const folder = fileURLToPath(new URL('../../../src/dialect/packs/', import.meta.url));
const read = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => readPack(readFileSync(join(folder, file), 'utf8'), file));
const packs = new DialectPacks(read.flatMap(({ pack }) => pack ?? []));
const identifier = new DialectIdentifier(packs);

const languages = ['en', 'es', 'pt', 'ar', 'de', 'fr'];
const own = dialects.filter(({ language }) => languages.includes(language));
const mine = packs.all.filter(({ dialect }) => languages.includes(dialect.split('-')[0] ?? ''));
/** The dialects a pack speaks for: its own, or all of the language. */
const dialectsOf = (pack: string) =>
  own.filter(({ id, language }) => id === pack || language === pack).map(({ id }) => id);

t.test(
  'each dialect outside the Sinitic family has a pack, and each language one for all of them',
  async (t) => {
    for (const id of [...languages, ...own.map((dialect) => dialect.id)]) t.ok(packs.own(id), id);
  },
);

t.test('each word means in its example sentence what the pack says, in every spelling', async (t) => {
  for (const { dialect, words } of mine) {
    for (const { word, spellings, example } of words) {
      const id = dialectsOf(dialect)[0] ?? dialect;
      for (const spelling of [word, ...spellings]) {
        const at = example.text.toLowerCase().indexOf(word.toLowerCase());
        const said = example.text.slice(0, at) + spelling + example.text.slice(at + word.length);
        const wanted =
          example.canonical === example.text ? normalise(said, id, packs).canonical : example.canonical;
        t.equal(normalise(said, id, packs).canonical, wanted, `${dialect}: ${said}`);
      }
      t.equal(normalise(example.text, id, packs).canonical, example.canonical, `${dialect}: ${example.text}`);
    }
  }
});

t.test('each reply is read as what it is, in every dialect that may say it', async (t) => {
  const names: Readonly<Record<string, string>> = { dontKnow: 'dont-know', stopCalling: 'stop-calling' };
  for (const pack of mine) {
    for (const kind of replyKinds) {
      const phrases = pack.replies[kind];
      for (const id of dialectsOf(pack.dialect)) {
        const wrong = phrases.filter((phrase) => readReply(phrase, id, packs) !== (names[kind] ?? kind));
        t.strictSame(wrong, [], `${id}: ${kind}`);
        t.ok(packs.repliesOf(id, kind).length >= 5, `${id} has phrases for ${kind}`);
      }
    }
  }
});

t.test('each dialect has words that tell it, and words that end and hold a turn', async (t) => {
  for (const { id } of own) {
    const tells = (packs.own(id)?.words ?? []).filter((word) => word.tells !== 'nothing');
    t.ok(tells.length >= 10, `${id} has ${String(tells.length)} words that tell it`);
    t.ok(packs.turnFinalOf(id).length >= 5 && packs.turnHoldingOf(id).length >= 5, id);
    const [final, holding] = [packs.turnFinalOf(id), packs.turnHoldingOf(id)];
    const only = (packs.own(id)?.turnFinal ?? []).filter((word) => packs.own(id)?.turnHolding.includes(word));
    t.strictSame(only, [], `${id}: no word both ends and holds`);
    // After "sí" a turn has ended, though "si" is how a condition begins.
    t.strictSame(
      holding.filter((word) => ['yes', 'no'].includes(readReply(word, id, packs) ?? '')),
      [],
      id,
    );
    t.ok(final.length > 0);
  }
});

/** What one says: the dialect that is sure, or none. */
const sure = (text: string) => {
  const { sure: is, dialect } = identifier.identifyText(text);
  return is ? dialect : undefined;
};

const spoken: Readonly<Record<string, readonly string[]>> = {
  'en-us': ["y'all need my zip code", 'take it from my checking account'],
  'en-gb': ['it was eighty quid, innit', 'the leccy has been off for a fortnight'],
  'en-in': ['kindly do the needful', 'the current is gone since morning', 'please prepone the visit'],
  'es-mx': ['ahorita pago en el Oxxo', 'órale, está bien'],
  'es-es': ['vale, os llamo mañana', 'tenéis abierto el sábado'],
  'pt-br': ['quero pagar o boleto com pix', 'moça, cadê o técnico'],
  'pt-pt': ['mudei de morada e de telemóvel', 'repita se faz favor'],
  'ar-gulf': ['أبغى أدفع الحين', 'شلون أدفع', 'شنو المشكلة'],
  'ar-eg': ['عايز أدفع دلوقتي', 'النور قاطع من امبارح', 'مش كده'],
  'de-de': ['moin, ick hab keinen Strom', 'haben Sie am Sonnabend auf'],
  'de-at': ['die Rechnung vom Jänner stimmt ned', 'brauch i an Erlagschein'],
  'de-ch': ['Grüezi, ich ha kei Strom', 'chan ich mit Twint zahle'],
  'fr-fr': ['je paie par carte bleue, chais pas combien', 'Enedis est venu pour le Linky'],
  'fr-ch': ['je dois nonante francs', 'mon natel a changé, ça joue'],
};

t.test('a sentence with words of a dialect is known for it', async (t) => {
  for (const [dialect, sentences] of Object.entries(spoken)) {
    for (const text of sentences) t.equal(sure(text), dialect, text);
  }
});

t.test('a sentence that anybody could say is no dialect', async (t) => {
  const neutral = [
    'I want to pay my bill',
    'how much do I owe',
    'my meter is broken',
    'what is my current bill',
    'quiero pagar mi recibo',
    'no hay luz en mi casa',
    'que venga el técnico',
    'quero pagar a conta',
    'não há água',
    'كم الفاتورة',
    'لا توجد كهرباء',
    'ich möchte meine Rechnung bezahlen',
    'wann kommt der Techniker',
    'das sage ich Ihnen gleich',
    'je voudrais payer ma facture',
    "il n'y a plus de courant",
    'comment ça marche',
    'yes',
    'no',
    'oui',
    'ja',
  ];
  for (const text of neutral) t.equal(sure(text), undefined, text);
});

t.test('a word of one language is no sign of a dialect of another', async (t) => {
  // Accents do not count: tô, to; né, ne; hüt, hut; wänn, wann.
  for (const text of [
    'I need to report the numbers',
    "je ne sais pas, je n'ai pas compris",
    'os técnicos não vieram',
    'dos boletos por favor',
  ]) {
    t.equal(sure(text), undefined, text);
  }
});

t.test('words that mean two things are left alone where they mean the other', async (t) => {
  const canonical = (text: string, dialect: string) => normalise(text, dialect, packs).canonical;
  t.equal(canonical('عندي مية جنيه', 'ar-eg'), 'عندي مية جنيه', 'a hundred, not water');
  t.equal(canonical('لا يوجد ميه', 'ar-eg'), 'لا يوجد ماء');
  t.equal(canonical('mande a un técnico', 'es-mx'), 'mande a un técnico', 'send, not pardon');
  t.equal(canonical('cuánto vale', 'es-es'), 'cuánto vale', 'costs, not okay');
  t.equal(canonical('what is my current bill', 'en-in'), 'what is my current bill');
  t.equal(
    canonical('my current has gone', 'en-in'),
    'my current has gone'.replace('current has gone', 'electricity is off'),
  );
});
