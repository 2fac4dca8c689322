import type { PeerCertificate } from 'node:tls';
import t from 'tap';
import { checkSipIdentity } from '../../../src/embedded/sip/tls-identity.js';

const bears = (names: string, name: string): boolean =>
  checkSipIdentity(name, { subjectaltname: names, subject: { CN: 'cn.test' } } as PeerCertificate) ===
  undefined;

t.test('a certificate may name its SIP domain by a URI, or as web servers do', (t) => {
  const both = 'DNS:proxy.example.test, URI:sip:Example.test';
  t.ok(bears(both, 'example.test'));
  t.ok(bears(both, 'proxy.example.test'));
  t.ok(bears('DNS:*.example.test', 'sbc1.example.test'));
  t.ok(bears('IP Address:192.0.2.1', '192.0.2.1'));
  t.end();
});

t.test('a URI of another scheme, of a user, of another domain, or within quotes proves nothing', (t) => {
  for (const names of [
    'URI:https://example.test',
    'URI:sip:alice@example.test',
    'URI:sip:example.test.evil.test',
    'DNS:evil.test, URI:"sip:x, URI:sip:example.test, "',
  ]) {
    t.notOk(bears(names, 'example.test'), names);
  }
  t.end();
});
