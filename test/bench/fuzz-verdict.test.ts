import t from 'tap';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { Listener } from '../../src/embedded/sip/transport.js';
import { FuzzTally, wholeMessages } from './fuzz-tally.js';
import { faults, heapGrowthMb, type FuzzOutcome } from './fuzz-verdict.js';

/** A run in which the server did all it should. */
const stood: FuzzOutcome = {
  udp: { sent: 900, received: 900, malformed: 600, dropped: 0 },
  tcp: { sent: 40, received: 40, malformed: 25, dropped: 0 },
  crashes: 0,
  mishandled: 0,
  left: 0,
  callsAfter: 'ok',
  unansweredProbes: 0,
  heapGrownMb: 1.5,
};

t.test('a server that stood is not accused', (t) => {
  t.same(faults(stood), []);
  t.same(faults({ ...stood, udp: { sent: 900, received: 890, malformed: 600, dropped: 10 } }), []);
  t.same(faults({ ...stood, heapGrownMb: heapGrowthMb }), []);
  t.end();
});

t.test('each planted fault is one reason to fail, which names it', (t) => {
  const { udp, tcp } = stood;
  const planted: readonly (readonly [Partial<FuzzOutcome>, RegExp])[] = [
    [{ crashes: 1 }, /^1 errors that nobody caught/],
    [{ mishandled: 2 }, /^2 kinds of messages made the server throw/],
    [{ left: 1 }, /^1 transactions, dialogs or timers are left/],
    [{ callsAfter: 'udp: a cancelled call got 503' }, /udp: a cancelled call got 503/],
    [{ unansweredProbes: 1 }, /^1 OPTIONS .* not answered/],
    [{ heapGrownMb: heapGrowthMb + 1 }, /^the heap grew by/],
    [{ udp: { ...udp, received: 899 } }, /^udp: 900 sent, 899 received, 0 dropped: 1 missing/],
    [{ udp: { ...udp, received: 880, dropped: 19 } }, /^udp: .*: 1 missing/],
    [{ tcp: { ...tcp, received: 39 } }, /^tcp: 40 sent, 39 received, 0 dropped: 1 missing/],
    [{ tcp: { sent: 0, received: 0, malformed: 0, dropped: 0 } }, /^nothing was sent over tcp/],
    [{ udp: { ...udp, malformed: 0 } }, /^udp: 0 of 900 called malformed/],
    [{ udp: { ...udp, malformed: 900 } }, /^udp: 900 of 900 called malformed/],
  ];
  for (const [fault, reason] of planted) {
    const found = faults({ ...stood, ...fault });
    t.equal(found.length, 1, String(reason));
    t.match(found[0], reason);
  }
  const dead = { sent: 900, received: 0, malformed: 0, dropped: 0 };
  t.match(faults({ ...stood, udp: dead, crashes: 3 }).join(), /3 errors.*900 missing/);
  t.end();
});

t.test("what arrives is counted if it is the attacker's, by transport", (t) => {
  const tally = new FuzzTally();
  tally.attacker('udp', 1000);
  const from = (protocol: 'udp' | 'tcp' | 'tls', port: number): void => {
    const listener = {} as Listener;
    const source = { protocol, port, host: '127.0.0.1', listener, stream: undefined };
    tally.received({} as SipMessage, Buffer.alloc(0), source);
  };
  tally.left('udp');
  tally.left('udp');
  tally.left('tcp', 3);
  from('udp', 1000);
  from('udp', 2000);
  from('tcp', 1000);
  from('tls', 1000);
  tally.malformed('SIP_MALFORMED_HEADER', 'udp');
  tally.malformed('SIP_MALFORMED_HEADER', 'tls');
  t.same(tally.of('udp', 4), { sent: 2, received: 2, malformed: 1, dropped: 4 });
  t.same(tally.of('tcp'), { sent: 3, received: 0, malformed: 0, dropped: 0 });
  t.end();
});

t.test('a stream holds the messages before the first one without a length', (t) => {
  const whole = 'OPTIONS sip:a SIP/2.0\r\nl : 5\r\nX: y\r\n\r\nhello';
  const count = (text: string): number => wholeMessages(Buffer.from(text));
  t.equal(count(''), 0);
  t.equal(count(`${whole}\r\n\r\n${whole}`), 2);
  t.equal(count(`${whole}${whole.slice(0, -1)}`), 1, 'the last one is cut');
  t.equal(count(`${whole}OPTIONS sip:a SIP/2.0\r\nX: y\r\n\r\n${whole}`), 1);
  t.equal(count(`${whole}OPTIONS sip:a SIP/2.0\r\nl: -5\r\n\r\n${whole}`), 1);
  t.equal(
    count(`OPTIONS sip:a SIP/2.0\r\nl: 65536\r\n\r\n${'x'.repeat(65536)}`),
    0,
    'more than anybody takes',
  );
  t.end();
});
