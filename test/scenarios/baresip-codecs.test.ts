import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import t from 'tap';
import { rmsDb } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';
import { parseWav } from '../../src/audio/wav.js';
import { BaresipPhone, baresipModule, withoutBaresip } from './baresip-phone.js';
import { channelLevelsDb, DESK, newestRecord, startDesk } from './desk.js';

t.setTimeout(85_000);

for (const { codec, module, heardHz } of [
  { codec: 'opus/48000/2', module: 'opus', heardHz: 48_000 },
  { codec: 'G722/16000/1', module: 'g722', heardHz: 16_000 },
  { codec: 'L16/16000/1', module: 'l16', heardHz: 16_000 },
]) {
  const missing = existsSync(baresipModule(module)) ? false : `baresip's module ${module} is not installed`;
  const skip = withoutBaresip === false ? missing : withoutBaresip;
  t.test(`baresip that offers ${codec} only is answered, heard, and hears`, { skip }, async (t) => {
    const server = await startDesk(t);
    const sound = new Int16Array(40 * 8000);
    sound.set(tone({ frequenciesHz: [400, 700], durationMs: 1500, sampleRateHz: 8000, levelDb: -12 }));
    const account = `<sip:3002@127.0.0.1>;regint=0;audio_codecs=${codec};dtmfmode=rtpevent\n`;
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
    t.equal(
      record.turns.findLast(({ outcome }) => outcome === 'keys')?.heard,
      '2',
      'the key came by RFC 4733',
    );
    const [caller] = await channelLevelsDb(server, record);
    t.ok((caller ?? -100) > -30, `the caller is on the left (${caller} dB)`);
    const [heard] = await phone.dumps('dec');
    t.ok(heard !== undefined, 'baresip kept what it heard');
    if (heard === undefined) return;
    const { samples, sampleRateHz } = parseWav(await readFile(heard));
    t.equal(sampleRateHz, heardHz, 'decoded by the codec that was offered');
    t.ok(samples.length > heardHz && rmsDb(samples) > -40, `and it is audible (${rmsDb(samples)} dB)`);
    t.equal((await server.stop()).code, 0);
  });
}
