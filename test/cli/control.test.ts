import { t } from 'tap';
import type { Test } from 'tap';
import { addControlCommands } from '../../src/cli/control.js';
import type { FakeControl } from '../http/fake-control.js';
import { serveFakeControl } from './serve-fake-control.js';
import { runCommand } from './run-command.js';

async function running(
  t: Test,
): Promise<{ control: FakeControl; ask: (...line: string[]) => Promise<string> }> {
  const { control, dataDir } = await serveFakeControl(t);
  t.teardown(() => (process.exitCode = 0));
  return { control, ask: (...line) => runCommand(t, addControlCommands, [...line, '--data-dir', dataDir]) };
}

t.test('status shows what the server does and holds', async (t) => {
  const { ask } = await running(t);
  const text = await ask('status');
  t.match(text, /^ok: 1 live calls/);
  t.match(text, /holds calls 1, timers 2$/m);
  t.match(text, /prompts and phrases: 3 still to be made ready/);
  t.match(JSON.parse(await ask('status', '--json')), { pid: 42, counts: { calls: 1, preparing: 3 } });
  t.equal(process.exitCode, 0);
});

t.test(
  'a reload with an error shows the place, says that the running versions stay, and exits 1',
  async (t) => {
    const { ask } = await running(t);
    const text = await ask('reload');
    t.match(text, /hotline\.yaml:3/);
    t.match(text, /running versions stay/);
    t.equal(process.exitCode, 1);
  },
);

t.test('drain is passed on and its effect is shown', async (t) => {
  const { control, ask } = await running(t);
  t.match(await ask('drain'), /^draining/);
  t.match(await ask('status'), /\n {2}refuses calls on /);
  t.match(await ask('drain', '--off'), /^ok[^]*\n {2}takes calls on /);
  t.same(control.asked, ['drain', 'drain off']);
});
