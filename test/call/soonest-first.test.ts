import t from 'tap';
import { mannerOf } from '../../src/call/manner.js';
import { soonestFirst, wishSets, type Reachable } from '../../src/call/soonest-first.js';
import { readTurnPacks } from '../../src/turn-packs.js';
import { dialplanOf } from './fakes.js';

const plan = dialplanOf(`
name: two
dialects: [cmn, yue]
defaults:
  noInputMs: 5000
  retries: 1
  noInput: { reprompts: [{ cmn: 还在吗？, yue: 仲喺唔喺度？ }] }
  noMatch: { reprompts: [{ cmn: 再说一遍。, yue: 再講一次。 }] }
  wayOut: main.bye
flows:
  main:
    nodes:
      hello: { type: say, prompt: { cmn: 你好。, yue: 你好呀。 }, goto: ask }
      ask:
        type: menu
        prompt: { cmn: 要不要？, yue: 要唔要？ }
        saveAs: answer
        choices:
          'yes': { key: 1, phrases: { cmn: [要], yue: [要呀] }, goto: when }
          'no': { key: 2, phrases: { cmn: [不要], yue: [唔要] }, goto: bye }
      when:
        type: menu
        prompt: { cmn: 几时？, yue: 幾時？ }
        choices:
          today: { key: 1, phrases: { cmn: [今天], yue: [今日] }, goto: bye }
      bye: { type: hangup, prompt: { cmn: '你选了{{answer}}。再见。', yue: '你揀咗{{answer}}。' } }
`);

function shown(things: readonly Reachable[]): string[] {
  return things.map((thing) =>
    thing.kind === 'sentence' ? thing.sentence.text : thing.phrases.map(({ text }) => text).join('/'),
  );
}

t.test('what a caller hears first comes first, what is filled in during a call not at all', async (t) => {
  t.same(
    soonestFirst([plan]).map(({ turns }, i) => `${turns} ${shown(soonestFirst([plan]))[i] ?? ''}`),
    [
      '0 你好。',
      '0 要不要？',
      '0 你好呀。',
      '0 要唔要？',
      '0 要/不要',
      '0 要呀/唔要',
      '1 还在吗？',
      '1 再说一遍。',
      '1 几时？',
      '1 仲喺唔喺度？',
      '1 再講一次。',
      '1 幾時？',
      '1 今天',
      '1 今日',
    ],
  );
});

t.test('sentences are made at the rate at which calls of their dialplan begin', async (t) => {
  const rates = (variables: Readonly<Record<string, string>>) => {
    const sentences = soonestFirst([plan, { ...plan, name: 'slow', variables }]).flatMap((thing) =>
      thing.kind === 'sentence' && thing.sentence.text === '你好。' ? [thing.sentence.rate] : [],
    );
    return sentences;
  };
  t.same(rates({}), [undefined], 'the same sentence of two dialplans is one');
  t.same(rates({ voiceSpeed: '0.8' }), [undefined, 0.8]);
  t.same(rates({ elderMode: 'on' }), [undefined, mannerOf({ elderMode: 'on' }, 0).rate]);
});

t.test(
  'of several dialplans the beginnings come before the rest of any; what they share comes once',
  async (t) => {
    const other = dialplanOf(`
name: other
dialects: [cmn]
flows:
  main:
    nodes:
      hello: { type: say, prompt: { cmn: 几时？ }, goto: bye }
      bye: { type: hangup, prompt: { cmn: 回头见。 } }
`);
    const order = shown(soonestFirst([plan, other]));
    t.equal(order.filter((text) => text === '几时？').length, 1);
    t.ok(order.indexOf('几时？') < order.indexOf('还在吗？'), 'another dialplan begins with it');
    t.ok(order.indexOf('回头见。') < order.indexOf('还在吗？'));
  },
);

t.test('what every question understands is heard in each dialect that phrases are heard in', async (t) => {
  const packs = await readTurnPacks(plan.dialects);
  const sets = wishSets(soonestFirst([plan]), packs);
  t.same(
    sets.map(([phrase]) => phrase?.dialect),
    ['cmn', 'yue'],
  );
});
