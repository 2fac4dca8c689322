import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import Srf from 'drachtio-srf';
import t, { type Test } from 'tap';
import { readInstruction } from '../../../src/embedded/drachtio/request-handlers.js';
import { accepted, agent, empty, next, uriOf } from '../sip/phones.js';
import { connectApp, sdp, secret, serverEmpty, serverUri, startServer, type App } from './harness.js';

/** A request handler that answers what `answer` holds; what it was asked. */
async function handler(t: Test, answer: { body: string }) {
  const asked: { url: URL; method: string; body: string }[] = [];
  const server = createServer((req: IncomingMessage, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      asked.push({ url: new URL(req.url ?? '', 'http://x'), method: req.method ?? '', body });
      res.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/route` };
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const say = (action: string, data: object): string => JSON.stringify({ action, data });

t.test(
  'a handler is asked with the facts of the request, and refuses, redirects or forwards it',
  async (t) => {
    const answer = { body: say('reject', { status: 403, reason: 'Not Here' }) };
    const { asked, url } = await handler(t, answer);
    const server = await startServer(t, { requestHandlers: [{ sipMethod: 'INVITE', url }] });
    await connectApp(t, server, (app) => {
      app.invite(() => t.fail('an application that nobody named got the call'));
      app.options((_, res) => res.send(200));
    });
    const alice = await agent(t, 'alice');
    const call = () => alice.invite(`${serverUri(server)};x=1`, { body: sdp });
    const [, refused] = await next(call(), 'failed');
    t.match(refused?.toString(), /^SIP\/2\.0 403 Not Here/);
    const { searchParams } = asked[0]?.url ?? new URL('http://x');
    t.equal(asked[0]?.method, 'GET');
    t.match(Object.fromEntries(searchParams), {
      method: 'INVITE',
      domain: '127.0.0.1',
      protocol: 'udp',
      source_address: '127.0.0.1',
      uriUser: 'service',
      contentType: 'application/sdp',
      x: '1',
    });
    answer.body = say('redirect', { contact: ['sip:a@127.0.0.1:9', 'sip:b@127.0.0.1:9'] });
    const [status, moved] = await next(call(), 'failed');
    t.equal(status, 302);
    t.same(moved?.getAll('contact').length, 2);
    const bob = await agent(t, 'bob');
    bob.on('invite', (incoming) => void incoming.accept({ body: sdp }));
    answer.body = say('proxy', { destination: uriOf(bob), recordRoute: true });
    const forwarded = call();
    const dialog = await accepted(forwarded);
    forwarded.ack();
    await dialog.bye();
    t.equal(
      (await alice.request('OPTIONS', serverUri(server))).status,
      200,
      'without handler: the application',
    );
    t.ok(await serverEmpty(server));
    t.ok(await empty(alice, bob));
  },
);

t.test('a handler that fails, or says nonsense, refuses with 500', async (t) => {
  const answer = { body: 'no JSON' };
  const { url, asked } = await handler(t, answer);
  const handled = { sipMethod: '*', httpMethod: 'POST', url } as const;
  const server = await startServer(t, { requestHandlers: [handled] });
  const alice = await agent(t, 'alice');
  t.equal((await alice.request('OPTIONS', serverUri(server))).status, 500);
  t.equal(asked[0]?.method, 'POST');
  t.match(asked[0]?.body, /^OPTIONS sip:service@/);
  answer.body = ' '.repeat(100_000);
  t.equal((await alice.request('OPTIONS', serverUri(server))).status, 500);
  const nobody = `http://127.0.0.1:${await freePort()}/`;
  const lost = await startServer(t, { requestHandlers: [{ sipMethod: 'OPTIONS', url: nobody }] });
  t.equal((await alice.request('OPTIONS', serverUri(lost))).status, 500);
  t.same(readInstruction({ action: 'route', data: { uri: '10.0.0.1:9021;transport=tls' } }), {
    action: 'connect',
    host: '10.0.0.1',
    port: 9021,
    isSecure: true,
  });
  for (const bad of [
    null,
    7,
    { action: 'reject' },
    { action: 'reject', data: { status: 200 } },
    { data: {} },
  ]) {
    t.same(readInstruction(bad), { action: 'reject', status: 500, reason: undefined });
  }
});

t.test('route: to a connected application by its tag, or to one that we connect to', async (t) => {
  const answer = { body: say('route', { tag: 'green' }) };
  const { url } = await handler(t, answer);
  const server = await startServer(t, { requestHandlers: [{ sipMethod: 'INVITE', url }] });
  const refuse =
    (status: number) =>
    (app: App): void =>
      app.invite((_, res) => res.send(status));
  await connectApp(t, server, refuse(486), { tags: ['blue'] });
  await connectApp(t, server, refuse(480), { tags: ['green'] });
  const listening = new (Srf as unknown as new () => App & { listen(options: object): void })();
  refuse(488)(listening);
  listening.on('error', () => undefined);
  const tcp = createTcpServer();
  listening.listen({ server: tcp, secret });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  t.teardown(() => tcp.close());
  const { port } = tcp.address() as AddressInfo;
  const alice = await agent(t, 'alice');
  const call = async () => (await next(alice.invite(serverUri(server), { body: sdp }), 'failed'))[0];
  t.equal(await call(), 480, 'the green one');
  t.equal(await call(), 480, 'the green one again');
  answer.body = say('route', { tag: 'red' });
  t.match(await call(), 480, 'nobody is red: the server refuses');
  answer.body = say('route', { uri: `127.0.0.1:${port}` });
  t.equal(await call(), 488, 'the one that listens');
  answer.body = say('route', { uri: `127.0.0.1:${await freePort()}` });
  t.equal(await call(), 480, 'nobody listens there');
});
