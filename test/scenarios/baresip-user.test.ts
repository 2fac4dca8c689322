import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { tone } from '../../src/audio/tone.js';
import { addUser } from '../../src/sip/users.js';
import { testTls } from '../embedded/sip/certificate.js';
import { eventually } from '../server/house.js';
import { BaresipPhone, withoutBaresip } from './baresip-phone.js';
import { DESK, newestRecord, startDesk } from './desk.js';

t.setTimeout(60_000);
const skip = withoutBaresip;

t.test('baresip registers with a password, and calls as the user', { skip }, async (t) => {
  const server = await startDesk(t);
  await addUser(server.dataDir, 'alice', 'xiangyin', 'p4ssword');
  const sound = tone({ frequenciesHz: [400], durationMs: 20_000, sampleRateHz: 8000, levelDb: -12 });
  const account = (password: string): string =>
    `<sip:alice@${server.sip}>;auth_user=alice;auth_pass=${password};regint=120;audio_codecs=PCMU/8000/1\n`;

  const guesser = await BaresipPhone.start(sound, account('guess'));
  t.teardown(() => guesser.remove());
  guesser.command('dial', `sip:${DESK}@${server.sip}`);
  t.ok(await guesser.heardOf('CALL_CLOSED', 10_000));
  t.notOk(await guesser.heardOf('CALL_ESTABLISHED', 0), 'not with a wrong password');
  await guesser.quit();

  const phone = await BaresipPhone.start(sound, account('p4ssword'));
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

t.test('baresip registers and calls over TLS, and believes the certificate', { skip }, async (t) => {
  const server = await startDesk(t, {
    XIANGYIN_SIP_LISTEN: 'udp:127.0.0.1:0,tls:127.0.0.1:0',
    XIANGYIN_SIP_TLS_CERTIFICATE: testTls.certificate,
    XIANGYIN_SIP_TLS_KEY: testTls.key,
  });
  await addUser(server.dataDir, 'bob', 'xiangyin', 'p4ssword');
  const { sipAddresses } = await (await server.control()).status();
  const tls = sipAddresses.find((address) => address.startsWith('tls/'))?.slice('tls/'.length) ?? '';
  const sound = tone({ frequenciesHz: [400], durationMs: 20_000, sampleRateHz: 8000, levelDb: -12 });
  const account = `<sip:bob@${tls};transport=tls>;auth_user=bob;auth_pass=p4ssword;regint=120;audio_codecs=PCMU/8000/1\n`;
  const phone = await BaresipPhone.start(sound, account);
  t.teardown(() => phone.remove());
  const file = join(server.dataDir, 'registrations.json');
  const text = await eventually(() => readFile(file, 'utf8').catch(() => undefined), 10_000);
  t.match(JSON.parse(text), { users: { bob: [{ source: { protocol: 'tls' } }] } });
  phone.command('dial', `sip:${DESK}@${tls};transport=tls`);
  const isUp = await phone.heardOf('CALL_ESTABLISHED', 10_000);
  t.ok(isUp);
  if (!isUp) t.comment(phone.output);
  phone.command('hangup');
  t.ok(await phone.heardOf('CALL_CLOSED', 5000));
  await phone.quit();
  t.match(await newestRecord(server, 0), { calledNumber: DESK, callingNumber: 'bob' });
});
