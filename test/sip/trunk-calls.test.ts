import { createSocket } from 'node:dgram';
import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { dialAttemptEnded } from '../../src/sip/channels.js';
import type { SipMessage } from '../../src/embedded/sip/message.js';
import { sdp } from '../embedded/drachtio/harness.js';
import { random } from '../embedded/sip/lossy-link.js';
import { agent, next } from '../embedded/sip/phones.js';
import { answered, challengeFor, failed, isAuthorised, portOf, testbed } from './carriers.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 4;

const two = `
trunks:
  - { name: a, host: '127.0.0.1:PORT0', coolDownMs: 60000 }
  - { name: b, host: '127.0.0.1:PORT1' }
routes:
  - { called: '*', via: [a, b] }
`;

t.test(
  'a number goes over the trunk, as the trunk writes it, with its caller ID, headers and codecs',
  async (t) => {
    const bed = await testbed(t, {
      trunks: `
trunks:
  - name: a
    host: 127.0.0.1:PORT0
    numbering: { country: 44, send: plain }
    callerId: { number: '+441632960000', name: Clinic }
    headers: { add: { X-Account: 77 } }
    codecs: [PCMA]
routes: [{ called: '*', via: [a] }]
`,
    });
    const offer = `${sdp}m=audio 4000 RTP/AVP 0 8\r\n`;
    let request: SipMessage | undefined;
    bed.carriers[0]?.on('invite', (incoming) => {
      request = incoming.request;
      incoming.accept({ body: sdp });
    });
    const call = bed.dialer.place({ to: '02079460123', headers: { 'X-Own': 'a\r\nb', From: '<sip:x@y>' } });
    const { dialog } = answered(await call.dial(offer));
    t.equal(call.trunk, 'a');
    t.match(request?.uri, /^sip:442079460123@127\.0\.0\.1:\d+$/);
    t.match(request?.get('from'), /^"Clinic" <sip:441632960000@127\.0\.0\.1:\d+>;tag=/);
    t.match(request?.get('contact'), /^<sip:441632960000@127\.0\.0\.1:\d+>/);
    t.match(request?.get('p-asserted-identity'), /^"Clinic" <sip:441632960000@127\.0\.0\.1/);
    t.equal(request?.get('x-account'), '77');
    t.equal(request?.get('x-own'), 'a b');
    t.match(request?.body, /m=audio 4000 RTP\/AVP 8\r\n/);
    t.equal(bed.trunks.status()[0]?.calls, 1, 'the call takes a line');
    await dialog.bye();
    t.equal(bed.trunks.status()[0]?.calls, 0, 'until it ends');
    t.ok(await bed.gone());
  },
);

t.test(
  '503, 500, 408 and nobody there lead to the next trunk; the failed one is passed over for a while',
  async (t) => {
    const bed = await testbed(t, {
      trunks: two.replace(/\ba\b/g, 'first').replace(/\bb\b/g, 'second'),
      carriers: 2,
    });
    const seen: string[] = [];
    // The channel tells of the calls of the other tests too, whose trunks have other names.
    const listening = dialAttemptEnded.subscribe(({ trunk = '', outcome }) => {
      if (trunk === 'first' || trunk === 'second') seen.push(`${trunk} ${outcome}`);
    });
    t.teardown(listening);
    let asked = 0;
    bed.carriers[0]?.on('invite', (incoming) => {
      asked++;
      incoming.respond(503);
    });
    bed.carriers[1]?.on('invite', (incoming) => incoming.respond(486));
    const call = bed.dialer.place({ to: '123' });
    t.match(failed(await call.dial(sdp)), {
      outcome: 'busy',
      sipStatus: 486,
      detail: 'the callee is busy (over trunk first, then second)',
    });
    t.equal(call.trunk, 'second');
    t.strictSame(seen, ['first failed', 'second busy']);
    t.ok((bed.trunks.status()[0]?.coolDownMs ?? 0) > 50_000);
    failed(await bed.dialer.place({ to: '123' }).dial(sdp));
    t.equal(asked, 1, 'the first is passed over');
    failed(await bed.dialer.place({ to: '123', trunk: 'first' }).dial(sdp));
    t.equal(asked, 2, 'but is tried where it is all there is');
    t.ok(await bed.gone());
  },
);

