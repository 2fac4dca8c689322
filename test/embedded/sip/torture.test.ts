import { createSocket } from 'node:dgram';
import t, { type Test } from 'tap';
import { splitValues } from '../../../src/embedded/sip/header-value.js';
import type { IncomingInvite } from '../../../src/embedded/sip/incoming-invite.js';
import { makeResponse } from '../../../src/embedded/sip/make-message.js';
import type { SipMessage } from '../../../src/embedded/sip/message.js';
import { parseNameAddr, tagOf } from '../../../src/embedded/sip/name-addr.js';
import { readMessage } from '../../../src/embedded/sip/parse-message.js';
import type { IncomingRequest } from '../../../src/embedded/sip/request-options.js';
import { parseUri, uriParam } from '../../../src/embedded/sip/uri.js';
import { parseVia } from '../../../src/embedded/sip/via.js';
import { parseMessage } from './parsed.js';
import { agent, sdp } from './phones.js';
import * as application from './torture/application.js';
import * as invalid from './torture/invalid.js';
import { answerable } from './torture/torture-message.js';
import * as valid from './torture/valid.js';

// The 49 messages of RFC 4475, in its order; each test has the name of its message and what the RFC says of it.

interface Heard {
  /** Statuses that came back for the message, 100 apart. */
  readonly statuses: readonly number[];
  readonly responses: readonly SipMessage[];
  readonly invites: readonly IncomingInvite[];
  readonly requests: readonly IncomingRequest[];
}

/** Sends messages to a phone that takes everything; then an OPTIONS, whose answer shows that the phone is well. */
async function deliver(t: Test, ...messages: readonly Buffer[]): Promise<Heard> {
  const bob = await agent(t, 'bob', { listen: ['udp:127.0.0.1:0'] });
  const invites: IncomingInvite[] = [];
  const requests: IncomingRequest[] = [];
  bob.on('invite', (incoming) => {
    invites.push(incoming);
    incoming.accept({ body: sdp });
  });
  bob.on('request', (incoming) => {
    if (incoming.request.get('call-id') !== 'probe') requests.push(incoming);
    incoming.respond(200);
  });
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const port = bob.addresses[0]?.port ?? 0;
  const responses: SipMessage[] = [];
  const probed = new Promise<void>((resolve) =>
    socket.on('message', (bytes) => {
      const response = parseResponse(bytes);
      if (response.get('call-id') === 'probe') resolve();
      else if (response.status > 100) responses.push(response);
    }),
  );
  for (const message of messages) socket.send(answerable(message), port, '127.0.0.1');
  const probe =
    'OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;rport;branch=z9hG4bKprobe\r\nFrom: <sip:a@h>;tag=1\r\n' +
    'To: <sip:b@h>\r\nCall-ID: probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n';
  socket.send(probe, port, '127.0.0.1');
  await probed;
  socket.close();
  await bob.close();
  return { statuses: responses.map(({ status }) => status), responses, invites, requests };
}

/** What comes back for a message without Call-ID lacks it too; so no strict reading here. */
function parseResponse(bytes: Buffer): SipMessage {
  const { message } = readMessage(bytes);
  if (message === undefined) throw new Error('no SIP message came back');
  return message;
}

const uriOf = (message: SipMessage, header: string): string =>
  parseNameAddr(splitValues(message.get(header) ?? '')[0] ?? '').uri;

