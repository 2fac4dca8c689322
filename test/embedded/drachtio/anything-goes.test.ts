import t from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger, type Logger } from '../../../src/core/logger.js';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { parseNameAddr } from '../../../src/embedded/sip/name-addr.js';
import { sipTimers } from '../../../src/embedded/sip/timers.js';
import { TransactionLayer, type ServerTransaction } from '../../../src/embedded/sip/transaction-layer.js';
import type { Target } from '../../../src/embedded/sip/transport.js';
import { endlessBudget, sdp, secret, startServer, until } from './harness.js';
import { rawApp } from './raw-app.js';

const steps = 6000;
const timers = { t1Ms: 10, t2Ms: 40, t4Ms: 20 };

const statuses = [100, 180, 183, 183, 199, 200, 200, 200, 202, 302, 401, 404, 481, 487, 491, 500, 603, 699];
const methods = 'INVITE INVITE UPDATE PRACK PRACK BYE INFO NOTIFY REFER SUBSCRIBE OPTIONS MESSAGE'.split(' ');

/** The same numbers for the same seed. */
function chance(seed: number) {
  let state = seed >>> 0;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return {
    is: (probability: number): boolean => next() < probability,
    below: (count: number): number => Math.floor(next() * count),
    of: <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T,
    /** One of the last few. */
    recent: <T>(all: readonly T[]): T | undefined =>
      all[all.length - 1 - Math.floor(next() * Math.min(all.length, 12))],
  };
}

