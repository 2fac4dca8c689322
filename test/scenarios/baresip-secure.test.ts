import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { rmsDb } from '../../src/audio/pcm.js';
import { tone } from '../../src/audio/tone.js';
import { parseWav } from '../../src/audio/wav.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { FreeSwitchServer } from '../../src/embedded/freeswitch/freeswitch-server.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { api, execute, limited, startApplication, startServer } from '../embedded/freeswitch/testbed.js';
import { House } from '../server/house.js';
import { BaresipPhone, baresipModule, withoutBaresip } from './baresip-phone.js';

t.setTimeout(60_000);

/** Stands where drachtio-fsmrf would: hands the offer on with the header that names the application. Its port. */
async function relay(t: Test, server: FreeSwitchServer, applicationPort: number): Promise<number> {
  const agent = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'relay',
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => agent.close());
  agent.on('invite', (invite) => {
    const outgoing = agent.invite(`sip:drachtio@127.0.0.1:${server.sipAddress.port}`, {
      headers: { 'X-esl-outbound': `127.0.0.1:${applicationPort}` },
      body: invite.request.body,
    });
    outgoing.on('accepted', ({ body }) => {
      outgoing.ack({});
      invite.accept({ body, headers: { 'Content-Type': 'application/sdp' } });
    });
    outgoing.on('failed', (status) => invite.respond(status));
  });
  return agent.addresses[0]?.port ?? 0;
}

/** baresip's own SRTP and DTLS (libre, OpenSSL) against ours. */
for (const { how, module, suite } of [
  { how: 'srtp-mand', module: 'srtp', suite: 'AES_CM_128_HMAC_SHA1_80' },
  { how: 'srtp', module: 'srtp', suite: 'AES_CM_128_HMAC_SHA1_80' },
  { how: 'dtls_srtp', module: 'dtls_srtp', suite: undefined },
]) {
  const missing = existsSync(baresipModule(module)) ? false : `baresip's module ${module} is not installed`;
  const skip = withoutBaresip === false ? missing : withoutBaresip;
  t.test(`baresip with mediaenc=${how} is answered with keys, heard, and hears`, { skip }, async (t) => {
    const server = await startServer(t);
    const application = await startApplication(t);
    const sound = tone({ frequenciesHz: [400, 700], durationMs: 20_000, sampleRateHz: 8000, levelDb: -12 });
    const phone = await BaresipPhone.start(
      sound,
      `<sip:3003@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1;mediaenc=${how}\n`,
      [`module ${module}.so`, 'rtcp_mux yes'],
    );
    t.teardown(() => phone.remove());
    const between = await relay(t, server, application.port);
    phone.command('dial', `sip:drachtio@127.0.0.1:${between}`);
    t.ok(await phone.heardOf('CALL_ESTABLISHED', 10_000), 'answered');
    const control = await application.next();
    control.subscribe(['CHANNEL_EXECUTE', 'CHANNEL_EXECUTE_COMPLETE']);
    const uuid = control.getInfo().getHeader('Unique-ID') ?? '';
    const variable = async (name: string): Promise<string> => {
      await api(control, `uuid_set_media_stats ${uuid}`);
      return api(control, `uuid_getvar ${uuid} ${name}`);
    };
    t.equal(await variable('rtp_secure_media_confirmed'), 'true');
    if (suite !== undefined) t.equal(await variable('rtp_has_crypto'), suite);
    await limited(
      'it is not heard',
      (async () => {
        while ((Number(await variable('rtp_audio_in_packet_count')) || 0) < 25);
      })(),
    );
    await execute(control, 'playback', 'tone_stream://%(1500,0,500)');
    // Its first packet opens the way through a NAT, before it has keys.
    t.ok(Number(await variable('rtp_audio_in_refused_packet_count')) <= 1, 'but for one, all was authentic');
    await phone.quit();
    const [heard] = await phone.dumps('dec');
    if (heard === undefined) throw new Error('baresip kept nothing of what it heard');
    const { samples } = parseWav(await readFile(heard));
    const middle = samples.subarray(Math.floor(samples.length / 4));
    t.ok(rmsDb(middle) > -30 && rmsDb(middle) < -3, `what it heard is the tone (${rmsDb(middle)} dB)`);
  });

  t.test(`baresip with mediaenc=${how} is answered by the whole server`, { skip }, async (t) => {
    const house = await House.start(t);
    const sound = tone({ frequenciesHz: [400], durationMs: 20_000, sampleRateHz: 8000, levelDb: -12 });
    const phone = await BaresipPhone.start(
      sound,
      `<sip:3003@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1;mediaenc=${how}\n`,
      [`module ${module}.so`, 'rtcp_mux yes'],
    );
    t.teardown(() => phone.remove());
    phone.command('dial', house.uri('4'));
    t.ok(await phone.heardOf('CALL_ESTABLISHED', 20_000), 'answered');
    // Says two short things and hangs up.
    t.ok(await phone.heardOf('CALL_CLOSED', 20_000), 'hung up');
    await phone.quit();
    const [record] = await house.records();
    if (record === undefined) throw new Error('the call was not recorded');
    t.equal(record.endReason, 'local-bye');
    const { caller } = await house.recording(record);
    t.ok(rmsDb(caller.subarray(Math.floor(caller.length / 2))) > -30, 'baresip was heard');
    const [heard] = await phone.dumps('dec');
    if (heard === undefined) throw new Error('baresip kept nothing of what it heard');
    t.ok(rmsDb(parseWav(await readFile(heard)).samples) > -40, 'and heard the prompt');
  });
}
