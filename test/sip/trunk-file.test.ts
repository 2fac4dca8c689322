import { BlockList } from 'node:net';
import t from 'tap';
import { inAddressRange, addAddressRange } from '../../src/sip/address-range.js';
import { compileTrunks, type ReadSecret } from '../../src/sip/trunk-file.js';
import type { Trunk, TrunkPlan } from '../../src/sip/trunk.js';
import { projectFile } from '../dialog/project-file.js';

const noSecrets: ReadSecret = () => 'ENOENT';

function plan(text: string, readSecret: ReadSecret = noSecrets): TrunkPlan {
  const result = compileTrunks(text, 'trunks.yaml', readSecret);
  if (!result.ok)
    throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result.plan;
}

function problems(text: string, readSecret: ReadSecret = noSecrets): string[] {
  const result = compileTrunks(text, 'trunks.yaml', readSecret);
  return result.problems.map(({ severity, line, message }) => `${severity} ${line}: ${message}`);
}

function trunk(text: string, readSecret?: ReadSecret): Trunk {
  const [only] = plan(`trunks:\n  - name: a\n    host: 192.0.2.1\n${text}`, readSecret).trunks.values();
  if (only === undefined) throw new Error('no trunk');
  return only;
}

t.test('a trunk of two lines has all defaults', async (t) => {
  const a = trunk('');
  t.match(a, {
    enabled: true,
    hosts: [{ host: '192.0.2.1', port: undefined, transport: 'udp' }],
    firstResponseMs: 5000,
    coolDownMs: 30_000,
    pingMs: 0,
    callerId: { privacy: 'none', assert: 'p-asserted-identity' },
  });
  for (const status of [408, 500, 503, 599]) t.ok(a.failover(status), String(status));
  for (const status of [403, 404, 486, 488, 600, 603]) t.notOk(a.failover(status), String(status));
  t.ok(inAddressRange(a.sources, '192.0.2.1'), 'its own address is a source');
  t.notOk(inAddressRange(a.sources, '192.0.2.2'));
});

t.test('an empty file, and one of comments, has no trunks', async (t) => {
  t.equal(plan('').trunks.size, 0);
  t.equal(plan('# nothing yet\n').trunks.size, 0);
  t.equal(plan('trunks:\nroutes: []\n').trunks.size, 0, 'an empty list may be left out');
});

t.test('hosts, with port and IPv6, and the transport of all of them', async (t) => {
  const a = trunk("    transport: tcp\n    sources: ['2001:db8::/32', 198.51.100.0/24]\n");
  t.equal(a.hosts[0]?.transport, 'tcp');
  t.ok(inAddressRange(a.sources, '2001:db8:1::5'));
  t.ok(inAddressRange(a.sources, '198.51.100.77'));
  const [b] = plan(
    "trunks: [{ name: b, host: ['sip.example:5070', '[2001:db8::1]:5080', '2001:db8::2'] }]",
  ).trunks.values();
  t.strictSame(
    b?.hosts.map(({ host, port }) => [host, port]),
    [
      ['sip.example', 5070],
      ['2001:db8::1', 5080],
      ['2001:db8::2', undefined],
    ],
  );
});

t.test('routes keep their order, groups and weights', async (t) => {
  const { routes, directHosts } = plan(`
trunks: [{ name: a, host: 192.0.2.1 }, { name: b, host: 192.0.2.2 }, { name: c, host: 192.0.2.3 }]
routes:
  - called: '+44*'
    via: [{ a: 3, b: 1 }, c]
  - called: [0049, '*']
    via: [c]
directHosts: ['*.pbx.example']
`);
  t.strictSame(routes, [
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
    { called: ['0049', '*'], groups: [[{ trunk: 'c', weight: 1 }]] },
  ]);
  t.strictSame(directHosts, ['*.pbx.example']);
});