t.test(
  'an application and its peers that say anything at any time: nothing fails, nothing is left',
  async (t) => {
    const seed = process.env['CI'] === undefined ? Date.now() % 2 ** 32 : 1;
    t.comment(`seed ${seed}`);
    const { is, below, of, recent } = chance(seed);
    const troubles: string[] = [];
    const trouble = (_: object, text: string): void => void troubles.push(text);
    const logger = { ...silentLogger, warn: trouble, error: trouble } as unknown as Logger;
    const server = await startServer(t, {
      sip: ['udp:127.0.0.1:0'],
      timers,
      logger,
      sourceBudget: endlessBudget,
    });
    const port = server.sipAddresses[0]?.port ?? 0;
    const target: Target = { protocol: 'udp', host: '127.0.0.1', port };
    const layer = await TransactionLayer.listen({
      listen: ['udp:127.0.0.1:0'],
      clock: systemClock,
      logger: silentLogger,
      timers: sipTimers(timers),
    });
    t.teardown(() => layer.close());
    const own = layer.transport.addresses[0]?.port;

    // The application: what it may name.
    const app = await rawApp(t, server);
    const txns: string[] = [];
    const dialogs: string[] = [];
    const sent: string[] = [];
    const listen = async (): Promise<void> => {
      for (let frame = await app.next(); frame !== undefined; frame = await app.next()) {
        const [, type, , outcome, source] = frame;
        if (type === 'sip') {
          if (frame[8] !== undefined) txns.push(frame[8]);
          if (frame[9] !== undefined && frame[9].includes('from-tag'))
            dialogs.push(frame[9].split('\r')[0] ?? '');
        } else if (outcome === 'OK' && source === 'application' && frame[10] !== undefined)
          sent.push(frame[10]);
      }
    };
    const listening = listen();
    app.say(`m|authenticate|${secret}|`);
    for (const verb of new Set([...methods, 'REGISTER'])) app.say(`m|route|${verb.toLowerCase()}`);
    const sip = (startLine: string, headers: readonly string[], body: string): string =>
      [startLine, ...headers, '', body].join('\r\n');
    const appAct = (): void => {
      const body = is(0.5) ? sdp : '';
      const txn = recent(txns);
      const dialog = recent(dialogs);
      if (is(0.5) && txn !== undefined) {
        const headers = [];
        if (is(0.3)) headers.push('Require: 100rel');
        if (is(0.2)) headers.push(`To: <sip:x@y>;tag=t${below(3)}`);
        if (is(0.2)) headers.push(`Expires: ${of([0, 60])}`);
        app.say(`m|sip|${txn}|`, sip(`SIP/2.0 ${of(statuses)} X`, headers, body));
      } else if (is(0.4) && dialog !== undefined) {
        const method = of([...methods, 'ACK', 'ACK']);
        const headers = [`RAck: ${below(3) + 1} 1 INVITE`];
        if (is(0.3)) headers.push('Subscription-State: terminated');
        app.say(`m|sip||${dialog}`, sip(`${method} sip:placeholder SIP/2.0`, headers, body));
      } else if (is(0.2) && sent.length > 0) {
        app.say(`m|sip|${recent(sent)}|`, sip('CANCEL sip:placeholder SIP/2.0', [], ''));
      } else {
        const headers = is(0.5) ? ['Supported: 100rel, timer', 'Session-Expires: 90'] : [];
        app.say('m|sip||', sip(`${of(methods)} sip:p@127.0.0.1:${own} SIP/2.0`, headers, body));
      }
    };

    // Its peers, callers and called.
    const arrived: ServerTransaction[] = [];
    const answers: SipMessage[] = [];
    layer.user = {
      knows: () => true,
      request: (transaction) => void arrived.push(transaction),
      cancel: (cancel, invite) => {
        cancel.respond(makeResponse(cancel.request, 200));
        if (invite?.pending === true && is(0.5)) invite.respond(makeResponse(invite.request, 487));
      },
      ack: () => undefined,
    };
    const ask = (method: string, uri: string, from: string, to: string, callId: string): void => {
      const request = SipMessage.request(method, uri).append('Max-Forwards', '70');
      request.append('From', from).append('To', to).append('Call-ID', callId);
      request.append('CSeq', `${1 + below(40)} ${method}`).append('Contact', `<sip:c@127.0.0.1:${own}>`);
      request.append('RAck', `${answers.at(-1)?.get('rseq') ?? 1} 1 INVITE`);
      if (is(0.5)) request.append('Supported', '100rel, timer');
      if (is(0.1)) request.append('Require', '100rel');
      if (is(0.3)) request.append('Session-Expires', of(['90', '90;refresher=uas', '10']));
      if (is(0.2)) request.append('Subscription-State', 'terminated');
      if (is(0.5)) request.body = sdp;
      const transaction = layer.request(request, target, (response) => void answers.push(response));
      if (is(0.1)) transaction.cancel();
    };
    let calls = 0;
    const peerAct = (): void => {
      const answer = recent(answers);
      const transaction = recent(arrived);
      if (is(0.3) || answer === undefined) {
        const from = `<sip:c@x>;tag=f${calls}`;
        ask(of(methods), `sip:s@127.0.0.1:${port}`, from, '<sip:s@x>', `anything-${seed}-${calls++}`);
      } else if (is(0.5)) {
        const uri = parseNameAddr(answer.get('contact') ?? `<sip:s@127.0.0.1:${port}>`).uri;
        const [from = '', to = '', callId = ''] = ['from', 'to', 'call-id'].map(
          (name) => answer.get(name) ?? '',
        );
        if (is(0.2))
          layer.sendAck(
            SipMessage.request('ACK', uri)
              .append('From', from)
              .append('To', to)
              .append('Call-ID', callId)
              .append('CSeq', `${below(40)} ACK`),
            target,
          );
        else ask(of(methods), uri, from, to, callId);
      } else if (transaction !== undefined) {
        const response = makeResponse(transaction.request, of(statuses), undefined, `g${below(4)}`);
        response.append('Contact', `<sip:c@127.0.0.1:${own}>`);
        if (is(0.3)) response.append('Require', '100rel').append('RSeq', String(1 + below(3)));
        if (is(0.3)) response.append('Session-Expires', of(['90;refresher=uac', '90;refresher=uas']));
        if (is(0.5)) response.body = sdp;
        transaction.respond(response);
      }
    };

    for (let step = 0; step < steps; step++) {
      if (is(0.5)) appAct();
      else peerAct();
      if (step % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    t.ok(dialogs.length > 100, 'there were calls');
    t.equal(server.counts().apps, 1, 'the application is still connected');
    app.leave();
    await listening;
    const left = (): number => server.counts().transactions + server.counts().lingering;
    await until(() => left() === 0);
    t.equal(left(), 0);
    t.same(troubles, []);
  },
);
