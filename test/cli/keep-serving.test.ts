import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';

t.test('what nobody caught is logged without its message and ends nothing', async (t) => {
  const keepServing = new URL('../../src/cli/keep-serving.js', import.meta.url).href;
  const logger = new URL('../../src/core/logger.js', import.meta.url).href;
  const program = `
    import { keepServing } from '${keepServing}';
    import { createLogger } from '${logger}';
    keepServing(createLogger('info'));
    setTimeout(() => { throw new RangeError('he said 4711'); }, 1);
    setTimeout(() => { Promise.reject(new TypeError('and 0815')); }, 5);
    setTimeout(() => console.log('still here'), 30);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  t.equal(code, 0, stderr);
  t.equal(stdout, 'still here\n');
  t.match(stderr, /RangeError.*\n.*TypeError/);
  t.notMatch(stderr, /4711|0815/);
  const [first] = stderr.split('\n').map((line) => JSON.parse(line || 'null') as { error?: string[] } | null);
  t.match(first?.error?.[0], /^at .*:\d+:\d+/, 'where it came from is told');
});
