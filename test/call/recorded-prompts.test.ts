import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { RecordedPrompts } from '../../src/call/recorded-prompts.js';

t.test('a recording is found in the dialect, then in its fallbacks, then among the sounds', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-prompts-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  for (const path of [
    'cmn/hello.wav',
    'cmn-sichuan/hello.wav',
    'cmn/only.wav',
    'sounds/chime.wav',
    'cmn/note.txt',
  ]) {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), '');
  }
  await writeFile(join(dir, 'manifest.yaml'), '');
  const prompts = new RecordedPrompts(dir);
  t.equal(prompts.find('hello', 'cmn'), undefined, 'nothing before the load');
  await prompts.load();
  t.equal(prompts.find('hello', 'cmn-sichuan'), join(dir, 'cmn-sichuan/hello.wav'));
  t.equal(prompts.find('only', 'cmn-sichuan'), join(dir, 'cmn/only.wav'));
  t.equal(prompts.find('chime', 'en-gb'), join(dir, 'sounds/chime.wav'));
  t.equal(prompts.find('chime', 'no-such-dialect'), join(dir, 'sounds/chime.wav'));
  t.equal(prompts.find('note', 'cmn'), undefined);
  t.equal(prompts.find('../cmn/hello', 'cmn'), undefined, 'a name is no path');
  await rm(join(dir, 'cmn/only.wav'));
  await prompts.load();
  t.equal(prompts.find('only', 'cmn'), undefined);
});

t.test('a folder that is not there holds nothing', async (t) => {
  const prompts = new RecordedPrompts('/nowhere/at/all');
  await prompts.load();
  t.equal(prompts.find('hello', 'cmn'), undefined);
});