t.test('a host that failed is tried after the others of its trunk until it has cooled down', async (t) => {
  const clock = new ManualClock();
  const trunks = `
trunks: [{ name: a, host: ['127.0.0.1:PORT0', '127.0.0.1:PORT1'], coolDownMs: 60000 }]
routes: [{ called: '*', via: [a] }]
`;
  const bed = await testbed(t, { trunks, carriers: 2, clock });
  const asked: number[] = [];
  for (const [index, carrier] of bed.carriers.entries()) {
    carrier.on('invite', (incoming) => {
      asked.push(index);
      incoming.respond(index === 0 ? 503 : 486);
    });
  }
  const call = async () => failed(await bed.dialer.place({ to: '1' }).dial(sdp)).outcome;
  t.equal(await call(), 'busy');
  t.strictSame(asked.splice(0), [0, 1]);
  t.match(bed.trunks.status(), [{ coolDownMs: 0, hosts: [{ coolDownMs: 60_000 }, { coolDownMs: 0 }] }]);
  t.equal(await call(), 'busy');
  t.strictSame(asked.splice(0), [1], 'the one that failed is not waited for');
  clock.advance(60_000);
  t.equal(await call(), 'busy');
  t.strictSame(asked, [0, 1]);
});

for (const status of [486, 600, 603, 403, 404, 480]) {
  t.test(`${status} is final: no other trunk is tried`, async (t) => {
    const bed = await testbed(t, { trunks: two, carriers: 2 });
    bed.carriers[0]?.on('invite', (incoming) => incoming.respond(status));
    bed.carriers[1]?.on('invite', () => t.fail('tried elsewhere'));
    t.equal(failed(await bed.dialer.place({ to: '1' }).dial(sdp)).sipStatus, status);
    t.equal(bed.trunks.status()[0]?.coolDownMs, 0, 'the trunk did its work');
    t.ok(await bed.gone());
  });
}

t.test('a 503 whose Reason says busy is the callee, not the trunk', async (t) => {
  const bed = await testbed(t, { trunks: two, carriers: 2 });
  bed.carriers[0]?.on('invite', (incoming) =>
    incoming.respond(503, undefined, { headers: { Reason: 'Q.850;cause=17;text="User busy"' } }),
  );
  bed.carriers[1]?.on('invite', () => t.fail('tried elsewhere'));
  t.match(failed(await bed.dialer.place({ to: '1' }).dial(sdp)), {
    outcome: 'busy',
    sipStatus: 503,
    q850Cause: 17,
  });
});

