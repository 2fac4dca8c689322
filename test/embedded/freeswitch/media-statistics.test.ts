import t from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { MediaTicker } from '../../../src/embedded/rtp/media-ticker.js';
import { PortPool } from '../../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../../src/embedded/rtp/rtp-session.js';
import { offerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';
import { readMediaQuality } from '../../../src/media/media-quality.js';
import { api, Phone, startApplication, startServer } from './testbed.js';

t.test(
  'loss, jitter and round trip of a call with a far side that reports are read as the server reads them',
  async (t) => {
    const server = await startServer(t);
    const application = await startApplication(t);
    const pool = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
    const session = new RtpSession({
      socket: await pool.acquire(),
      clock: systemClock,
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventType: undefined,
      remote: undefined,
      ptimeMs: 20,
      logger: silentLogger,
      cname: 'far-side',
    });
    const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
    const silence = new Int16Array(160);
    t.teardown(() => {
      ticker.close();
      session.close();
      pool.close();
    });
    const phone = await Phone.start(t);
    const outgoing = phone.agent.invite(`sip:drachtio@127.0.0.1:${server.sipAddress.port}`, {
      headers: { 'X-esl-outbound': `127.0.0.1:${application.port}` },
      body: offerSdp({ address: '127.0.0.1', port: session.localPort, codecs: ['PCMU'] }),
    });
    outgoing.on('accepted', (answer) => {
      outgoing.ack();
      session.setRemote(readRemoteMedia(answer.body, ['PCMU'])?.remote, 'PCMU', 0, undefined);
      ticker.add(() => void session.send(silence));
    });
    const control = await application.next();
    const uuid = control.getInfo().getHeader('Unique-ID') ?? '';
    const read = async () => {
      await api(control, `uuid_set_media_stats ${uuid}`);
      return readMediaQuality(await api(control, `uuid_dump ${uuid} json`));
    };
    let quality = await read();
    for (let i = 0; i < 100 && quality?.roundTripMs == null; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      quality = await read();
    }
    t.ok((quality?.roundTripMs ?? Infinity) < 50, `${quality?.roundTripMs} ms there and back`);
    t.equal(quality?.lossSent, 0);
    t.equal(quality?.lossReceived, 0);
    t.ok((quality?.jitterSentMs ?? Infinity) < 20);
    t.ok((quality?.jitterReceivedMs ?? Infinity) < 20);
    t.ok((quality?.packetsReceived ?? 0) > 50);
  },
);
