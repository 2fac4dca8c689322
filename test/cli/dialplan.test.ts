import { PassThrough } from 'node:stream';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { t } from 'tap';
import { walkDialplan } from '../../src/cli/dialplan-walk.js';
import { shippedDialplan } from '../dialog/project-file.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const call = { callingNumber: '+441632960001', calledNumber: '1001' };

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** Runs `xiangyin dialplan ...` as a process of its own. */
function xiangyin(args: readonly string[], input = '', cwd = root) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'dialplan', ...args], {
    input,
    encoding: 'utf8',
    cwd,
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

t.test('check: what ships is right', async (t) => {
  const { status, stdout, stderr } = xiangyin(['check']);
  t.equal(stderr, '');
  t.match(stdout, /^5 files checked: 0 errors, 0 warnings/);
  t.equal(status, 0);
});

t.test('check: problems are printed with the line and a caret, and the exit status is 1', async (t) => {
  const file = 'test/fixtures/dialplans/busy-loop.yaml';
  const { status, stdout, stderr } = xiangyin(['check', file]);
  t.equal(status, 1);
  t.match(stderr, /busy-loop\.yaml:6:7 error: main\.ring -> main\.check -> main\.ring goes round/);
  t.match(stderr, / {2}6 \| {7}ring:.*\n {4}\| {7}\^/);
  t.match(stdout, /1 file checked: 1 error, 1 warning/);
  const json = xiangyin(['check', '--json', file]);
  t.match(JSON.parse(json.stdout), {
    ok: false,
    files: [file],
    problems: [{ file, line: 6 }, { severity: 'warning' }],
  });
});

t.test('check: a file that is not there is one clear line', async (t) => {
  const { status, stderr } = xiangyin(['check', 'nothing.yaml']);
  t.equal(status, 1);
  t.equal(stderr, 'xiangyin: nothing.yaml: there is no such file or folder\n');
});

t.test('show: an outline; an unknown name lists what is there', async (t) => {
  const { status, stdout } = xiangyin(['show', 'hotline']);
  t.equal(status, 0);
  t.match(stdout, /1 "普通话" \(mandarin\) -> main\.menu/);
  const wrong = xiangyin(['show', 'hotlin']);
  t.equal(wrong.status, 1);
  t.match(wrong.stderr, /no dialplan 'hotlin' in .*; there are: clinic, connect, hotline/);
});

t.test('walk: a call by keyboard, to its end', async (t) => {
  const { status, stdout } = xiangyin(['walk', 'clinic'], 'Opening hours!\n\nno\n');
  t.equal(status, 0);
  t.match(stdout, /\[main\.hours -> main\.anything-else\]/);
  t.match(stdout, /Sorry, I didn't hear anything\./);
  t.match(stdout, /\(the bot hangs up\)\n$/);
});

t.test('walk --open: what is typed is understood, and asked back where it must be', async (t) => {
  t.setTimeout(90_000);
  const typed = '我要交电费\n一百二十块\n不对，是一百五\n对的\n没有了\n';
  const { status, stdout } = xiangyin(['walk', 'hotline', '--open'], typed);
  t.equal(status, 0);
  t.match(stdout, /请问您要办什么业务/);
  t.match(stdout, /交一百二十元，对吗/);
  t.match(stdout, /交一百五十元，对吗/);
  t.match(stdout, /\[pay\.link -> main\.more -> main\.anything-else\]/);
  t.match(stdout, /\(the bot hangs up\)\n$/);
});

t.test('walk: a dialect that the dialplan has not is refused with those that it has', async (t) => {
  const { status, stderr } = xiangyin(['walk', 'hotline', '--dialect', 'wuu']);
  t.equal(status, 1);
  t.equal(stderr, 'xiangyin: dialplan hotline has no dialect wuu; it has: cmn, yue, cmn-sichuan\n');
});

t.test('walk: the end of the input hangs up', async (t) => {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end('1\nnonsense\n');
  await walkDialplan(shippedDialplan('hotline'), call, input, output);
  const text = String(output.read());
  t.match(text, /\(fits nothing\)/);
  t.match(text, /\(the caller hung up\)\n$/);
});
