import t from 'tap';
import type { Test } from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import type { UserAgent } from '../../src/embedded/sip/user-agent.js';
import type { IncomingRequest } from '../../src/embedded/sip/request-options.js';
import { grantedSeconds } from '../../src/sip/trunk-registration.js';
import { sdp } from '../embedded/sip/phones.js';
import { challengeFor, isAuthorised, testbed } from './carriers.js';

type Answer = readonly [status: number, headers?: Readonly<Record<string, string>>];

/** A carrier that wants credentials and then answers as `answers` says; the last one counts from then on. */
function registrar(carrier: UserAgent, ...answers: Answer[]) {
  const seen: SipMessage[] = [];
  carrier.on('request', ({ request, respond }) => {
    if (!isAuthorised(request, '4420', 'secret', 'n1')) {
      respond(401, undefined, {
        headers: { 'WWW-Authenticate': challengeFor('carrier', 'n1', ', qop="auth"') },
      });
      return;
    }
    seen.push(request);
    const [status, headers = {}] = (answers.length > 1 ? answers.shift() : answers[0]) ?? [200];
    respond(status, undefined, { headers });
  });
  return seen;
}

const granted = (seconds: number): Answer => [
  200,
  { Contact: `<sip:other@192.0.2.9>;expires=7200, <sip:4420@192.0.2.1>;expires=${seconds}` },
];

const file = (more = '', password = 'secret', registration = '{}') => `trunks:
  - name: a
    host: 127.0.0.1:PORT0
    credentials: { username: 4420, password: ${password} }
    registration: ${registration}
${more}`;

async function started(t: Test, yaml: string, answers: Answer[]) {
  const clock = new ManualClock();
  const bed = await testbed(t, { trunks: yaml, clock, random: () => 0 });
  const seen = registrar(bed.carriers[0] as UserAgent, ...answers);
  bed.connect();
  const state = () => bed.trunks.status()[0]?.registration;
  const becomes = (wanted: string) => until(() => state() === wanted);
  return { ...bed, clock, seen, state, becomes };
}