t.test(
  'a trunk that says nothing is given up after its time, its other host and the next trunk are tried',
  async (t) => {
    // Open, so that no ICMP error tells of it at once.
    const silent = createSocket('udp4');
    t.teardown(() => silent.close());
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${silent.address().port}`;
    const bed = await testbed(t, {
      trunks: `
trunks:
  - { name: a, host: ['${host}', '${host}'], firstResponseMs: 500 }
  - { name: b, host: '127.0.0.1:PORT0' }
routes: [{ called: '*', via: [a, b] }]
`,
      // Long enough that the SIP server does not give up by itself.
      server: { timers: { t1Ms: 100, t2Ms: 400, t4Ms: 400 } },
    });
    bed.carriers[0]?.on('invite', (incoming) => incoming.respond(486));
    const startedAt = performance.now();
    t.match(failed(await bed.dialer.place({ to: '1' }).dial(sdp)), { outcome: 'busy' });
    const took = performance.now() - startedAt;
    t.ok(took > 1000 && took < 3000, `${took} ms for two silent hosts of 500 ms`);
  },
);

t.test(
  'a trunk that needs long to ring is waited for when it answers OPTIONS, challenged or not',
  async (t) => {
    for (const challenge of [false, true]) {
      const bed = await testbed(t, {
        carriers: 2,
        trunks: `
trunks:
  - name: a
    host: 127.0.0.1:PORT0
    firstResponseMs: 500
    credentials: { username: u, password: p }
  - { name: b, host: '127.0.0.1:PORT1' }
routes: [{ called: '*', via: [a, b] }]
`,
        // Long enough that the SIP server does not give up by itself.
        server: { timers: { t1Ms: 100, t2Ms: 400, t4Ms: 400 } },
      });
      const asked: string[] = [];
      bed.carriers[0]?.on('request', (incoming) => {
        asked.push(`${incoming.request.method} ${incoming.request.uri}`);
        incoming.respond(404);
      });
      bed.carriers[0]?.on('invite', (incoming) => {
        if (challenge && !incoming.request.has('proxy-authorization')) {
          incoming.respond(407, undefined, {
            headers: { 'Proxy-Authenticate': challengeFor('carrier', 'n1') },
          });
          return;
        }
        // A carrier that looks for the telephone for 900 ms, which is longer than it may be silent.
        setTimeout(() => incoming.accept({ body: sdp }), 900);
      });
      bed.carriers[1]?.on('invite', (incoming) => incoming.respond(486));
      const call = bed.dialer.place({ to: '1' });
      const result = await call.dial(sdp);
      t.equal(call.trunk, 'a', challenge ? 'challenged' : 'not challenged');
      await answered(result).dialog.bye();
      const host = `127.0.0.1:${portOf(bed.carriers[0] as never)}`;
      t.strictSame(asked, challenge ? [] : [`OPTIONS sip:${host}`], 'the host is asked, not the number');
    }
  },
);

t.test('calls are shared by weight', async (t) => {
  const bed = await testbed(t, {
    carriers: 2,
    random: random(3),
    trunks: `
trunks:
  - { name: a, host: '127.0.0.1:PORT0' }
  - { name: b, host: '127.0.0.1:PORT1' }
routes: [{ called: '*', via: [{ a: 4, b: 1 }] }]
`,
  });
  const counts = [0, 0];
  for (const [nth, carrier] of bed.carriers.entries()) {
    carrier.on('invite', (incoming) => {
      counts[nth] = (counts[nth] ?? 0) + 1;
      incoming.respond(486);
    });
  }
  for (let batch = 0; batch < 10; batch++) {
    await Promise.all(Array.from({ length: 20 }, () => bed.dialer.place({ to: '1' }).dial(sdp)));
  }
  t.equal((counts[0] ?? 0) + (counts[1] ?? 0), 200);
  t.ok((counts[0] ?? 0) > 140 && (counts[0] ?? 0) < 180, `a got ${counts[0]} of 200, expected 160`);
});

t.test('no more calls at once, and per second, than the trunk takes', async (t) => {
  const bed = await testbed(t, {
    trunks: `
trunks:
  - { name: a, host: '127.0.0.1:PORT0', maxCalls: 2 }
  - { name: slow, host: '127.0.0.1:PORT0', callsPerSecond: 0.01 }
routes: [{ called: '*', via: [a] }]
`,
  });
  bed.carriers[0]?.on('invite', (incoming) => incoming.accept({ body: sdp }));
  const dialogs = await Promise.all(
    [1, 2].map(async () => answered(await bed.dialer.place({ to: '1' }).dial(sdp))),
  );
  const full = failed(await bed.dialer.place({ to: '1' }).dial(sdp));
  t.match(full, {
    outcome: 'failed',
    sipStatus: null,
    q850Cause: 34,
    detail: /all 2 lines of trunk 'a' are taken/,
  });
  await Promise.all(dialogs.map(({ dialog }) => dialog.bye()));
  const { dialog } = answered(await bed.dialer.place({ to: '1' }).dial(sdp));
  await dialog.bye();
  const slow = answered(await bed.dialer.place({ to: '1', trunk: 'slow' }).dial(sdp));
  await slow.dialog.bye();
  t.match(
    failed(await bed.dialer.place({ to: '1', trunk: 'slow' }).dial(sdp)).detail,
    /0\.01 calls per second at most/,
  );
  t.strictSame(
    bed.trunks.status().map(({ calls }) => calls),
    [0, 0],
  );
  t.ok(await bed.gone());
});

for (const status of [401, 407] as const) {
  t.test(`a ${status} is answered with the trunk's credentials, a wrong password once only`, async (t) => {
    const bed = await testbed(t, {
      trunks: `
trunks:
  - { name: a, host: '127.0.0.1:PORT0', credentials: { username: bob, password: secret } }
  - { name: wrong, host: '127.0.0.1:PORT0', credentials: { username: bob, password: other } }
`,
    });
    const name = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
    let asked = 0;
    bed.carriers[0]?.on('invite', (incoming) => {
      asked++;
      const right = isAuthorised(incoming.request, 'bob', 'secret', 'n1');
      const headers = { [name]: challengeFor('carrier', 'n1', ', qop="auth"') };
      if (right) incoming.accept({ body: sdp });
      else incoming.respond(status, undefined, { headers });
    });
    const { dialog } = answered(await bed.dialer.place({ to: '1', trunk: 'a' }).dial(sdp));
    await dialog.bye();
    t.equal(asked, 2);
    t.match(failed(await bed.dialer.place({ to: '1', trunk: 'wrong' }).dial(sdp)), {
      outcome: 'failed',
      sipStatus: status,
    });
    t.equal(asked, 4, 'challenged, answered, refused: no more');
    t.ok(await bed.gone());
  });
}

