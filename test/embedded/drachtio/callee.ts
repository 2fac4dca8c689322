import type { Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { splitValues } from '../../../src/embedded/sip/header-value.js';
import { makeResponse, setBody } from '../../../src/embedded/sip/make-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { parseNameAddr } from '../../../src/embedded/sip/name-addr.js';
import { newCallId } from '../../../src/embedded/sip/random-ids.js';
import { sipTimers } from '../../../src/embedded/sip/timers.js';
import { TransactionLayer, type ServerTransaction } from '../../../src/embedded/sip/transaction-layer.js';
import type { Target } from '../../../src/embedded/sip/transport.js';
import { parseUri, uriTarget, type SipUri } from '../../../src/embedded/sip/uri.js';
import { sdp, type App, type AppDialog } from './harness.js';

interface Asked {
  readonly tag?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A called phone that is told what to say, message by message. */
export async function callee(t: Test) {
  const layer = await TransactionLayer.listen({
    listen: ['udp:127.0.0.1:0'],
    clock: systemClock,
    timers: sipTimers({ t1Ms: 20, t2Ms: 80, t4Ms: 40 }),
    logger: silentLogger,
  });
  t.teardown(() => layer.close());
  const arrived: ServerTransaction[] = [];
  const acks: SipMessage[] = [];
  const answers: SipMessage[] = [];
  const cancels: SipMessage[] = [];
  const wakes: (() => void)[] = [];
  const wake = (): void => wakes.splice(0).forEach((one) => one());
  layer.user = {
    request: (transaction) => {
      arrived.push(transaction);
      wake();
    },
    cancel: (cancel) => {
      cancel.respond(makeResponse(cancel.request, 200));
      cancels.push(cancel.request);
      wake();
    },
    ack: (ack) => {
      acks.push(ack);
      wake();
    },
  };
  const port = layer.transport.addresses[0]?.port;
  const take = async <T>(queue: T[]): Promise<T> => {
    for (;;) {
      const one = queue.shift();
      if (one !== undefined) return one;
      await new Promise<void>((resolve) => wakes.push(resolve));
    }
  };
  const answer = (
    { request }: ServerTransaction,
    status: number,
    headers: Record<string, string> = {},
    body = '',
    tag = 'callee',
  ): SipMessage => {
    const response = makeResponse(request, status, undefined, tag);
    response.append('Contact', `<sip:${tag}@127.0.0.1:${port}>`);
    for (const [name, value] of Object.entries(headers)) response.append(name, value);
    if (body !== '') response.append('Content-Type', 'application/sdp');
    setBody(response, body);
    return response;
  };
  /** A request of the callee's own in the dialog that `invite` made. */
  const ask = (invite: SipMessage, method: string, cseq: number, more: Asked = {}): Promise<SipMessage> => {
    const request = SipMessage.request(method, parseNameAddr(invite.get('contact') ?? '').uri);
    request.append('Max-Forwards', '70');
    request.append('From', `${invite.get('to')};tag=${more.tag ?? 'callee'}`);
    request.append('To', invite.get('from') ?? '');
    request.append('Call-ID', invite.get('call-id') ?? '');
    request.append('CSeq', `${cseq} ${method}`);
    request.append('Contact', `<sip:${more.tag ?? 'callee'}@127.0.0.1:${port}>`);
    for (const [name, value] of Object.entries(more.headers ?? {})) request.append(name, value);
    setBody(request, more.body);
    const target = uriTarget(parseUri(request.uri) as SipUri) as Target;
    return new Promise((resolve) => {
      layer.request(request, target, (response) => {
        if (response.status >= 200) resolve(response);
      });
    });
  };
  const outside = (method: string, uri: string): SipMessage =>
    SipMessage.request(method, uri)
      .append('Max-Forwards', '70')
      .append('From', '<sip:callee@127.0.0.1>;tag=callee')
      .append('To', `<${uri}>`)
      .append('Call-ID', newCallId())
      .append('CSeq', `1 ${method}`)
      .append('Contact', `<sip:callee@127.0.0.1:${port}>`);
  /** Of the caller, in the dialog that a response has made. */
  const insideOf = (response: SipMessage, method: string, cseq: number): SipMessage => {
    const request = SipMessage.request(method, parseNameAddr(response.get('contact') ?? '').uri);
    request.append('Max-Forwards', '70');
    for (const name of ['From', 'To', 'Call-ID']) request.append(name, response.get(name) ?? '');
    request.append('Contact', `<sip:callee@127.0.0.1:${port}>`);
    for (const route of response.getAll('record-route').flatMap(splitValues).reverse())
      request.append('Route', route);
    return request.append('CSeq', `${cseq} ${method}`);
  };
  /** By its Route, else by its Request-URI. */
  const targetOf = (request: SipMessage): Target => {
    const route = request.get('route');
    return uriTarget(
      parseUri(route === undefined ? request.uri : parseNameAddr(route).uri) as SipUri,
    ) as Target;
  };
  /** A request in the dialog that a response has made. */
  const inside = (
    response: SipMessage,
    method: string,
    cseq: number,
    headers: Readonly<Record<string, string>> = {},
    heard: (response: SipMessage) => void = () => undefined,
  ): Promise<SipMessage> => {
    const request = insideOf(response, method, cseq);
    for (const [name, value] of Object.entries(headers)) request.append(name, value);
    return new Promise((resolve) => {
      layer.request(request, targetOf(request), (answered) => {
        heard(answered);
        if (answered.status >= 200) resolve(answered);
      });
    });
  };
  /** A call of its own, acknowledged when told; `heard` gets every response. */
  const call = (uri: string, heard: (response: SipMessage) => void, body = sdp): void => {
    const invite = outside('INVITE', uri);
    setBody(invite, body);
    layer.request(invite, targetOf(invite), heard);
  };
  const acknowledge = (response: SipMessage, body = ''): void => {
    const ack = insideOf(response, 'ACK', 1);
    setBody(ack, body);
    layer.sendAck(ack, targetOf(ack));
  };
  const subscribe = (uri: string, headers: Readonly<Record<string, string>>): void => {
    const request = outside('SUBSCRIBE', uri);
    for (const [name, value] of Object.entries(headers)) request.append(name, value);
    layer.request(request, targetOf(request), (response) => {
      answers.push(response);
      wake();
    });
  };
  return {
    ask,
    call,
    outside,
    acknowledge,
    subscribe,
    inside,
    /** The next response to a SUBSCRIBE of its own. */
    response: () => take(answers),
    /** Requests that have arrived and were not taken. */
    waiting: () => arrived.length,
    uri: `sip:callee@127.0.0.1:${port}`,
    answer,
    request: () => take(arrived),
    ack: () => take(acks),
    /** The next CANCEL; it is answered, its INVITE is not. */
    cancelled: () => take(cancels),
    layer,
  };
}

type Callee = Awaited<ReturnType<typeof callee>>;

/** The application calls with an offer, and the one whom it calls answers at once. */
export async function called(app: App, bob: Callee) {
  const dialing = app.createUAC(bob.uri, { localSdp: sdp });
  const invite = await bob.request();
  invite.respond(bob.answer(invite, 200, {}, sdp));
  await bob.ack();
  return { dialog: await dialing, invite };
}

/** The application ends the dialog, and the one whom it called answers its BYE. */
export async function hangUp(bob: Callee, dialog: AppDialog): Promise<void> {
  const ended = dialog.destroy();
  const bye = await bob.request();
  bye.respond(bob.answer(bye, 200));
  await ended;
}
