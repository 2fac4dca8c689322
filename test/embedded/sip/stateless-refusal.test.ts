import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { SourceBudget } from '../../../src/embedded/sip/source-budget.js';
import type { TransactionUser } from '../../../src/embedded/sip/transaction-layer.js';
import { layerWithPeer } from './raw-peer.js';

/** A layer whose user refuses BYE with 481 and answers all else with these, one after the other; what it heard; and a peer. */
async function open(t: Test, budget?: SourceBudget, statuses: readonly number[] = [486]) {
  const requests: string[] = [];
  const acks: SipMessage[] = [];
  const user: TransactionUser = {
    knows: (request) => request.get('call-id') === 'known',
    refusal: ({ method }) => (method === 'BYE' || method === 'INVITE' ? { status: 481 } : undefined),
    request: (transaction) => {
      requests.push(transaction.request.method);
      for (const status of statuses) transaction.respond(makeResponse(transaction.request, status));
    },
    cancel: () => requests.push('CANCEL'),
    ack: (ack) => void acks.push(ack),
  };
  const { send: sendText, ...peer } = await layerWithPeer(t, user, { budget });
  const send = (method: string, callId = 'c', to = '', branch = 'x'): void => {
    const lines = [
      `${method} sip:b@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${peer.socketPort};rport;branch=z9hG4bK${branch}`,
      'From: <sip:a@127.0.0.1>;tag=f',
      `To: <sip:b@127.0.0.1>${to}`,
      `Call-ID: ${callId}`,
      `CSeq: 1 ${method}`,
    ];
    sendText(`${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
  };
  const dropped = (reason: string): number =>
    Number(
      new RegExp(`dropped_total\\{reason="${reason}".* (\\d+)`).exec(peer.observation.metrics({}))?.[1] ?? 0,
    );
  return { ...peer, requests, acks, send, dropped };
}

const statusOf = (text: string | undefined): number => Number(text?.split(' ')[1]);
const toOf = (text: string | undefined): string => /^To: (.*)$/m.exec(text ?? '')?.[1] ?? '';

t.test('a refusal without transaction is the same for each repetition, and nothing is kept', async (t) => {
  const { layer, requests, heard, send, until } = await open(t);
  send('INVITE');
  send('INVITE');
  send('INVITE');
  await until(3);
  t.same(heard.map(statusOf), [481, 481, 481], 'no 100 before it');
  t.match(toOf(heard[0]), /;tag=sl[0-9a-f]{16}$/);
  t.equal(new Set(heard.map(toOf)).size, 1, 'one To tag');
  send('INVITE', 'another');
  await until(4);
  t.not(toOf(heard[3]), toOf(heard[0]));
  t.same(requests, []);
  t.match(layer.counts(), { transactions: 0, lingering: 0, timers: 0 });
});

t.test(
  'the ACK of a refusal without transaction is absorbed; one of nothing is counted as stray',
  async (t) => {
    const { acks, heard, send, until, dropped } = await open(t);
    send('INVITE');
    await until(1);
    send('ACK', 'c', toOf(heard[0]).replace(/^[^;]*/, ''));
    send('OPTIONS', 'o1', '', 'o1');
    await until(2);
    t.equal(dropped('stray'), 0);
    send('ACK', 'c', ';tag=sl0000000000000000');
    send('OPTIONS', 'o2', '', 'o2');
    await until(3);
    t.equal(dropped('stray'), 1);
    t.same(acks, [], 'neither came to the user');
  },
);

t.test('a CANCEL of nothing is 481 without a transaction', async (t) => {
  const { layer, requests, heard, send, until } = await open(t);
  send('CANCEL');
  await until(1);
  t.equal(statusOf(heard[0]), 481);
  t.same(requests, []);
  t.equal(layer.counts().lingering, 0);
});

t.test('over budget: new requests and refusals are dropped and counted, those of dialogs pass', async (t) => {
  const one = { burst: 1, perSecond: 0 };
  const budget = new SourceBudget(systemClock, { perAddress: one, refusalsPerAddress: one });
  const { layer, requests, heard, send, until, dropped } = await open(t, budget);
  send('OPTIONS', 'o', '', 'o1');
  send('BYE', 'b', '', 'b1');
  for (let i = 0; i < 20; i++) send('OPTIONS', 'o', '', `more${i}`);
  for (let i = 0; i < 20; i++) send('BYE', 'b', '', `more${i}`);
  send('BYE', 'known', '', 'b2');
  send('INFO', 'known', '', 'i2');
  await until(4);
  t.same(heard.map(statusOf), [486, 481, 486, 486]);
  t.same(requests, ['OPTIONS', 'BYE', 'INFO']);
  t.equal(dropped('budget'), 20);
  t.equal(dropped('refusals'), 20);
  t.equal(layer.counts().lingering, 3, 'transactions of what passed only');
});

t.test('a peer has an allowance of its own when its call rang and was answered', async (t) => {
  const allowed = (burst: number) => ({ burst, perSecond: 0 });
  const budget = new SourceBudget(systemClock, { perAddress: allowed(1), perProvenPeer: allowed(2) });
  const { requests, send, until } = await open(t, budget, [183, 200]);
  send('PUBLISH');
  await until(2);
  for (let i = 0; i < 5; i++) send('OPTIONS', 'c', '', `more${i}`);
  send('INFO', 'known', '', 'last');
  await until(10);
  t.same(requests, ['PUBLISH', 'OPTIONS', 'OPTIONS', 'OPTIONS', 'INFO']);
});

t.test('what was dropped is not in the trace of calls, what was refused is', async (t) => {
  const budget = new SourceBudget(systemClock, { refusalsPerAddress: { burst: 1, perSecond: 0 } });
  const { observation, send, until } = await open(t, budget);
  send('BYE', 'refused');
  send('BYE', 'dropped');
  send('INFO', 'known');
  await until(2);
  t.equal(observation.trace('refused').found, 'call');
  t.equal(observation.trace('dropped').found, 'none');
});

t.test('one dialog cannot fill the memory: 200 transactions at a time, but its BYE passes', async (t) => {
  const { layer, requests, send, until, dropped } = await open(t);
  for (let i = 0; i < 230; i++) send('INFO', 'known', '', `i${i}`);
  send('BYE', 'known', '', 'bye');
  await until(231);
  t.equal(dropped('full'), 30);
  t.equal(requests.length, 201);
  t.equal(requests.at(-1), 'BYE');
  t.equal(layer.counts().lingering, 201);
});

t.test(
  'BYEs without end do not pass either, and what a stranger sends under its Call-ID counts nothing',
  async (t) => {
    const { layer, requests, send, until, dropped } = await open(t);
    layer.user = {
      knows: ({ method }) => method !== 'OPTIONS',
      request: (transaction) => {
        requests.push(transaction.request.method);
        transaction.respond(makeResponse(transaction.request, 486));
      },
      cancel: () => undefined,
      ack: () => undefined,
    };
    for (let i = 0; i < 230; i++) send('OPTIONS', 'known', '', `o${i}`);
    await until(230);
    t.equal(dropped('full'), 0);
    for (let i = 0; i < 230; i++) send('BYE', 'known', '', `b${i}`);
    await until(460);
    t.equal(requests.filter((method) => method === 'BYE').length, 220);
    t.equal(dropped('full'), 10);
  },
);
