import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Srf from 'drachtio-srf';
import t, { type Test } from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { parseContacts } from '../../src/sip/contact-header.js';
import { DigestAuthenticator } from '../../src/sip/digest-authenticator.js';
import { Locations } from '../../src/sip/locations.js';
import { Registrar } from '../../src/sip/registrar.js';
import { addUser, changePassword, removeUser, Users } from '../../src/sip/users.js';
import { uriUser } from '../../src/sip/uri-user.js';
import { connectApp, serverUri, startServer } from '../embedded/drachtio/harness.js';
import { agent } from '../embedded/sip/phones.js';
import { portOf } from './carriers.js';
import { send, type Telephone } from './telephone.js';

/** A registrar with the users alice and bob, whose passwords are their names in capitals. */
async function registrar(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'registrar-'));
  for (const name of ['alice', 'bob']) await addUser(dir, name, 'xiangyin', name.toUpperCase());
  const users = new Users(dir, silentLogger);
  const clock = new ManualClock();
  const file = join(dir, 'registrations.json');
  const warnings: object[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (fields, message) => void warnings.push({ ...fields, message }),
  };
  const userId = (name: string) => users.find(name)?.id;
  const locations = new Locations({ clock, logger, file, userId });
  t.teardown(async () => {
    // What it has yet to write goes into the folder.
    await locations.close();
    await rm(dir, { recursive: true });
  });
  const authenticator = new DigestAuthenticator({
    realm: 'xiangyin',
    find: (name) => users.find(name),
    clock,
    logger,
    algorithms: ['SHA-256', 'MD5'],
  });
  const server = await startServer(t);
  await connectApp(t, server, (app) => {
    new Registrar({ authenticator, locations, clock }).serve(app as unknown as Srf);
  });
  const ua = await agent(t, 'desk');
  let calls = 0;
  const alice = (more: Partial<Telephone> = {}): Telephone => ({
    ua,
    method: 'REGISTER',
    uri: serverUri(server),
    user: 'alice',
    password: 'ALICE',
    callId: `call-${++calls}`,
    cseq: 1,
    ...more,
    headers: { To: '<sip:alice@xiangyin>', ...more.headers },
  });
  const contacts = (): string[] => locations.bindings('alice').map(({ contact }) => contact);
  return { clock, dir, locations, ua, alice, contacts, file, userId, warnings };
}

const desk = '<sip:alice@192.0.2.7:5062>';

t.test('a telephone is challenged in both algorithms, each in a line of its own', async (t) => {
  const { alice, ua, contacts } = await registrar(t);
  const { uri, headers } = alice({ headers: { Contact: desk } });
  const response = await ua.request('REGISTER', uri, { headers });
  t.equal(response.status, 401);
  const challenges = response.getAll('www-authenticate');
  t.equal(challenges.length, 2);
  t.match(challenges, [/^Digest realm="xiangyin".*SHA-256/, /^Digest realm="xiangyin".*MD5/]);
  t.strictSame(contacts(), []);
});

for (const algorithm of ['MD5', 'SHA-256'] as const) {
  t.test(`with the right password (${algorithm}) it is there until it expires`, async (t) => {
    const { alice, ua, contacts, clock, locations } = await registrar(t);
    const response = await send(alice({ algorithm, headers: { Contact: desk, Expires: '120' } }));
    t.equal(response.status, 200);
    t.equal(response.get('contact'), `${desk};expires=120`);
    t.match(locations.bindings('alice'), [
      { contact: desk.slice(1, -1), source: { protocol: 'udp', address: '127.0.0.1', port: portOf(ua) } },
    ]);
    clock.advance(119_000);
    t.equal(contacts().length, 1);
    clock.advance(1000);
    t.equal(contacts().length, 0);
  });
}

t.test('a wrong password, nobody and another one`s address register nothing', async (t) => {
  const { alice, contacts, locations } = await registrar(t);
  const headers = { Contact: desk };
  t.equal((await send(alice({ password: 'guess', headers }))).status, 401);
  t.equal((await send(alice({ user: 'mallory', headers }))).status, 401);
  t.equal((await send(alice({ user: 'bob', password: 'BOB', headers }))).status, 403);
  t.strictSame(contacts(), []);
  t.strictSame(locations.bindings('bob'), []);
});

t.test('a telephone unregisters itself, or all of its user', async (t) => {
  const { alice, contacts } = await registrar(t);
  const other = '<sip:alice@192.0.2.8>';
  await send(alice({ headers: { Contact: desk } }));
  await send(alice({ headers: { Contact: `${other};q=0.5` } }));
  t.strictSame(contacts(), ['sip:alice@192.0.2.8', 'sip:alice@192.0.2.7:5062'], 'newest first');
  const asked = await send(alice());
  t.equal(asked.get('contact'), `${other};expires=3600;q=0.5, ${desk};expires=3600`);
  await send(alice({ headers: { Contact: `${desk};expires=0` } }));
  t.strictSame(contacts(), ['sip:alice@192.0.2.8']);
  t.equal((await send(alice({ headers: { Contact: '*' } }))).status, 400, 'only with Expires: 0');
  t.equal((await send(alice({ headers: { Contact: '*', Expires: '0' } }))).status, 200);
  t.strictSame(contacts(), []);
});

