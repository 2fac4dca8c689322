import t from 'tap';
import { ReliableResponses } from '../../../src/embedded/drachtio/reliable-responses.js';
import { cseqNumber, makeResponse, setBody } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { sipTimers } from '../../../src/embedded/sip/timers.js';
import { TransactionLayer, type ServerTransaction } from '../../../src/embedded/sip/transaction-layer.js';
import { silentLogger } from '../../../src/core/logger.js';
import { fairClock } from '../sip/fair-clock.js';
import { lossyLink } from '../sip/lossy-link.js';
import { early, empty } from '../sip/phones.js';
import {
  connectApp,
  endlessBudget,
  sdp,
  serverEmpty,
  startServer,
  type Request,
  type Response,
} from './harness.js';
import { networks, lossyServer, quickTimers, ringingMs, ringingOver } from './lossy-server.js';

// Each has its own phones, and waits most of its time for 64 * T1.
t.jobs = 4;

const reliable = { headers: { Require: '100rel' }, body: sdp };
const callsOfPlan = 8;

/** What the caller does with the reliable 183s that it gets. */
const plans = ['prack', 'prack and update', 'prack and cancel', 'cancel', 'no prack'] as const;
type Plan = (typeof plans)[number];
const planned: Readonly<Record<Plan, RegExp>> = {
  prack: /^local-bye$/,
  'prack and update': /^local-bye$/,
  'prack and cancel': /^failed 487$/,
  cancel: /^failed 487$/,
  'no prack': /^failed 504$/,
};

/** What the application waits for before it answers; without a PRACK it answers at once, and the server holds the 200. */
const awaited: Readonly<Partial<Record<Plan, string>>> = { prack: 'prack', 'prack and update': 'update' };

/** As the library does it; its type declarations do not know the last argument. */
function sendReliably(res: Response, pracked: () => void): void {
  type Send = (status: number, options: object, sent: () => void, pracked: () => void) => void;
  (res.send as Send).call(res, 183, reliable, () => undefined, pracked);
}

for (const { name, atLeast, ...link } of networks) {
  t.test(
    `${name}: PRACK, early UPDATE, CANCEL: every call is answered or fails by the book, none is left`,
    { buffered: true },
    async (t) => {
      const { server, phone, network, uri } = await lossyServer(t, { ...link, seed: 31 });
      const calls = plans.flatMap((plan) => Array.from({ length: callsOfPlan }, () => plan));
      const invites: string[] = [];
      const overForApp: Promise<unknown>[] = [];
      await connectApp(t, server, (app) => {
        app.invite((req: Request, res: Response) => {
          const plan = req.get('X-Plan') as Plan;
          invites.push(req.get('Call-ID'));
          let proceed: (when: 'prack' | 'update') => void = () => undefined;
          req.on('update', (_: Request, answer: Response) => {
            answer.send(200, { body: sdp });
            proceed('update');
          });
          sendReliably(res, () => proceed('prack'));
          if (plan === 'cancel' || plan === 'prack and cancel') {
            overForApp.push(ringingOver(req, res));
            return;
          }
          const made = async (): Promise<void> => {
            try {
              const dialog = await app.createUAS(req, res, { localSdp: sdp });
              await new Promise((resolve) => dialog.once('destroy', resolve));
            } catch {
              // refused by the server: no PRACK came
            }
          };
          if (plan === 'no prack') overForApp.push(made());
          else proceed = (when) => void (when === awaited[plan] && overForApp.push(made()));
        });
      });

      const outcomes = await Promise.all(
        calls.map(async (plan) => {
          const headers = { 'X-Plan': plan, Supported: '100rel' };
          const call = phone.invite(uri, { body: sdp, headers });
          const rung = new Set<string>();
          const prack = async (response: SipMessage): Promise<void> => {
            const RAck = `${response.get('rseq')} 1 INVITE`;
            await early(phone, call, response, 'PRACK', 2, { headers: { RAck } });
            if (plan === 'prack and update') await early(phone, call, response, 'UPDATE', 3, { body: sdp });
            if (plan === 'prack and cancel') call.cancel();
          };
          call.on('provisional', (response) => {
            const rseq = response.get('rseq');
            if (rseq === undefined || rung.has(rseq)) return;
            rung.add(rseq);
            if (plan === 'cancel') call.cancel();
            else if (plan !== 'no prack') void prack(response);
          });
          const end = await new Promise<string>((resolve) => {
            call.on('failed', (status) => resolve(`failed ${status}`));
            call.on('accepted', (_, dialog) => {
              dialog.on('ended', resolve);
              call.ack();
              // The numbers of PRACK and UPDATE are used (500).
              void dialog
                .request('INFO')
                .then(() => dialog.request('INFO'))
                .then(() => dialog.bye());
            });
          });
          return [plan, end, rung.size] as const;
        }),
      );
      await Promise.all(overForApp);
      t.equal(new Set(invites).size, invites.length, 'no call came twice');
      t.same(
        outcomes.filter(([, , rung]) => rung > 1),
        [],
        'one reliable response, however often it came',
      );
      t.same(
        outcomes.filter(([, end]) => !/^(failed (408|480|487|504)|(local|remote)-bye|error)$/.test(end)),
        [],
      );
      const good = outcomes.filter(([plan, end]) => planned[plan].test(end)).length;
      t.ok(good >= atLeast * calls.length, `${good} of ${calls.length} as planned`);
      t.ok(
        network.lost.length >= link.loss * 200,
        `${network.lost.length} lost, ${network.counts.passed} passed`,
      );
      t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
      t.ok(await empty(phone), JSON.stringify(phone.counts()));
    },
  );
}

