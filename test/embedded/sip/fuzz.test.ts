import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { readMessage } from '../../../src/embedded/sip/parse-message.js';
import { connectApp, sdp, serverEmpty, serverUri, startServer } from '../drachtio/harness.js';
import { random } from './lossy-link.js';
import { accepted, agent, empty } from './phones.js';
import * as application from './torture/application.js';
import * as invalid from './torture/invalid.js';
import * as valid from './torture/valid.js';

const torture: readonly Buffer[] = [
  ...Object.values(valid).filter((value): value is Buffer => Buffer.isBuffer(value)),
  ...Object.values(invalid),
  ...Object.values(application),
];
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
  const server = await startServer(t);
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
});