/** Resolves with whether it became so within five seconds. */
async function until(isSo: () => boolean): Promise<boolean> {
  for (let i = 0; i < 500 && !isSo(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  return isSo();
}

const number = (request: SipMessage | undefined) => Number.parseInt(request?.get('cseq') ?? '', 10);

t.test(
  'a trunk is registered with its credentials, refreshed in time, and taken back at the end',
  async (t) => {
    const { trunks, clock, seen, becomes, state, gone } = await started(t, file(), [granted(100)]);
    t.ok(await becomes('registered'));
    t.equal(seen.length, 1);
    t.equal(seen[0]?.get('expires'), '600', 'what is asked for');
    t.match(
      seen[0]?.get('contact'),
      /^<sip:4420@127\.0\.0\.1:\d+>$/,
      'the daemon puts its address for localhost',
    );
    t.match(seen[0]?.get('to'), '<sip:4420@127.0.0.1>');
    clock.advance(79_999);
    t.equal(state(), 'registered', 'four fifths of what was granted are not over');
    clock.advance(1);
    t.equal(state(), 'refreshing');
    t.ok(await becomes('registered'));
    t.equal(seen[1]?.get('call-id'), seen[0]?.get('call-id'), 'RFC 3261 §10.2: one Call-ID');
    t.ok(number(seen[1]) > number(seen[0]), 'and a rising CSeq');
    await trunks.close();
    t.equal(seen.length, 3);
    t.equal(seen[2]?.get('expires'), '0');
    t.ok(number(seen[2]) > number(seen[1]));
    t.equal(clock.pendingTimers, 0);
    await trunks.close();
    t.equal(seen.length, 3, 'once only');
    t.ok(await gone());
  },
);

t.test('after failures the pause doubles up to its limit, and Retry-After is kept', async (t) => {
  const yaml = file('', 'secret', '{ retryMs: 1000, retryMaxMs: 3000 }');
  const answers: Answer[] = [[500], [500], [500], [503, { 'Retry-After': '2' }], granted(3600)];
  const { clock, seen, becomes, state } = await started(t, yaml, answers);
  // With random() = 0 half of each pause: 1, 2, 3 (4 at its limit) seconds; then what the carrier says.
  for (const [index, pauseMs] of [500, 1000, 1500, 2000].entries()) {
    t.ok(await becomes('failed'));
    t.equal(seen.length, index + 1);
    clock.advance(pauseMs - 1);
    t.equal(state(), 'failed');
    clock.advance(1);
    t.equal(state(), 'registering');
  }
  t.ok(await becomes('registered'));
});

t.test('a wrong password fails at once and is tried again, with the right one it works', async (t) => {
  const { trunks, write, seen, becomes } = await started(t, file('', 'wrong'), [granted(3600)]);
  t.ok(await becomes('failed'));
  t.equal(seen.length, 0);
  await write(file());
  await trunks.load();
  t.ok(await becomes('registered'), 'the changed entry is registered at once');
  await trunks.load();
  t.equal(seen.length, 1, 'an unchanged one is left alone');
});

t.test('a carrier that wants longer registrations gets them (423)', async (t) => {
  const { clock, seen, becomes } = await started(t, file(), [[423, { 'Min-Expires': '1800' }], [200]]);
  t.ok(await becomes('failed'));
  clock.advance(0);
  t.ok(await becomes('registered'));
  t.equal(seen[1]?.get('expires'), '1800');
});

t.test('a refresh that fails leaves the trunk registered until it runs out', async (t) => {
  const yaml = file('', 'secret', '{ retryMs: 100000, retryMaxMs: 100000 }');
  const { clock, becomes, seen, state } = await started(t, yaml, [granted(100), [500], granted(100)]);
  t.ok(await becomes('registered'));
  clock.advance(80_000);
  t.ok(await until(() => seen.length === 2 && state() === 'registered'));
  clock.advance(19_999);
  t.equal(state(), 'registered');
  clock.advance(1);
  t.equal(state(), 'failed');
  clock.advance(30_000);
  t.ok(await becomes('registered'));
});

t.test(
  'a new connection to drachtio refreshes; a trunk that is taken out is not registered any more',
  async (t) => {
    const { clock, connect, becomes, seen, trunks, write } = await started(t, file(), [granted(100)]);
    t.ok(await becomes('registered'));
    connect();
    t.ok(await until(() => seen.length === 2));
    t.ok(await becomes('registered'));
    await write('');
    await trunks.load();
    t.ok(await until(() => seen.length === 3));
    t.equal(seen[2]?.get('expires'), '0');
    t.equal(clock.pendingTimers, 0);
  },
);

t.test('a server that ends while it registers takes back what may be granted yet', async (t) => {
  const bed = await testbed(t, { trunks: file(), clock: new ManualClock() });
  const seen: IncomingRequest[] = [];
  bed.carriers[0]?.on('request', (incoming) => {
    seen.push(incoming);
    if (incoming.request.get('expires') === '0') incoming.respond(200);
  });
  bed.connect();
  t.ok(await until(() => seen.length === 1), 'the carrier has not answered yet');
  t.equal(bed.trunks.status()[0]?.registration, 'registering');
  await bed.trunks.close();
  t.equal(seen[1]?.request.get('expires'), '0');
  t.ok(number(seen[1]?.request) > number(seen[0]?.request) + 1, 'with room for an answer to a challenge');
  seen[0]?.respond(200);
});

t.test('what was granted: our Contact, else any, else Expires', async (t) => {
  const answer = (headers: Record<string, string>) => ({
    status: 200,
    cseq: 1,
    header: (name: string) => headers[name],
  });
  const other = '"Doe, J" <sip:x@192.0.2.1>;expires=5';
  t.equal(grantedSeconds(answer({ Contact: `${other}, <sip:a@192.0.2.1>;q=1;expires="60"` }), 'a'), 60);
  t.equal(grantedSeconds(answer({ Contact: other, Expires: '7' }), 'a'), 5);
  t.equal(grantedSeconds(answer({ Contact: '<sip:a@192.0.2.1>', Expires: '7' }), 'a'), 7);
  t.equal(grantedSeconds(answer({}), 'a'), undefined);
});

t.test('a trunk that does not answer OPTIONS twice is passed over until it answers', async (t) => {
  const clock = new ManualClock();
  const trunks = 'trunks: [{ name: a, host: "127.0.0.1:PORT0", pingMs: 30000 }]';
  const bed = await testbed(t, { trunks, clock });
  // Nobody there, nobody there, there again (any answer), not now, not now.
  const statuses = [503, 408, 404, 503, 503];
  let asked = 0;
  bed.carriers[0]?.on('request', ({ request, respond }) => {
    t.equal(request.method, 'OPTIONS');
    respond(statuses[asked++] ?? 200);
  });
  const health = () => bed.trunks.status()[0]?.healthy;
  bed.connect();
  for (const healthy of [null, false, true, true, false, true]) {
    t.ok(await until(() => clock.pendingTimers === 1), 'the answer came and the next question is waiting');
    t.equal(health(), healthy);
    clock.advance(30_000);
  }
  t.ok(await until(() => clock.pendingTimers === 1));
  t.equal(asked, 7);
  await bed.trunks.close();
  t.equal(clock.pendingTimers, 0);
});

t.test('every host of a trunk is registered at and asked for itself', async (t) => {
  const clock = new ManualClock();
  const trunks = `trunks:
  - name: a
    host: ['127.0.0.1:PORT0', '127.0.0.1:PORT1']
    credentials: { username: 4420, password: secret }
    registration: { retryMs: 100000 }
    pingMs: 30000
`;
  const bed = await testbed(t, { trunks, clock, carriers: 2, random: () => 0 });
  const seen: string[] = [];
  for (const [index, carrier] of bed.carriers.entries()) {
    carrier.on('request', ({ request, respond }) => {
      seen.push(`${request.method} ${String(index)} ${request.get('expires') ?? ''}`.trim());
      // The second one takes no registrations, and is not there for OPTIONS.
      respond(index === 0 ? 200 : 503);
    });
  }
  bed.connect();
  const trunk = () => bed.trunks.status()[0];
  for (let i = 0; i < 2; i++) {
    t.ok(await until(() => clock.pendingTimers === 4), 'each host waits for its next REGISTER and OPTIONS');
    if (i === 0) clock.advance(30_000);
  }
  t.match(trunk(), {
    registration: 'registered',
    healthy: true,
    coolDownMs: 0,
    hosts: [
      { uri: /:\d+$/, registration: 'registered', registrationStatus: null, healthy: true },
      { uri: /:\d+$/, registration: 'failed', registrationStatus: 503, healthy: false },
    ],
  });
  t.not(trunk()?.hosts[0]?.uri, trunk()?.hosts[1]?.uri);
  await bed.trunks.close();
  t.strictSame(
    seen.filter((line) => line.startsWith('REGISTER')).sort(),
    ['REGISTER 0 0', 'REGISTER 0 600', 'REGISTER 1 600'],
    'taken back where it was granted',
  );
  t.equal(clock.pendingTimers, 0);
});

t.test('what our SIP server could not send is no answer of the carrier', async (t) => {
  const clock = new ManualClock();
  const trunks = `trunks:
  - { name: a, host: '127.0.0.1:1', transport: tcp, registration: { user: a }, pingMs: 30000 }
routes: [{ called: '*', via: [a] }]
`;
  const bed = await testbed(t, { trunks, clock, carriers: 0 });
  bed.connect();
  t.ok(await until(() => clock.pendingTimers === 2), 'the next REGISTER and OPTIONS are waiting');
  t.match(bed.trunks.status(), [{ hosts: [{ registration: 'failed', registrationStatus: null }] }]);
  t.match(await bed.dialer.place({ to: '123' }).dial(sdp), {
    outcome: 'failed',
    sipStatus: null,
    q850Cause: 41,
    detail: /our SIP server could not send it there/,
  });
  await bed.trunks.close();
});
