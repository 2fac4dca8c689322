import { stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeFolder } from '../../src/core/make-folder.js';

const withoutProc = existsSync('/proc/self') ? false : 'no /proc here';

t.test('a folder is made with those above it, and one that is there is kept', async (t) => {
  const folder = join(t.testdir(), 'a/b/c');
  await makeFolder(folder, 0o750);
  await makeFolder(folder);
  t.equal((await stat(folder)).mode & 0o027, 0, 'as closed as it was made');
});

t.test('two who make the same folder at once both have it', async (t) => {
  const folder = join(t.testdir(), 'a/b');
  await t.resolves(Promise.all([makeFolder(folder), makeFolder(folder), makeFolder(folder)]));
});

t.test('a file in the way is told', async (t) => {
  const file = join(t.testdir(), 'file');
  await writeFile(file, '');
  const code = 'CORE_FOLDER_UNMAKEABLE';
  await t.rejects(makeFolder(file), { code, message: /a file of that name is there/ });
  await t.rejects(makeFolder(join(file, 'x')), { code, message: /a file stands where a folder above it/ });
  await t.rejects(makeFolder(join(file, 'x/y')), { code, message: /a file stands where a folder above it/ });
});

t.test('where nothing can be made that is told, and nothing hangs', { skip: withoutProc }, async (t) => {
  const code = 'CORE_FOLDER_UNMAKEABLE';
  await t.rejects(makeFolder('/proc/xiangyin'), { code, message: /\/proc\/xiangyin .*takes no folders/ });
  await t.rejects(makeFolder('/proc/xiangyin/data'), { code });
});
