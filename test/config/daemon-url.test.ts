import { t } from 'tap';
import { parseDaemonUrl } from '../../src/config/daemon-url.js';
import { formats, parsePortRange } from '../../src/config/formats.js';

t.test('reads both protocols, with the usual port when none is given', async (t) => {
  t.strictSame(parseDaemonUrl('drachtio://:cymru@10.0.0.2:9023'), {
    protocol: 'drachtio',
    host: '10.0.0.2',
    port: 9023,
    secret: 'cymru',
  });
  t.strictSame(parseDaemonUrl('esl://:Clue%40Con@[::1]'), {
    protocol: 'esl',
    host: '::1',
    port: 8021,
    secret: 'Clue@Con',
  });
  t.equal(parseDaemonUrl('drachtio://:x@media.example').port, 9022);
});

t.test('refuses what is no daemon address, and keeps the secret out of the message', async (t) => {
  for (const url of [
    'http://:geheim@host:1',
    'esl://host:8021',
    'esl://user:geheim@host:8021',
    'esl://:geheim@host:99999',
    'esl://:geheim@host:8021/path',
    'esl://:geh#eim@host:8021',
    'geheim',
    '',
  ]) {
    t.throws(() => parseDaemonUrl(url), { code: 'CONFIG_DAEMON_URL_INVALID' }, url);
    try {
      parseDaemonUrl(url);
    } catch (error) {
      t.notMatch((error as Error).message, /geh#?eim/, url);
    }
  }
});

t.test('a port range is first-last', async (t) => {
  t.strictSame(parsePortRange('20000-29999'), { min: 20000, max: 29999 });
  for (const text of ['29999-20000', '1', '0-10', '1-70000', 'a-b', ''])
    t.equal(parsePortRange(text), undefined, text);
});

t.test('a host is an address or a name, without a port', async (t) => {
  for (const host of ['203.0.113.5', '::1', 'sip.example.com']) t.ok(formats['host']?.test(host), host);
  for (const host of ['203.0.113.5:5060', '', 'a b', 'http://x']) t.notOk(formats['host']?.test(host), host);
});
