import { createServer, type AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { hasProfile, probe } from '../../src/media/probe.js';

const running = ' drachtio_mrf\tprofile\t   sip:mod_sofia@127.0.0.1:5080\tRUNNING (0)\n';

/** An Event Socket that answers what it is told, one byte at a time. */
async function fakeEventSocket(t: Test, answers: Readonly<Record<string, string>>): Promise<number> {
  const server = createServer((socket) => {
    const say = (text: string) => {
      for (const byte of Buffer.from(text)) socket.write(Buffer.of(byte));
    };
    say(answers['hello'] ?? 'Content-Type: auth/request\n\n');
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const command = data.toString().trim();
      if (command.startsWith('auth'))
        say(`Content-Type: command/reply\nReply-Text: ${answers['auth'] ?? '+OK accepted'}\n\n`);
      else {
        const body = answers[command.replace('api ', '')] ?? '';
        say(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(body)}\n\n${body}`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, limitMs = 2000) =>
  probe({
    address: { host: '127.0.0.1', port },
    secret: 's3cret',
    profile: 'drachtio_mrf',
    clock: systemClock,
    limitMs,
  });

t.test('real FreeSWITCH gets two forks, a server that says it can do with one gets one', async (t) => {
  const real = await fakeEventSocket(t, { 'sofia status': running, 'module_exists mod_audio_fork': 'true' });
  t.equal(await ask(real), 'mono-and-stereo');
  const own = await fakeEventSocket(t, {
    'sofia status': running,
    'global_getvar xiangyin_stereo_bidirectional': 'true',
  });
  t.equal(await ask(own), 'stereo');
});

t.test('what keeps calls from running is told by its own error', async (t) => {
  for (const [answers, code] of [
    [{ auth: '-ERR invalid' }, 'MEDIA_DAEMON_REFUSED'],
    [{ hello: 'Content-Type: text/rude-rejection\nContent-Length: 0\n\n' }, 'MEDIA_DAEMON_REFUSED'],
    [{ 'sofia status': '0 profiles\n' }, 'MEDIA_NO_PROFILE'],
    [{ 'sofia status': running, 'module_exists mod_audio_fork': 'false' }, 'MEDIA_NO_AUDIO_FORK'],
  ] as const) {
    await t.rejects(ask(await fakeEventSocket(t, answers)), { code });
  }
  await t.rejects(ask(1), { code: 'MEDIA_DAEMON_UNREACHABLE' });
  await t.rejects(ask(await fakeEventSocket(t, { hello: 'Content-Type: auth' }), 50), {
    code: 'MEDIA_DAEMON_UNREACHABLE',
  });
});

t.test('a profile counts when it is running on an IPv4 address', async (t) => {
  t.ok(hasProfile(running, 'drachtio_mrf'));
  t.notOk(hasProfile(running, 'drachtio'));
  t.notOk(hasProfile(running.replace('RUNNING', 'DOWN'), 'drachtio_mrf'));
  t.notOk(hasProfile(running.replace('127.0.0.1', '[::1]'), 'drachtio_mrf'));
});
