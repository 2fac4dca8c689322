import { t } from 'tap';
import { ClauseCutter } from '../../src/dialect/clauses.js';
import { evaluate } from '../../src/dialect/evaluate.js';
import { familyOf } from '../../src/dialect/packs.js';
import { readDialectData } from '../../src/dialect-data.js';
import { readShippedSet } from '../../src/dialect-files.js';

// Reads every word and example; a busy machine takes its time.
t.setTimeout(180_000);

const data = await readDialectData();
const found = (text: string, dialect: string) => {
  const { intent, also } = data.matcher.understand(text, dialect);
  return [intent, ...also].join(' + ');
};

t.test(
  'two wishes are found with a joining word, with a pause, and with neither, in each language',
  async (t) => {
    const lines: [dialect: string, text: string, intents: string][] = [
      ['cmn', '查一下电费再报个停电', 'bill-query + report-outage'],
      ['cmn', '我要交水费，我家水管漏水了', 'pay-bill + report-fault'],
      ['cmn', '帮我改一下地址转人工', 'change-address + speak-to-person'],
      ['cmn-sichuan', '屋头停电了顺便帮我查哈电费', 'report-outage + bill-query'],
      ['yue', '屋企冇电呀同埋我想投诉', 'report-outage + complaint'],
      ['wuu', '屋里停电了还有我要付水费', 'report-outage + pay-bill'],
      ['en-gb', "my power is out and I'd like to pay my bill", 'report-outage + pay-bill'],
      ['es-mx', 'quiero pagar mi recibo y también cambiar mi dirección', 'pay-bill + change-address'],
      ['pt-br', 'quero pagar a conta e também mudar o endereço', 'pay-bill + change-address'],
      ['fr-fr', "je veux payer ma facture et aussi changer d'adresse", 'pay-bill + change-address'],
      [
        'de-de',
        'ich möchte meine Rechnung bezahlen und außerdem meine Adresse ändern',
        'pay-bill + change-address',
      ],
      ['ar-eg', 'النور قاطع وكمان عايز أدفع الفاتورة', 'report-outage + pay-bill'],
    ];
    for (const [dialect, text, intents] of lines) t.equal(found(text, dialect), intents, text);
  },
);

t.test('every joining word of the shipped files joins', async (t) => {
  for (const { language, sentenceWords } of data.examples) {
    const chinese = familyOf(language) === 'sinitic';
    const cutter = new ClauseCutter(language, [sentenceWords]);
    const [left, right, glue] = chinese ? ['停水', '电费', ''] : ['aaa bbb', 'ccc ddd', ' '];
    t.ok(sentenceWords.joiners.length > 10, language);
    for (const written of sentenceWords.joiners) {
      const word = written.replace('|', '');
      const cut = [...cutter.cuts([left, word, right].join(glue))].find(
        ({ before, joiner }) => before.trim() === left && joiner !== '',
      );
      t.ok(cut?.after.endsWith(right), `${language}: ${word}`);
    }
  }
});

t.test('one wish for two things, or with its story, stays one', async (t) => {
  const lines: [dialect: string, text: string, intent: string][] = [
    ['cmn', '查电费和水费', 'bill-query'],
    ['cmn', '我想把水费和电费一块儿交了', 'pay-bill'],
    ['cmn', '停电了冰箱里的东西都坏了', 'report-outage'],
    ['yue', '我想查水费同电费', 'bill-query'],
    ['en-us', 'I want to pay my water and my electric bill', 'pay-bill'],
    ['es-es', 'quiero pagar la luz y el agua', 'pay-bill'],
    ['de-de', 'ich will Strom und Wasser bezahlen', 'pay-bill'],
  ];
  for (const [dialect, text, intent] of lines) t.equal(found(text, dialect), intent, text);
});

t.test('three wishes come in their order, and none twice', async (t) => {
  t.equal(
    found('我家停电了，另外我要改地址，还有帮我转人工', 'cmn'),
    'report-outage + change-address + speak-to-person',
  );
  t.equal(found('查电费，还有我家停电了，再查一下水费', 'cmn'), 'bill-query + report-outage');
});

t.test(
  'of the sentences nobody tuned on most are parted where they hold two wishes, few where they hold one',
  async (t) => {
    const set = await readShippedSet('held-out-several', new Set(data.intents.keys()));
    t.strictSame(set?.problems, []);
    const lines = set?.lines ?? [];
    const several = lines.filter(({ intents = [] }) => intents.length > 1);
    t.ok(several.length >= 200 && new Set(several.map(({ dialect }) => dialect)).size >= 8);
    const { severalIntentsAccuracy, wronglyPartedShare } = evaluate(lines, {
      intentOf: (text, dialect) => data.matcher.understand(text, dialect),
      slotOf: () => undefined,
      dialectOf: () => ({ dialect: undefined, sure: false }),
    });
    t.ok((severalIntentsAccuracy ?? 0) >= 0.85, `both wishes in order ${String(severalIntentsAccuracy)}`);
    t.ok((wronglyPartedShare ?? 1) <= 0.06, `wrongly parted ${String(wronglyPartedShare)} of hard lines`);
  },
);
