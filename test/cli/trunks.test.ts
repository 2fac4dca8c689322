import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { t } from 'tap';
import { addTrunksCommand } from '../../src/cli/trunks.js';
import { runCommand } from './run-command.js';
import { serveFakeControl } from './serve-fake-control.js';

t.afterEach(() => void (process.exitCode = 0));

t.test('check: a right file is counted, a wrong one shown with its place, and exits 1', async (t) => {
  const dir = t.testdir({
    'right.yaml': 'trunks: [{ name: a, host: 192.0.2.1 }]\n',
    'wrong.yaml': 'trunks:\n  - name: a\n    hots: 192.0.2.1\n',
  });
  const check = (...line: string[]) => runCommand(t, addTrunksCommand, ['trunks', 'check', ...line]);
  t.equal(await check(join(dir, 'right.yaml')), '1 trunk, no errors, 0 warnings');
  t.equal(process.exitCode, 0);
  const told = t.capture(console, 'error');
  t.match(await check(join(dir, 'wrong.yaml')), /^(1 error|2 errors),/);
  told.restore();
  t.match(told.args().join('\n'), /wrong\.yaml:\d+:\d+ error: /);
  t.equal(process.exitCode, 1);
  const json = JSON.parse(await check('--json', join(dir, 'wrong.yaml')));
  t.match(json, { ok: false, trunks: [], problems: [/needs 'host'/, /unknown key 'hots'/] });
  await t.rejects(check(join(dir, 'none.yaml')), { code: 'CLI_NO_SUCH_FILE', message: /none\.yaml/ });
});

t.test('check: without a name the file of the configuration is checked', async (t) => {
  const dir = t.testdir({
    'xiangyin.yaml': 'trunks: ./mine.yaml\n',
    'mine.yaml': 'trunks: [{ name: mine, host: 192.0.2.1 }]\n',
  });
  const line = ['trunks', 'check', '--json', '--config', join(dir, 'xiangyin.yaml')];
  t.match(JSON.parse(await runCommand(t, addTrunksCommand, line)), { ok: true, trunks: ['mine'] });
  await rm(join(dir, 'mine.yaml'));
  t.match(JSON.parse(await runCommand(t, addTrunksCommand, line)), { ok: true, trunks: [] });
  const text = await runCommand(
    t,
    addTrunksCommand,
    line.filter((word) => word !== '--json'),
  );
  t.match(text, /^there is no .*mine\.yaml: no trunks$/);
});

t.test('list and show tell how the trunks of the running server do', async (t) => {
  const { control, dataDir } = await serveFakeControl(t);
  const ask = (...line: string[]) =>
    runCommand(t, addTrunksCommand, ['trunks', ...line, '--data-dir', dataDir]);
  t.match(await ask('list'), /^carrier {2}registered {2}calls 2 of 30 {2}sip:sip\.carrier\.example$/);
  t.match(JSON.parse(await ask('list', '--json')), [{ name: 'carrier', registration: 'registered' }]);
  t.match(await ask('show', 'carrier'), /OPTIONS {7}answered/);
  t.match(JSON.parse(await ask('show', 'carrier', '--json')), { name: 'carrier', calls: 2 });
  await t.rejects(ask('show', 'carier'), { code: 'CLI_NO_SUCH_TRUNK', message: /there are: carrier/ });
  const [trunk] = control.trunks();
  const told = async (changes: object) => {
    control.trunks = () => [{ ...trunk, ...changes }] as never;
    return ask('list');
  };
  t.match(await told({ enabled: false }), /carrier {2}disabled/);
  t.match(await told({ healthy: false }), /no answer to OPTIONS/);
  t.match(await told({ coolDownMs: 1500 }), /failed, passed over for 2 s/);
  t.match(await told({ registration: null }), /carrier {2}ok/);
  const lame = {
    uri: 'sip:b',
    registration: 'failed',
    registrationStatus: null,
    healthy: false,
    coolDownMs: 1500,
  };
  t.match(await told({ hosts: [...(trunk?.hosts ?? []), lame] }), /carrier {2}1 of 2 hosts ok/);
  t.match(
    await ask('show', 'carrier'),
    /host +sip:sip\.carrier\.example\n +registration +registered\n +OPTIONS +answered\n +host +sip:b\n +registration +failed: not reached, or no answer\n +OPTIONS +not answered; failed, tried after the others for 2 s$/,
  );
  const host = (registration: string, registrationStatus: number | null) =>
    told({ hosts: [{ ...lame, registration, registrationStatus }] }).then(() => ask('show', 'carrier'));
  t.match(
    await host('failed', 403),
    /registration +failed: 403 Forbidden: are username and password right\?\n/,
  );
  t.match(await host('failed', 503), /registration +failed: 503 Service Unavailable\n/);
  t.match(await host('failed', null), /registration +failed: not reached, or no answer\n/);
  t.match(await host('registering', null), /registration +registering\n/);
  control.trunks = () => [];
  t.match(await ask('list'), /no trunks/);
});
