import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import type { CallerReport } from '../../src/caller/run-caller.js';
import { runTool } from '../scenarios/outside-tool.js';
import { startFakeBot } from './fake-bot.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const directory = await mkdtemp(join(tmpdir(), 'xiangyin-command-'));
t.teardown(() => rm(directory, { recursive: true, force: true }));

async function caller(uri: string, script: string, ...more: string[]) {
  const file = join(directory, 'script.yaml');
  await writeFile(file, script);
  return runTool(process.execPath, [main, 'caller', uri, '--script', file, ...more], 20_000);
}

t.test('exit code and report tell whether the script came true', async (t) => {
  const bot = await startFakeBot();
  t.teardown(() => bot.close());
  bot.onCall = (call) =>
    call.play(tone({ frequenciesHz: [500], durationMs: 1500, sampleRateHz: 8000, levelDb: -10 }));

  const good = await caller(bot.uri, 'steps: [expect: speech, press: "5", wait: 100, hangup]', '--json');
  t.equal(good.code, 0, good.output);
  const report = JSON.parse(good.output.split('\n')[0] ?? '') as CallerReport;
  t.match(report, { ok: true, endedBy: 'caller', recording: null });
  t.equal(report.turns[1]?.pressed, '5');
  t.same(bot.keys, ['5']);

  const people = await caller(bot.uri, 'steps:\n  - expect: speech\n  - expectHangup: { withinMs: 300 }\n');
  t.equal(people.code, 1);
  t.match(people.output, /\d+ ms {2}answered/);
  t.match(people.output, /FAILED: script: line 3 \(the far end to hang up\): not within 300 ms/);
});

t.test('what cannot be begun is one clear line and exit code 2', async (t) => {
  const broken = await caller('sip:1@127.0.0.1:9', 'steps:\n  - speak: hello\n');
  t.equal(broken.code, 2);
  t.match(broken.output, /script\.yaml:2: step 1: unknown 'speak'; write one of: .*say/);
  const nowhere = await caller('tel:1', 'steps: [hangup]');
  t.equal(nowhere.code, 2);
  t.match(nowhere.output, /'tel:1' is no SIP URI: write sip:number@host:port/);
});
