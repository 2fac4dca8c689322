import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { MediaTicker } from '../../src/embedded/rtp/media-ticker.js';
import { PortPool } from '../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import { answerSdp, offerSdp, readRemoteMedia, type Direction } from '../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import type { IncomingInvite } from '../../src/embedded/sip/incoming-invite.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';

/** The far end of a test's call: answers, plays what it is given, tells what it hears. */
export interface FakeBot {
  readonly uri: string;
  readonly keys: string[];
  readonly infoBodies: string[];
  readonly directions: Direction[];
  /** Calls that were cancelled before the answer. */
  cancelled: number;
  /** Each is called with the call once it is answered. */
  onCall: (call: BotCall) => void;
  /** Called instead of answering. */
  onInvite: ((incoming: IncomingInvite) => void) | undefined;
  close(): Promise<void>;
}

export interface BotCall {
  readonly dialog: Dialog;
  readonly session: RtpSession;
  /** Sends these samples, 20 ms a time, from the next tick on; drops what was being played. */
  play(samples: Int16Array): void;
  /** Stops at once. */
  cut(): void;
  /** Plays so that the first sample leaves exactly at `atMs` of the system clock (to the millisecond of a timer). */
  playAt(samples: Int16Array, atMs: number): void;
  onKeyEnd: ((digit: string, atMs: number) => void) | undefined;
  onSamples: ((samples: Int16Array, atMs: number) => void) | undefined;
}

export async function startFakeBot(): Promise<FakeBot> {
  const userAgent = await UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'fake-bot',
    clock: systemClock,
    logger: silentLogger,
  });
  const ports = new PortPool({ address: '127.0.0.1', minPort: 0, maxPort: 0 });
  const ticker = new MediaTicker({ clock: systemClock, logger: silentLogger });
  const port = userAgent.addresses[0]?.port ?? 0;
  const bot: FakeBot = {
    uri: `sip:bot@127.0.0.1:${port}`,
    keys: [],
    infoBodies: [],
    directions: [],
    cancelled: 0,
    onCall: () => undefined,
    onInvite: undefined,
    async close() {
      ticker.close();
      ports.close();
      await userAgent.close();
    },
  };
  userAgent.on('invite', (incoming) => {
    incoming.on('cancel', () => void bot.cancelled++);
    if (bot.onInvite !== undefined) bot.onInvite(incoming);
    else void answer(bot, incoming, ports, ticker);
  });
  return bot;
}

async function answer(bot: FakeBot, incoming: IncomingInvite, ports: PortPool, ticker: MediaTicker) {
  const socket = await ports.acquire();
  const local = { address: '127.0.0.1', port: socket.port };
  const offer = incoming.request.body;
  const agreed = offer === '' ? undefined : answerSdp(offer, local);
  const session = new RtpSession({
    socket,
    clock: systemClock,
    logger: silentLogger,
    codec: agreed?.codec ?? 'PCMU',
    payloadType: agreed?.payloadType ?? 0,
    telephoneEventType: agreed?.telephoneEventType,
    remote: agreed?.remote,
    ptimeMs: 20,
  });
  const dialog = incoming.accept({ body: agreed?.sdp ?? offerSdp(local) });
  let playing = new Int16Array(0);
  const frame = new Int16Array(160);
  const tick = () => {
    frame.fill(0);
    frame.set(playing.subarray(0, 160));
    playing = playing.subarray(Math.min(160, playing.length));
    session.send(frame);
  };
  const call: BotCall = {
    dialog,
    session,
    play: (samples) => void (playing = samples.slice()),
    cut: () => void (playing = new Int16Array(0)),
    playAt(samples, atMs) {
      // Off the ticker's grid: the delay under test must not be rounded to it.
      systemClock.after(Math.max(0, atMs - systemClock.nowMs()), () => {
        session.send(samples.slice(0, 160));
        playing = samples.slice(160);
      });
    },
    onKeyEnd: undefined,
    onSamples: undefined,
  };
  session.on('dtmf', (digit) => {
    bot.keys.push(digit);
    call.onKeyEnd?.(digit, systemClock.nowMs());
  });
  session.onAudio = (samples, _position, packet) => call.onSamples?.(samples, packet.arrivalMs);
  dialog.on('request', (request) => {
    const { method, body } = request.request;
    if (method === 'INFO') {
      bot.infoBodies.push(body);
      request.respond(200);
    } else if (method === 'INVITE') {
      const again = answerSdp(body, local);
      if (again === undefined) return request.respond(488);
      bot.directions.push(again.direction);
      session.setRemote(again.remote, again.codec, again.payloadType, again.telephoneEventType);
      request.respond(200, undefined, { body: again.sdp });
    } else request.respond(501);
  });
  dialog.once('ack', (ack) => {
    const remote = offer === '' ? readRemoteMedia(ack.body) : undefined;
    if (remote !== undefined) {
      session.setRemote(remote.remote, remote.codec, remote.payloadType, remote.telephoneEventType);
    }
  });
  dialog.on('ended', () => {
    ticker.remove(tick);
    session.close();
  });
  ticker.add(tick);
  bot.onCall(call);
}