t.test('what is wrong is told with its line and what to write', async (t) => {
  const file = (more: string, routes = '') => `trunks:
  - name: a
    host: 'not a host'
    sources: 192.0.2.7/24
    failoverOn: [503, 486]
    headers: { add: { Contact: x } }
    registration: {}
  - name: a
    host: 192.0.2.2
    proxy: 10.0.0.1
    credentials: { username: u, password: p, passwordFile: f }
${more}routes:
  - called: '1*'
    via: [bb]
${routes}`;
  const found = problems(file('    codec: [PCMA]\n'));
  t.match(found, [/^error 12: unknown key 'codec' in a trunk; did you mean 'codecs'\?/]);
  t.equal(found.length, 1, 'keys first, what they say when they are right');
  const deeper = problems(file('', "  - called: '12'\n    via: [a]\n"));
  for (const pattern of [
    /^error 3: 'not a host' is not a host: write HOST or HOST:PORT/,
    /^error 4: '192.0.2.7\/24' is no address and no range/,
    /^error 5: 486 is the callee's own word/,
    /^error 6: 'Contact' is written by the server/,
    /^error 7: the registration needs 'user'/,
    /^error 8: there is a trunk 'a' already/,
    /^error 10: write the proxy as 'sip:HOST:PORT'/,
    /^error 11: write the password once/,
    /^error 14: there is no trunk 'bb'; there are: a/,
    /^warning 15: an earlier route already takes these numbers/,
  ]) {
    t.ok(
      deeper.some((line) => pattern.test(line)),
      `${pattern}\n${deeper.join('\n')}`,
    );
  }
  t.equal(deeper.length, 10, deeper.join('\n'));
});

t.test(
  'a password comes from a file; in trunks.yaml itself it is warned about; nothing prints it',
  async (t) => {
    const files: ReadSecret = (path) => {
      if (path === 'a.secret') return { text: 'pässword\n', isOpen: false };
      if (path === 'all.secret') return { text: 'x:1\nbob:two:3\n', isOpen: true };
      return 'ENOENT';
    };
    t.strictSame(trunk('    credentials: { username: bob, passwordFile: a.secret }\n', files).credentials, {
      username: 'bob',
      password: 'pässword',
    });
    const shared = '    credentials: { username: bob, secretFile: all.secret }\n';
    t.equal(trunk(shared, files).credentials?.password, 'two:3');
    const head = 'trunks:\n  - name: a\n    host: 192.0.2.1\n';
    t.match(problems(head + shared, files), [
      /^warning 4: everybody on this machine can read the file: chmod 600/,
    ]);
    t.match(problems(`${head}    credentials: { username: bob, passwordFile: gone }\n`, files), [
      /^error 4: the file cannot be read \(ENOENT\)/,
    ]);
    t.match(problems(`${head}    credentials: { username: al, secretFile: all.secret }\n`, files), [
      /^warning/,
      /^error 4: the file has no line 'username:password' for it/,
    ]);
    const inline = problems(`${head}    credentials: { username: bob, password: geheim }\n`);
    t.match(inline, [/^warning 4: the password stands in this file/]);
    t.notMatch(inline.join(), /geheim/);
  },
);

