import t from 'tap';
import { withCodecs } from '../../src/sip/offer-codecs.js';
import { sipUser } from '../../src/sip/sip-user.js';
import { compileTrunks } from '../../src/sip/trunk-file.js';
import { headersFor, numberFor, quoted } from '../../src/sip/trunk-headers.js';
import { rewrite, toCarrier, toE164, type Numbering } from '../../src/sip/trunk-numbers.js';
import { trunkOrder } from '../../src/sip/trunk-choice.js';
import type { Trunk } from '../../src/sip/trunk.js';
import { random } from '../embedded/sip/lossy-link.js';

const uk: Numbering = { country: '44', internationalPrefix: '00', nationalPrefix: '0', send: 'e164' };
const denmark: Numbering = { country: '45', internationalPrefix: '00', nationalPrefix: '', send: 'plain' };

function trunk(text: string): Trunk {
  const result = compileTrunks(`trunks:\n  - name: a\n    host: 192.0.2.1\n${text}`, 'f', () => 'ENOENT');
  const [only] = result.ok ? [...result.plan.trunks.values()] : [];
  if (only === undefined) throw new Error(JSON.stringify(result.problems));
  return only;
}

t.test('numbers become E.164 by the form they have', async (t) => {
  for (const [given, expected] of [
    ['02079460123', '+442079460123'],
    ['00492079460', '+492079460'],
    ['+44 20 7946-0123', '+442079460123'],
    ['442079460123', '+442079460123'],
    ['999', '999'],
    ['116123', '116123'],
    ['alice', 'alice'],
    ['anonymous', 'anonymous'],
    ['', ''],
    ['*21#', '*21#'],
  ] as const) {
    t.equal(toE164(given, uk), expected, given);
  }
  t.equal(toE164('32123456', denmark), '+4532123456');
  t.equal(toE164('4532123456', denmark), '+4532123456');
  t.equal(toE164('45321234', denmark), '+4545321234', 'a national number that looks like the country code');
});

t.test('numbers go out as the carrier writes them', async (t) => {
  const each = (send: Numbering['send'], number: string): string => toCarrier(number, { ...uk, send });
  t.equal(each('e164', '02079460123'), '+442079460123');
  t.equal(each('plain', '02079460123'), '442079460123');
  t.equal(each('national', '+442079460123'), '02079460123');
  t.equal(each('national', '+4930123456'), '004930123456');
  t.equal(each('untouched', '02079460123'), '02079460123');
  t.equal(each('plain', '999'), '999');
});

t.test('the first rewriting rule that fits counts', async (t) => {
  const rules = [
    { match: '00*', strip: 2, prefix: '+' },
    { match: '0*', strip: 1, prefix: '+44' },
    { match: '9?', strip: 0, prefix: '1' },
  ];
  t.equal(rewrite('0049', rules), '+49');
  t.equal(rewrite('020', rules), '+4420');
  t.equal(rewrite('99', rules), '199');
  t.equal(rewrite('1', rules), '1');
});

t.test('the called number passes numbering, then the rules', async (t) => {
  const a = trunk(
    "    numbering: { country: 44, send: plain }\n    outgoing: { called: [{ match: '44*', prefix: '77#' }] }\n",
  );
  t.equal(numberFor(a, '02079460123'), '77#442079460123');
  t.equal(sipUser(numberFor(a, '02079460123')), '77%23442079460123');
});

const nobody = { from: undefined, displayName: undefined };

