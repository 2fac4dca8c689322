import t, { type Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import type { FreeSwitchServer } from '../../../src/embedded/freeswitch/freeswitch-server.js';
import { UserAgent } from '../../../src/embedded/sip/user-agent.js';
import { Browser } from './browser.js';
import { api, execute, limited, startApplication, startServer, until } from './testbed.js';

async function webCall(
  t: Test,
  server: FreeSwitchServer,
  change: (offer: string) => string = (offer) => offer,
) {
  const application = await startApplication(t);
  const browser = new Browser(t);
  const offer = await browser.offer();
  const agent = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'web',
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => agent.close());
  const { host, port } = server.sipAddress;
  const outgoing = agent.invite(`sip:drachtio@${host}:${port}`, {
    headers: { 'X-esl-outbound': `127.0.0.1:${application.port}` },
    body: change(offer),
  });
  const answer = await limited(
    'the call was not answered',
    new Promise<string>((resolve, reject) => {
      outgoing.on('accepted', (message) => resolve(message.body));
      outgoing.on('failed', (status) => reject(new Error(`refused with ${status}`)));
    }),
  );
  outgoing.ack({});
  await browser.take(answer);
  const control = await application.next();
  control.subscribe(['CHANNEL_EXECUTE', 'CHANNEL_EXECUTE_COMPLETE']);
  const uuid = control.getInfo().getHeader('Unique-ID') ?? '';
  return { browser, offer, answer, control, uuid };
}

t.test('a browser shakes hands, and sound goes both ways', async (t) => {
  const server = await startServer(t);
  const { browser, answer, control, uuid } = await webCall(t, server);
  t.match(answer, /^a=ice-lite\r$/m);
  t.match(answer, /^a=setup:passive\r$/m);
  t.match(answer, /^a=rtcp-mux\r$/m);
  t.match(answer, /^a=fingerprint:sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}\r$/m);
  t.equal(answer.match(/^a=candidate:/gm)?.length, 1);
  await until('the browser is connected', () => browser.isConnected);
  const played = execute(control, 'playback', 'tone_stream://%(600,0,500)');
  await until('the browser hears the tone', () => browser.hearsSound);
  await played;
  await api(control, `uuid_set_media_stats ${uuid}`);
  const before = Number(await api(control, `uuid_getvar ${uuid} rtp_audio_in_packet_count`)) || 0;
  t.ok(before > 5, 'the media server takes what the browser says');
  t.equal(await api(control, `uuid_getvar ${uuid} rtp_secure_media_confirmed`), 'true');
});

t.test('a browser whose certificate is not the one of its SDP is not heard, and hears nothing', async (t) => {
  const server = await startServer(t);
  const { browser, control, uuid } = await webCall(t, server, (offer) =>
    offer.replace(/^(a=fingerprint:sha-256 )\S\S/gim, '$1' + 'EE').replace(/EE:EE/g, 'EE:ED'),
  );
  await until('the browser is connected', () => browser.isConnected);
  const variable = async (name: string): Promise<number> => {
    await api(control, `uuid_set_media_stats ${uuid}`);
    return Number(await api(control, `uuid_getvar ${uuid} ${name}`)) || 0;
  };
  await limited(
    'nothing was refused',
    (async () => {
      while ((await variable('rtp_audio_in_refused_packet_count')) < 10);
    })(),
  );
  t.equal(await variable('rtp_audio_in_packet_count'), 0);
  t.equal(browser.heard.length, 0);
});

t.test('an offer of a browser without rtcp-mux, or with another hash than SHA-256, is refused', async (t) => {
  const server = await startServer(t);
  await t.rejects(
    webCall(t, server, (offer) => offer.replace(/^a=rtcp-mux\r\n/gm, '')),
    /refused with 488/,
  );
  await t.rejects(
    webCall(t, server, (offer) => offer.replace(/^a=fingerprint:.*\r\n/gm, 'a=fingerprint:sha-1 AA:BB\r\n')),
    /refused with 488/,
  );
});

t.test('a call of a browser leaves nothing behind', async (t) => {
  const server = await startServer(t);
  const { browser, control } = await webCall(t, server);
  await until('the browser is connected', () => browser.isConnected);
  control.execute('hangup', '');
  await until('all is freed', () => {
    const { channels, rtpPorts, sockets, forks, dialogs } = server.counts();
    return channels + rtpPorts + sockets + forks + dialogs === 0;
  });
});
