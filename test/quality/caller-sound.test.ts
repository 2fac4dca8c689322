import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { t } from 'tap';
import { encodeWav } from '../../src/audio/wav.js';
import { callerSound } from '../../src/quality/caller-sound.js';

t.test('the left channel is cut, and what is beyond the end is left out', async (t) => {
  const stereo = Int16Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i / 2 - 50 : 9999));
  const file = join(t.testdir(), 'call.wav');
  await writeFile(file, encodeWav(stereo, { sampleRateHz: 8000, channels: 2 }));
  t.strictSame([...(await callerSound(file, 10, 14))], [-40, -39, -38, -37]);
  t.strictSame([...(await callerSound(file, 98, 300))], [48, 49]);
  t.equal((await callerSound(file, 500, 600)).length, 0);
  await t.rejects(callerSound(join(t.testdir(), 'gone.wav'), 0, 1), { code: 'ENOENT' });
});
