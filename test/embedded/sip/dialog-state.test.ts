import t from 'tap';
import { DialogState } from '../../../src/embedded/sip/dialog-state.js';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import { SipMessage } from '../../../src/embedded/sip/message.js';
import type { Listener, Source } from '../../../src/embedded/sip/transport.js';

const listener: Listener = {
  address: { protocol: 'udp', host: '192.0.2.2', port: 5060 },
  send: () => undefined,
  streamTo: () => undefined,
  watch: () => () => undefined,
  sockets: 0,
  close: () => Promise.resolve(),
};
const from = (host: string, port = 5060): Source => ({
  protocol: 'udp',
  host,
  port,
  listener,
  stream: undefined,
});

function invite(contact: string, ...routes: string[]): SipMessage {
  const message = SipMessage.request('INVITE', 'sip:b@192.0.2.2')
    .append('Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx')
    .append('From', '"A" <sip:a@h>;tag=1')
    .append('To', '<sip:b@h>')
    .append('Call-ID', 'c')
    .append('CSeq', '3 INVITE')
    .append('Contact', contact);
  for (const route of routes) message.append('Record-Route', route);
  return message;
}

t.test('called: tags, numbers and the route set in the order received', (t) => {
  const request = invite('<sip:a@192.0.2.1:5070>', '<sip:p2;lr>, <sip:p1;lr>', '<sip:p0;lr>');
  const dialog = DialogState.uas(request, '9', from('192.0.2.1'));
  t.match(dialog, { callId: 'c', localTag: '9', remoteTag: '1', remoteTarget: 'sip:a@192.0.2.1:5070' });
  const bye = dialog.buildRequest('BYE');
  t.equal(bye.uri, 'sip:a@192.0.2.1:5070');
  t.same(bye.getAll('route'), ['<sip:p2;lr>', '<sip:p1;lr>', '<sip:p0;lr>']);
  t.equal(bye.get('from'), '<sip:b@h>;tag=9');
  t.equal(bye.get('to'), '"A" <sip:a@h>;tag=1');
  t.equal(bye.get('cseq'), '1 BYE');
  t.equal(dialog.buildRequest('INFO').get('cseq'), '2 INFO');
  t.equal(dialog.buildRequest('ACK', 1).get('cseq'), '1 ACK');
  t.match(dialog.target(), { protocol: 'udp', host: 'p2', port: 5060 });
  t.end();
});

t.test('calling: the route set is reversed, a strict router is obeyed', (t) => {
  const request = invite('<sip:a@192.0.2.1>');
  const response = makeResponse(request, 200, undefined, '9');
  response.append('Contact', '<sip:b@192.0.2.7;transport=tcp>');
  response.append('Record-Route', '<sip:near;lr>').append('Record-Route', '<sip:far>');
  const dialog = DialogState.uac(request, response, from('192.0.2.7'));
  t.equal(dialog.remoteTag, '9');
  const bye = dialog.buildRequest('BYE');
  t.equal(bye.get('cseq'), '4 BYE');
  t.equal(bye.uri, 'sip:far');
  t.same(bye.getAll('route'), ['<sip:near;lr>', '<sip:b@192.0.2.7;transport=tcp>']);
  t.end();
});

t.test('requests out of order are refused, equal numbers too', (t) => {
  const dialog = DialogState.uas(invite('<sip:a@192.0.2.1>'), '9', from('192.0.2.1'));
  const numbered = (n: number): SipMessage =>
    SipMessage.request('INFO', 'sip:b@h').append('CSeq', `${n} INFO`);
  t.same(
    [2, 3, 4, 10, 5, 11].map((n) => dialog.accepts(numbered(n))),
    [false, false, true, true, false, true],
  );
  t.end();
});

t.test('a peer behind a NAT is reached where its packets come from; a new Contact moves it', (t) => {
  const dialog = DialogState.uas(invite('<sip:a@10.0.0.5:5070>'), '9', from('198.51.100.1', 40000));
  t.match(dialog.target(), { host: '198.51.100.1', port: 40000 });
  t.equal(dialog.buildRequest('BYE').uri, 'sip:a@10.0.0.5:5070');
  dialog.refreshTarget(invite('<sip:a@192.0.2.8:5090>'), from('192.0.2.8', 5090));
  t.match(dialog.target(), { host: '192.0.2.8', port: 5090 });
  const tls = DialogState.uas(invite('<sips:a@192.0.2.1>'), '9', from('192.0.2.1'));
  t.match(tls.target(), { host: '192.0.2.1', port: 5060 });
  t.end();
});
