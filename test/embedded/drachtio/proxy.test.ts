import t, { type Test } from 'tap';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { accepted, agent, empty, next, sdp, uriOf } from '../sip/phones.js';
import { connectApp, serverEmpty, serverUri, startServer, until, type App, type Message } from './harness.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

interface ProxyResults {
  readonly connected: boolean;
  readonly finalStatus?: number;
  readonly responses: readonly { readonly msgs: readonly { readonly status: number }[] }[];
}
type Proxying = App & {
  proxyRequest(req: Message, to: string | readonly string[], options?: object): Promise<ProxyResults>;
};

/** A server whose application forwards every INVITE. */
async function forwarding(t: Test, to: readonly string[], options: object = {}) {
  const server = await startServer(t);
  const alice = await agent(t, 'alice');
  const facts: string[] = [];
  let tell: (of: Promise<ProxyResults>) => void = () => undefined;
  const results = new Promise<ProxyResults>((resolve) => (tell = resolve));
  results.catch(() => undefined); // a refusal is the test's to await, or not
  await connectApp(t, server, (app) => {
    app.invite((req) => tell((app as Proxying).proxyRequest(req, [...to], options)));
    app.on('cdr:attempt', (source: string) => facts.push(`attempt ${source}`));
    app.on('cdr:start', (source: string, _: string, role: string) => facts.push(`start ${source} ${role}`));
    app.on('cdr:stop', (source: string, _: string, reason: string) => facts.push(`stop ${source} ${reason}`));
  });
  const clean = async (): Promise<boolean> => (await serverEmpty(server)) && (await empty(alice));
  return { server, alice, results, facts, clean };
}

function statuses({ responses }: ProxyResults): number[] {
  return responses.flatMap(({ msgs }) => msgs.map(({ status }) => status));
}

t.test('proxyRequest: the call goes to its destination, later requests pass the server by', async (t) => {
  const bob = await agent(t, 'bob');
  const { server, alice, results, facts, clean } = await forwarding(t, [uriOf(bob)], {
    headers: { 'X-By': 'us' },
  });
  const invited = next(bob, 'invite');
  const call = alice.invite(serverUri(server), { body: sdp });
  const rung: SipMessage[] = [];
  call.on('provisional', (response) => rung.push(response));
  const [incoming] = await invited;
  t.equal(incoming.request.uri, uriOf(bob), 'the Request-URI named the server: now the destination');
  t.equal(incoming.request.get('max-forwards'), '69');
  t.equal(incoming.request.getAll('via').length, 2);
  t.equal(incoming.request.get('x-by'), 'us');
  t.equal(incoming.request.has('record-route'), false);
  incoming.respond(180);
  const bobs = incoming.accept({ body: `${sdp}a=bob\r\n` });
  const dialog = await accepted(call);
  call.ack();
  await next(bobs, 'ack');
  t.ok(rung.some(({ status }) => status === 180));
  t.equal(rung.at(-1)?.getAll('via').length, 1);
  t.equal(dialog.remoteTarget.includes(String(bob.addresses[0]?.port)), true);
  const result = await results;
  t.equal(result.connected, true);
  t.equal(result.finalStatus, 200);
  await dialog.bye();
  t.same(facts, [
    'attempt network',
    'attempt application',
    'start network proxy-uac',
    'start application proxy-uas',
  ]);
  t.ok(await clean());
  t.ok(await empty(bob));
});

for (const protocol of ['udp', 'tcp'] as const) {
  t.test(
    `remainInDialog: ACK, re-INVITE, INFO and BYE pass through us without the application, callee on ${protocol}`,
    async (t) => {
      const bob = await agent(t, 'bob');
      const { server, alice, facts, clean } = await forwarding(t, [uriOf(bob, protocol)], {
        remainInDialog: true,
      });
      const invited = next(bob, 'invite');
      const call = alice.invite(serverUri(server), { body: sdp });
      const [incoming] = await invited;
      t.equal(incoming.request.getAll('record-route').length, protocol === 'udp' ? 1 : 2);
      const bobs = incoming.accept({ body: sdp });
      const acked = next(bobs, 'ack');
      const dialog = await accepted(call);
      call.ack();
      await acked;
      const heard: string[] = [];
      bobs.on('request', (request) => {
        heard.push(`${request.request.method} ${request.request.getAll('via').length}`);
        request.respond(200, undefined, request.request.method === 'INVITE' ? { body: sdp } : {});
      });
      t.equal((await dialog.request('INFO')).status, 200);
      t.equal((await dialog.reinvite(sdp)).status, 200);
      t.same(heard, ['INFO 2', 'INVITE 2']);
      const ended = next(dialog, 'ended');
      await bobs.bye();
      await ended;
      await until(() => facts.at(-1)?.startsWith('stop application') === true);
      t.same(facts.slice(-2), ['stop network normal-release', 'stop application normal-release']);
      t.ok(await clean());
      t.ok(await empty(bob));
    },
  );
}

