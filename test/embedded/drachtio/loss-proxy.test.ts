import t from 'tap';
import { fairClock } from '../sip/fair-clock.js';
import { lossyLink } from '../sip/lossy-link.js';
import { agent, empty } from '../sip/phones.js';
import { connectApp, sdp, serverEmpty, type App, type Message } from './harness.js';
import { lossyServer, networks, quickTimers as timers, ringingMs } from './lossy-server.js';

// Each has its own server and phones, and waits most of its time for 64 * T1.
t.jobs = 2;

interface ProxyResults {
  readonly connected: boolean;
  readonly finalStatus?: number;
}
type Proxying = App & {
  proxyRequest(req: Message, to: readonly string[], options: object): Promise<ProxyResults>;
};

/** What becomes of a call through us: answered, refused, cancelled while it rings, answered by the second destination. */
const planned = {
  answer: /^local-bye$/,
  refuse: /^failed 486$/,
  cancel: /^failed 487$/,
  'answer of the second': /^local-bye$/,
} as const;
type Plan = keyof typeof planned;
const plans = Object.keys(planned) as Plan[];
const callsOfPlan = 10;

for (const { name, atLeast, ...link } of networks) {
  for (const remainInDialog of [false, true]) {
    t.test(
      `${name} on both sides of a proxied call${remainInDialog ? ', in whose path we stay' : ''}: each ends, nothing left`,
      { buffered: true },
      async (t) => {
        const network = { ...link, inDialogs: false };
        const {
          server,
          phone: alice,
          network: toServer,
          uri,
        } = await lossyServer(t, { ...network, seed: 61 });
        const bob = await agent(t, 'bob', { listen: ['udp:127.0.0.1:0'], timers, clock: fairClock });
        const toBob = await lossyLink(t, server.sipAddresses[0]?.port ?? 0, bob.addresses[0]?.port ?? 0, {
          ...network,
          seed: 62,
        });
        const results: Promise<ProxyResults>[] = [];
        await connectApp(t, server, (app) => {
          app.invite((req) => {
            const plan = req.get('X-Plan') as Plan;
            const users = plan === 'answer of the second' ? ['first', 'second'] : ['only'];
            const to = users.map((user) => `sip:${user}@127.0.0.1:${toBob.nearPort}`);
            results.push((app as Proxying).proxyRequest(req, to, { remainInDialog }));
          });
        });
        const taken = new Set<string>();
        let twice = 0;
        bob.on('invite', (incoming) => {
          const { request } = incoming;
          const key = `${request.get('call-id')} ${request.uri}`;
          if (taken.has(key)) twice++;
          taken.add(key);
          const plan = request.get('x-plan') as Plan;
          if (plan === 'refuse') return incoming.respond(486);
          if (request.uri.startsWith('sip:first')) return incoming.respond(480);
          incoming.respond(180);
          if (plan !== 'cancel') incoming.accept({ body: sdp });
          else {
            const limit = fairClock.after(ringingMs, () => incoming.respond(480));
            incoming.on('cancel', () => limit.cancel());
          }
        });
        const calls = plans.flatMap((plan) => Array.from({ length: callsOfPlan }, () => plan));
        const outcomes = await Promise.all(
          calls.map(async (plan) => {
            const call = alice.invite(uri, { body: sdp, headers: { 'X-Plan': plan } });
            if (plan === 'cancel') {
              call.on('provisional', ({ status }) => {
                if (status === 180) call.cancel();
              });
              // Nobody repeats a 180 that was lost: the caller gives up.
              fairClock.after(200, () => call.cancel());
            }
            const end = await new Promise<string>((resolve) => {
              call.on('failed', (status) => resolve(`failed ${status}`));
              call.on('accepted', (_, dialog) => {
                dialog.on('ended', resolve);
                call.ack();
                void dialog.bye();
              });
            });
            return [plan, end] as const;
          }),
        );
        t.equal(twice, 0, 'no call came twice');
        t.same(
          outcomes.filter(([, end]) => !/^(failed (408|480|486|487)|(local|remote)-bye)$/.test(end)),
          [],
        );
        const good = outcomes.filter(([plan, end]) => planned[plan].test(end)).length;
        t.ok(good >= atLeast * calls.length, `${good} of ${calls.length} as planned`);
        const lost = toServer.lost.length + toBob.lost.length;
        t.ok(lost >= link.loss * 100, `${lost} lost, ${toServer.counts.passed + toBob.counts.passed} passed`);
        t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
        t.ok(await empty(alice, bob));
        await Promise.allSettled(results);
      },
    );
  }
}