t.test('the caller ID is shown, asserted, replaced where it is not allowed, and hidden', async (t) => {
  const shown = { from: '1001', displayName: 'Front "Desk"' };
  t.strictSame(headersFor(trunk(''), shown, { 'X-Own': '1' }), {
    'X-Own': '1',
    From: '"Front \\"Desk\\"" <sip:1001@localhost>',
    Contact: '<sip:1001@localhost>',
    'P-Asserted-Identity': '"Front \\"Desk\\"" <sip:1001@localhost>',
  });
  const forced = trunk(
    "    callerId: { number: '+4420', allowed: '+4420*', name: Clinic, domain: us.example }\n",
  );
  t.match(headersFor(forced, { from: '1001', displayName: undefined }, {}), {
    From: '"Clinic" <sip:+4420@us.example>',
    Contact: '<sip:+4420@localhost>',
  });
  t.match(
    headersFor(forced, { from: '+44207', displayName: undefined }, {}).From,
    /<sip:\+44207@us\.example>/,
  );
  const hidden = trunk("    callerId: { number: '+4420', privacy: anonymous }\n");
  t.strictSame(headersFor(hidden, nobody, {}), {
    From: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    Contact: '<sip:anonymous@localhost>',
    'P-Asserted-Identity': '<sip:+4420@localhost>',
    Privacy: 'header;id',
  });
  const id = headersFor(
    trunk('    callerId: { privacy: id, assert: p-preferred-identity }\n'),
    { ...nobody, from: '7' },
    {},
  );
  t.match(id, { From: '<sip:7@localhost>', 'P-Preferred-Identity': '<sip:7@localhost>', Privacy: 'id' });
  const none = headersFor(trunk('    callerId: { assert: none }\n    transport: tcp\n'), nobody, {});
  t.strictSame(none, {
    From: '<sip:anonymous@localhost>',
    Contact: '<sip:anonymous@localhost;transport=tcp>',
  });
});

t.test('header rules remove, set and add, and cannot take From away', async (t) => {
  const a = trunk(
    '    headers: { remove: [x-own, P-Asserted-Identity], replace: { X-Set: new }, add: { X-Set2: 5, x-kept: no } }\n',
  );
  const headers = headersFor(
    a,
    { from: '1', displayName: undefined },
    { 'X-Own': '1', 'x-set': 'old', 'X-Kept': 'yes' },
  );
  t.strictSame(headers, {
    'X-Kept': 'yes',
    From: '<sip:1@localhost>',
    Contact: '<sip:1@localhost>',
    'X-Set2': '5',
    'X-Set': 'new',
  });
});

t.test('a display name cannot break out of its quotes', async (t) => {
  t.equal(quoted('a"b\\c\r\nX: 1'), '"a\\"b\\\\c  X: 1" ');
  t.equal(quoted('\u0000'), '');
  t.equal(sipUser('a@b>\r\nX'), 'a%40b%3E%0D%0AX');
  t.equal(sipUser('乡'), '%E4%B9%A1');
});

t.test('groups are tried in order, and their trunks by weight', async (t) => {
  const routes = [
    {
      called: ['+44*'],
      groups: [
        [
          { trunk: 'a', weight: 3 },
          { trunk: 'b', weight: 1 },
        ],
        [{ trunk: 'c', weight: 1 }],
      ],
    },
    { called: ['*'], groups: [[{ trunk: 'c', weight: 1 }], [{ trunk: 'a', weight: 1 }]] },
  ];
  const next = random(7);
  let first = 0;
  for (let call = 0; call < 10_000; call++) {
    const order = trunkOrder(routes, '+4420', next);
    if (order[0] === 'a') first++;
    if (order.length !== 3 || order[2] !== 'c') t.fail(order.join());
  }
  t.ok(first > 7350 && first < 7650, `a came first ${first} of 10,000 times`);
  t.strictSame(trunkOrder(routes, '0123', next), ['c', 'a']);
  t.strictSame(trunkOrder([], '0123', next), []);
});

const offer = [
  ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
  'm=audio 4000 RTP/AVP 96 9 0 8 101 13',
  ...[
    'a=rtpmap:96 opus/48000/2',
    'a=fmtp:96 useinbandfec=1',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
  ],
  'a=ptime:20',
  '',
].join('\r\n');

t.test('the offer has the codecs of the list, in its order, with telephone events', async (t) => {
  const filtered = withCodecs(offer, ['pcma', 'PCMU']);
  t.match(filtered, /m=audio 4000 RTP\/AVP 8 0 101 13\r\n/);
  t.notMatch(filtered, /opus|useinbandfec/);
  t.match(filtered, /a=rtpmap:101 telephone-event\/8000\r\na=fmtp:101 0-16\r\n/);
  t.match(filtered, /a=ptime:20/);
  t.match(withCodecs(offer, ['opus']), /RTP\/AVP 96 101 13\r\n/);
  t.equal(withCodecs(offer, ['G729']), offer, 'without any of them it stays as it is');
  t.equal(withCodecs(offer, undefined), offer);
});