t.test('wsinv: a short tortuous INVITE is read in all its parts and answered', async (t) => {
  const message = parseMessage(valid.wsinv);
  t.equal(message.method, 'INVITE');
  t.equal(message.uri, 'sip:vivekg@chair-dnrc.example.com;unknownparam');
  t.equal(tagOf(message.get('to') ?? ''), '1918181833n');
  t.equal(tagOf(message.get('from') ?? ''), '98asjd8');
  t.equal(uriOf(message, 'from'), 'sip:jdrosen@example.com');
  t.equal(Number(message.get('max-forwards')), 68);
  t.match(message.get('cseq'), /^0009\s+INVITE$/);
  t.equal(message.get('subject'), '');
  t.equal(message.get('newfangledheader'), 'newfangled value continued newfangled value');
  t.equal(message.get('unknownheaderwithunusualvalue'), ';;,,;;,;');
  t.equal(uriOf(message, 'route'), 'sip:services.example.com;lr;unknownwith=value;unknown-no-value');
  const vias = message.getAll('via').flatMap(splitValues).map(parseVia);
  t.same(
    vias.map((via) => [via?.transport, via?.host, via?.branch]),
    [
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ],
  );
  t.equal(uriOf(message, 'contact'), 'sip:jdrosen@example.com');
  t.equal(Buffer.byteLength(message.body), 150);
  const heard = await deliver(t, valid.wsinv);
  t.same(heard.statuses, [481], 'its To tag names a dialog that we do not have');
});

