import t from 'tap';
import type { Clock } from '../../../src/core/clock.js';
import type { Dialog } from '../../../src/embedded/sip/dialog.js';
import { fairClock } from '../sip/fair-clock.js';
import { empty } from '../sip/phones.js';
import { connectApp, sdp, serverEmpty, type AppDialog, type Message } from './harness.js';
import { networks, lossyServer } from './lossy-server.js';

// Each has its own phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** Half a minute and more pass 200 times as fast: of a session of 90 s, refreshed after 225 ms, given up after 300. */
const quickSessions: Clock = {
  nowMs: () => fairClock.nowMs(),
  wallMs: () => fairClock.wallMs(),
  after: (delayMs, fn) => fairClock.after(delayMs >= 30_000 ? delayMs / 200 : delayMs, fn),
};

/** Who refreshes: the server or the phone, in calls of the phone and of the application. */
const plans = ['in: server', 'in: phone', 'in: nobody', 'out: server', 'out: phone', 'out: nobody'] as const;
type Plan = (typeof plans)[number];
const callsOfPlan = 5;
const refreshes = 2;
const allow = 'INVITE, ACK, BYE, UPDATE';

/** The phone's part of the refreshing; resolves with the number of refreshes when it has hung up or was hung up on. */
async function keep(dialog: Dialog, plan: Plan): Promise<readonly [string, number]> {
  const ended = new Promise<string>((resolve) => void dialog.on('ended', resolve));
  let count = 0;
  let last = 0;
  dialog.on('request', ({ request, respond }) => {
    const headers = { 'Session-Expires': '90;refresher=uac', Allow: allow };
    respond(200, undefined, { headers });
    const cseq = Number.parseInt(request.get('cseq') ?? '', 10);
    if (request.method === 'UPDATE' && cseq > last) count++;
    last = cseq;
    if (count === refreshes) void dialog.bye();
  });
  if (plan.endsWith('phone')) {
    while (!dialog.isEnded && count < refreshes) {
      await new Promise<void>((resolve) => void quickSessions.after(40_000, resolve));
      const headers = { 'Session-Expires': '90;refresher=uac', Supported: 'timer' };
      const { status } = await dialog.request('UPDATE', { headers });
      if (status === 200) count++;
    }
    await dialog.bye();
  }
  return [await ended, count];
}

for (const { name, atLeast, ...link } of networks) {
  t.test(
    `${name}: sessions are refreshed by the side that agreed to, and end when nobody does`,
    { buffered: true },
    async (t) => {
      const { server, phone, network, uri, phoneUri } = await lossyServer(
        t,
        { ...link, seed: 51 },
        { clock: quickSessions },
      );
      const over: Promise<string>[] = [];
      const follow = (dialog: AppDialog): void =>
        void over.push(
          new Promise((resolve) => dialog.once('destroy', (_: Message, reason: string) => resolve(reason))),
        );
      const app = await connectApp(t, server, (a) => {
        a.invite((req, res) => void a.createUAS(req, res, { localSdp: sdp }).then(follow, () => undefined));
      });
      type Outcome = readonly [Plan, string, number];

      const dial = (plan: Plan): Promise<Outcome> => {
        const refresher = plan === 'in: server' ? 'uas' : 'uac';
        const headers = {
          'Session-Expires': `90;refresher=${refresher}`,
          Supported: 'timer',
          Allow: allow,
        };
        const call = phone.invite(uri, { body: sdp, headers });
        return new Promise((resolve) => {
          call.on('failed', (status) => resolve([plan, `failed ${status}`, 0]));
          call.on('accepted', (_, dialog) => {
            call.ack();
            void keep(dialog, plan).then(([end, count]) => resolve([plan, end, count]));
          });
        });
      };

      const outs = new Map<string, (outcome: Outcome) => void>();
      phone.on('invite', (incoming) => {
        const plan = incoming.request.get('x-plan') as Plan;
        const resolve = outs.get(incoming.request.get('x-call') ?? '');
        const refresher = plan === 'out: server' ? 'uac' : 'uas';
        const headers = {
          'Session-Expires': `90;refresher=${refresher}`,
          Require: 'timer',
          Allow: allow,
        };
        const dialog = incoming.accept({ body: sdp, headers });
        void keep(dialog, plan).then(([end, count]) => resolve?.([plan, end, count]));
      });
      const place = (plan: Plan, index: number): Promise<Outcome> =>
        new Promise((resolve) => {
          const id = `${plan} ${index}`;
          outs.set(id, resolve);
          const headers = {
            Supported: 'timer',
            'Session-Expires': '90',
            'X-Plan': plan,
            'X-Call': id,
          };
          app
            .createUAC(phoneUri, { localSdp: sdp, headers })
            .then(follow, (error: { status?: number }) => resolve([plan, `failed ${error.status}`, 0]));
        });

      const calls = plans.flatMap((plan) => Array.from({ length: callsOfPlan }, () => plan));
      const outcomes = await Promise.all(
        calls.map((plan, index) => (plan.startsWith('in') ? dial(plan) : place(plan, index))),
      );
      t.same(
        outcomes.filter(([, end]) => !/^(failed 408|ack-timeout|(local|remote)-bye|error)$/.test(end)),
        [],
      );
      const good = outcomes.filter(([plan, end, count]) =>
        plan.endsWith('nobody')
          ? end === 'remote-bye' && count === 0
          : end === 'local-bye' && count === refreshes,
      );
      t.ok(good.length >= atLeast * calls.length, `${good.length} of ${calls.length} as planned`);
      const reasons = await Promise.all(over);
      const expired = reasons.filter((reason) => reason === 'Session timer expired').length;
      t.ok(expired >= callsOfPlan, `${expired} sessions expired`);
      t.ok(
        network.lost.length >= link.loss * 100,
        `${network.lost.length} lost, ${network.counts.passed} passed`,
      );
      t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
      t.ok(await empty(phone), JSON.stringify(phone.counts()));
    },
  );
}
