import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { t } from 'tap';
import { CallerKeys, callerNumber } from '../../src/store/caller-keys.js';

t.test('a number is one number however it is written', async (t) => {
  for (const written of ['+8613800138000', '008613800138000', '+86 138-0013-8000', 'tel:+86-138-0013-8000']) {
    t.equal(callerNumber(written), '+8613800138000', written);
  }
  t.equal(callerNumber('+8613800138000;phone-context=x'), '+8613800138000');
  t.equal(callerNumber('(028) 8123.4567'), '02881234567');
  t.equal(callerNumber('Alice'), 'alice', 'a user of ours has a name');
});

t.test('who shows no number has none', async (t) => {
  for (const written of [
    '',
    ' ',
    'anonymous',
    'Anonymous',
    'Restricted',
    'UNAVAILABLE',
    'unknown',
    '0',
    '+0',
    '---',
  ]) {
    t.equal(callerNumber(written), undefined, JSON.stringify(written));
  }
  t.equal(callerNumber('anonymous@anonymous.invalid'), undefined);
});

t.test('a key hides the number, is the same after a restart, and another in another folder', async (t) => {
  const dir = t.testdir({ other: {} });
  const keys = await CallerKeys.open(dir);
  const key = keys.keyOf('+8613800138000');
  t.match(key, /^[0-9a-f]{64}$/);
  t.equal((await CallerKeys.open(dir)).keyOf('0086 138 0013 8000'), key);
  t.not((await CallerKeys.open(join(dir, 'other'))).keyOf('+8613800138000'), key);
  t.not(keys.keyOf('+8613800138001'), key);
  t.equal(keys.keyOf('anonymous'), undefined);
});

t.test('the secret is the owner’s alone, and of two who make one both have the same', async (t) => {
  const dir = t.testdir();
  t.equal(await CallerKeys.find(dir), undefined, 'a look makes none');
  t.strictSame(await readdir(dir), []);
  const [one, two] = await Promise.all([CallerKeys.open(dir), CallerKeys.open(dir)]);
  t.strictSame(await readdir(dir), ['caller-memory.key']);
  t.equal((await stat(join(dir, 'caller-memory.key'))).mode & 0o777, 0o600);
  t.equal(one.keyOf('1'), two.keyOf('1'));
});

t.test('a secret that was cut short is refused, not replaced', async (t) => {
  const dir = t.testdir({ 'caller-memory.key': 'abcd\n' });
  await t.rejects(CallerKeys.open(dir), { code: 'STORE_CALLER_KEY_UNUSABLE', message: /cut short/ });
  t.equal(await readFile(join(dir, 'caller-memory.key'), 'utf8'), 'abcd\n');
  await writeFile(join(dir, 'caller-memory.key'), 'ab'.repeat(32));
  t.ok(await CallerKeys.open(dir));
});
