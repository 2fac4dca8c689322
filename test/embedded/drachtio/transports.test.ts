import t from 'tap';
import { parseNameAddr } from '../../../src/embedded/sip/name-addr.js';
import type { Protocol } from '../../../src/embedded/sip/transport.js';
import { parseUri, uriParam } from '../../../src/embedded/sip/uri.js';
import type { UserAgent } from '../../../src/embedded/sip/user-agent.js';
import { testTls } from '../sip/certificate.js';
import { agent, empty, next, uriAt, uriOf } from '../sip/phones.js';
import { hasIPv6 } from '../sip/streams.js';
import {
  connectApp,
  once,
  sdp,
  serverEmpty,
  startServer,
  type AppDialog,
  type Message,
  type Request,
} from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** As the application hears of a transport, and as the peer reads it in our Contact. */
const told: Record<Protocol, readonly [app: string, contact: string | undefined]> = {
  udp: ['udp', undefined],
  tcp: ['tcp', 'tcp'],
  tls: ['tls', 'tls'],
  ws: ['tcp', 'ws'],
  wss: ['tcp', 'ws'],
};

for (const [host, protocol] of [
  ['127.0.0.1', 'tls'],
  ['127.0.0.1', 'ws'],
  ['127.0.0.1', 'wss'],
  ['[::1]', 'udp'],
  ['[::1]', 'tcp'],
  ['[::1]', 'tls'],
  ['[::1]', 'wss'],
] as const) {
  const skip = host === '[::1]' && !hasIPv6 ? 'IPv6 on this machine' : false;

  t.test(
    `${protocol} on ${host}: a phone calls, the application talks back on its way`,
    { skip },
    async (t) => {
      const server = await startServer(t, { sip: [`${protocol}:${host}:0`], tls: testTls });
      const dialogs: AppDialog[] = [];
      let protocolTold = '';
      await connectApp(t, server, (a) => {
        a.invite((req, res) => {
          protocolTold = req.protocol;
          void a.createUAS(req, res, { localSdp: sdp }).then((dialog) => dialogs.push(dialog));
        });
      });
      const phone = await agent(t, 'phone', { listen: [`${protocol}:${host}:0`], tls: testTls });
      const call = phone.invite(uriAt(server.sipAddresses, protocol, 'service'), { body: sdp });
      const answered = next(call, 'accepted');
      const [response, dialog] = await answered;
      const contact = parseUri(parseNameAddr(response.get('contact') ?? '').uri);
      t.equal(contact === undefined ? undefined : uriParam(contact, 'transport'), told[protocol][1]);
      t.equal(contact?.host, host.replace(/[[\]]/g, ''));
      call.ack();
      t.equal(protocolTold, told[protocol][0]);
      while (dialogs.length === 0) await new Promise((resolve) => setImmediate(resolve));
      // One connection for all of it: that of the phone.
      const sockets = protocol === 'udp' ? 1 : 2;
      dialog.on('request', (incoming) => incoming.respond(200));
      const info = await dialogs[0]?.request({ method: 'INFO' });
      t.equal(info?.status, 200);
      t.equal(server.counts().sockets, sockets);
      const ended = next(dialog, 'ended');
      await dialogs[0]?.destroy();
      t.same(await ended, ['remote-bye']);
      t.equal(phone.counts().sockets, sockets);
      t.ok(await serverEmpty(server));
      t.ok(await empty(phone));
    },
  );

  t.test(`${protocol} on ${host}: the application calls a phone`, { skip }, async (t) => {
    const server = await startServer(t, { sip: [`${protocol}:${host}:0`], tls: testTls });
    const app = await connectApp(t, server);
    const phone = await agent(t, 'phone', { listen: [`${protocol}:${host}:0`], tls: testTls });
    phone.on('invite', (incoming) => incoming.accept({ body: sdp }));
    const dialog = await app.createUAC(uriOf(phone, protocol), { localSdp: sdp });
    await dialog.destroy();
    t.equal(phone.counts().sockets, protocol === 'udp' ? 1 : 2);
    t.ok(await serverEmpty(server));
    t.ok(await empty(phone));
  });
}

t.test(
  'a WebSocket phone behind a NAT is called where it came from, told as tcp like drachtio-server does',
  async (t) => {
    const server = await startServer(t, { sip: ['ws:127.0.0.1:0', 'tcp:127.0.0.1:0'] });
    let binding = '';
    const app = await connectApp(t, server, (a) => {
      a.register((req, res) => {
        const { source_address, protocol } = req;
        binding = `sip:${source_address}:${(req as Request & { source_port: number }).source_port};transport=${protocol}`;
        res.send(200);
      });
    });
    const phone = await agent(t, 'phone', { listen: ['ws:127.0.0.1:0'] });
    const registrar = uriAt(server.sipAddresses, 'ws', 'service');
    t.equal((await phone.request('REGISTER', registrar)).status, 200);
    phone.on('invite', (incoming) => incoming.accept({ body: sdp }));
    const contact = 'sip:phone@df7jal23ls0d.invalid;transport=ws';
    const dialog = await app.createUAC(contact, { localSdp: sdp, proxy: binding });
    t.equal(server.counts().sockets, 3, 'the connection that the phone opened');
    await dialog.destroy();
    t.ok(await serverEmpty(server));
  },
);

