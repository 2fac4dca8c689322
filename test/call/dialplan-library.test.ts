import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DialplanLibrary, type LoadReport } from '../../src/call/dialplan-library.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';

const plan = (name: string, words: string) =>
  `name: ${name}\ndialects: [en-gb]\nflows:\n  main:\n    nodes:\n      bye: { type: hangup, prompt: ${words} }\n`;
const numbers = 'numbers:\n  - called: [1]\n    dialplan: one\n';

async function library(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-library-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'dialplans'));
  await mkdir(join(dir, 'sip-config'));
  await mkdir(join(dir, 'prompts'));
  const save = async (file: string, text: string): Promise<void> => {
    // As editors save: a new file takes the old one's place.
    await writeFile(join(dir, `${file}.new`), text);
    await rename(join(dir, `${file}.new`), join(dir, file));
  };
  await save('dialplans/one.yaml', plan('one', 'Goodbye.'));
  await save('sip-config/numbers.yaml', numbers);
  const made = new DialplanLibrary({
    dialplanDir: join(dir, 'dialplans'),
    numbersFile: join(dir, 'sip-config/numbers.yaml'),
    audioPromptsDir: join(dir, 'prompts'),
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => made.close());
  return { library: made, save };
}

const facts = (called: string) => ({ called, calling: '100', trunk: undefined });

t.test(
  'a broken save changes nothing: the running version stays until the file is right again',
  async (t) => {
    const { library: lib, save } = await library(t);
    t.match(await lib.load(), { errors: 0, dialplans: ['one'] });
    const before = lib.find(facts('1')).dialplan;
    await save('dialplans/one.yaml', 'name: one\nflows: {}\n');
    const broken = await lib.load();
    t.ok(broken.errors > 0);
    t.match(broken.problems.join('\n'), /one\.yaml:\d+/);
    t.equal(lib.find(facts('1')).dialplan, before);
    await t.rejects(lib.loadOrFail(), { code: 'CALL_DIALPLANS_BROKEN', message: /one\.yaml:\d+/ });
    await save('sip-config/numbers.yaml', 'numbers:\n  - called: [1]\n    dialplan: nobody\n');
    await save('dialplans/one.yaml', plan('one', 'See you.'));
    t.ok((await lib.load()).errors > 0, 'a rule that leads nowhere is an error too');
    t.equal(lib.find(facts('1')).dialplan, before);
    await save('sip-config/numbers.yaml', numbers);
    t.equal((await lib.load()).errors, 0);
    t.not(lib.find(facts('1')).dialplan.version, before.version);
  },
);

t.test('a number without a rule is 404, whatever is loaded', async (t) => {
  const { library: lib } = await library(t);
  t.throws(() => lib.find(facts('1')), { code: 'CALL_NO_DIALPLAN' });
  await lib.load();
  t.throws(() => lib.find(facts('2')), { code: 'CALL_NO_DIALPLAN', sipStatus: 404 });
});

t.test('a load that was overtaken does not bring back what it read', async (t) => {
  const { library: lib, save } = await library(t);
  const slow = lib.load();
  await save('dialplans/one.yaml', plan('one', 'Newer.'));
  const fast = lib.load();
  await Promise.all([slow, fast]);
  const { version } = lib.find(facts('1')).dialplan;
  await lib.load();
  t.equal(lib.find(facts('1')).dialplan.version, version);
});

t.test(
  'each save is loaded when it is watched, several at once as one, and none after the end',
  async (t) => {
    const { library: lib, save } = await library(t);
    await lib.load();
    const reports: LoadReport[] = [];
    let told: () => void = () => undefined;
    const next = () => new Promise<void>((resolve) => (told = resolve));
    lib.watch((report) => {
      reports.push(report);
      told();
    });
    let loaded = next();
    await save('dialplans/two.yaml', plan('two', 'Two.'));
    await save('dialplans/one.yaml', plan('one', 'One.'));
    await loaded;
    t.equal(reports.length, 1);
    t.match(reports[0], { errors: 0, dialplans: ['one', 'two'] });
    loaded = next();
    await save('sip-config/numbers.yaml', 'numbers:\n  - called: [1, 2]\n    dialplan: two\n');
    await loaded;
    t.equal(lib.find(facts('2')).dialplan.name, 'two');
    lib.close();
    lib.close();
    await save('dialplans/one.yaml', plan('one', 'Later.'));
    await new Promise<void>((resolve) => void systemClock.after(300, resolve));
    t.equal(reports.length, 2);
  },
);