t.test(
  'cancelled between challenge and answer, the repeated INVITE is the one that is cancelled',
  async (t) => {
    const bed = await testbed(t, {
      trunks:
        "trunks: [{ name: a, host: '127.0.0.1:PORT0', credentials: { username: bob, password: secret } }]",
    });
    const cancelled = new Promise((resolve) => {
      bed.carriers[0]?.on('invite', (incoming) => {
        if (incoming.request.has('authorization')) {
          incoming.respond(180);
          void next(incoming, 'cancel').then(resolve);
        } else incoming.respond(401, undefined, { headers: { 'WWW-Authenticate': challengeFor('x', 'n') } });
      });
    });
    const call = bed.dialer.place({ to: '1', trunk: 'a' });
    call.on('ringing', () => call.cancel());
    t.match(failed(await call.dial(sdp)), { outcome: 'cancelled', sipStatus: 487 });
    await cancelled;
    t.ok(await bed.gone());
  },
);

t.test(
  'a 302 is followed to the trunk itself and to allowed hosts, five times, and nowhere else',
  async (t) => {
    const bed = await testbed(t, {
      trunks: `
trunks: [{ name: a, host: '127.0.0.1:PORT0' }]
routes: [{ called: '*', via: [a] }]
directHosts: [127.0.0.2]
`,
    });
    const [a] = bed.carriers;
    if (!a) throw new Error('a carrier');
    const other = await agent(t, 'other', { listen: ['udp:127.0.0.2:0'] });
    const send = (contact: string) => ({ headers: { Contact: contact } });
    let hops = 0;
    a.on('invite', (incoming) => {
      hops++;
      const user = /sip:(\w+)@/.exec(incoming.request.uri)?.[1];
      const own = `127.0.0.1:${portOf(a)}`;
      if (user === 'away')
        incoming.respond(302, undefined, send('<sip:x@192.0.2.99>, <sip:y@evil.example;q=1>'));
      else if (user === 'loop') incoming.respond(302, undefined, send(`<sip:loop@${own}>`));
      else if (user === 'on') incoming.respond(302, undefined, send(`"B" <sip:busy@${own}>;q=0.7`));
      else if (user === 'out')
        incoming.respond(301, undefined, send(`<sip:x@192.0.2.9>, sip:z@127.0.0.2:${portOf(other)}`));
      else if (user === 'busy') incoming.respond(486);
      else incoming.respond(302, undefined, send(`<sip:n${hops}@${own}>`));
    });
    other.on('invite', (incoming) => incoming.respond(603));
    const dial = async (to: string) => failed(await bed.dialer.place({ to }).dial(sdp));
    t.match(await dial('on'), { outcome: 'busy', sipStatus: 486 });
    t.match(await dial('out'), { outcome: 'refused', sipStatus: 603 });
    t.match(await dial('away'), { outcome: 'failed', sipStatus: 302 });
    hops = 0;
    t.match(await dial('loop'), { sipStatus: 302 });
    t.equal(hops, 1, 'not twice to the same URI');
    hops = 0;
    t.match(await dial('endless'), { sipStatus: 302 });
    t.equal(hops, 6, 'the first and five redirections');
    t.ok(await bed.gone());
  },
);

t.test('where nobody may be dialled nothing is sent', async (t) => {
  const bed = await testbed(t, { trunks: two, carriers: 2 });
  for (const carrier of bed.carriers) carrier.on('invite', () => t.fail('an INVITE was sent'));
  const dial = async (to: string, trunk?: string) =>
    failed(await bed.dialer.place({ to, ...(trunk === undefined ? {} : { trunk }) }).dial(sdp));
  t.match(await dial(`sip:x@127.0.0.1:${portOf(bed.carriers[0] as never)}`), {
    q850Cause: 21,
    detail: /directHosts/,
  });
  t.match(await dial('sip:nobody@home.example'), { q850Cause: 20, detail: /no telephone/ });
  t.match(await dial('1', 'c'), { q850Cause: 3, detail: /no trunk 'c'/ });
  t.match(await dial('sip:'), { outcome: 'failed' });
  await bed.write('');
  await bed.trunks.load();
  t.match(await dial('1'), { q850Cause: 3, detail: /no route/ });
});

t.test('drachtio going away ends what is being dialled', async (t) => {
  const bed = await testbed(t, { trunks: two, carriers: 2 });
  bed.carriers[0]?.on('invite', (incoming) => {
    incoming.respond(180);
  });
  const call = bed.dialer.place({ to: '1' });
  call.on('ringing', () => {
    bed.srf.disconnect();
    bed.dialer.lost();
  });
  t.match(failed(await call.dial(sdp)), {
    outcome: 'failed',
    sipStatus: null,
    detail: /connection to drachtio was lost/,
  });
  t.match(
    failed(await bed.dialer.place({ to: '1' }).dial(sdp)),
    { outcome: 'failed' },
    'and without it nothing hangs',
  );
  t.equal(bed.dialer.dialling, 0);
});