t.test('what can be read and cannot be meant is an error of its own line', async (t) => {
  const head = 'trunks:\n  - name: a\n    host: 192.0.2.1\n';
  const cases: readonly (readonly [string, RegExp])[] = [
    ["    numbering: { country: '+44' }\n", /^error 4: '\+44' is not a country code without \+ \('44'\)$/],
    ['    callsPerSecond: 0\n', /^error 4: '0' is out of range: write more than 0$/],
    ["    headers: { add: { 'X Y': z } }\n", /^error 4: 'X Y' is not a header's name$/],
    ["    headers: { remove: ['X Y'] }\n", /^error 4: 'X Y' is not a header's name$/],
    ["    callerId: { domain: 'a b' }\n", /^error 4: 'a b' is not a host$/],
    [
      '    registration: { user: a, retryMs: 400000 }\n',
      /^error 4: the first pause, 400000 ms, is longer than the longest \(retryMaxMs\), 300000 ms$/,
    ],
    ["routes: [{ called: '*', via: [{ a: 0 }] }]\n", /^error 4: '0' is out of range: write at least 1$/],
    ["routes: [{ called: '*', via: [[a]] }]\n", /^error 4: a list stands where a trunk's name, or /],
    ['   transport: tcp\n', /^error 4: .*the line begins in another column than its neighbours/],
  ];
  for (const [text, pattern] of cases) {
    const found = problems(head + text);
    t.match(found[0], pattern);
    t.equal(found.length, 1, found.join('\n'));
  }
  t.strictSame(
    problems(`${head}    callerId: { domain: '[2001:db8::1]' }\n    numbering: { country: 44 }\n`),
    [],
  );
});

t.test('what would be found out by calls that go astray is warned of', async (t) => {
  const found = problems(`trunks:
  - name: a
    host: [192.0.2.1, '192.0.2.2:5070']
    codecs: [pcma, PCMX, opus]
    headers: { remove: [From, X-Own] }
  - name: b
    host: 198.51.100.1
    sources: [192.0.2.0/24, 192.0.2.2]
  - { name: c, host: '192.0.2.2:5080' }
  - { name: d, host: 192.0.2.1, enabled: false }
routes:
  - called: '1*'
    via: [a, { b: 1, d: 2 }]
`);
  t.match(found, [
    /^warning 4: no codec 'PCMX' is known: write its name as offers have it/,
    /^warning 5: 'From' is written by the server and stays/,
    /^warning 8: calls from 192\.0\.2\.2 are taken for trunk 'a', which stands above/,
    /^warning 9: calls from 192\.0\.2\.2:5080 are taken for trunk 'a'/,
    /^warning 13: trunk 'd' is not enabled: no call goes there/,
  ]);
  t.equal(found.length, 5, found.join('\n'));
});

t.test('a trunk whose addresses are not known is told', async (t) => {
  t.match(problems('trunks: [{ name: a, host: sip.example }]'), [
    /^warning 1: calls from this trunk are not recognised/,
  ]);
});

t.test('an address range takes what lies in it, in both families, and nothing else', async (t) => {
  const list = new BlockList();
  for (const range of [
    '192.0.2.0/24',
    '198.51.100.7',
    '2001:db8:a::/48',
    '::1',
    '10.0.0.0/8',
    '203.0.113.64/26',
  ]) {
    t.ok(addAddressRange(list, range), range);
  }
  for (const wrong of [
    ...[
      '192.0.2.1/24',
      '192.0.2.0/33',
      '192.0.2.0/',
      '192.0.2',
      'sip.example',
      '',
      '::1/129',
      '2001:db8::1/64',
    ],
    ...['fe80::1%eth0', '10.0.0.0/8/8', '192.0.2.0/-1', '203.0.113.65/26'],
  ]) {
    t.notOk(addAddressRange(list, wrong), wrong);
  }
  for (const inside of [
    ...[
      '192.0.2.0',
      '192.0.2.255',
      '198.51.100.7',
      '2001:db8:a:ffff::1',
      '::1',
      '10.255.0.1',
      '203.0.113.127',
    ],
    ...['::ffff:192.0.2.9', '[2001:db8:a::1]'],
  ]) {
    t.ok(inAddressRange(list, inside), inside);
  }
  for (const outside of [
    '192.0.3.0',
    '198.51.100.8',
    '2001:db8:b::',
    '::2',
    '11.0.0.1',
    '203.0.113.128',
    'nobody',
    '',
  ]) {
    t.notOk(inAddressRange(list, outside), outside);
  }
});

t.test(
  'the file that ships has no trunk, and its examples are right once they are no comments',
  async (t) => {
    const shipped = projectFile('sip-config/trunks.yaml');
    t.strictSame(problems(shipped), []);
    t.equal(plan(shipped).trunks.size, 0);
    const examples = shipped.replace(/: \[\]$/gm, ':').replace(/^# {2}/gm, '  ');
    const readSecret: ReadSecret = () => ({ text: 'secret\n', isOpen: false });
    t.strictSame(problems(examples, readSecret), []);
    t.strictSame([...plan(examples, readSecret).trunks.keys()], ['carrier-a', 'carrier-b']);
  },
);
