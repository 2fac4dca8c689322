import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import { addUser } from '../../src/sip/users.js';
import { eventually } from '../server/house.js';
import { BaresipPhone } from './baresip-phone.js';
import { DESK, newestRecord, startDesk } from './desk.js';
import { findTool } from './outside-tool.js';

t.setTimeout(60_000);
const baresip = findTool('baresip');
const modules = ['/usr/lib/baresip/modules', '/usr/local/lib/baresip/modules'].find((path) =>
  existsSync(path),
);
const skip = baresip === undefined || modules === undefined ? 'baresip is not installed' : false;

t.test('baresip registers with a password, and calls as the user', { skip }, async (t) => {
  const server = await startDesk(t);
  await addUser(server.dataDir, 'alice', 'xiangyin', 'p4ssword');
  const sound = tone({ frequenciesHz: [400], durationMs: 20_000, sampleRateHz: 8000, levelDb: -12 });
  const account = (password: string): string =>
    `<sip:alice@${server.sip}>;auth_user=alice;auth_pass=${password};regint=120;audio_codecs=PCMU/8000/1\n`;

  const guesser = await BaresipPhone.start(baresip ?? '', sound, modules ?? '', account('guess'));
  t.teardown(() => guesser.remove());
  guesser.command('dial', `sip:${DESK}@${server.sip}`);
  t.ok(await guesser.heardOf('CALL_CLOSED', 10_000));
  t.notOk(await guesser.heardOf('CALL_ESTABLISHED', 0), 'not with a wrong password');
  await guesser.quit();

  const phone = await BaresipPhone.start(baresip ?? '', sound, modules ?? '', account('p4ssword'));
  t.teardown(() => phone.remove());
  // baresip registers before anybody can listen to it; the server writes it down within two seconds.
  const file = join(server.dataDir, 'registrations.json');
  const text = await eventually(() => readFile(file, 'utf8').catch(() => undefined), 10_000);
  t.match(JSON.parse(text), { users: { alice: [{ source: { protocol: 'udp', address: '127.0.0.1' } }] } });
  phone.command('dial', `sip:${DESK}@${server.sip}`);
  const isUp = await phone.heardOf('CALL_ESTABLISHED', 10_000);
  t.ok(isUp, 'answered after the challenge');
  if (!isUp) t.comment(phone.output);
  phone.command('hangup');
  t.ok(await phone.heardOf('CALL_CLOSED', 5000));
  await phone.quit();
  t.match(await newestRecord(server, 0), { calledNumber: DESK, callingNumber: 'alice' });
  t.equal((await server.stop()).code, 0);
});
