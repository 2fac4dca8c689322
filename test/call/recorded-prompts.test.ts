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

t.test('what the house says is shipped, and taken from the own folder where that has it', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-prompts-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const prompts = new RecordedPrompts(dir);
  await prompts.load();
  const shipped = prompts.house('use-keys', 'yue');
  t.match(shipped, { dialect: 'yue', recorded: 'use-keys' });
  t.ok(prompts.find('use-keys', 'yue'), 'with its recording');
  t.equal(prompts.house('use-keys', 'cmn-sichuan')?.dialect, 'cmn', 'in the words of a relative');
  t.equal(prompts.house('use-keys', 'no-such-dialect'), undefined);
  await writeFile(join(dir, 'manifest.yaml'), 'prompts:\n  use-keys: { en-gb: Press something. }\n');
  await prompts.load();
  t.equal(prompts.house('use-keys', 'en-gb')?.text, 'Press something.');
  t.equal(prompts.find('use-keys', 'en-gb'), undefined, 'nobody recorded these words');
  t.match(prompts.unrecorded(['en-gb']), [{ text: 'Press something.', dialect: 'en-gb' }]);
});

t.test(
  'a prompt that cannot be spoken: a recording of the same words, else once that there is trouble',
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'xiangyin-prompts-'));
    t.teardown(() => rm(dir, { recursive: true, force: true }));
    await mkdir(join(dir, 'en-gb'));
    await writeFile(join(dir, 'en-gb/bye.wav'), '');
    await writeFile(join(dir, 'manifest.yaml'), "prompts:\n  bye: { en-gb: 'Thank you, good bye!' }\n");
    const prompts = new RecordedPrompts(dir);
    await prompts.load();
    const words = (text: string, recorded?: string) => ({ text, dialect: 'en-gb', recorded });
    t.match(prompts.instead(words('Thank you. Good bye'), false), { recorded: 'bye' });
    t.match(prompts.instead(words('Something else'), true), { recorded: 'voice-trouble', dialect: 'en-gb' });
    t.equal(prompts.instead(words('Something else'), false), undefined);
    t.equal(prompts.instead(words('Sorry', 'voice-trouble'), true), undefined, 'not itself');
    t.equal(
      prompts.instead(words('Thank you, good bye!', 'bye'), false),
      undefined,
      'not the file that failed',
    );
  },
);
