import t from 'tap';
import { paramOf, splitValues } from '../../../src/embedded/sip/header-value.js';
import { parseNameAddr, tagOf, withoutTag } from '../../../src/embedded/sip/name-addr.js';
import { parseUri, uriTarget } from '../../../src/embedded/sip/uri.js';
import { parseVia, stampVia } from '../../../src/embedded/sip/via.js';

t.test('values are split at commas outside quotes and brackets', (t) => {
  t.same(splitValues('<sip:a,b@h>, "x, \\"y" <sip:c@h>;q=1 ,sip:d@h'), [
    '<sip:a,b@h>',
    '"x, \\"y" <sip:c@h>;q=1',
    'sip:d@h',
  ]);
  t.same(splitValues('one'), ['one']);
  t.end();
});

t.test('parameters are found by name without case, quoted or empty', (t) => {
  t.equal(paramOf(';a=1;RPORT;b="x;c=2"', 'rport'), '');
  t.equal(paramOf(';a=1;b="x;c=2"', 'b'), 'x;c=2');
  t.equal(paramOf(';a=1;b="x;c=2"', 'c'), undefined);
  t.equal(paramOf('; Tag = 7 ', 'tag'), '7');
  t.end();
});

t.test('a tag is that of the header, never one inside the URI or the name', (t) => {
  t.equal(tagOf('"a;tag=1" <sip:a@h;tag=2>;tag=3'), '3');
  t.equal(tagOf('sip:a@h;tag=4'), '4');
  t.equal(tagOf('<sip:a@h;tag=2>'), undefined);
  t.equal(withoutTag('<sip:a@h;tag=2>;x=1;tag=3;y'), '<sip:a@h;tag=2>;x=1;y');
  t.same(parseNameAddr('"B <b>" <sip:b@h;lr>;q=1'), { uri: 'sip:b@h;lr', params: ';q=1' });
  t.end();
});

t.test('URIs say where to go', (t) => {
  t.same(parseUri('sip:+86;phone-context=x:pw@[::1]:5070;transport=tcp?Subject=x'), {
    scheme: 'sip',
    user: '+86;phone-context=x',
    host: '::1',
    port: 5070,
    params: ';transport=tcp',
  });
  const target = (uri: string): unknown => {
    const parsed = parseUri(uri);
    return parsed === undefined ? 'unreadable' : uriTarget(parsed);
  };
  t.match(target('sip:h'), { protocol: 'udp', host: 'h', port: 5060, locate: 'naptr' });
  t.match(target('sip:h;transport=tcp'), { protocol: 'tcp', locate: 'srv', anyTransport: false });
  t.match(target('sip:h:5070'), { protocol: 'udp', port: 5070, locate: 'address' });
  const numeric = target('SIP:a@10.0.0.1;Transport=TCP');
  t.match(numeric, { protocol: 'tcp', host: '10.0.0.1', port: 5060, secure: false });
  t.notOk(Object.hasOwn(numeric as object, 'locate'), 'an address needs no look-up');
  t.match(target('sips:a@h'), { protocol: 'tls', port: 5061, secure: true });
  t.match(target('sips:a@h;transport=ws'), { protocol: 'wss', secure: true });
  t.match(target('sip:a@h;transport=ws'), { protocol: 'ws', secure: false });
  t.equal(target('sips:a@h;transport=udp'), undefined);
  t.equal(target('sip:a@h;transport=sctp'), undefined);
  for (const bad of ['tel:1', 'sip:', 'sip:a@', 'sip:a@h:99999', 'sip:a@h h', 'a']) {
    t.equal(target(bad), 'unreadable', bad);
  }
  t.end();
});

t.test('the top Via is read and stamped with where its request came from', (t) => {
  const value = 'SIP / 2.0 / udp [2001:db8::1]:5062 ;branch=z9hG4bK9;rport;x="a,b", SIP/2.0/TCP next';
  const via = parseVia(value);
  t.match(via, { transport: 'UDP', host: '2001:db8::1', port: 5062, branch: 'z9hG4bK9' });
  if (via === undefined) throw new Error('unreadable');
  t.equal(
    stampVia(value, via, '192.0.2.9', 4000),
    'SIP / 2.0 / udp [2001:db8::1]:5062 ;branch=z9hG4bK9;rport=4000;x="a,b";received=192.0.2.9, SIP/2.0/TCP next',
  );
  const plain = parseVia('SIP/2.0/UDP 192.0.2.9;branch=1');
  if (plain === undefined) throw new Error('unreadable');
  t.equal(
    stampVia('SIP/2.0/UDP 192.0.2.9;branch=1', plain, '192.0.2.9', 5060),
    'SIP/2.0/UDP 192.0.2.9;branch=1',
  );
  for (const bad of ['', 'SIP/2.0/UDP', 'UDP h']) t.equal(parseVia(bad), undefined);
  t.end();
});
