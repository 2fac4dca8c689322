import { createSocket } from 'node:dgram';
import t from 'tap';
import { FrameReader, encodeFrame } from '../../../src/embedded/drachtio/frame.js';
import { readAppMessage } from '../../../src/embedded/drachtio/app-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { agent, uriOf } from '../sip/phones.js';
import { callee } from './callee.js';
import { rawApp } from './raw-app.js';
import { connectApp, once, secret, serverEmpty, serverUri, startServer, type Message } from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

const bodies: Record<string, string> = {
  multibyte: '你好，乡音 🎐 ñandú',
  'empty lines': '\r\n\r\nfirst\r\n\r\n\r\nlast\r\n\r\n',
  'line feeds alone': '\na\nb\n\n',
  'like a frame': '12#x|sip|network|\r\nSIP/2.0 200 OK\r\n\r\n',
  'null bytes': 'a\0b\0',
  long: '行'.repeat(20_000),
};

t.test('bodies pass both ways as they are, however they look', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const phone = await agent(t, 'phone');
  const got: string[] = [];
  const app = await connectApp(t, server, (a) => {
    a.message((req, res) => {
      got.push(req.body);
      (res.send as (status: number, options: object) => void)(200, {
        body: req.body,
        headers: { 'Content-Type': 'text/plain' },
      });
    });
  });
  for (const [name, body] of Object.entries(bodies)) {
    const headers = { 'Content-Type': 'text/plain' };
    const tcp = serverUri(server, 'tcp');
    const answer = await phone.request('MESSAGE', tcp, { body, headers });
    t.equal(got.pop() === body, true, `${name}, to the application`);
    t.equal(answer.body === body, true, `${name}, back`);
    if (name === 'long') continue; // beyond a packet of UDP, which bob has alone
    const req = await app.request(bob.uri, { method: 'MESSAGE', body, headers });
    const arrived = await bob.request();
    t.equal(arrived.request.body, body, `${name}, from the application`);
    const responded = once<Message>(req, 'response');
    arrived.respond(bob.answer(arrived, 200));
    await responded;
  }
  t.ok(await serverEmpty(server));
});

t.test('a body that is no text leaves the connection of its application in step', async (t) => {
  const server = await startServer(t);
  const got: string[] = [];
  await connectApp(t, server, (a) => {
    a.message((req, res) => {
      got.push(req.get('Subject'));
      res.send(202);
    });
  });
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  for (const subject of ['binary', 'next']) {
    const answered = once<Buffer>(socket, 'message');
    const body =
      subject === 'binary' ? Buffer.from([0xff, 0xfe, 0x80, 0x0d, 0x0a, 0x0d, 0x0a, 0xc3]) : Buffer.from('x');
    const head = [
      `MESSAGE ${serverUri(server)} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK${subject}`,
      'From: <sip:a@b>;tag=1',
      'To: <sip:c@d>',
      `Call-ID: ${subject}`,
      'CSeq: 1 MESSAGE',
      `Subject: ${subject}`,
      'Content-Type: application/octet-stream',
      `Content-Length: ${body.length}`,
      '',
      '',
    ].join('\r\n');
    socket.send(Buffer.concat([Buffer.from(head), body]), server.sipAddresses[0]?.port ?? 0, '127.0.0.1');
    t.match((await answered).toString(), /^SIP\/2\.0 202/);
  }
  t.same(got, ['binary', 'next']);
});

t.test('header lines of 8,000 characters, empty ones, many of one name', async (t) => {
  const server = await startServer(t);
  const phone = await agent(t, 'phone');
  const app = await connectApp(t, server);
  const long = '长'.repeat(8000);
  const headers = { 'X-Long': long, 'X-Empty': '', 'x-lower-case': 'kept', Allow: 'INVITE, BYE' };
  const arrived = new Promise<SipMessage>((resolve) =>
    phone.on('request', ({ request, respond }) => {
      respond(200);
      resolve(request);
    }),
  );
  const req = await app.request(uriOf(phone, 'tcp'), { method: 'OPTIONS', headers });
  t.equal((await once<Message>(req, 'response')).status, 200);
  const request = await arrived;
  t.equal(request.get('x-long') === long, true);
  t.equal(request.get('x-empty'), '');
  t.match(request.toString(), /\r\nx-lower-case: kept\r\n/i);
  t.ok(await serverEmpty(server));
});

t.test('a line end within a header value begins no header of its own', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app = await rawApp(t, server);
  app.say(`m1|authenticate|${secret}|`);
  await app.next();
  for (const end of ['\n', '\r', '\n\r']) {
    app.say('m2|sip||', `OPTIONS ${bob.uri} SIP/2.0\r\nX-Name: a${end}Route: <sip:evil@127.0.0.1>\r\n\r\n`);
    const arrived = await bob.request();
    const { request } = arrived;
    t.equal(request.get('x-name'), 'a Route: <sip:evil@127.0.0.1>', JSON.stringify(end));
    t.equal(request.has('route'), false);
    arrived.respond(bob.answer(arrived, 200));
    await app.next();
    await app.next();
  }
});

t.test('the SIP part of a frame: folded lines are joined, what is no header is left out', (t) => {
  const message = readAppMessage(
    'OPTIONS sip:a@b SIP/2.0\r\nSubject: one\r\n\ttwo\r\nnonsense\r\n: x\r\n\r\nbody',
  );
  t.same(message?.headers, [['Subject', 'one two']]);
  t.equal(message?.body, 'body');
  for (const bad of [
    '',
    'options sip:a SIP/2.0',
    'SIP/2.0 99 X',
    'SIP/2.0 700 X',
    'OPTIONS sip:a b SIP/2.0',
  ]) {
    t.equal(readAppMessage(bad), undefined, bad);
  }
  t.end();
});

t.test('frames of an application chopped between the bytes of one character', (t) => {
  const bytes = Buffer.concat(['你', '好🎐', 'x'].map((text) => encodeFrame(text)));
  for (let cut = 1; cut < bytes.length; cut++) {
    const reader = new FrameReader();
    const seen: string[] = [];
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)])
      reader.push(part, (text) => void seen.push(text));
    t.same(seen, ['你', '好🎐', 'x'], String(cut));
  }
  t.end();
});

t.test('localhost in addresses is where we are, whatever stands beside it', async (t) => {
  const server = await startServer(t);
  const bob = await callee(t);
  const app = await connectApp(t, server);
  const { port } = server.sipAddresses[0] as { port: number };
  const own = `127.0.0.1:${port}`;
  for (const [given, sent] of [
    ['sip:me@localhost', `<sip:me@${own}>`],
    ['<sip:me@localhost:5070;x=1>', `<sip:me@${own};x=1>`],
    ['"localhost desk" <sip:me@localhost>', `"localhost desk" <sip:me@${own}>`],
    ['<sip:localhost>', `<sip:${own}>`],
    ['<sip:me@localhost.example.com>', '<sip:me@localhost.example.com>'],
  ] as const) {
    const req = await app.request(bob.uri, { method: 'OPTIONS', headers: { From: given, Contact: given } });
    const arrived = await bob.request();
    t.match(arrived.request.get('from')?.split(';tag=')[0], sent, given);
    const responded = once(req, 'response');
    arrived.respond(bob.answer(arrived, 200));
    await responded;
  }
});
