import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import Srf from 'drachtio-srf';
import t from 'tap';
import { testTls } from '../sip/certificate.js';
import { accepted, agent, empty, next } from '../sip/phones.js';
import { connectApp, sdp, secret, serverEmpty, serverUri, startServer, until, type App } from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

const adminTls = { host: '127.0.0.1', port: 0 };

function answering(app: App): void {
  app.invite((req, res) => void app.createUAS(req, res, { localSdp: sdp }).catch(() => undefined));
}

t.test('an application connects by TLS, beside those in the clear', async (t) => {
  const server = await startServer(t, { adminTls, tls: testTls });
  const ca = await readFile(testTls.ca);
  await connectApp(t, server, answering, { ...server.adminTlsAddress, tls: { ca } });
  const phone = await agent(t, 'phone');
  const call = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  await dialog.bye();
  await connectApp(t, server, (app) => app.options((_, res) => res.send(200)));
  t.equal((await phone.request('OPTIONS', serverUri(server))).status, 200);
  t.equal(server.counts().apps, 2);
  t.ok(await serverEmpty(server));
  t.ok(await empty(phone));
});

t.test(
  'who does not say the secret by TLS, or does not speak TLS, is no application; close waits for nobody',
  async (t) => {
    const server = await startServer(t, { adminTls, tls: testTls });
    const ca = await readFile(testTls.ca);
    const wrong = { ...server.adminTlsAddress, tls: { ca }, secret: 'wrong', reconnect: { maxAttempts: 1 } };
    await t.rejects(connectApp(t, server, undefined, wrong));
    const { port = 0 } = server.adminTlsAddress ?? {};
    const silent = connect({ host: '127.0.0.1', port });
    t.teardown(() => silent.destroy());
    const gone = new Promise<void>((resolve) => silent.on('close', () => resolve()));
    silent.on('error', () => undefined);
    await new Promise<void>((resolve) => silent.once('connect', resolve));
    const clear = connect({ host: '127.0.0.1', port });
    clear.on('error', () => undefined);
    const refused = new Promise<void>((resolve) => clear.on('close', () => resolve()));
    clear.write(`20#m1|authenticate|${secret}|`);
    await refused;
    await until(() => server.counts().apps === 0);
    t.equal(server.counts().apps, 0);
    await server.close();
    await gone;
  },
);

t.test('without a certificate there is no port for TLS, and the words to mend it', async (t) => {
  await t.rejects(startServer(t, { adminTls }), { code: 'SIP_TLS_CERTIFICATE_MISSING' });
});

t.test('an application that we connect to by TLS, by an instruction and by tls://', async (t) => {
  const [key, cert] = await Promise.all([readFile(testTls.key), readFile(testTls.certificate)]);
  const listening = new (Srf as unknown as new () => App & { listen(options: object): Server })();
  listening.on('error', () => undefined);
  answering(listening);
  const tcp = listening.listen({ host: '127.0.0.1', port: 0, tls: { key, cert }, secret });
  await new Promise<void>((resolve) => tcp.once('listening', resolve));
  t.teardown(() => tcp.close());
  const { port } = tcp.address() as AddressInfo;
  const url = `tls://127.0.0.1:${port}`;
  const handlers = { requestHandlers: [{ sipMethod: 'INVITE', url }] };
  const server = await startServer(t, { ...handlers, tls: testTls });
  const phone = await agent(t, 'phone');
  const call = phone.invite(serverUri(server), { body: sdp });
  const dialog = await accepted(call);
  call.ack();
  await dialog.bye();
  t.ok(await serverEmpty(server));
  const distrustful = await startServer(t, handlers);
  const [status] = await next(phone.invite(serverUri(distrustful), { body: sdp }), 'failed');
  t.equal(status, 480, 'its certificate is of nobody whom we trust');
});