t.test('too short, too long, too late, too many', async (t) => {
  const { alice, contacts } = await registrar(t);
  const short = await send(alice({ headers: { Contact: desk, Expires: '10' } }));
  t.equal(short.status, 423);
  t.equal(short.get('min-expires'), '60');
  const long = await send(alice({ headers: { Contact: desk, Expires: '99999' } }));
  t.equal(long.get('contact'), `${desk};expires=7200`);
  const again = { callId: 'one-call', headers: { Contact: desk } };
  t.equal((await send(alice({ ...again, cseq: 10 }))).status, 200);
  t.equal((await send(alice({ ...again, cseq: 5 }))).status, 500);
  t.equal((await send(alice({ ...again, cseq: 20 }))).status, 200);
  t.equal((await send(alice({ headers: { Contact: '<tel:123>' } }))).status, 400);
  for (let i = 1; i <= 6; i++) await send(alice({ headers: { Contact: `<sip:alice@192.0.2.${i}>` } }));
  t.strictSame(
    contacts(),
    [6, 5, 4, 3, 2].map((i) => `sip:alice@192.0.2.${i}`),
  );
});

t.test('who was registered is so after a restart, unless the file is broken', async (t) => {
  const { alice, locations, clock, file, userId } = await registrar(t);
  await send(alice({ headers: { Contact: desk } }));
  await locations.close();
  await locations.close();
  const next = new Locations({ clock, logger: silentLogger, file, userId });
  await next.load();
  t.strictSame(next.bindings('alice'), locations.bindings('alice'));
  t.match(JSON.parse(await readFile(file, 'utf8')), { version: 1 });
  const broken = new Locations({ clock, logger: silentLogger, file: join(file, '..', 'users.json') });
  await t.resolves(broken.load());
});

t.test('telephones of a user who was removed are not those of the next one of the name', async (t) => {
  const { alice, contacts, dir, file, locations, clock, userId } = await registrar(t);
  await send(alice({ headers: { To: '<sip:alice@xiangyin>', Contact: desk } }));
  await changePassword(dir, 'alice', 'xiangyin', 'other');
  t.equal(contacts().length, 1, 'a new password leaves them until they expire');
  await locations.close();
  await removeUser(dir, 'alice');
  await addUser(dir, 'alice', 'xiangyin', 'another');
  const next = new Locations({ clock, logger: silentLogger, file, userId });
  await next.load();
  t.strictSame(next.bindings('alice'), [], 'over a restart');
  t.strictSame(contacts(), []);
  t.strictSame(locations.all(), []);
});

t.test('a wrong password is told with its address, once an hour', async (t) => {
  const { alice, clock, warnings } = await registrar(t);
  const fail = () =>
    send(alice({ password: 'wrong', headers: { To: '<sip:alice@xiangyin>', Contact: desk } }));
  for (let i = 0; i < 3; i++) await fail();
  t.match(warnings, [{ address: '127.0.0.1', message: /password or the name of a user is wrong/ }]);
  t.notMatch(JSON.stringify(warnings), /alice/, 'names may be numbers');
  clock.advance(3_600_000);
  await fail();
  t.equal(warnings.length, 2);
});

t.test('Contacts and users are read as telephones write them', async (t) => {
  t.match(parseContacts('"A, <b>" <sip:a@h;x=1>;q=0.3;expires=5 , sip:b@h;expires=7'), [
    { uri: 'sip:a@h;x=1', q: 0.3, expires: 5 },
    { uri: 'sip:b@h', q: 1, expires: 7 },
  ]);
  for (const wrong of ['', '<>', '<sip:a b@h>', 'mailto:a@h', '<sip:a@h?To=x>']) {
    t.equal(parseContacts(wrong), undefined, wrong);
  }
  t.equal(uriUser('"sip:bob@x" <sip:alice@h>;tag=1'), 'alice');
  t.equal(uriUser('sip:alice@h;tag=1'), 'alice');
  t.equal(uriUser('<sip:alice:secret@h>'), 'alice');
  t.equal(uriUser('<sip:h>'), undefined);
});

t.test('users of another realm are told of once, by their number', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'realm-'));
  t.teardown(() => rm(dir, { recursive: true }));
  for (const name of ['alice', 'bob']) await addUser(dir, name, 'before', 'secret');
  const told: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (fields: object, message: string) => void told.push(fields, message),
  };
  const users = new Users(dir, logger, 'xiangyin');
  users.refresh();
  await addUser(dir, 'carol', 'before', 'secret');
  t.equal(users.find('carol')?.realm, 'before');
  t.match(told, [{ users: 2, realm: 'xiangyin' }, /another realm cannot log in/]);
  t.equal(told.length, 2);
});
