import t, { type Test } from 'tap';
import type { RemoteInfo } from 'node:dgram';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import type { FreeSwitchServer } from '../../../src/embedded/freeswitch/freeswitch-server.js';
import { MediaTicker } from '../../../src/embedded/rtp/media-ticker.js';
import { MediaSecurity } from '../../../src/embedded/rtp/media-security.js';
import type { RtpSocket } from '../../../src/embedded/rtp/port-pool.js';
import type { RtpSession } from '../../../src/embedded/rtp/rtp-session.js';
import { answerSdp, offerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';
import { parseSecurityPolicy, SecurityNegotiation } from '../../../src/embedded/rtp/security-negotiation.js';
import type { Dialog } from '../../../src/embedded/sip/dialog.js';
import type { UserAgent } from '../../../src/embedded/sip/user-agent.js';
import {
  api,
  execute,
  inviteServer,
  limited,
  phoneEnds,
  startApplication,
  startServer,
  until,
  type EslConnection,
} from './testbed.js';

const TONE = Int16Array.from({ length: 160 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * i) / 16)));

/** A phone with SDES whose keys and packets the test has in hand. */
class SecurePhone {
  readonly protection: SecurityNegotiation;
  readonly security = new MediaSecurity();
  /** What came from the network, as it came. */
  readonly raw: Buffer[] = [];
  loudest = 0;
  #dialog: Dialog | undefined;

  private constructor(
    readonly agent: UserAgent,
    readonly socket: RtpSocket,
    readonly session: RtpSession,
    mode: string,
  ) {
    this.protection = new SecurityNegotiation(parseSecurityPolicy(mode));
    session.onAudio = (samples) => {
      for (const sample of samples) this.loudest = Math.max(this.loudest, Math.abs(sample));
    };
    const open = this.security.open.bind(this.security);
    this.security.open = (bytes: Buffer, source: RemoteInfo) => {
      this.raw.push(Buffer.from(bytes));
      return open(bytes, source);
    };
  }

  static async start(t: Test, mode: string): Promise<SecurePhone> {
    const { agent, socket, session } = await phoneEnds(t);
    const phone = new SecurePhone(agent, socket, session, mode);
    const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
    ticker.add(() => void session.send(TONE));
    t.teardown(() => ticker.close());
    return phone;
  }

  get offer(): string {
    return offerSdp({ address: '127.0.0.1', port: this.socket.port, protection: this.protection });
  }

  /** Calls with `body`; empty: the media server makes the offer, and the answer goes with the ACK. */
  async call(server: FreeSwitchServer, headers: Record<string, string>, body = this.offer): Promise<string> {
    const offer = body === '' ? undefined : body;
    const { outgoing, response, dialog } = await inviteServer(this.agent, server, headers, offer);
    const sdp = response.body;
    this.#dialog = dialog;
    if (body === '') outgoing.ack({ body: this.#answerTo(sdp) });
    else {
      outgoing.ack({});
      this.accept(sdp);
    }
    return sdp;
  }

  /** A re-INVITE with a new offer; the answer. */
  async reinvite(body: string): Promise<string> {
    const dialog = this.#dialog;
    if (dialog === undefined) throw new Error('no call');
    const response = await limited('no answer', dialog.reinvite(body));
    if (response.status !== 200) throw new Error(`refused with ${response.status}`);
    this.accept(response.body);
    return response.body;
  }

  accept(sdp: string): void {
    const remote = readRemoteMedia(sdp, undefined, this.protection);
    if (remote === undefined || !this.protection.accept(remote.security))
      throw new Error('no answer of ours');
    this.#use(remote);
  }

  #answerTo(offer: string): string {
    const answer = answerSdp(offer, {
      address: '127.0.0.1',
      port: this.socket.port,
      protection: this.protection,
    });
    if (answer === undefined) throw new Error('no offer for us');
    this.protection.answered(answer.security);
    this.#use(answer);
    return answer.sdp;
  }

  #use(remote: NonNullable<ReturnType<typeof readRemoteMedia>>): void {
    const { agreed } = this.protection;
    if (agreed?.kind === 'sdes') {
      this.security.use(agreed.local, agreed.remote);
      this.socket.security = this.security;
    } else this.socket.security = undefined;
    this.session.setRemote(remote.remote, remote.codec, remote.payloadType, remote.telephoneEventType);
  }
}

async function secureCall(
  t: Test,
  options: { mode?: string; body?: string; headers?: Record<string, string> } = {},
) {
  const server = await startServer(t);
  const application = await startApplication(t);
  const phone = await SecurePhone.start(t, options.mode ?? 'mandatory');
  const headers = { 'X-esl-outbound': `127.0.0.1:${application.port}`, ...options.headers };
  const answer = await phone.call(server, headers, options.body);
  const control = await application.next();
  const uuid = control.getInfo().getHeader('Unique-ID') ?? '';
  control.subscribe(['CHANNEL_EXECUTE', 'CHANNEL_EXECUTE_COMPLETE']);
  return { server, phone, control, uuid, answer };
}

