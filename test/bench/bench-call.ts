/** What the callers of the benches have in common: their telephone, an answered call, their place before the server's. */
import { setPriority } from 'node:os';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import type { RtpSocket } from '../../src/embedded/rtp/port-pool.js';
import { RtpSession } from '../../src/embedded/rtp/rtp-session.js';
import { offerSdp, readRemoteMedia } from '../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';

export interface AnsweredCall {
  readonly dialog: Dialog;
  readonly session: RtpSession;
  /** INVITE sent to 200 received. */
  readonly answeredMs: number;
}

export function benchTelephone(): Promise<UserAgent> {
  return UserAgent.listen({
    listen: ['udp:127.0.0.1:0'],
    name: 'xiangyin-bench',
    clock: systemClock,
    logger: silentLogger,
  });
}

/** Resolves with the answered call, or with why there is none; the socket is closed then. */
export function placeCall(
  userAgent: UserAgent,
  uri: string,
  socket: RtpSocket,
  limitMs: number,
): Promise<AnsweredCall | string> {
  return new Promise((resolve) => {
    const body = offerSdp({ address: '127.0.0.1', port: socket.port });
    const sentNs = process.hrtime.bigint();
    const outgoing = userAgent.invite(uri, { body });
    const give = (reason: string): void => {
      limit.cancel();
      socket.close();
      resolve(reason);
    };
    const limit = systemClock.after(limitMs, () => {
      outgoing.cancel();
      give('no answer');
    });
    outgoing.on('failed', (status) => give(`refused with ${status}`));
    outgoing.on('accepted', (response, dialog) => {
      const answeredMs = Number(process.hrtime.bigint() - sentNs) / 1e6;
      limit.cancel();
      outgoing.ack();
      const remote = readRemoteMedia(response.body);
      if (remote === undefined) {
        void dialog.bye();
        give('an answer that fits nothing');
        return;
      }
      const session = new RtpSession({
        socket,
        clock: systemClock,
        logger: silentLogger,
        codec: remote.codec,
        payloadType: remote.payloadType,
        telephoneEventType: remote.telephoneEventType,
        remote: remote.remote,
        ptimeMs: 20,
      });
      resolve({ dialog, session, answeredMs });
    });
  });
}

export function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => void systemClock.after(Math.max(0, delayMs), resolve));
}

/** On a machine shared with the server, a starved client would measure itself. */
export function goFirst(): void {
  try {
    // Where it may: root, CAP_SYS_NICE.
    setPriority(-10);
  } catch {
    // Otherwise the lag that is measured decides whether the run counts.
  }
}
