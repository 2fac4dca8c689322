import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { agent, next, sdp } from './phones.js';

/** A peer that says exactly what it is told, over UDP. */
async function rawPeer(t: Test, port: number) {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const heard: string[] = [];
  socket.on('message', (bytes) => heard.push(bytes.toString()));
  const own = socket.address().port;
  const send = (text: string): void => socket.send(text, port, '127.0.0.1');
  /** A request with all it needs; `more` replaces or adds header lines. */
  const request = (method: string, branch: string, more: readonly string[] = [], body = ''): string => {
    const names = more.map((line) => line.slice(0, line.indexOf(':') + 1));
    const lines = [
      `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=${branch}`,
      `From: <sip:raw@127.0.0.1>;tag=f`,
      `To: <sip:b@127.0.0.1>`,
      `Call-ID: raw`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:raw@127.0.0.1:${own}>`,
    ].filter((line) => !names.some((name) => line.startsWith(name)));
    const head = [`${method} sip:b@127.0.0.1:${port} SIP/2.0`, ...lines, ...more].join('\r\n');
    return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
  const quiet = (ms = 40): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  /** Waits until a message that begins so has come, `times` times, at most 5 s. */
  const until = async (start: string, times = 1): Promise<void> => {
    for (let i = 0; i < 500; i++) {
      if (heard.filter((text) => text.startsWith(start)).length >= times) return;
      await quiet(10);
    }
    throw new Error(`${start} did not come`);
  };
  const statuses = (): string[] => heard.map((text) => text.split(' ').slice(0, 2).join(' '));
  return { send, request, heard, statuses, quiet, until };
}

const sipPort = (ua: { addresses: readonly { protocol: string; port: number }[] }, protocol: string) =>
  ua.addresses.find((address) => address.protocol === protocol)?.port ?? 0;

t.test('malformed packets: answered if they can be, logged once per source, nothing disturbed', async (t) => {
  const warnings: object[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  const bob = await agent(t, 'bob', { logger });
  const peer = await rawPeer(t, sipPort(bob, 'udp'));
  peer.send('this is no SIP at all, not even nearly\r\n\r\n');
  peer.send(peer.request('INVITE', 'z9hG4bK1', ['CSeq: 1 BYE']));
  peer.send(peer.request('ACK', 'z9hG4bK2', ['CSeq: 1 BYE']));
  peer.send(peer.request('OPTIONS', 'z9hG4bK3').replace('Content-Length: 0', 'Content-Length: 99'));
  peer.send(peer.request('OPTIONS', 'z9hG4bK4').replace(/Call-ID: raw\r\n/, ''));
  peer.send('\r\n\r\n');
  peer.send(peer.request('OPTIONS', 'z9hG4bK6', ['Via: SIP/2.0/UDP 127.0.0.1:0;branch=z9hG4bK6']));
  peer.send(peer.request('OPTIONS', 'z9hG4bK5'));
  await peer.until('SIP/2.0 200');
  t.same(peer.statuses(), ['SIP/2.0 400', 'SIP/2.0 400', 'SIP/2.0 400', 'SIP/2.0 200']);
  t.equal(warnings.length, 1);
  t.notMatch(JSON.stringify(warnings), /raw/, 'nothing of the packet is logged');
  t.equal(bob.counts().transactions, 0);
});

t.test('malformed packets of a new address each time fill no log', async (t) => {
  let warnings = 0;
  const logger = { ...silentLogger, warn: () => void warnings++ };
  const clock = new ManualClock();
  const bob = await agent(t, 'bob', { logger, clock });
  const port = sipPort(bob, 'udp');
  const peer = await rawPeer(t, port);
  const insult = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      const stranger = createSocket('udp4');
      await new Promise<void>((resolve) => stranger.bind(0, `127.0.1.${i}`, resolve));
      await new Promise((resolve) => stranger.send('no SIP', port, '127.0.0.1', resolve));
      stranger.close();
    }
  };
  await insult(1, 200);
  peer.send(peer.request('OPTIONS', 'z9hG4bK1'));
  await peer.until('SIP/2.0 200');
  t.equal(warnings, 100);
  clock.advance(1000);
  await insult(200, 205);
  peer.send(peer.request('OPTIONS', 'z9hG4bK2'));
  await peer.until('SIP/2.0 200', 2);
  t.equal(warnings, 101, 'then one a second');
});

t.test(
  'a repeated INVITE is one call; its 200 is repeated until the ACK, whatever Contact it names',
  async (t) => {
    const bob = await agent(t, 'bob');
    let calls = 0;
    bob.on('invite', () => calls++);
    const invited = next(bob, 'invite');
    const peer = await rawPeer(t, sipPort(bob, 'udp'));
    const invite = peer.request('INVITE', 'z9hG4bKi', ['Contact: <sip:raw@10.255.255.1>'], sdp);
    peer.send(invite);
    const [incoming] = await invited;
    peer.send(invite);
    await peer.until('SIP/2.0 100', 2);
    t.same(peer.statuses(), ['SIP/2.0 100', 'SIP/2.0 100']);
    const dialog = incoming.accept({ body: sdp });
    await peer.until('SIP/2.0 200', 3);
    const answers = peer.heard.filter((text) => text.startsWith('SIP/2.0 200'));
    t.equal(new Set(answers).size, 1, 'always the same');
    const to = /^To: .*$/m.exec(answers[0] ?? '')?.[0] ?? '';
    peer.send(peer.request('ACK', 'z9hG4bKa', [to]));
    await next(dialog, 'ack');
    peer.heard.length = 0;
    await peer.quiet(120);
    t.same(peer.heard, []);
    t.equal(calls, 1);
    void dialog.bye();
    await peer.until('BYE');
    t.match(peer.heard[0], /^BYE sip:raw@10\.255\.255\.1 SIP/, 'sent to where the packets came from');
  },
);

t.test('rport: the answer goes to the port the packet left, and says so', async (t) => {
  const bob = await agent(t, 'bob');
  const peer = await rawPeer(t, sipPort(bob, 'udp'));
  peer.send(peer.request('OPTIONS', 'x', ['Via: SIP/2.0/UDP phone.invalid:1;rport;branch=z9hG4bKr']));
  await peer.until('SIP/2.0 200');
  t.match(
    peer.heard[0],
    /^Via: SIP\/2\.0\/UDP phone\.invalid:1;rport=\d+;branch=z9hG4bKr;received=127\.0\.0\.1\r$/m,
  );
});

t.test('TCP: pings are answered, messages may come in pieces, rubbish ends the connection', async (t) => {
  const bob = await agent(t, 'bob');
  const socket = connect(sipPort(bob, 'tcp'), '127.0.0.1');
  t.teardown(() => socket.destroy());
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk.toString()));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
  const until = async (text: string): Promise<void> => {
    for (let i = 0; i < 200 && !heard.includes(text); i++) await quiet();
  };
  socket.write('\r\n\r\n');
  await until('\r\n');
  t.equal(heard, '\r\n');
  const options =
    'OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bKt\r\nFrom: <sip:a@h>;tag=1\r\n' +
    'To: <sip:b@h>\r\nCall-ID: t\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';
  socket.write(options.slice(0, 70));
  await quiet();
  socket.write(options.slice(70));
  await until('SIP/2.0 200 OK');
  t.match(heard, /SIP\/2\.0 200 OK/);
  t.equal(bob.counts().sockets, 3);
  socket.write('GET / HTTP/1.0\r\n\r\n');
  await closed;
  for (let i = 0; i < 100 && bob.counts().sockets > 2; i++) await quiet();
  t.equal(bob.counts().sockets, 2);
});

t.test('a second fork that says 200 again and again: an ACK for each, and one BYE', async (t) => {
  const alice = await agent(t, 'alice', { listen: ['udp:127.0.0.1:0'] });
  const peer = await rawPeer(t, sipPort(alice, 'udp'));
  const contact = /:(\d+)>/.exec(peer.request('OPTIONS', 'z9hG4bKx'))?.[1] ?? '';
  const call = alice.invite(`sip:fork@127.0.0.1:${contact}`, { body: sdp });
  await peer.until('INVITE');
  const answer = (message: string, tag: string): string => {
    const copied = message.split('\r\n').filter((line) => /^(Via|From|Call-ID|CSeq):/.test(line));
    const to = /^To: ([^;\r]*)/m.exec(message)?.[1];
    const own = [`To: ${to};tag=${tag}`, `Contact: <sip:${tag}@127.0.0.1:${contact}>`, 'Content-Length: 0'];
    return ['SIP/2.0 200 OK', ...copied, ...own, '', ''].join('\r\n');
  };
  const invite = peer.heard[0] ?? '';
  const accepted = next(call, 'accepted');
  peer.send(answer(invite, 'one'));
  const [, dialog] = await accepted;
  call.ack();
  for (let i = 0; i < 50; i++) peer.send(answer(invite, 'two'));
  await peer.until('ACK', 51);
  const byes = peer.heard.filter((text) => text.startsWith('BYE') && text.includes(';tag=two'));
  t.equal(new Set(byes.map((text) => /branch=(\S+)/.exec(text)?.[1])).size, 1);
  t.equal(new Set(peer.heard.filter((text) => text.startsWith('ACK'))).size, 2, 'one ACK for each fork');
  peer.send(answer(byes[0] ?? '', 'two'));
  t.equal(dialog.isEnded, false);
  // Whoever answers so often is no fork: nobody makes us send requests without end.
  for (let i = 0; i < 50; i++) peer.send(answer(invite, `more${i}`));
  await peer.until('BYE sip:more14@');
  await peer.quiet();
  t.notOk(peer.heard.some((text) => text.includes('tag=more15')));
});