t.test(
  'a phone that has registered over a WebSocket is called by its Contact, over its last connection',
  async (t) => {
    const server = await startServer(t, { sip: ['ws:127.0.0.1:0', 'udp:127.0.0.1:0'] });
    let expires = '60';
    const app = await connectApp(t, server, (a) => {
      a.register((req, res) => {
        res.send(200, { headers: { Contact: `${req.get('Contact')};expires=${expires}` } });
      });
    });
    const Contact = '<sip:h2k4@df7jal23ls0d.invalid;transport=ws>';
    const uri = 'sip:h2k4@df7jal23ls0d.invalid;transport=ws';
    const call = () => app.createUAC(uri, { localSdp: sdp });
    const refused = () => call().catch((error: { status?: number }) => error.status);
    t.equal(await refused(), 503, 'the name means nothing');
    const register = async (phone: UserAgent): Promise<void> => {
      const registrar = uriAt(server.sipAddresses, 'ws', 'service');
      t.equal((await phone.request('REGISTER', registrar, { headers: { Contact } })).status, 200);
    };
    const first = await agent(t, 'first', { listen: ['ws:127.0.0.1:0'] });
    await register(first);
    first.on('invite', (incoming) => {
      t.equal(incoming.request.uri, uri);
      incoming.accept({ body: sdp, headers: { Contact } });
    });
    const dialog = await call();
    // The same phone from another network: that is where the call goes on.
    const second = await agent(t, 'second', { listen: ['ws:127.0.0.1:0'] });
    await register(second);
    await first.close();
    const options = new Promise<string>((resolve) =>
      second.on('request', (incoming) => {
        incoming.respond(200);
        resolve(incoming.request.method);
      }),
    );
    t.equal((await once<Message>(await app.request(uri, { method: 'MESSAGE' }), 'response')).status, 200);
    t.equal(await options, 'MESSAGE');
    const info = await dialog.request({ method: 'INFO' });
    t.equal(info.status, 481, 'said by the second, which knows of no call here');
    expires = '0';
    await register(second);
    t.equal(await refused(), 503, 'it has gone');
  },
);

t.test('the greeting names every transport as it is; no such transport, no call', async (t) => {
  const server = await startServer(t, {
    sip: ['udp:127.0.0.1:0', 'wss:127.0.0.1:0', 'tls:127.0.0.1:0'],
    tls: testTls,
  });
  let greeting = '';
  const app = await connectApp(t, server, (a) => {
    a.options((req, res) => {
      greeting = req.server.hostport;
      res.send(200);
    });
  });
  const phone = await agent(t, 'phone');
  t.equal((await phone.request('OPTIONS', uriAt(server.sipAddresses, 'udp', 'x'))).status, 200);
  t.match(greeting, /^udp\/127\.0\.0\.1:\d+,wss\/127\.0\.0\.1:\d+,tls\/127\.0\.0\.1:\d+$/);
  const nobody = uriAt(server.sipAddresses, 'tls', 'x').replace(/:\d+;/, ':1;');
  const req = await app.request(nobody, { method: 'OPTIONS' });
  t.equal((await once<Message>(req, 'response')).status, 503, 'nobody listens there');
  await t.rejects(
    app.createUAC('sip:x@127.0.0.1:1;transport=ws', { localSdp: sdp }),
    /transport not available/,
  );
  await t.rejects(app.createUAC('sip:x@[::1]:1', { localSdp: sdp }), /transport not available/);
});

t.test('tls: without a certificate is refused at the start, with the words to mend it', async (t) => {
  await t.rejects(startServer(t, { sip: ['tls:127.0.0.1:0'] }), {
    code: 'SIP_TLS_CERTIFICATE_MISSING',
    message: /sip\.tls\.certificate/,
  });
  await t.rejects(startServer(t, { sip: ['tls:127.0.0.1:0'], tls: { ...testTls, key: '/nowhere.pem' } }), {
    code: 'SIP_TLS_FILE_UNUSABLE',
    message: /nowhere\.pem.*ENOENT/,
  });
});

t.test('a server that cannot prove its name is not called, unless that was asked for', async (t) => {
  const server = await startServer(t, { sip: ['tls:127.0.0.1:0'], tls: testTls });
  await connectApp(t, server, (a) => a.options((_req, res) => res.send(200)));
  const uri = uriAt(server.sipAddresses, 'tls', 'x');
  const careful = await agent(t, 'careful', { listen: ['tls:127.0.0.1:0'], tls: { connectOnly: true } });
  t.equal((await careful.request('OPTIONS', uri)).status, 503);
  const tls = { connectOnly: true, verifyPeer: false };
  const careless = await agent(t, 'careless', { listen: ['tls:127.0.0.1:0'], tls });
  t.equal((await careless.request('OPTIONS', uri)).status, 200);
  t.equal((await careless.request('OPTIONS', uri.replace('sip:', 'sips:'))).status, 200);
});
