import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { encodePcmu } from '../../src/audio/g711.js';
import { tone } from '../../src/audio/tone.js';
import { channelLevelsDb, DESK, leftAbove, newestRecord, startDesk } from './desk.js';
import { findTool, freePortPair, runTool } from './outside-tool.js';
import { projectDir } from './server-process.js';

t.setTimeout(85_000);
const sipp = findTool('sipp');
const skip = sipp === undefined ? 'sipp (Debian: sip-tester) is not installed' : false;

t.test('a call by sipp is answered, heard both ways, recorded and hung up', { skip }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'xiangyin-sipp-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const sound = tone({ frequenciesHz: [400, 700], durationMs: 1500, sampleRateHz: 8000, levelDb: -12 });
  const soundFile = join(directory, 'sound.ulaw');
  const bytes = new Uint8Array(sound.length);
  encodePcmu(sound, bytes);
  await writeFile(soundFile, bytes);
  const scenario = join(directory, 'desk-call.xml');
  const template = await readFile(join(projectDir, 'test/scenarios/sipp/desk-call.xml'), 'utf8');
  await writeFile(scenario, template.replace('SOUND_FILE', soundFile));

  const server = await startDesk(t);
  const idle = await server.counts();
  const [sipPort, mediaPort] = [await freePortPair(), await freePortPair()];
  const { code, output } = await runTool(
    sipp ?? '',
    [
      server.sip,
      ...['-s', DESK, '-sf', scenario, '-m', '1', '-i', '127.0.0.1', '-p', String(sipPort)],
      ...['-mi', '127.0.0.1', '-mp', String(mediaPort), '-nostdin', '-timeout', '40s', '-timeout_error'],
    ],
    50_000,
  );
  t.equal(code, 0, 'sipp says that its call succeeded');
  if (code !== 0) t.comment(output.slice(-1500));
  const record = await newestRecord(server, 0);
  t.match(record, { calledNumber: DESK, callingNumber: '3001', endReason: 'local-bye' });
  t.equal(record.path.at(-1), 'main.goodbye');
  const [caller, bot] = await channelLevelsDb(server, record);
  t.ok((caller ?? -100) > -30, `the caller is on the left (${caller} dB)`);
  t.ok((bot ?? -100) > -40, `the bot is on the right (${bot} dB)`);
  t.same(await leftAbove(server, idle), {}, 'nothing is left');
  t.equal((await server.stop()).code, 0);
});
