import t from 'tap';
import { digestResponse, ha1, isRightResponse, parseCredentials } from '../../src/sip/digest.js';

const header = (algorithm: string, response: string): string =>
  `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=${algorithm}, ` +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, qop=auth, ' +
  `cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;

t.test('the examples of RFC 7616 §3.9.1 come out for MD5 and SHA-256', async (t) => {
  const wanted = {
    MD5: '8ca523f5e9506fed4657c9700eebdbec',
    'SHA-256': '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  } as const;
  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    const [given] = parseCredentials(header(algorithm, wanted[algorithm]));
    if (given === undefined) throw new Error('not read');
    const secret = ha1(algorithm, 'Mufasa', 'http-auth@example.org', 'Circle of Life');
    t.equal(digestResponse(given, secret, 'GET'), wanted[algorithm]);
    t.ok(isRightResponse(given, secret, 'GET', ''));
    t.notOk(isRightResponse(given, secret, 'POST', ''));
  }
});

t.test('of several credentials each is read; what is broken or another scheme is left out', async (t) => {
  const found = parseCredentials(`${header('MD5', 'a')}, Basic abc=, ${header('SHA-256', 'b')}`);
  t.strictSame(
    found.map(({ algorithm, response }) => [algorithm, response]),
    [
      ['MD5', 'a'],
      ['SHA-256', 'b'],
    ],
  );
  t.strictSame(parseCredentials('Digest username="x"'), []);
  t.strictSame(parseCredentials(''), []);
});
