import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { t } from 'tap';
import { systemClock } from '../../../../src/core/clock.js';
import { testEngine } from '../../../../src/speech/engines/xiangyin/conformance/conformance.js';

const limitMs = 30_000;

const skip = spawnSync('python3', ['--version']).status === 0 ? false : 'python3';

t.test('an engine in Python, written from the README, keeps every promise', { skip }, async (t) => {
  const python = spawn('python3', ['test/speech/engines/xiangyin/fixtures/engine.py'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(async () => {
    python.kill();
    if (python.exitCode === null && python.signalCode === null) await once(python, 'exit');
  });
  const [port] = (await once(python.stdout, 'data')) as [Buffer];
  const report = await testEngine({
    url: `ws://127.0.0.1:${port.toString().trim()}`,
    limitMs,
    quietMs: 100,
    atOnceMs: limitMs,
    clock: systemClock,
    text: 'pay',
  });
  t.equal(report.engine, 'python');
  t.strictSame(
    report.promises.filter(({ outcome }) => outcome !== 'kept'),
    [],
  );
});