t.test('one after the other: the next is tried after a failure and after silence', async (t) => {
  const busy = await agent(t, 'busy');
  const bob = await agent(t, 'bob');
  const silent = await agent(t, 'silent');
  const nobody = uriOf(silent);
  await silent.close();
  const { server, alice, results, facts, clean } = await forwarding(t, [uriOf(busy), nobody, uriOf(bob)], {
    provisionalTimeout: '100ms',
  });
  busy.on('invite', (incoming) => incoming.respond(486));
  bob.on('invite', (incoming) => void incoming.accept({ body: sdp }));
  const dialog = await accepted(
    alice.invite(serverUri(server), { body: sdp }).on('accepted', () => undefined),
  );
  t.ok(dialog);
  t.same(statuses(await results), [486, 200]);
  t.equal(facts.filter((fact) => fact === 'attempt application').length, 3);
  t.ok(facts.includes('stop network call-rejected'));
  await dialog.bye().catch(() => undefined);
  t.ok(await clean());
});

t.test('all at once: the first to answer gets the call, the others are cancelled', async (t) => {
  const bob = await agent(t, 'bob');
  const carol = await agent(t, 'carol');
  const { server, alice, results, clean } = await forwarding(t, [uriOf(bob), uriOf(carol)], {
    forking: 'simultaneous',
  });
  const both = Promise.all([next(bob, 'invite'), next(carol, 'invite')]);
  const call = alice.invite(serverUri(server), { body: sdp });
  const [[atBob], [atCarol]] = await both;
  const cancelled = next(atCarol, 'cancel');
  atCarol.respond(180);
  atBob.respond(180);
  atBob.accept({ body: sdp });
  const dialog = await accepted(call);
  call.ack();
  await cancelled;
  t.equal((await results).connected, true);
  await dialog.bye();
  t.ok(await clean());
  t.ok(await empty(bob, carol));
});

t.test('the best failure comes back: 6xx over all, challenges of all, 408 for silence', async (t) => {
  const best = async (answers: readonly [number, Record<string, string>?][]) => {
    const phones = await Promise.all(answers.map((_, index) => agent(t, `phone${index}`)));
    const { server, alice, results, clean } = await forwarding(
      t,
      phones.map((phone) => uriOf(phone)),
      {
        forking: 'simultaneous',
        finalTimeout: '500ms',
      },
    );
    phones.forEach((phone, index) => {
      const [status, headers = {}] = answers[index] as [number, Record<string, string>?];
      phone.on('invite', (incoming) => incoming.respond(status, undefined, { headers }));
    });
    const [, response] = await next(alice.invite(serverUri(server), { body: sdp }), 'failed');
    await results;
    t.ok(await clean());
    return response as SipMessage;
  };
  const challenge = (realm: string) => ({ 'WWW-Authenticate': `Digest realm="${realm}", nonce="n"` });
  const responses = await Promise.all([
    best([[486], [503], [404]]),
    best([[503], [500]]),
    best([[302], [486]]),
    best([[486], [603]]),
    best([[180]]),
    best([[401, challenge('a')], [486], [401, challenge('b')]]),
  ]);
  t.same(
    responses.map(({ status }) => status),
    [486, 500, 302, 603, 408, 401],
  );
  t.equal(responses.at(-1)?.getAll('www-authenticate').length, 2);
});

t.test('a CANCEL of the caller cancels the branches; a 200 that crosses is hung up', async (t) => {
  const bob = await agent(t, 'bob');
  const carol = await agent(t, 'carol');
  const { server, alice, results, facts, clean } = await forwarding(t, [uriOf(bob), uriOf(carol)], {
    forking: 'simultaneous',
  });
  const both = Promise.all([next(bob, 'invite'), next(carol, 'invite')]);
  const call = alice.invite(serverUri(server), { body: sdp });
  const failed = next(call, 'failed');
  const [[atBob], [atCarol]] = await both;
  const cancelled = next(atBob, 'cancel');
  atBob.respond(180);
  await next(call, 'provisional');
  call.cancel();
  t.equal((await failed)[0], 487);
  await cancelled;
  // Carol has said nothing so far: her CANCEL is held back, and she answers.
  t.same(await next(atCarol.accept({ body: sdp }), 'ended'), ['remote-bye']);
  await results;
  t.ok(facts.includes('stop application call-canceled'));
  t.ok(await clean());
  t.ok(await empty(bob, carol));
});

