import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { addSipCommand } from '../../src/cli/sip.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { runCommand } from './run-command.js';

const main = new URL('../../src/main.js', import.meta.url).pathname;

t.test('xiangyin sip says where it listens, shows figures and traces, and ends cleanly', async (t) => {
  const args = [
    'sip',
    '--drachtio',
    '127.0.0.1:0',
    '--sip',
    'udp:127.0.0.1:0',
    '--metrics',
    '127.0.0.1:0',
    '--json',
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
  const said = JSON.parse(bytes.toString()) as {
    sip: string[];
    drachtio: string;
    secret: string;
    metrics: string;
  };
  t.match(said, {
    drachtio: /^127\.0\.0\.1:[1-9]/,
    secret: /.{32}/,
    metrics: /^http:\/\/127\.0\.0\.1:[1-9]/,
  });

  const phone = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'phone',
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => phone.close());
  const response = await phone.request('OPTIONS', `sip:x@${said.sip[0]?.slice('udp:'.length) ?? ''}`);
  t.equal(response.status, 503, 'no application is connected');
  const callId = response.get('call-id') ?? '';

  const page = async (path: string) => (await fetch(said.metrics + path)).text();
  const metrics = await page('/metrics');
  t.match(metrics, 'xiangyin_sip_requests_total{direction="in",method="OPTIONS",transport="udp"} 1\n');
  t.match(metrics, 'process_cpu_seconds_total');
  t.match(JSON.parse(await page('/healthz')), { status: 'ok', counts: { dialogs: 0, apps: 0 } });

  const at = said.metrics.slice('http://'.length);
  const trace = (...more: string[]) =>
    runCommand(t, addSipCommand, ['sip', 'trace', ...more, '--metrics', at]);
  t.match(await trace(callId), /OPTIONS \d+ -+>\|[^]* 503 Service Unavailable \(OPTIONS/);
  t.match(JSON.parse(await trace(callId.slice(0, 6), '--json')), { callId, messages: { length: 2 } });
  await t.rejects(trace('nobody'), { code: 'CLI_NO_SUCH_TRACE' });

  child.kill('SIGTERM');
  t.same(await once(child, 'exit'), [0, null]);
  await t.rejects(trace('nobody'), { code: 'CLI_NO_SIP_SERVER', message: /ECONNREFUSED/ });
});
