import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import t, { type Test } from 'tap';
import { testTls } from '../embedded/sip/certificate.js';
import { agent } from '../embedded/sip/phones.js';

const main = new URL('../../src/main.js', import.meta.url).pathname;
const tlsFiles = ['--tls-certificate', testTls.certificate, '--tls-key', testTls.key];
const commands: readonly (readonly string[])[] = [
  ['sip', '--drachtio', '127.0.0.1:0'],
  [
    ...['daemons', '--drachtio', '127.0.0.1:0', '--esl', '127.0.0.1:0', '--media-sip', '127.0.0.1:0'],
    ...['--rtp', '127.0.0.1:0-0'],
  ],
];

/** The addresses that a started server prints; it is told to end when the test does. */
async function started(t: Test, line: readonly string[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, [main, ...line, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  for await (const bytes of child.stdout) {
    return (JSON.parse((bytes as Buffer).toString()) as { sip: string[] }).sip;
  }
  throw new Error('it ended without a word');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function refused(line: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [main, ...line], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  for await (const bytes of child.stderr) text += (bytes as Buffer).toString();
  return text;
}

for (const command of commands) {
  const [name = ''] = command;

  t.test(`xiangyin ${name} takes SIP by tls, ws and wss with a certificate given`, async (t) => {
    const listen = ['tls', 'ws', 'wss'].map((protocol) => `${protocol}:127.0.0.1:0`).join(',');
    const addresses = await started(t, [...command, '--sip', listen, ...tlsFiles]);
    const phone = await agent(t, 'phone', {
      listen: ['tls:127.0.0.1:0', 'wss:127.0.0.1:0', 'ws:127.0.0.1:0'],
      tls: testTls,
    });
    for (const address of addresses) {
      const [protocol = '', host = '', port = ''] = address.split(':');
      const uri = `sip:x@${host}:${port};transport=${protocol}`;
      t.equal((await phone.request('OPTIONS', uri)).status, 503, `${protocol}: nobody is connected`);
    }
    t.equal(addresses.length, 3);
  });

  t.test(`xiangyin ${name} takes applications by TLS too`, async (t) => {
    const port = await freePort();
    const at = `127.0.0.1:${port}`;
    const secret = 'a secret of my own';
    await started(t, [
      ...command,
      '--sip',
      'udp:127.0.0.1:0',
      '--drachtio-tls',
      at,
      '--secret',
      secret,
      ...tlsFiles,
    ]);
    const socket = connect({ host: '127.0.0.1', port, ca: await readFile(testTls.ca) });
    t.teardown(() => socket.destroy());
    const answer = new Promise<string>((resolve) =>
      socket.once('data', (bytes) => resolve(bytes.toString())),
    );
    const frame = `m1|authenticate|${secret}|`;
    socket.write(`${frame.length}#${frame}`);
    t.match(await answer, /\|response\|m1\|OK\|/);
    t.match(
      await refused([...command, '--drachtio-tls', at]),
      /--drachtio-tls needs a certificate and its key: give both/,
    );
    const open = ['--drachtio-tls', '0.0.0.0:9023', '--secret', 'cymru', ...tlsFiles];
    t.match(
      await refused([...command, ...open]),
      /--drachtio-tls listens on 0\.0\.0\.0, beyond this machine/,
    );
  });

  t.test(`xiangyin ${name} names the flags that TLS needs`, async (t) => {
    const needed = /--sip (tls|wss):127\.0\.0\.1:0 needs .* --tls-certificate and --tls-key/;
    t.match(await refused([...command, '--sip', 'udp:127.0.0.1:0,tls:127.0.0.1:0']), needed);
    t.match(await refused([...command, '--sip', 'wss:127.0.0.1:0', ...tlsFiles.slice(0, 2)]), needed);
    const half = await refused([...command, '--sip', 'udp:127.0.0.1:0', ...tlsFiles.slice(2)]);
    t.match(half, /without its key: give both --tls-certificate and --tls-key/);
  });

  t.test(`xiangyin ${name} asks the request handler that the command line names`, async (t) => {
    const asked: string[] = [];
    const handler = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.end(JSON.stringify({ action: 'reject', data: { status: 410, reason: 'Moved Away' } }));
    });
    await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      handler.closeAllConnections();
      handler.close();
    });
    const url = `http://127.0.0.1:${(handler.address() as AddressInfo).port}`;
    const [address = ''] = await started(t, [
      ...[...command, '--sip', 'udp:127.0.0.1:0'],
      ...['--request-handler', `options:POST=${url}/a`, '--request-handler', `*=${url}/b`],
    ]);
    const phone = await agent(t, 'phone');
    const uri = `sip:x@${address.slice('udp:'.length)}`;
    t.equal((await phone.request('OPTIONS', uri)).status, 410);
    t.equal((await phone.request('MESSAGE', uri)).status, 410);
    t.match(asked, [/^POST \/a\?method=OPTIONS&/, /^GET \/b\?method=MESSAGE&/]);
  });
}

t.test('a TLS address without a certificate, and what is no address or handler, is one line', async (t) => {
  const line = ['sip', '--drachtio', '127.0.0.1:0', '--sip'];
  t.match(await refused([...line, 'tls:127.0.0.1:0']), /tls:127\.0\.0\.1:0.*certificate/);
  t.match(await refused([...line, 'tls:127.0.0.1:0', ...tlsFiles.slice(0, 2)]), /certificate/);
  t.match(await refused([...line, 'sctp:127.0.0.1:0']), /udp:, tcp:, tls:, ws: or wss:/);
  t.match(await refused([...line, 'udp:127.0.0.1:0', '--request-handler', 'INVITE']), /METHOD=URL/);
  const noPort = ['udp:127.0.0.1:0', '--request-handler', 'INVITE=tls://127.0.0.1'];
  t.match(await refused([...line, ...noPort]), /tls:\/\/host:port/);
  t.match(
    await refused(['serve', '--request-handler', 'INVITE']),
    /sip\.requestHandlers\.0 must be METHOD=URL/,
  );
});

t.test('a level of the log that there is not is one line', async (t) => {
  for (const command of [...commands, ['media']]) {
    const text = await refused([...command, '--log-level', 'loud']);
    t.match(text, /--log-level.*silent, error, warn, info, debug/);
    t.notMatch(text, /^ +at /m, 'no stack');
  }
});

t.test(
  'a codec that the media server does not have is refused by a line that names those it has',
  async (t) => {
    const [, daemons = []] = commands;
    const text = await refused([...daemons, '--codecs', 'PCMU,GSM']);
    t.match(text, /--codecs.*PCMU,PCMA,G722,opus,L16/);
    t.notMatch(text, /^ +at /m, 'no stack');
  },
);