/** The media server plays a tone: sound in both directions proves the keys. */
async function hearsBothWays(
  t: Test,
  phone: SecurePhone,
  control: EslConnection,
  uuid: string,
): Promise<void> {
  const played = execute(control, 'playback', 'tone_stream://%(400,0,500)');
  phone.loudest = 0;
  await until('the phone hears the tone', () => phone.loudest > 3000);
  await played;
  const before = await packetsIn(control, uuid);
  await until('sound arrives', () => phone.session.stats.packetsSent > before + 10);
  t.ok((await packetsIn(control, uuid)) > before, 'the media server takes what the phone says');
}

async function packetsIn(control: EslConnection, uuid: string): Promise<number> {
  await api(control, `uuid_set_media_stats ${uuid}`);
  return Number(await api(control, `uuid_getvar ${uuid} rtp_audio_in_packet_count`)) || 0;
}

async function refusedIn(control: EslConnection, uuid: string): Promise<number> {
  await api(control, `uuid_set_media_stats ${uuid}`);
  return Number(await api(control, `uuid_getvar ${uuid} rtp_audio_in_refused_packet_count`)) || 0;
}

t.jobs = 4;

for (const suite of ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_128_GCM']) {
  t.test(`a call with ${suite} is heard both ways, and nothing of it is plain on the wire`, async (t) => {
    const { phone, control, uuid, answer } = await secureCall(t, { mode: `mandatory:${suite}` });
    t.match(answer, new RegExp(`RTP/SAVP [^]*a=crypto:1 ${suite} inline:`));
    await hearsBothWays(t, phone, control, uuid);
    t.equal(await api(control, `uuid_getvar ${uuid} rtp_has_crypto`), suite);
    t.equal(phone.security.refused, 0);
    // Silence in PCMU is one byte again and again: encrypted it is not.
    t.ok(phone.raw.length > 10);
    t.ok(phone.raw.every((packet) => new Set(packet.subarray(12, 172)).size > 50));
  });
}

t.test('keys in RTP/AVP are used', async (t) => {
  const { phone, control, uuid, answer } = await secureCall(t, { mode: 'optional' });
  t.match(answer, /RTP\/AVP [^]*a=crypto:1 /);
  await hearsBothWays(t, phone, control, uuid);
});

t.test('X-Secure-RTP makes our offer one with keys', async (t) => {
  const { phone, control, uuid, answer } = await secureCall(t, {
    body: '',
    headers: { 'X-Secure-RTP': 'true' },
  });
  t.match(answer, /RTP\/SAVP [^]*a=crypto:1 /);
  await hearsBothWays(t, phone, control, uuid);
});

t.test('plain RTP, forged and repeated packets on a protected call are dropped and counted', async (t) => {
  const { phone, control, uuid } = await secureCall(t);
  await until('the call is heard', () => phone.raw.length > 5);
  const target = phone.session.target;
  if (target === undefined) throw new Error('no target');
  const plain = Buffer.alloc(172, 0xff);
  plain[0] = 0x80;
  plain[1] = 0;
  for (let i = 0; i < 5; i++) phone.socket.sendRaw(plain, target.port, target.host);
  let refused = 0;
  await limited(
    'never counted',
    (async () => {
      while ((refused = await refusedIn(control, uuid)) < 5);
    })(),
  );
  t.equal(refused, 5);
  await hearsBothWays(t, phone, control, uuid);
});

t.test('a re-INVITE with the same key goes on, one with another key is heard with that', async (t) => {
  const { phone, control, uuid, answer } = await secureCall(t, { mode: 'mandatory:AES_CM_128_HMAC_SHA1_80' });
  await hearsBothWays(t, phone, control, uuid);
  const key = /inline:(\S+)/.exec(answer)?.[1];
  const again = await phone.reinvite(phone.offer);
  t.equal(/inline:(\S+)/.exec(again)?.[1], key, 'our key is the same');
  await hearsBothWays(t, phone, control, uuid);
  t.equal(phone.security.refused, 0, 'and its counters went on');
  phone.protection.policy = parseSecurityPolicy('mandatory:AES_CM_128_HMAC_SHA1_32');
  const other = await phone.reinvite(phone.offer);
  t.match(other, /a=crypto:1 AES_CM_128_HMAC_SHA1_32 /);
  await hearsBothWays(t, phone, control, uuid);
});

t.test('rtp_secure_media=mandatory refuses a plain re-INVITE, and the call goes on', async (t) => {
  const { phone, control, uuid } = await secureCall(t);
  await execute(control, 'set', 'rtp_secure_media=mandatory');
  await t.rejects(phone.reinvite(offerSdp({ address: '127.0.0.1', port: phone.socket.port })));
  await hearsBothWays(t, phone, control, uuid);
});
