import { createSocket } from 'node:dgram';
import t from 'tap';
import { encodeFrame, FrameReader } from '../../../src/embedded/drachtio/frame.js';
import { agent, next } from '../sip/phones.js';
import { connectApp, once, sdp, secret, serverEmpty, serverUri, startServer } from './harness.js';
import type { AppDialog, Message } from './harness.js';
import { rawApp } from './raw-app.js';

t.test('frames count bytes, may be chopped, and nonsense is seen', (t) => {
  const bytes = Buffer.concat([encodeFrame('a|你好'), encodeFrame('b|c', Buffer.from('X\r\n'))]);
  t.equal(bytes.toString(), '8#a|你好8#b|c\r\nX\r\n');
  const reader = new FrameReader();
  const seen: string[] = [];
  for (const byte of bytes)
    t.equal(
      reader.push(Buffer.from([byte]), (p) => void seen.push(p)),
      true,
    );
  t.same(seen, ['a|你好', 'b|c\r\nX\r\n']);
  for (const bad of ['x', '#a', '0#', '1234567', '12x', '\r\n']) {
    t.equal(
      new FrameReader().push(Buffer.from(bad), () => undefined),
      false,
      bad,
    );
  }
  t.end();
});

t.test('greeting, ping, route and what is unknown', async (t) => {
  const server = await startServer(t);
  const app = await rawApp(t, server);
  app.say(`m1|authenticate|${secret}|blue,green`);
  const [, type, id, ok, hostports, version, local] = (await app.next()) ?? [];
  t.same([type, id, ok], ['response', 'm1', 'OK']);
  t.match(hostports, /^udp\/127\.0\.0\.1:\d+,tcp\/127\.0\.0\.1:\d+$/);
  t.match(version, /^v\d+\.\d+\.\d+$/);
  t.equal(local, hostports);
  app.say('m2|ping');
  t.same((await app.next())?.slice(1), ['response', 'm2', 'OK', 'pong']);
  app.say('m3|route|options');
  t.same((await app.next())?.slice(1), ['response', 'm3', 'OK']);
  app.say('m4|sip||nobody;from-tag=x', 'INFO sip:placeholder SIP/2.0\r\n');
  t.same((await app.next())?.slice(1), [
    'response',
    'm4',
    'NOK',
    'Server error: unable to find dialog for dialog id provided',
  ]);
  app.say('m5|sip|T-9|', 'CANCEL sip:x@y SIP/2.0\r\n');
  t.equal((await app.next())?.[4], 'unable to cancel unknown transaction id: T-9');
  app.say('m6|sip|T-9|', 'SIP/2.0 200 OK\r\n');
  t.equal((await app.next())?.[4], 'Response not sent due to unknown transaction');
  app.say('m7|sip||', 'MESSAGE sip:x@127.0.0.1:9 SIP/2.0\r\n\r\nhello');
  t.equal((await app.next())?.[4], 'missing content-type');
  app.say('m8|frobnicate');
  t.same((await app.next())?.slice(1), ['response', 'm8', 'NO', 'Unknown message type']);
  t.equal(await app.gone(), true);
});

t.test('without the secret nothing is done and the connection ends', async (t) => {
  const server = await startServer(t);
  const early = await rawApp(t, server);
  early.say('m1|route|invite');
  t.same((await early.next())?.slice(1), ['response', 'm1', 'NO', 'not authenticated']);
  t.equal(await early.gone(), true);
  const wrong = await rawApp(t, server);
  wrong.say('m1|authenticate|guess|');
  t.same((await wrong.next())?.slice(1), ['response', 'm1', 'NO', 'incorrect secret']);
  t.equal(await wrong.gone(), true);
  const rubbish = await rawApp(t, server);
  rubbish.write('GET / HTTP/1.0\r\n\r\n');
  t.equal(await rubbish.gone(), true);
  const phone = await agent(t, 'phone');
  t.equal((await phone.request('INVITE', serverUri(server))).status, 503, 'no route was set');
});

