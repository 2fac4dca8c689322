import { readFile } from 'node:fs/promises';
import t from 'tap';
import { rmsDb } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';
import { parseWav } from '../../src/audio/wav.js';
import { BaresipPhone, withoutBaresip } from './baresip-phone.js';
import { channelLevelsDb, DESK, leftAbove, newestRecord, startDesk } from './desk.js';

t.setTimeout(85_000);
const skip = withoutBaresip;

t.test('a call by baresip is answered, heard both ways, recorded and hung up', { skip }, async (t) => {
  const server = await startDesk(t);
  const idle = await server.counts();
  // baresip hangs up where its sound ends.
  const sound = new Int16Array(40 * 8000);
  sound.set(tone({ frequenciesHz: [400, 700], durationMs: 1500, sampleRateHz: 8000, levelDb: -12 }));
  const phone = await BaresipPhone.start(sound);
  t.teardown(() => phone.remove());

  phone.command('dial', `sip:${DESK}@${server.sip}`);
  t.ok(await phone.heardOf('CALL_ESTABLISHED', 10_000), 'answered');
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  phone.command('sndcode', '2');
  const closed = await phone.heardOf('CALL_CLOSED', 20_000);
  t.ok(closed, 'the desk says goodbye and hangs up');
  if (!closed) t.comment(phone.output);
  await phone.quit();

  const record = await newestRecord(server, 0);
  t.match(record, { calledNumber: DESK, callingNumber: '3002', endReason: 'local-bye' });
  t.equal(record.path.at(-1), 'main.goodbye');
  t.equal(record.turns.findLast(({ outcome }) => outcome === 'keys')?.heard, '2', 'the key came by RFC 4733');
  const [caller, bot] = await channelLevelsDb(server, record);
  t.ok((caller ?? -100) > -30, `the caller is on the left (${caller} dB)`);
  t.ok((bot ?? -100) > -40, `the bot is on the right (${bot} dB)`);

  const [heard] = await phone.dumps('dec');
  t.ok(heard !== undefined, 'baresip kept what it heard');
  if (heard !== undefined) {
    const { samples } = parseWav(await readFile(heard));
    t.ok(samples.length > 8000 && rmsDb(samples) > -40, `and it is audible (${rmsDb(samples)} dB)`);
  }
  t.same(await leftAbove(server, idle), {}, 'nothing is left');
  t.equal((await server.stop()).code, 0);
});
