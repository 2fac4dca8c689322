import { connect } from 'node:net';
import t from 'tap';
import { api, connectClient, startServer, until, type EslEvent } from './testbed.js';

t.test('a client with the right secret is let in and asks what the server is', async (t) => {
  const server = await startServer(t);
  const client = await connectClient(t, server);
  const status = await api(client, 'sofia status');
  const { port } = server.sipAddress;
  const found = /^\s*drachtio_mrf\s.*sip:mod_sofia@((?:[0-9]{1,3}\.){3}[0-9]{1,3}:\d+)/m.exec(status);
  t.equal(
    found?.[1],
    `127.0.0.1:${port}`,
    'the profile and its address, where drachtio-fsmrf looks for them',
  );
  t.match(await api(client, 'status'), /^UP 0 years/);
  t.equal(await api(client, 'global_getvar xiangyin_stereo_bidirectional'), 'true');
  t.equal(await api(client, 'global_getvar nobody_set_this'), '-ERR no reply\n');
  t.equal(await api(client, 'module_exists mod_audio_fork'), 'true');
  t.equal(await api(client, 'module_exists mod_conference'), 'true');
  t.equal(await api(client, 'module_exists mod_verto'), 'false');
  t.match(await api(client, 'show channels count'), /0 total\./);
  t.equal(await api(client, 'make_coffee now'), '-ERR make_coffee Command not found!\n');
  t.equal(await api(client, 'uuid_getvar 1-2-3 x'), '-ERR No such channel!\n');
  t.equal(await api(client, 'constructor'), '-ERR constructor Command not found!\n');
});

t.test('a wrong secret is refused and the connection closed', async (t) => {
  const server = await startServer(t);
  const { port } = server.eventSocketAddress;
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => (text += bytes.toString()));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await until('auth/request', () => text.includes('auth/request'));
  socket.write('api status\n\n');
  await until('refusal before auth', () => text.includes('-ERR command not found'));
  socket.write('auth not-the-secret\n\n');
  await closed;
  t.match(text, /Reply-Text: -ERR invalid\n/);
  t.notMatch(text, /UP 0 years/, 'nothing was answered before authentication');
  await until('the server forgot it', () => server.counts().clients === 0);
});

t.test('answers come in the order of the commands, however the bytes are cut', async (t) => {
  const server = await startServer(t);
  const socket = connect(server.eventSocketAddress.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => (text += bytes.toString()));
  const commands =
    'auth a-secret-of-the-test\n\napi version\n\napi nonsense one\n\nfilter A b\n\napi hostname\n\n';
  for (const character of commands) socket.write(character);
  await until('the last answer', () => text.split('api/response').length === 4);
  const order = [
    '+OK accepted',
    'FreeSWITCH Version',
    '-ERR nonsense Command not found!',
    '+OK filter added',
  ];
  const places = order.map((part) => text.indexOf(part));
  t.same(
    places,
    [...places].sort((a, b) => a - b),
  );
  t.notOk(places.includes(-1));
});

t.test('a heartbeat follows its subscription and says how many sessions are possible', async (t) => {
  const server = await startServer(t);
  const client = await connectClient(t, server);
  const heartbeat = new Promise<EslEvent>((resolve) => client.on('esl::event::HEARTBEAT::*', resolve));
  client.subscribe(['HEARTBEAT']);
  const event = await heartbeat;
  t.equal(Number(event.getHeader('Max-Sessions')), 1000);
  t.equal(event.getHeader('Session-Count'), '0');
});

t.test('a background command reports under the job id that was given', async (t) => {
  const server = await startServer(t);
  const client = await connectClient(t, server);
  client.subscribe(['BACKGROUND_JOB']);
  const event = await new Promise<EslEvent>((resolve) => client.bgapi('version', '', resolve));
  t.equal(event.getHeader('Job-Command'), 'version');
  t.match(event.getBody(), /FreeSWITCH Version/);
});

t.test('a port in use is named by the error, and nothing stays behind', async (t) => {
  const first = await startServer(t);
  const { port } = first.eventSocketAddress;
  await t.rejects(startServer(t, { eventSocket: { host: '127.0.0.1', port } }), {
    code: 'FREESWITCH_ADDRESS_IN_USE',
    message: new RegExp(`port ${port} `),
  });
});

t.test('the secret of the manual is not taken on a network address', async (t) => {
  await t.rejects(startServer(t, { eventSocket: { host: '0.0.0.0', port: 0 }, secret: 'ClueCon' }), {
    code: 'FREESWITCH_KNOWN_SECRET',
  });
});