t.test(
  'followRedirects: a 302 is followed with its Contact as Request-URI; else it is passed back',
  async (t) => {
    const bob = await agent(t, 'bob');
    const carol = await agent(t, 'carol');
    bob.on('invite', (incoming) =>
      incoming.respond(302, undefined, {
        headers: { Contact: `<sip:x@127.0.0.1:1;transport=tcp>;q=0.1, <${uriOf(carol)}>;q=0.9` },
      }),
    );
    carol.on('invite', (incoming) => void incoming.accept({ body: sdp }));
    const one = await forwarding(t, [uriOf(bob)], { followRedirects: true });
    const call = one.alice.invite(serverUri(one.server), { body: sdp });
    const dialog = await accepted(call);
    call.ack();
    t.same(statuses(await one.results), [302, 200]);
    await dialog.bye();
    t.ok(await one.clean());
    const two = await forwarding(t, [uriOf(bob)]);
    t.equal((await next(two.alice.invite(serverUri(two.server), { body: sdp }), 'failed'))[0], 302);
    t.equal((await two.results).connected, false);
    t.ok(await two.clean());
  },
);

t.test(
  'a challenge goes back to the caller; with credentials it comes to the same destination',
  async (t) => {
    const busy = await agent(t, 'busy');
    const bob = await agent(t, 'bob');
    const carol = await agent(t, 'carol');
    const { server, alice, clean } = await forwarding(t, [uriOf(busy), uriOf(bob), uriOf(carol)]);
    let calls = 0;
    busy.on('invite', (incoming) => incoming.respond(480, String(++calls)));
    bob.on('invite', (incoming) => {
      if (incoming.request.has('authorization')) incoming.respond(486);
      else {
        const headers = { 'WWW-Authenticate': 'Digest realm="r", nonce="n1"' };
        incoming.respond(401, undefined, { headers });
      }
    });
    carol.on('invite', () => t.fail('nobody else is disturbed'));
    const first = alice.invite(serverUri(server), { body: sdp, callId: 'c', fromTag: 'f' });
    t.equal((await next(first, 'failed'))[0], 401);
    carol.removeAllListeners();
    carol.on('invite', (incoming) => incoming.respond(404));
    const Authorization = 'Digest username="u", realm="r", nonce="n1", uri="sip:x", response="0"';
    const second = alice.invite(serverUri(server), { body: sdp, headers: { Authorization } });
    t.equal((await next(second, 'failed'))[0], 486, 'not the 404 of carol');
    t.equal(calls, 1);
    t.ok(await clean());
  },
);

t.test('finalTimeout: a destination that only rings is cancelled, the next one tried', async (t) => {
  const bob = await agent(t, 'bob');
  const carol = await agent(t, 'carol');
  const { server, alice, results, clean } = await forwarding(t, [uriOf(bob), uriOf(carol)], {
    finalTimeout: '100ms',
  });
  const cancelled = new Promise<unknown>((resolve) =>
    bob.on('invite', (incoming) => {
      void next(incoming, 'cancel').then(resolve);
      incoming.respond(180);
    }),
  );
  carol.on('invite', (incoming) => incoming.respond(404));
  t.equal((await next(alice.invite(serverUri(server), { body: sdp }), 'failed'))[0], 404);
  await cancelled;
  t.same(statuses(await results), [404]);
  t.ok(await clean());
});

t.test('too many hops 483, no reachable destination 500, a loop 482', async (t) => {
  const { server, alice, results } = await forwarding(t, ['tel:1']);
  const hops = { headers: { 'Max-Forwards': '0' } };
  t.equal((await next(alice.invite(serverUri(server), { body: sdp, ...hops }), 'failed'))[0], 483);
  await t.rejects(results);
  const none = await forwarding(t, ['sip:x@127.0.0.1;transport=sctp']);
  t.equal((await next(none.alice.invite(serverUri(none.server), { body: sdp }), 'failed'))[0], 500);
  await t.rejects(none.results);
  const server2 = await startServer(t);
  await connectApp(t, server2, (app) => {
    app.invite((req) => void (app as Proxying).proxyRequest(req, serverUri(server2)).catch(() => undefined));
  });
  t.equal((await next(alice.invite(serverUri(server2), { body: sdp }), 'failed'))[0], 482);
  t.ok(await serverEmpty(server2));
});

t.test(
  'nobody is relayed who did not call through us: a Route of ours that is not signed for the call',
  async (t) => {
    const bob = await agent(t, 'bob');
    bob.on('request', () => t.fail('forwarded'));
    const server = await startServer(t);
    const alice = await agent(t, 'alice');
    const port = server.sipAddresses[0]?.port;
    for (const route of [
      `<sip:127.0.0.1:${port};lr>`,
      `<sip:127.0.0.1:${port};lr;pass=00000000000000000000>`,
    ]) {
      const headers = { Route: route, To: '<sip:b@127.0.0.1>;tag=x' };
      const target = `sip:b@127.0.0.1:${port}`;
      t.equal((await alice.request('BYE', target, { headers })).status, 481);
    }
  },
);
