import { createSocket, Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import t from 'tap';
import WebSocket from 'ws';
import { readMessage } from '../../../src/embedded/sip/parse-message.js';
import {
  connectApp,
  endlessBudget,
  sdp,
  serverEmpty,
  serverUri,
  startServer,
  until,
} from '../drachtio/harness.js';
import { testTls } from './certificate.js';
import { random } from './lossy-link.js';
import { fenceIn } from './loopback-fence.js';
import { accepted, agent, empty } from './phones.js';
import * as application from './torture/application.js';
import * as invalid from './torture/invalid.js';
import * as valid from './torture/valid.js';

const torture: readonly Buffer[] = [
  ...Object.values(valid).filter((value): value is Buffer => Buffer.isBuffer(value)),
  ...Object.values(invalid),
  ...Object.values(application),
];
/** Hosts to which datagrams have left, seen from outside the fence. */
const reached = new Set<unknown>();
const send = DatagramSocket.prototype.send as (this: DatagramSocket, ...args: unknown[]) => void;
DatagramSocket.prototype.send = function (this: DatagramSocket, ...args: unknown[]): void {
  reached.add(args.find((arg, index) => index > 0 && typeof arg === 'string'));
  send.apply(this, args);
} as typeof DatagramSocket.prototype.send;
// A mutated Contact or Route may name anyone.
const fence = fenceIn();

/** Pieces that hit a parser where it hurts. */
const spices = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  '"',
  '<',
  '>',
  ';;',
  ',,',
  ';tag=',
  '%00',
  ' SIP/2.0',
  '\r\nContact: *\r\n',
  '\r\nl: 99999999999\r\n',
  '\r\nRoute: <sip:127.0.0.1:1;lr>\r\n',
  '\r\nRecord-Route: <>,<;lr\r\n',
  '\r\nVia: SIP/2.0/UDP [::1]:70000\r\n',
  '\r\nRAck: 1 1 INVITE\r\n',
  '\r\nRequire: 100rel\r\n',
  '\ud800',
  '9'.repeat(400),
  ';x='.repeat(200),
];

/** A message of the corpus with a few wounds, the same for the same sequence. */
function mutate(corpus: readonly Buffer[], next: () => number): Buffer {
  const at = (length: number): number => Math.floor(next() * length);
  let text = (corpus[at(corpus.length)] as Buffer).toString('latin1');
  for (let wounds = 1 + at(4); wounds > 0; wounds--) {
    const place = at(text.length);
    const kind = at(5);
    if (kind === 0) text = text.slice(0, place) + text.slice(place + 1 + at(20));
    else if (kind === 1)
      text = text.slice(0, place) + (spices[at(spices.length)] as string) + text.slice(place);
    else if (kind === 2) text = text.slice(0, place) + String.fromCharCode(at(256)) + text.slice(place + 1);
    else if (kind === 3) {
      const lines = text.split('\r\n');
      const line = at(lines.length);
      lines.splice(line, 0, lines[at(lines.length)] as string);
      text = lines.join('\r\n');
    } else text = text.slice(0, place);
  }
  return Buffer.from(text, 'latin1');
}

t.test('no bytes make the parser throw; what it reads it writes and reads again', (t) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { message, problem } = readMessage(mutate(torture, random(seed)));
      if (message === undefined || problem !== undefined) return;
      const again = readMessage(message.clone().toBuffer());
      if (again.problem !== undefined) throw again.problem;
      if (again.message?.method !== message.method) throw new Error('another method');
    }),
    { numRuns: 2000, seed: 4475 },
  );
  t.pass('2000 mutated messages');
  t.end();
});

t.test('thousands of wounded messages beside live calls: no call disturbed, nothing left', async (t) => {
  const server = await startServer(t, { sourceBudget: endlessBudget });
  const phone = await agent(t, 'phone');
  const dialogs: unknown[] = [];
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      app.createUAS(req, res, { localSdp: sdp }).then(
        (dialog) => dialogs.push(dialog),
        () => undefined,
      );
    });
    app.options((_, res) => res.send(200));
    app.message((_, res) => res.send(202));
    app.register((_, res) => res.send(403));
  });
  const calls = Array.from({ length: 5 }, () => phone.invite(serverUri(server), { body: sdp }));
  const live = await Promise.all(
    calls.map(async (call) => {
      const dialog = await accepted(call);
      call.ack();
      return dialog;
    }),
  );
  // Real traffic of these calls, as a stranger might have seen it, and the RFC's torture.
  const real = calls.flatMap(({ request }) => [
    request.toBuffer(),
    Buffer.from(request.toString().replaceAll('INVITE', 'UPDATE')),
    Buffer.from(request.toString().replaceAll('INVITE', 'CANCEL')),
    Buffer.from(request.toString().replaceAll('INVITE', 'SUBSCRIBE')),
  ]);
  const next = random(3261);
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  const udp = server.sipAddresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
  const tcp = server.sipAddresses.find(({ protocol }) => protocol === 'tcp')?.port ?? 0;
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 75; i++) socket.send(mutate([...torture, ...real], next), udp, '127.0.0.1');
    const stream = connect(tcp, '127.0.0.1');
    stream.on('error', () => undefined);
    for (let i = 0; i < 3; i++) stream.write(mutate([...torture, ...real], next));
    await new Promise((resolve) => setTimeout(resolve, 2));
    stream.end();
    // Between the blows the server answers as ever.
    if (round % 10 === 0) t.equal((await phone.request('OPTIONS', serverUri(server))).status, 200);
  }
  for (const dialog of live) t.equal(dialog.isEnded, false);
  t.equal((await live[0]?.request('OPTIONS'))?.status, 200);
  for (const dialog of live) await dialog.bye();
  // Whatever a wounded INVITE made the application answer is given up when its ACK does not come.
  t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
  t.ok(await empty(phone));
  t.equal(server.counts().apps, 1);
  t.ok(dialogs.length >= 5);
  t.same([...reached], ['127.0.0.1'], 'nothing has left the machine');
});

