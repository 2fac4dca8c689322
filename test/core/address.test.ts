import t from 'tap';
import { formatHostPort, networkOf, parseHostPort } from '../../src/core/address.js';

t.test('addresses are read and written alike', async (t) => {
  for (const [text, host, port] of [
    ['127.0.0.1:9022', '127.0.0.1', 9022],
    ['[::1]:0', '::1', 0],
    ['[fe80::1.2.3.4]:65535', 'fe80::1.2.3.4', 65535],
    ['media-2.example:8021', 'media-2.example', 8021],
  ] as const) {
    t.same(parseHostPort(text), { host, port });
    t.equal(formatHostPort({ host, port }), text);
  }
});

t.test('what is no address and port is none', async (t) => {
  const wrong = [
    '',
    'host',
    ':80',
    'host:',
    'host:x',
    'host:70000',
    '::1:80',
    'a b:80',
    '[::1]',
    '[]:80',
    'h:123456',
  ];
  for (const text of wrong) t.equal(parseHostPort(text), undefined, JSON.stringify(text));
});

t.test('one customer is an IPv4 address or a /64, however it is written', async (t) => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ] as const) {
    t.equal(networkOf(address), network);
  }
});