t.test('leaders have the fields that clients count on', async (t) => {
  const server = await startServer(t);
  const app = await rawApp(t, server);
  app.say(`m1|authenticate|${secret}|`);
  await app.next();
  app.say('m2|route|invite');
  await app.next();
  const phone = await agent(t, 'phone');
  const call = phone.invite(serverUri(server), { body: sdp, callId: 'c1', fromTag: 'ft' });
  const frame = (await app.next()) ?? [];
  const [leader = ''] = frame.join('|').split('\r\n');
  const ports = [phone.addresses[0]?.port, server.sipAddresses[0]?.port];
  const time = '\\d\\d:\\d\\d:\\d\\d\\.\\d{6}';
  const uuid = '[0-9a-f-]{36}';
  t.match(
    leader,
    new RegExp(
      `^${uuid}\\|sip\\|network\\|\\d+\\|udp\\|127\\.0\\.0\\.1\\|${ports[0]}\\|${time}\\|${uuid}\\|\\|127\\.0\\.0\\.1\\|${ports[1]}\\|$`,
    ),
  );
  t.equal(Number(frame[3]), Buffer.byteLength(frame.join('|').slice(leader.length + 2)));
  const txn = frame[8] ?? '';
  app.say(`m3|sip|${txn}|`, `SIP/2.0 200 OK\r\nTo: <sip:x@y>;tag=mine\r\nVia: bad\r\n\r\n${sdp}`);
  const [response] = await next(call, 'accepted');
  t.match(response.get('to'), /;tag=mine$/, 'the application chose the tag');
  const echo = ((await app.next()) ?? []).join('|');
  t.match(
    echo.split('\r\n')[0],
    new RegExp(
      `^${uuid}\\|response\\|m3\\|OK\\|application\\|\\d+\\|udp\\|127\\.0\\.0\\.1\\|${ports[0]}\\|${time}\\|${txn}\\|c1;from-tag=ft\\|\\|Msg sent:\\|$`,
    ),
  );
  t.match(echo, /\r\nContact: <sip:127\.0\.0\.1:\d+>\r\n/);
  t.notMatch(echo, /bad/);
  call.ack();
  const ack = ((await app.next()) ?? []).join('|');
  t.match(ack, new RegExp(`\\|${uuid}\\|c1;from-tag=ft\\|\\r\\nACK `));
  app.say('m4|sip||c1;from-tag=ft', 'BYE sip:placeholder SIP/2.0\r\nContent-Length: 0');
  const sent = ((await app.next()) ?? []).join('|');
  t.match(
    sent,
    new RegExp(
      `^${uuid}\\|response\\|m4\\|OK\\|application\\|\\d+\\|udp\\|127\\.0\\.0\\.1\\|${ports[1]}\\|${time}\\|${uuid}\\|Msg sent:\\|\\r\\nBYE sip:phone@127`,
    ),
  );
  const final = ((await app.next()) ?? []).join('|');
  t.match(final, /\|c1;from-tag=ft\|\r\nSIP\/2\.0 200/);
  t.ok(await serverEmpty(server));
});

t.test('a CANCEL after the 200, before its ACK: 481, BYE, and the application hears why', async (t) => {
  const server = await startServer(t);
  let destroyed: Promise<string> | undefined;
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      void app.createUAS(req, res, { localSdp: sdp }).then((dialog: AppDialog) => {
        destroyed = new Promise((resolve) =>
          dialog.on('destroy', (_: Message, reason: string) => resolve(reason)),
        );
      });
    });
  });
  const phone = await agent(t, 'phone');
  const call = phone.invite(serverUri(server), { body: sdp });
  const [, dialog] = await next(call, 'accepted');
  const via = call.request.get('via') ?? '';
  const ended = next(dialog, 'ended');
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const heard = once<Buffer>(socket, 'message');
  const cancel = [
    `CANCEL ${call.request.uri} SIP/2.0`,
    `Via: ${via}`,
    `From: ${call.request.get('from')}`,
    `To: ${call.request.get('to')}`,
    `Call-ID: ${call.request.get('call-id')}`,
    'CSeq: 1 CANCEL',
    'Content-Length: 0',
  ];
  socket.send(`${cancel.join('\r\n')}\r\n\r\n`, server.sipAddresses[0]?.port ?? 0, '127.0.0.1');
  t.match((await heard).toString(), /^SIP\/2\.0 481/);
  t.same(await ended, ['remote-bye']);
  t.equal(await destroyed, 'CANCEL after 200 OK');
  t.ok(await serverEmpty(server));
});

t.test(
  'a CANCEL that crosses the 200, from who hangs up and is gone: our BYE is not repeated to nobody',
  async (t) => {
    const server = await startServer(t);
    await connectApp(t, server, (app) => {
      app.invite((req, res) => {
        app.createUAS(req, res, { localSdp: sdp }).catch(() => undefined);
      });
    });
    const socket = createSocket('udp4');
    t.teardown(() => socket.close());
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const got: string[] = [];
    let wake: () => void = () => undefined;
    socket.on('message', (bytes) => {
      got.push(bytes.toString());
      wake();
    });
    const heard = async (what: RegExp): Promise<string> => {
      for (;;) {
        const found = got.find((text) => what.test(text));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    const { port } = socket.address();
    const sipPort = server.sipAddresses[0]?.port ?? 0;
    const send = (
      method: string,
      cseq: string,
      to: string,
      more: readonly string[] = [],
      body = '',
    ): void => {
      const lines = [
        `${method} sip:1@127.0.0.1:${sipPort} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${cseq.replace(' CANCEL', ' INVITE').replace(' ', '-')}`,
        'Max-Forwards: 70',
        `From: <sip:gone@127.0.0.1:${port}>;tag=gone`,
        `To: ${to}`,
        'Call-ID: gone-before-the-answer',
        `CSeq: ${cseq}`,
        `Contact: <sip:gone@127.0.0.1:${port}>`,
        ...more,
        `Content-Length: ${body.length}`,
      ];
      socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, sipPort, '127.0.0.1');
    };
    const them = '<sip:1@127.0.0.1>';
    send('INVITE', '1 INVITE', them, ['Content-Type: application/sdp'], sdp);
    const ok = await heard(/^SIP\/2\.0 200 [^\r]*\r\n[^]*CSeq: 1 INVITE/);
    send('CANCEL', '1 CANCEL', them);
    await heard(/^BYE /);
    send('BYE', '2 BYE', /^To: (.*)$/m.exec(ok)?.[1]?.trim() ?? '');
    t.match(await heard(/CSeq: 2 BYE/), /^SIP\/2\.0 200/);
    t.ok(await serverEmpty(server), 'it does not wait for an answer');
  },
);

t.test('the admin port in use is named', async (t) => {
  const server = await startServer(t);
  const { port } = server.adminAddress;
  await t.rejects(startServer(t, { admin: server.adminAddress }), {
    code: 'SIP_ADDRESS_IN_USE',
    message: new RegExp(String(port)),
  });
});
