import t from 'tap';
import { traceText } from '../../src/cli/sip-trace-text.js';
import type { SipTraceMessage } from '../../src/http/sip-trace.js';

const sdp = (more = '') =>
  'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n' +
  `a=rtpmap:101 telephone-event/8000\r\n${more}`;

const message = (
  atMs: number,
  direction: 'in' | 'out',
  start: string,
  cseq: string,
  changes: Partial<SipTraceMessage> & { readonly headers?: string; readonly body?: string } = {},
): SipTraceMessage => {
  const { headers = '', body = '', ...rest } = changes;
  return {
    wallMs: 1_700_000_000_000 + atMs,
    direction,
    repeated: false,
    protocol: 'udp',
    local: '192.0.2.2:5060',
    peer: '192.0.2.1:5070',
    text: `${start}\r\nCall-ID: x\r\nCSeq: ${cseq}\r\n${headers}\r\n${body}`,
    ...rest,
  };
};

const messages = [
  message(0, 'in', 'INVITE sip:1001@192.0.2.2 SIP/2.0', '1 INVITE', {
    headers: 'm: <sip:a@192.0.2.1>\r\n',
    body: sdp('a=sendonly\r\n'),
  }),
  message(1, 'out', 'SIP/2.0 100 Trying', '1 INVITE'),
  message(7, 'out', 'SIP/2.0 200 OK', '1 INVITE', { headers: 'Contact: <sip:192.0.2.2>\r\n', body: sdp() }),
  message(507, 'out', 'SIP/2.0 200 OK', '1 INVITE', { repeated: true, body: sdp() }),
  message(509, 'in', 'ACK sip:192.0.2.2 SIP/2.0', '1 ACK', { protocol: 'tcp', peer: '192.0.2.1:40123' }),
  message(61_250, 'in', 'BYE sip:192.0.2.2 SIP/2.0', '2 BYE', { headers: 'Reason: Q.850;cause=16\r\n' }),
];

t.test('a call is a ladder: offsets, arrows between addresses, repetitions, what matters', async (t) => {
  const lines = traceText({ callId: 'x', messages, dropped: 0 }, false).split('\n');
  t.match(lines[0], 'Call-ID x');
  t.match(lines[1], /^began 20\d\d-.*, 6 messages$/);
  t.match(lines[3], /^ +192\.0\.2\.1:5070 +192\.0\.2\.2:5060 +192\.0\.2\.1:40123$/);
  t.match(
    lines[4],
    /^ +0\.000 {2}\|-+ INVITE 1 -+>\| +\| {2}sip:1001@192\.0\.2\.2; audio 192\.0\.2\.1:4000 PCMA PCMU telephone-event, sendonly; Contact: <sip:a@192\.0\.2\.1>$/,
  );
  t.match(lines[5], /^ +0\.001 {2}\|<-+ 100 Trying \(INVITE 1\) -+\| +\|$/);
  t.match(lines[6], /200 OK \(INVITE 1\) .*audio 192\.0\.2\.1:4000 PCMA PCMU telephone-event; Contact/);
  t.match(lines[7], /^ +0\.507 {2}\|<-+ 200 OK \(INVITE 1\) again -+\| +\|$/);
  t.match(lines[8], /^ +0\.509 {2}\| +\|<-+ ACK 1 -+\| {2}tcp$/);
  t.match(lines[9], /^ +61\.250 {2}\|-+ BYE 2 -+>\| +\| {2}Reason: Q\.850;cause=16$/);
  const ends = lines.slice(4).map((line) => line.lastIndexOf('|'));
  t.equal(new Set(ends).size, 1, 'the columns stand under each other');
});

t.test('with --full each message stands under its line; what is no longer kept is said', async (t) => {
  const text = traceText({ callId: 'x', messages, dropped: 3 }, true);
  t.match(text, /9 messages, 3 of them in the middle no longer kept/);
  t.match(text, /\n {12}INVITE sip:1001@192\.0\.2\.2 SIP\/2\.0\n {12}Call-ID: x\n/);
  t.match(text, /\n {12}a=sendonly\n/);
});