/** A connection that is open, of which nobody minds the end. */
const opened = {
  tls: async (port: number) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    socket.on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    return { say: (bytes: Buffer) => void socket.write(bytes), end: () => void socket.destroy() };
  },
  ws: (port: number) => browser(`ws://127.0.0.1:${port}`),
  wss: (port: number) => browser(`wss://127.0.0.1:${port}`),
};

async function browser(url: string) {
  const socket = new WebSocket(url, 'sip', { rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const say = (bytes: Buffer): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    const half = bytes.length >> 1;
    socket.send(bytes.subarray(0, half), { fin: false });
    socket.send(bytes.subarray(half));
  };
  return { say, end: () => void socket.terminate() };
}

t.test('wounded messages over TLS and WebSocket: the server answers as ever, nothing left', async (t) => {
  const sip = ['udp', 'tls', 'ws', 'wss'].map((protocol) => `${protocol}:127.0.0.1:0`);
  const server = await startServer(t, { sip, tls: testTls, sourceBudget: endlessBudget });
  await connectApp(t, server, (app) => {
    app.invite((req, res) => {
      app.createUAS(req, res, { localSdp: sdp }).catch(() => undefined);
    });
    app.options((_, res) => res.send(200));
  });
  const phone = await agent(t, 'phone');
  const next = random(7118);
  for (const protocol of ['tls', 'ws', 'wss'] as const) {
    const port = server.sipAddresses.find((address) => address.protocol === protocol)?.port ?? 0;
    for (let round = 0; round < 10; round++) {
      const attacker = await opened[protocol](port);
      for (let i = 0; i < 40; i++) attacker.say(mutate(torture, next));
      // An answer shows that the server has read on meanwhile.
      t.equal((await phone.request('OPTIONS', serverUri(server))).status, 200);
      attacker.end();
    }
  }
  t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
  await until(() => server.counts().sockets === sip.length);
  t.equal(server.counts().sockets, sip.length);
  t.same([...reached], ['127.0.0.1'], 'nothing has left the machine');
});

t.test(
  'what names 192.0.2.1 in Via and Contact is answered where it came from; in its route, nothing leaves',
  async (t) => {
    const server = await startServer(t);
    await connectApp(t, server, (app) => {
      app.invite((req, res) => {
        app.createUAS(req, res, { localSdp: sdp }).then(
          (dialog) => dialog.destroy().catch(() => undefined),
          () => undefined,
        );
      });
    });
    const socket = createSocket('udp4');
    t.teardown(() => socket.close());
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const heard = { text: '' };
    socket.on('message', (bytes) => (heard.text += bytes.toString()));
    const hears = async (what: RegExp): Promise<void> => {
      for (let i = 0; i < 300 && !what.test(heard.text); i++) await new Promise((r) => setTimeout(r, 10));
      t.match(heard.text, what);
    };
    const port = server.sipAddresses.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
    const invite = (name: string, more: string): void => {
      const lines = [
        `INVITE sip:service@127.0.0.1:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK${name}`,
        `From: <sip:a@192.0.2.1>;tag=${name}`,
        'To: <sip:b@127.0.0.1>',
        `Call-ID: ${name}`,
        'CSeq: 1 INVITE',
        'Contact: <sip:a@192.0.2.1:5070>',
        `${more}Content-Length: 0`,
      ];
      socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, '127.0.0.1');
    };
    invite('direct', '');
    await hears(/^SIP\/2\.0 200 OK\r\nVia: [^\r]*direct/m);
    await hears(/^BYE sip:a@192\.0\.2\.1:5070 [^]*Call-ID: direct/m);
    t.notOk(fence.refused.has('192.0.2.1'), 'nobody wanted to send there');
    invite('routed', 'Record-Route: <sip:192.0.2.1;lr>\r\n');
    await hears(/^SIP\/2\.0 200 OK\r\nVia: [^\r]*routed/m);
    for (let i = 0; i < 300 && !fence.refused.has('192.0.2.1'); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    t.ok(fence.refused.has('192.0.2.1'), 'its BYE goes by the route that it named');
    invite('named', 'Record-Route: <sip:xiangyin.example;lr>\r\n');
    await hears(/^SIP\/2\.0 200 OK\r\nVia: [^\r]*named/m);
    t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
    t.ok(fence.refused.has('xiangyin.example'), 'no name is looked up');
    t.same([...reached], ['127.0.0.1']);
  },
);