/** A called phone that sends its 183 reliably before it answers. */
class ReliableCallee {
  readonly pracks: string[] = [];
  /** How calls ended here. */
  readonly ends: string[] = [];
  readonly #ringing = new Map<string, { invite: ServerTransaction; responses: ReliableResponses }>();

  constructor(readonly layer: TransactionLayer) {
    layer.user = {
      request: (transaction) => this.#request(transaction),
      cancel: (cancel, invite) => {
        cancel.respond(this.#answer(cancel, 200));
        if (invite?.pending !== true) return;
        this.#ringing.get(invite.request.get('call-id') ?? '')?.responses.stop();
        invite.respond(this.#answer(invite, 487));
        this.ends.push('cancel');
      },
      ack: () => undefined,
    };
  }

  get port(): number {
    return this.layer.transport.addresses[0]?.port ?? 0;
  }

  #answer({ request }: ServerTransaction, status: number, body = ''): SipMessage {
    const response = makeResponse(request, status, undefined, 'callee');
    response.append('Contact', `<sip:callee@127.0.0.1:${this.port}>`);
    if (body !== '') response.append('Content-Type', 'application/sdp');
    setBody(response, body);
    return response;
  }

  #request(transaction: ServerTransaction): void {
    const { request } = transaction;
    const callId = request.get('call-id') ?? '';
    if (request.method === 'INVITE') {
      const { clock, timers } = this.layer;
      const send = (response: SipMessage): void => void transaction.respond(response);
      const responses = new ReliableResponses(clock, timers, send, () => {
        transaction.respond(this.#answer(transaction, 504));
        this.ends.push('no prack');
      });
      this.#ringing.set(callId, { invite: transaction, responses });
      for (let i = 0; i < 2; i++) {
        const response = this.#answer(transaction, 183, sdp);
        response.append('Require', '100rel');
        responses.add(response);
      }
      if (request.get('x-plan') === 'ring') {
        clock.after(ringingMs, () => transaction.respond(this.#answer(transaction, 480)));
        return;
      }
      responses.whenDrained(() => {
        const answer = this.#answer(transaction, 200, sdp);
        // Again and again, until its ACK or its BYE would come: long enough for what the network loses.
        for (const afterMs of [0, 10, 30, 70, 110, 150, 190, 230]) {
          clock.after(afterMs, () => void transaction.respond(answer));
        }
      });
      return;
    }
    const ringing = this.#ringing.get(callId);
    if (request.method === 'PRACK') {
      const rack = `${callId} ${request.get('rack')}`;
      const known = ringing?.responses.acknowledge(request) === true;
      this.pracks.push(rack);
      transaction.respond(this.#answer(transaction, known ? 200 : 481));
      return;
    }
    if (request.method === 'BYE') this.ends.push(`bye ${cseqNumber(request)}`);
    transaction.respond(this.#answer(transaction, 200));
  }
}

for (const { name, atLeast, ...link } of networks) {
  t.test(
    `${name}: calls out whose reliable 183s the application acknowledges, and cancels some`,
    { buffered: true },
    async (t) => {
      const server = await startServer(t, {
        sip: ['udp:127.0.0.1:0'],
        sourceBudget: endlessBudget,
        timers: quickTimers,
        clock: fairClock,
      });
      const layer = await TransactionLayer.listen({
        listen: ['udp:127.0.0.1:0'],
        clock: fairClock,
        timers: sipTimers(quickTimers),
        logger: silentLogger,
      });
      t.teardown(() => layer.close());
      const callee = new ReliableCallee(layer);
      const network = await lossyLink(t, callee.port, server.sipAddresses[0]?.port ?? 0, {
        ...link,
        seed: 43,
      });
      const app = await connectApp(t, server);
      const plans = Array.from({ length: 2 * callsOfPlan }, (_, i) => (i % 2 === 0 ? 'answer' : 'ring'));
      const outcomes = await Promise.all(
        plans.map(async (plan) => {
          const headers = { Supported: '100rel', 'X-Plan': plan };
          let request: Request | undefined;
          let cancelled = false;
          try {
            const dialog = await app.createUAC(
              `sip:callee@127.0.0.1:${network.farPort}`,
              { localSdp: sdp, headers },
              {
                cbRequest: (_, req) => (request = req),
                cbProvisional: ({ status }) => {
                  if (status !== 183 || plan !== 'ring' || cancelled) return;
                  cancelled = true;
                  request?.cancel();
                },
              },
            );
            await dialog.destroy();
            return [plan, 'hung up'] as const;
          } catch (error) {
            return [plan, `failed ${(error as { status?: number }).status}`] as const;
          }
        }),
      );
      t.same(
        outcomes.filter(([, end]) => !/^(hung up|failed (408|480|487|504))$/.test(end)),
        [],
      );
      t.same(callee.pracks, [...new Set(callee.pracks)], 'one PRACK for each reliable response');
      const good = outcomes.filter(([plan, end]) => end === (plan === 'ring' ? 'failed 487' : 'hung up'));
      t.ok(good.length >= atLeast * plans.length, `${good.length} of ${plans.length} as planned`);
      t.ok(
        network.lost.length >= link.loss * 40,
        `${network.lost.length} lost, ${network.counts.passed} passed`,
      );
      t.ok(await serverEmpty(server), JSON.stringify(server.counts()));
      t.ok(callee.ends.length >= good.length, callee.ends.join());
    },
  );
}
