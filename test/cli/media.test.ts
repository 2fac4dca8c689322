import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { parseHostPort } from '../../src/core/address.js';
import type { FreeSwitchServer } from '../../src/embedded/freeswitch/freeswitch-server.js';
import { answeredCall, limited, until } from '../embedded/freeswitch/testbed.js';

const main = new URL('../../src/main.js', import.meta.url).pathname;

interface Said {
  readonly mediaSip: string;
  readonly metrics: string;
  readonly workers: readonly { readonly esl: string; readonly mediaSip: string }[];
}

t.test('xiangyin media shows what its workers hold, and how the packets of calls fared', async (t) => {
  const args = [
    'media',
    ...['--esl', '127.0.0.1:0', '--media-sip', '127.0.0.1:0', '--rtp', '127.0.0.1:0-0'],
    ...['--media-workers', '2', '--metrics', '127.0.0.1:0', '--json'],
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [bytes] = (await limited('nothing printed', once(child.stdout, 'data'))) as [Buffer];
  const said = JSON.parse(bytes.toString()) as Said;
  t.match(said.metrics, /^http:\/\/127\.0\.0\.1:[1-9]/);
  const page = async (path: string) => (await fetch(said.metrics + path)).text();
  t.match(await page('/metrics'), /^xiangyin_media_held\{kind="channels"\} 0$/m);

  const calls = [];
  for (const { mediaSip } of said.workers) {
    calls.push(await answeredCall(t, { sipAddress: parseHostPort(mediaSip) } as unknown as FreeSwitchServer));
  }
  t.match(await page('/metrics'), /^xiangyin_media_held\{kind="channels"\} 2$/m);
  for (const { phone } of calls) await until('it speaks', () => phone.session.stats.packetsSent > 20);
  for (const { dialog } of calls) await dialog.bye();

  let text = '';
  for (let i = 0; i < 200 && !/rtp_loss_ratio_count\{direction="received"\} 2/.test(text); i += 1)
    text = await page('/metrics');
  t.match(text, /^xiangyin_rtp_loss_ratio_bucket\{le="0",direction="received"\} 2$/m, 'of both workers');
  t.match(text, /^xiangyin_rtp_jitter_seconds_count\{direction="received"\} 2$/m);
  const [, packets = '0'] = /^xiangyin_rtp_packets_total\{direction="received"\} (\d+)$/m.exec(text) ?? [];
  t.ok(Number(packets) > 40, `${packets} packets`);
  t.notMatch(text, /^xiangyin_rtp_round_trip_seconds_count [1-9]/m, 'these telephones do not report');
  t.match(JSON.parse(await page('/healthz')), { status: 'ok', counts: { rtpPorts: 0 } });

  child.kill('SIGTERM');
  t.same(await limited('it does not end', once(child, 'exit')), [0, null]);
});