t.test('intmeth: every character that the grammar allows is kept', async (t) => {
  const message = parseMessage(valid.intmeth);
  t.equal(message.method, valid.unusualMethod);
  t.equal(parseUri(message.uri)?.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  t.equal(parseUri(message.uri)?.host, 'example.com');
  t.match(message.get('to'), '"BEL:\\\u0007 NUL:\\\0 DEL:\\\u007f" <sip:1_unusual.URI~');
  t.equal(uriOf(message, 'from'), 'sip:mundane@example.com');
  t.equal(tagOf(message.get('from') ?? ''), "_token~1'+`*%!-.");
  t.match(message.get('from'), '"работающий"');
  t.equal(message.get('call-id'), 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
  t.equal(message.get("extensionHeader-!.%*+_`'~"), '\ufeff大停電');
  t.equal(parseVia(message.get('via') ?? '')?.branch, "z9hG4bK-.!%66*_+`'~");
  const { statuses, responses, requests } = await deliver(t, valid.intmeth);
  t.same(statuses, [200]);
  t.equal(responses[0]?.get('cseq'), `139122385 ${valid.unusualMethod}`);
  t.equal(requests.length, 1);
});

t.test('esc01: escapes are undone once, where names and values are compared', async (t) => {
  const message = parseMessage(valid.esc01);
  t.equal(parseUri(message.uri)?.user, 'sips%3Auser%40example.com');
  t.equal(parseUri(message.uri)?.host, 'example.net');
  const contact = parseUri(uriOf(message, 'contact'));
  t.ok(contact);
  if (contact === undefined) return;
  t.equal(uriParam(contact, 'lr'), '', 'a loose router');
  t.equal(uriParam(contact, 'name'), 'value%41', 'not valueA');
  t.same((await deliver(t, valid.esc01)).statuses, [200]);
});

t.test('escnull: %00 cuts nothing off', async (t) => {
  const { statuses, requests } = await deliver(t, valid.escnull);
  t.same(statuses, [200]);
  t.equal(uriOf(requests[0]?.request as SipMessage, 'to'), 'sip:null-%00-null@example.com');
  t.same(requests[0]?.request.getAll('contact'), [
    '<sip:%00@host5.example.com>',
    '<sip:%00%00@host5.example.com>',
  ]);
});

t.test('esc02: % in a method or header name escapes nothing', async (t) => {
  const { statuses, requests } = await deliver(t, valid.esc02);
  t.same(statuses, [200]);
  t.equal(requests[0]?.request.method, 'RE%47IST%45R', 'which is not REGISTER');
  t.equal(requests[0]?.request.getAll('contact').length, 2, 'C%6Fntact is not Contact');
  t.equal(requests[0]?.request.get('c%6Fntact'), '<sip:alias2@host2.example.com>');
});

t.test('lwsdisp: no space is needed between display name and <', async (t) => {
  const { statuses, requests } = await deliver(t, valid.lwsdisp);
  t.same(statuses, [200]);
  t.equal(uriOf(requests[0]?.request as SipMessage, 'from'), 'sip:caller@example.com');
  t.equal(tagOf(requests[0]?.request.get('from') ?? ''), '323');
});

t.test('longreq: long values are whole', async (t) => {
  const message = parseMessage(valid.longreq);
  t.equal(message.getAll('via').length, 34);
  t.match(message.get('to'), /^"I have a user name of (extreme){10} proportion"<sip:user@example\.com:6000;/);
  t.equal(tagOf(message.get('from') ?? ''), `12${'982'.repeat(50)}424`);
  const { statuses, responses } = await deliver(t, valid.longreq);
  t.same(statuses, [200]);
  t.equal(responses[0]?.getAll('via').length, 34, 'all of them go back');
});

t.test('dblreq: what follows the first message in a datagram is ignored', async (t) => {
  const { statuses, invites, requests } = await deliver(t, valid.dblreq);
  t.same(statuses, [200]);
  t.equal(requests.length, 1);
  t.equal(requests[0]?.request.method, 'REGISTER');
  t.equal(requests[0]?.request.body, '');
  t.equal(invites.length, 0);
});

t.test('semiuri: a semicolon in the user part begins no parameter', async (t) => {
  const { statuses, requests } = await deliver(t, valid.semiuri);
  t.same(statuses, [200]);
  const uri = parseUri(requests[0]?.request.uri ?? '');
  t.equal(uri?.user, 'user;par=u%40example.net');
  t.equal(uri?.host, 'example.com');
  t.equal(uri?.params, '');
});

t.test('transports: Via may name any transport', async (t) => {
  const { statuses, responses } = await deliver(t, valid.transports);
  t.same(statuses, [200]);
  t.same(
    responses[0]?.getAll('via').map((via) => parseVia(via)?.transport),
    ['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'],
  );
});

t.test('mpart01: a binary body is passed on byte by byte, its Via stamped or not', async (t) => {
  const message = parseMessage(valid.mpart01);
  t.ok(message.toBuffer().equals(valid.mpart01));
  message.replaceFirst('Via', `${message.get('via')};received=127.0.0.1`);
  const end = message.toBuffer().subarray(-valid.multipartBytes.length);
  t.ok(end.equals(valid.multipartBytes));
  t.match(message.toBuffer().toString('latin1'), `Content-Length: ${valid.multipartBytes.length}\r\n\r\n`);
  t.ok(message.clone().toBuffer().equals(message.toBuffer()));
  const { statuses, requests } = await deliver(t, valid.mpart01);
  t.same(statuses, [200]);
  t.ok(requests[0]?.request.toBuffer().subarray(-valid.multipartBytes.length).equals(valid.multipartBytes));
});

/** What a caller hears whose request is answered by that response, under the request's own branch, and then by 486. */
async function hear(t: Test, method: string, response: Buffer): Promise<readonly SipMessage[]> {
  const phone = await agent(t, 'phone', { listen: ['udp:127.0.0.1:0'] });
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  socket.on('message', (bytes, { port, address }) => {
    const request = parseMessage(bytes);
    if (request.method !== method) return;
    const branch = parseVia(request.get('via') ?? '')?.branch ?? '';
    const text = response.toString('latin1').replace(/branch=[^;\r]+/, `branch=${branch}`);
    socket.send(Buffer.from(text, 'latin1'), port, address);
    socket.send(makeResponse(request, 486).toBuffer(), port, address);
  });
  const uri = `sip:user@127.0.0.1:${socket.address().port}`;
  if (method !== 'INVITE') return [await phone.request(method, uri)];
  const heard: SipMessage[] = [];
  const call = phone.invite(uri);
  call.on('provisional', (provisional) => heard.push(provisional));
  await new Promise<void>((resolve) => {
    call.on('accepted', (answer) => resolve(void heard.push(answer)));
    call.on('failed', (_status, refusal) => resolve(void (refusal && heard.push(refusal))));
  });
  return heard;
}

t.test('unreason: a reason phrase may be any text; the call is answered', async (t) => {
  const message = parseMessage(valid.unreason);
  t.equal(message.status, 200);
  t.equal(message.reason, '= 2**3 * 5**2 но сто девяносто девять - простое');
  const heard = await hear(t, 'INVITE', valid.unreason);
  t.same(
    heard.map(({ status, reason }) => [status, reason]),
    [[200, message.reason]],
  );
});

t.test('noreason: a reason phrase may be empty; the call is under way', async (t) => {
  const message = parseMessage(valid.noreason);
  t.equal(message.method, 'INVITE');
  const heard = await hear(t, 'INVITE', valid.noreason);
  t.same(
    heard.map(({ status, reason }) => [status, reason]),
    [
      [100, ''],
      [486, 'Busy Here'],
    ],
  );
});

/** Refused with that status, and handed to nobody. */
function refused(name: string, promise: string, message: Buffer, ...statuses: readonly number[]): void {
  t.test(`${name}: ${promise}`, async (t) => {
    const heard = await deliver(t, message);
    t.same(heard.statuses, statuses);
    t.equal(heard.invites.length + heard.requests.length, 0);
  });
}

/** A response that is dropped although somebody waits for one: the next is taken. */
function dropped(name: string, promise: string, method: string, message: Buffer): void {
  t.test(`${name}: ${promise}`, async (t) => {
    const heard = await hear(t, method, message);
    t.same(
      heard.map(({ status }) => status),
      [486],
    );
    t.same((await deliver(t, message)).statuses, []);
  });
}

refused('badinv01', 'extra separators are refused with 400', invalid.badinv01, 400);
refused('clerr', 'a body shorter than Content-Length is refused with 400', invalid.clerr, 400);
refused('ncl', 'a negative Content-Length is refused with 400', invalid.ncl, 400);
refused('scalar02', 'a sequence number beyond 2**31 is refused with 400', invalid.scalar02, 400);
dropped('scalarlg', 'a response with such numbers is dropped', 'OPTIONS', invalid.scalarlg);
refused('quotbal', 'a quote that never ends is refused with 400', invalid.quotbal, 400);
refused('ltgtruri', 'a Request-URI in <> is refused with 400', invalid.ltgtruri, 400);
refused('lwsruri', 'white space in the Request-URI is refused with 400', invalid.lwsruri, 400);
refused('lwsstart', 'more than one space in the start line is refused with 400', invalid.lwsstart, 400);
refused('trws', 'space after the start line is refused with 400', invalid.trws, 400);
refused('escruri', 'a Request-URI with headers is refused with 400', invalid.escruri, 400);

t.test('baddate: a Date of another zone is nobody’s business here; the call is taken', async (t) => {
  t.same((await deliver(t, invalid.baddate)).statuses, [200]);
});

refused('regbadct', 'a Contact with headers and without <> is refused with 400', invalid.regbadct, 400);

t.test('badaspec: spaces inside <> are overlooked', async (t) => {
  const { statuses, requests } = await deliver(t, invalid.badaspec);
  t.same(statuses, [200]);
  t.equal(uriOf(requests[0]?.request as SipMessage, 'to'), 'sip:t.watson@example.org');
});

t.test('baddn: a comma in an unquoted display name of From and To is overlooked', async (t) => {
  const { statuses, requests } = await deliver(t, invalid.baddn);
  t.same(statuses, [200]);
  t.equal(parseNameAddr(requests[0]?.request.get('from') ?? '').uri, 'sip:a.g.bell@example.com');
  t.equal(tagOf(requests[0]?.request.get('from') ?? ''), '43');
});

refused('badvers', 'an unknown version is refused with 505', invalid.badvers, 505);
refused('mismatch01', 'start line and CSeq of different methods: 400', invalid.mismatch01, 400);
refused('mismatch02', 'the same with an unknown method: 400', invalid.mismatch02, 400);
dropped('bigcode', 'a response code that is none is dropped', 'INVITE', invalid.bigcode);

t.test('badbranch: the cookie alone identifies nothing; two such requests are two', async (t) => {
  const second = Buffer.from(
    application.badbranch.toString('latin1').replace('badbranch.', 'badbranch.2.'),
    'latin1',
  );
  const { statuses, requests } = await deliver(t, application.badbranch, second, second);
  t.equal(requests.length, 2);
  t.same(statuses, [200, 200, 200], 'the repetition got its answer again');
});

refused('insuf', 'Call-ID, From and To missing: 400', application.insuf, 400);
refused('unkscm', 'an unknown scheme in the Request-URI: 416', application.unkscm, 416);
refused('novelsc', 'a known scheme that is not for SIP: 416', application.novelsc, 416);

t.test('unksm2: unknown schemes in To, From and Contact are the registrar’s to refuse', async (t) => {
  const { requests } = await deliver(t, application.unksm2);
  t.equal(requests.length, 1);
  t.equal(uriOf(requests[0]?.request as SipMessage, 'to'), 'isbn:2983792873');
  t.equal(uriOf(requests[0]?.request as SipMessage, 'from'), 'http://www.example.com');
  t.equal(uriOf(requests[0]?.request as SipMessage, 'contact'), 'name:John_Smith');
});

t.test('bext01: what we are required to support and do not is named by 420', async (t) => {
  const { statuses, responses, requests } = await deliver(t, application.bext01);
  t.same(statuses, [420]);
  t.same(splitValues(responses[0]?.get('unsupported') ?? ''), [
    'nothingSupportsThis',
    'nothingSupportsThisEither',
  ]);
  t.equal(requests.length, 0);
});

t.test('invut: a body of unknown type is refused with 415, which says what is known', async (t) => {
  const { statuses, responses, invites } = await deliver(t, application.invut);
  t.same(statuses, [415]);
  t.equal(responses[0]?.get('accept'), 'application/sdp');
  t.equal(invites.length, 0);
});

t.test('regaut01: an unknown Authorization scheme reaches the registrar unharmed', async (t) => {
  const { requests } = await deliver(t, application.regaut01);
  t.equal(requests[0]?.request.get('authorization'), 'NoOneKnowsThisScheme opaque-data=here');
});

refused('multi01', 'headers twice that may stand once: 400', application.multi01, 400);
refused('mcl01', 'two Content-Lengths that disagree: 400', application.mcl01, 400);
dropped('bcast', 'a response with a Via that its request had not is dropped', 'INVITE', application.bcast);

t.test('zeromf: whom it is for answers whatever Max-Forwards says', async (t) => {
  t.same((await deliver(t, application.zeromf)).statuses, [200]);
});

t.test('cparam01: without <> a parameter is the header’s', async (t) => {
  const { requests } = await deliver(t, application.cparam01);
  const contact = parseNameAddr(requests[0]?.request.get('contact') ?? '');
  t.same(contact, { uri: 'sip:+19725552222@gw1.example.net', params: ';unknownparam' });
});

t.test('cparam02: inside <> it is the URI’s', async (t) => {
  const { requests } = await deliver(t, application.cparam02);
  const contact = parseNameAddr(requests[0]?.request.get('contact') ?? '');
  t.same(contact, { uri: 'sip:+19725552222@gw1.example.net;unknownparam', params: '' });
});

t.test('regescrt: headers in a bracketed Contact are part of its URI', async (t) => {
  const { statuses, requests } = await deliver(t, application.regescrt);
  t.same(statuses, [200]);
  const contact = parseNameAddr(requests[0]?.request.get('contact') ?? '');
  t.equal(contact.uri, 'sip:user@example.com?Route=%3Csip:sip.example.com%3E');
  t.equal(requests[0]?.request.has('route'), false, 'and no headers of the request');
});

refused('sdp01', 'no answer of ours is acceptable: 406', application.sdp01, 406);

t.test(
  'inv2543: a call of RFC 2543, without branch, tag, Contact and Content-Length, is taken',
  async (t) => {
    const { statuses, invites } = await deliver(t, application.inv2543);
    t.same(statuses, [200]);
    t.match(invites[0]?.request.body, /^v=0\r\n[^]*m=audio 49217 RTP\/AVP 0\r\n$/);
  },
);
