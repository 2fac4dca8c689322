import t from 'tap';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import { UnwantedAnswers } from '../../../src/embedded/sip/unwanted-answers.js';
import { somebody } from './raw-peer.js';

const invite = SipMessage.request('INVITE', 'sip:b@192.0.2.1')
  .append('Via', 'SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx')
  .append('From', '<sip:a@h>;tag=1')
  .append('To', '<sip:b@h>')
  .append('Call-ID', 'c')
  .append('CSeq', '3 INVITE');

function answer(tag: string): SipMessage {
  return makeResponse(invite, 200, undefined, tag).append('Contact', '<sip:b@192.0.2.1:5070>');
}

/** Writes down what would be sent. */
function layer(fails = false) {
  const sent: string[] = [];
  const write = (message: SipMessage): never => {
    sent.push(`${message.method} ${message.get('cseq')} ${message.get('to')?.split('tag=')[1]}`);
    if (fails) throw new Error('no transport');
    return message as never;
  };
  return { sent, sendAck: write, request: write };
}

t.test('each fork is acknowledged as often as it answers, and hung up once', (t) => {
  const to = layer();
  const unwanted = new UnwantedAnswers(to);
  for (const tag of ['x', 'y', 'x', 'x']) unwanted.hangUp(invite, answer(tag), somebody);
  t.strictSame(to.sent, [
    'ACK 3 ACK x',
    'BYE 4 BYE x',
    'ACK 3 ACK y',
    'BYE 4 BYE y',
    'ACK 3 ACK x',
    'ACK 3 ACK x',
  ]);
  t.end();
});

t.test('whoever answers by more than 16 is no fork', (t) => {
  const to = layer();
  const unwanted = new UnwantedAnswers(to);
  for (let i = 0; i < 40; i++) unwanted.hangUp(invite, answer(`fork${i}`), somebody);
  t.equal(to.sent.filter((line) => line.startsWith('BYE')).length, 16);
  t.end();
});

t.test('one to whom no transport leads disturbs nobody who waits for the end of the call', (t) => {
  const to = layer(true);
  const unwanted = new UnwantedAnswers(to);
  t.doesNotThrow(() => unwanted.hangUp(invite, answer('x'), somebody));
  t.doesNotThrow(() => unwanted.hangUp(invite, answer('x'), somebody));
  t.strictSame(to.sent, ['ACK 3 ACK x', 'ACK 3 ACK x']);
  t.end();
});
