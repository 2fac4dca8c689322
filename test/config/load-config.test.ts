import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { t } from 'tap';
import { parse } from 'yaml';
import { fields } from '../../src/config/fields.js';
import { loadConfig } from '../../src/config/load-config.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

t.test('without a file the defaults hold, with paths made absolute', async (t) => {
  const cwd = t.testdir();
  const config = await loadConfig({ env: {}, cwd });
  t.equal(config.http.listen, '127.0.0.1:8080');
  t.strictSame(config.sip.listen, ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060']);
  t.equal(config.dataDir, join(cwd, 'data'));
  t.equal(config.sip.externalAddress, undefined);
  t.notOk('externalAddress' in config.sip, 'what was not given is not there');
});

t.test('the configuration is frozen through and through', async (t) => {
  const config = await loadConfig({ env: {}, cwd: t.testdir() });
  t.throws(() => ((config.http as { listen: string }).listen = 'x'), TypeError);
  t.throws(() => (config.sip.listen as string[]).push('x'), TypeError);
});

t.test('file goes before defaults, variables before the file, flags before variables', async (t) => {
  const cwd = t.testdir({
    'xiangyin.yaml': 'http:\n  listen: 127.0.0.1:1\nlog:\n  level: warn\ncalls:\n  drainMs: 5\n',
  });
  const env = { XIANGYIN_HTTP_LISTEN: '127.0.0.1:2', XIANGYIN_LOG_LEVEL: 'error', HOME: '/x' };
  const config = await loadConfig({ env, cwd, flags: { 'http.listen': '127.0.0.1:3', dataDir: undefined } });
  t.equal(config.calls.drainMs, 5);
  t.equal(config.log.level, 'error');
  t.equal(config.http.listen, '127.0.0.1:3');
});

t.test('variables are read as the type of their option', async (t) => {
  const config = await loadConfig({
    cwd: t.testdir(),
    env: {
      XIANGYIN_CALLS_MAX_DURATION_MS: '60000',
      XIANGYIN_CALLS_RECORDING: 'false',
      XIANGYIN_DRACHTIO_URL: 'drachtio://:a@h1:9022, drachtio://:b@h2:9022',
      XIANGYIN_FREESWITCH_URL: 'esl://:c@h3:8021',
      XIANGYIN_HTTP_LISTEN: '',
    },
  });
  t.equal(config.calls.maxDurationMs, 60000);
  t.equal(config.calls.recording, false);
  t.strictSame(config.drachtio.url, ['drachtio://:a@h1:9022', 'drachtio://:b@h2:9022']);
  t.equal(config.http.listen, '127.0.0.1:8080', 'an empty variable is one that was not set');
});

t.test('relative paths start from the folder of whoever wrote them', async (t) => {
  const cwd = t.testdir({ etc: { 'site.yaml': 'dataDir: ../var\n' } });
  const file = join('etc', 'site.yaml');
  const fromFile = await loadConfig({ file, env: {}, cwd });
  t.equal(fromFile.dataDir, join(cwd, 'var'));
  t.equal(fromFile.dialplans.dir, join(cwd, 'etc', 'dialplans'), 'defaults stand beside the file');
  const fromFlag = await loadConfig({ file, env: {}, cwd, flags: { dataDir: 'here' } });
  t.equal(fromFlag.dataDir, join(cwd, 'here'));
});

t.test('one daemon without the other is refused with what is missing', async (t) => {
  const env = { XIANGYIN_DRACHTIO_URL: 'drachtio://:a@h1:9022' };
  await t.rejects(loadConfig({ env, cwd: t.testdir() }), {
    code: 'CONFIG_DAEMONS_INCOMPLETE',
    message: /drachtio\.url is configured but freeswitch\.url is not/,
  });
});

t.test('everything wrong in a file is told at once, each with its line and what to write', async (t) => {
  const cwd = t.testdir({
    'x.yaml': [
      'http:', // 1
      '  lisen: 127.0.0.1:1', // 2
      'calls:', // 3
      '  drainMs: soon', // 4
      '  maxConcurrent: 0', // 5
      'log: { level: loud }', // 6
      'audioStream:', // 7
      '  listen: nowhere', // 8
      'externalAddress: 1.2.3.4', // 9
    ].join('\n'),
  });
  const error = await loadConfig({ file: 'x.yaml', env: {}, cwd }).then(
    () => undefined,
    (e: unknown) => e,
  );
  t.match(error, { code: 'CONFIG_INVALID' });
  const message = error instanceof Error ? error.message : '';
  t.match(message, "x.yaml:2: there is no option 'http.lisen'; did you mean 'http.listen'?");
  t.match(message, 'x.yaml:4: calls.drainMs must be a whole number');
  t.match(message, 'x.yaml:5: calls.maxConcurrent must be >= 1 (calls)');
  t.match(message, 'x.yaml:6: log.level must be one of silent, error, warn, info, debug');
  t.match(message, 'x.yaml:8: audioStream.listen must be an address and a port');
  t.match(message, "x.yaml:9: there is no option 'externalAddress'; did you mean 'sip.externalAddress'?");
  t.equal(message.split('\n').length, 6);
});

t.test('a wrong variable or flag is refused by its name', async (t) => {
  const cwd = t.testdir();
  await t.rejects(loadConfig({ env: { XIANGYIN_DRACHTIO_URLS: 'x' }, cwd }), {
    message: 'XIANGYIN_DRACHTIO_URLS: there is no such variable; did you mean XIANGYIN_DRACHTIO_URL?',
  });
  await t.rejects(loadConfig({ env: { XIANGYIN_CALLS_DRAIN_MS: 'x' }, cwd }), {
    message: 'XIANGYIN_CALLS_DRAIN_MS: calls.drainMs must be a whole number',
  });
  await t.rejects(loadConfig({ env: {}, cwd, flags: { 'http.listn': 'x' } }), {
    message: "command line: there is no option 'http.listn'; did you mean 'http.listen'?",
  });
});

t.test('a file that is not there, not YAML, or no mapping is refused with its name', async (t) => {
  const cwd = t.testdir({
    'bad.yaml': 'log:\n  level: "info\n',
    'twice.yaml': 'log: {}\nlog: {}\n',
    'list.yaml': '- a\n',
  });
  await t.rejects(loadConfig({ file: 'none.yaml', env: {}, cwd }), {
    code: 'CONFIG_FILE_UNREADABLE',
    message: /none\.yaml \(ENOENT\)/,
  });
  await t.rejects(loadConfig({ file: 'bad.yaml', env: {}, cwd }), {
    code: 'CONFIG_INVALID',
    message: /bad\.yaml:\d/,
  });
  await t.rejects(loadConfig({ file: 'twice.yaml', env: {}, cwd }), { message: /twice\.yaml:2: / });
  await t.rejects(loadConfig({ file: 'list.yaml', env: {}, cwd }), { message: /list\.yaml:1: / });
});

t.test(
  'no file at all, however odd, gets past as anything but a configuration or a known error',
  async (t) => {
    const cwd = t.testdir();
    const odd = [
      '{}',
      '[]',
      '&a *a',
      '? {a: b}\n: c',
      '__proto__: {x: 1}',
      'log: !!binary aGFsbG8=',
      '- - -',
      '%',
      '\0',
      'log: .nan',
    ];
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(8)}]`),
    ];
    const lines = fc.array(
      fc.oneof(fc.constantFrom(...fields.map((f) => f.path.split('.').at(-1) ?? '')), fc.string()),
    );
    const texts = [
      ...odd,
      bomb.join('\n'),
      ...fc.sample(lines, 200).map((l) => l.join(': ')),
      ...fc.sample(lines, 100).map((l) => l.join(':\n ')),
    ];
    for (const text of texts) {
      await writeFile(join(cwd, 'x.yaml'), text);
      await loadConfig({ file: 'x.yaml', env: {}, cwd }).then(
        (config) => t.ok(Object.isFrozen(config)),
        (error: unknown) => t.match(error, { name: 'XiangyinError', code: /^CONFIG_/ }, JSON.stringify(text)),
      );
    }
  },
);

t.test('an option or a section with nothing after it is left out, a single entry is a list', async (t) => {
  const cwd = t.testdir({ 'xiangyin.yaml': 'http:\nlog:\n  level:\nsip:\n  listen: udp:127.0.0.1:5070\n' });
  const config = await loadConfig({ env: {}, cwd });
  t.equal(config.http.listen, '127.0.0.1:8080');
  t.equal(config.log.level, 'info');
  t.strictSame(config.sip.listen, ['udp:127.0.0.1:5070']);
});

t.test('the sample xiangyin.yaml says every option, and says the defaults', async (t) => {
  const text = await readFile(join(root, 'xiangyin.yaml'), 'utf8');
  const cwd = t.testdir({ 'xiangyin.yaml': text });
  const written = await loadConfig({ env: {}, cwd });
  await rm(join(cwd, 'xiangyin.yaml'));
  t.strictSame(written, await loadConfig({ env: {}, cwd }));
  for (const field of fields) {
    const key = field.path.split('.').at(-1) ?? '';
    t.match(text, new RegExp(`^ *(# )?${key}:`, 'm'), `${field.path} is in the sample`);
  }
  // With the comments taken off, the optional ones are valid too.
  const uncommented = text.replace(/^( *)# (\w+:.*)$/gm, '$1$2');
  const all = parse(uncommented) as Record<string, Record<string, unknown>>;
  t.ok(all['sip']?.['externalAddress']);
  await loadConfig({ env: {}, cwd: t.testdir({ 'xiangyin.yaml': uncommented }) });
});

t.test('every option has words and, if it is a number, a unit', async (t) => {
  for (const field of fields) {
    t.match(field.description, /\.$/, field.path);
    if (field.type === 'integer') t.ok(field.unit, `${field.path} has a unit`);
  }
  t.ok(fields.some((field) => field.variable === 'XIANGYIN_MEDIA_SERVER_RTP_PORTS'));
});
