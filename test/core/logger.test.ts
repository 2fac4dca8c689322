import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { OnceLogger, silentLogger, type Logger } from '../../src/core/logger.js';

function counting(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => void lines.push(message) };
  return { logger, lines };
}

t.test('a condition that repeats is logged once per key', async (t) => {
  const { logger, lines } = counting();
  const once = new OnceLogger(logger);
  for (let i = 0; i < 100; i += 1) {
    once.warn('10.0.0.1', {}, 'stranger 1');
    once.warn('10.0.0.2', {}, 'stranger 2');
  }
  t.same(lines, ['stranger 1', 'stranger 2']);
});

t.test('keys without end hold memory to the limit only', async (t) => {
  const { logger, lines } = counting();
  const once = new OnceLogger(logger, 3);
  for (const key of ['a', 'b', 'c', 'a', 'd', 'a']) once.warn(key, {}, key);
  t.same(lines, ['a', 'b', 'c', 'd', 'a'], 'the fourth key empties what was held');
});

t.test('the silent logger takes everything, from children too', async (t) => {
  const child = silentLogger.child({ call: 'x' });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) child[level]({}, 'nothing');
  t.equal(child, silentLogger);
});

t.test('of an error the place is written and never the message; a code stays a code', async (t) => {
  const module = new URL('../../src/core/logger.js', import.meta.url).href;
  const program = `
    import { createLogger } from '${module}';
    const logger = createLogger('info');
    logger.warn({ error: new Error('he said 4711') }, 'one');
    logger.child({ call: 'x' }).warn({ error: 'ECONNRESET' }, 'two');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child, 'close');
  t.notMatch(stderr, /4711/);
  const [one, two] = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { error: unknown });
  t.match(one, { error: [/^at .*:\d+:\d+/], msg: 'one' });
  t.match(two, { error: 'ECONNRESET', call: 'x', msg: 'two' });
});
