import { t } from 'tap';
import { languageWish } from '../../src/dialect/language-wish.js';

const spoken = ['cmn', 'yue', 'cmn-sichuan', 'en-gb', 'es-mx'];

t.test('a language that is asked for by its name', async (t) => {
  for (const [said, dialect] of [
    ['你会讲广东话吗', 'yue'],
    ['广东话', 'yue'],
    ['讲粤语得唔得', 'yue'],
    ['请说普通话', 'cmn'],
    ['可唔可以讲国语呀', 'cmn'],
    ['能不能说四川话嘛', 'cmn-sichuan'],
    ['Do you speak English?', 'en-gb'],
    ['请讲英文', 'en-gb'],
    ['¿Habla español?', 'es-mx'],
    ['上海话可以伐', 'wuu'],
  ] as const) {
    t.strictSame(languageWish(said, spoken), { dialect }, said);
  }
});

t.test('another one, whichever', async (t) => {
  for (const said of [
    '换个语言',
    '换一种语言',
    'another language please',
    'can I change the language',
    '我不会说普通话',
  ])
    t.equal(languageWish(said, spoken), 'other', said);
  t.equal(languageWish("I don't speak Spanish", spoken), 'other');
});

t.test('sentences that are about something else', async (t) => {
  for (const said of [
    '我要交电费',
    '我想报名参加下个月的普通话水平考试请问怎么报',
    '换个电表',
    'I have a question about the meter',
    '改地址',
    '',
  ])
    t.equal(languageWish(said, spoken), undefined, said);
});
