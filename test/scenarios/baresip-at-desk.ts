import { readFile } from 'node:fs/promises';
import type { Test } from 'tap';
import { rmsDb } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';
import { parseWav } from '../../src/audio/wav.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { BaresipPhone } from './baresip-phone.js';
import { channelLevelsDb, DESK, newestRecord } from './desk.js';
import type { ServerProcess } from './server-process.js';

export interface DeskVisit {
  readonly record: CallRecord;
  /** Of the caller's channel and the bot's in the recording, dB. */
  readonly levelsDb: readonly (number | undefined)[];
  /** Of what baresip decoded, Hz. */
  readonly heardHz: number;
}

/**
 * baresip calls the desk, sounds, presses 2, and is said goodbye to; it is heard, and hears. `account`: a line of its
 * accounts; default: any codec.
 */
export async function baresipAtDesk(t: Test, server: ServerProcess, account?: string): Promise<DeskVisit> {
  // baresip hangs up where its sound ends.
  const sound = new Int16Array(40 * 8000);
  sound.set(tone({ frequenciesHz: [400, 700], durationMs: 1500, sampleRateHz: 8000, levelDb: -12 }));
  const phone = await BaresipPhone.start(sound, account);
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
  t.equal(record.turns.findLast(({ outcome }) => outcome === 'keys')?.heard, '2', 'the key came by RFC 4733');
  const levelsDb = await channelLevelsDb(server, record);
  t.ok((levelsDb[0] ?? -100) > -30, `the caller is on the left (${levelsDb[0]} dB)`);
  const [heard] = await phone.dumps('dec');
  if (heard === undefined) throw new Error('baresip kept nothing of what it heard');
  const { samples, sampleRateHz } = parseWav(await readFile(heard));
  t.ok(samples.length > sampleRateHz && rmsDb(samples) > -40, `and it hears (${rmsDb(samples)} dB)`);
  return { record, levelsDb, heardHz: sampleRateHz };
}
