import t from 'tap';
import { readDialectPacks } from '../src/dialect-data.js';
import { packFamilies } from '../src/dialect/read-pack.js';
import { readTurnPacks } from '../src/turn-packs.js';

t.setTimeout(120_000);

t.test('what is read in part is what the whole packs have, for every dialect', async (t) => {
  const { packs, problems } = await readDialectPacks();
  t.same(problems, []);
  const dialects = packs.all.map(({ dialect }) => dialect).filter((id) => !packFamilies.includes(id));
  const parts = await readTurnPacks(dialects);
  for (const dialect of dialects) {
    t.same(parts.turnFinalOf(dialect), packs.turnFinalOf(dialect), dialect);
    t.same(parts.turnHoldingOf(dialect), packs.turnHoldingOf(dialect), dialect);
    for (const wish of ['repeat', 'slower', 'louder'] as const) {
      t.same(parts.repliesOf(dialect, wish), packs.repliesOf(dialect, wish), `${dialect} ${wish}`);
      t.ok(parts.repliesOf(dialect, wish).length > 0, `${dialect} has words for ${wish}`);
    }
    t.same(
      parts.chain(dialect).flatMap(({ fillers, backchannels }) => [fillers, backchannels]),
      packs.chain(dialect).flatMap(({ fillers, backchannels }) => [fillers, backchannels]),
    );
  }
});

t.test('a dialect without a pack, and a folder that is not there, cost nothing', async (t) => {
  t.same((await readTurnPacks(['cmn'], '/nowhere')).all, []);
});
