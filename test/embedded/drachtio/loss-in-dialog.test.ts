import t from 'tap';
import type { Dialog } from '../../../src/embedded/sip/dialog.js';
import type { OutgoingInvite } from '../../../src/embedded/sip/outgoing-invite.js';
import { empty } from '../sip/phones.js';
import { connectApp, sdp, serverEmpty, type AppDialog, type Request, type Response } from './harness.js';
import { networks, lossyServer } from './lossy-server.js';

// Each has its own phones, and waits most of its time for 64 * T1.
t.jobs = 4;

/** Who changes the session while the call is up, and by what. The phone ends the call, but where the application alone acts. */
const plans = ['phone reinvites', 'app reinvites', 'both reinvite', 'phone updates', 'app updates'] as const;
type Plan = (typeof plans)[number];
const callsOfPlan = 8;
const changes = ['1', '2', '3'];

/** Refused because something else is under way (491, 500), given up (408), over on the other side (481, 487). */
const refusals = [408, 481, 487, 491, 500];

const offer = (change: string): string => `${sdp}a=change:${change}\r\n`;
const changeOf = (body: string): string => /a=change:(\S+)/.exec(body)?.[1] ?? '';

/** What one side has been asked to change: each once, in order. */
function inOrder(heard: readonly string[]): boolean {
  return heard.every((change, index) => index === 0 || change > (heard[index - 1] ?? ''));
}

/** Resolves when the call is over for the phone, with the reason. */
function ended(call: OutgoingInvite, up: (dialog: Dialog) => void): Promise<string> {
  return new Promise((resolve) => {
    call.on('failed', (status) => resolve(`failed ${status}`));
    call.on('accepted', (_, dialog) => {
      dialog.on('ended', resolve);
      call.ack();
      up(dialog);
    });
  });
}

for (const { name, atLeast, ...link } of networks) {
  t.test(
    `${name}: re-INVITE and UPDATE of either side and of both: each change is heard once, every call ends`,
    { buffered: true },
    async (t) => {
      const { server, phone, network, uri } = await lossyServer(t, { ...link, seed: 21 });
      const statuses = new Map<number, number>();
      const count = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const overForApp: Promise<unknown>[] = [];
      const heardBy: (readonly [Plan, readonly string[]])[] = [];

      /** The application's own changes, one after the other; then it hangs up if that is the plan. */
      const act = async (dialog: AppDialog, plan: Plan): Promise<void> => {
        if (plan === 'phone reinvites' || plan === 'phone updates') return;
        try {
          for (const change of changes) {
            if (plan !== 'app updates') await dialog.modify(offer(change));
            else {
              const headers = { 'Content-Type': 'application/sdp' };
              const body = offer(change);
              const { status } = await dialog.request({ method: 'UPDATE', headers, body });
              count(status);
              if (status === 408 || status === 481) break;
            }
          }
        } catch (error) {
          // The call may have ended meanwhile; then the library does not know the dialog any more.
          const { status } = error as { status?: number };
          if (status !== undefined) count(status);
        }
        if (plan !== 'both reinvite') await dialog.destroy().catch(() => undefined);
      };
      await connectApp(t, server, (app) => {
        app.invite((req: Request, res: Response) => {
          const plan = req.get('X-Plan') as Plan;
          app.createUAS(req, res, { localSdp: sdp }).then(
            (dialog) => {
              const heard: string[] = [];
              const change = (request: Request, answer: Response): void => {
                heard.push(changeOf(request.body));
                answer.send(200, { body: sdp });
              };
              dialog.on('modify', change).on('update', change);
              const destroyed = new Promise<unknown>((resolve) => dialog.once('destroy', resolve));
              const acted = new Promise<void>((resolve) =>
                dialog.once('ack', () => void act(dialog, plan).then(resolve)),
              );
              const isOwn = plan === 'app reinvites' || plan === 'app updates';
              const over = isOwn ? Promise.race([acted, destroyed]) : destroyed;
              overForApp.push(over.then(() => heardBy.push([plan, heard])));
            },
            () => undefined,
          );
        });
      });

      const calls = plans.flatMap((plan) => Array.from({ length: callsOfPlan }, () => plan));
      const outcomes = await Promise.all(
        calls.map(async (plan) => {
          const call = phone.invite(uri, { body: sdp, headers: { 'X-Plan': plan } });
          const heard: string[] = [];
          const end = await ended(call, (dialog) => {
            dialog.on('request', ({ request, respond }) => {
              heard.push(changeOf(request.body));
              respond(200, undefined, { body: sdp });
            });
            if (plan === 'app reinvites' || plan === 'app updates') return;
            void (async () => {
              for (const change of changes) {
                if (dialog.isEnded) return;
                const body = offer(change);
                const { status } =
                  plan === 'phone updates'
                    ? await dialog.request('UPDATE', { body })
                    : await dialog.reinvite(body);
                count(status);
              }
              await dialog.bye();
            })();
          });
          heardBy.push([plan, heard]);
          return [plan, end] as const;
        }),
      );
      await Promise.all(overForApp);
      t.same(
        heardBy.filter(([, heard]) => !inOrder(heard)),
        [],
      );
      t.same(
        outcomes.filter(([, end]) => !/^(failed 408|(local|remote)-bye|error)$/.test(end)),
        [],
      );
      const good = outcomes.filter(([plan, end]) =>
        plan.startsWith('app') ? end === 'remote-bye' : end === 'local-bye',
      ).length;
      t.ok(good >= atLeast * calls.length, `${good} of ${calls.length} as planned`);
      const others = [...statuses.keys()].filter((status) => status !== 200 && !refusals.includes(status));
      t.same(others, [], JSON.stringify([...statuses]));
      t.ok((statuses.get(200) ?? 0) > callsOfPlan * 2, JSON.stringify([...statuses]));
      t.ok(
        network.lost.length >= link.loss * 200,
        `${network.lost.length} lost, ${network.counts.passed} passed`,
      );
      t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
      t.ok(await empty(phone), JSON.stringify(phone.counts()));
    },
  );
}
