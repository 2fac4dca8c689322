import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encodePcmu } from '../../src/audio/g711.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { writeRtpHeader } from '../../src/embedded/rtp/packet.js';
import { offerSdp, readRemoteMedia } from '../../src/embedded/rtp/sdp.js';
import type { Dialog } from '../../src/embedded/sip/dialog.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { callerSample } from './recording-sound.js';

/** What the bench learns from its caller; instants are CLOCK_MONOTONIC, in nanoseconds. */
export interface RecordingCall {
  /** The 200 arrived. */
  readonly answeredNs: string;
  /** The clock of what is spoken began. */
  readonly beganNs: string;
  /** The BYE was sent. */
  readonly endedNs: string;
  readonly sent: number;
  readonly received: number;
  readonly lagP99Ms: number;
}

/**
 * The caller of the recording bench: a process of its own, which calls, speaks by its own clock and hangs up. Started by
 * recording.ts with the URI to call, the seconds to talk, and how many ppm its clock is to be off.
 */
const [uri = '', secondsText, skewText] = process.argv.slice(2);
const skew = 1 + Number(skewText) / 1e6;
const packets = Math.round(Number(secondsText) * 50);
const PTIME_SAMPLES = 160;

const socket = createSocket('udp4');
let received = 0;
socket.on('message', () => void received++);
socket.bind(0, '127.0.0.1');
await once(socket, 'listening');
const userAgent = await UserAgent.listen({
  listen: ['udp:127.0.0.1:0'],
  name: 'xiangyin-bench',
  clock: systemClock,
  logger: silentLogger,
});
const outgoing = userAgent.invite(uri, {
  body: offerSdp({ address: '127.0.0.1', port: socket.address().port }),
});
const { dialog, answer, answeredNs } = await new Promise<{
  dialog: Dialog;
  answer: string;
  answeredNs: bigint;
}>((resolve, reject) => {
  outgoing.on('failed', (status) => reject(new Error(`the call was refused with ${status}`)));
  outgoing.on('accepted', (response, made) => {
    resolve({ dialog: made, answer: response.body, answeredNs: process.hrtime.bigint() });
    outgoing.ack();
  });
});
const remote = readRemoteMedia(answer)?.remote;
if (remote === undefined) throw new Error('an answer without an address');
const talk = await speak(remote.port, remote.host);
const endedNs = process.hrtime.bigint();
await dialog.bye();
await userAgent.close();
socket.close();
process.send?.({
  answeredNs: `${answeredNs}`,
  beganNs: `${talk.beganNs}`,
  endedNs: `${endedNs}`,
  sent: packets,
  received,
  lagP99Ms: talk.lagP99Ms,
} satisfies RecordingCall);
process.disconnect();

/** Sends one packet each 20 ms of the skewed clock, when its last sample has been spoken. */
async function speak(port: number, host: string): Promise<{ beganNs: bigint; lagP99Ms: number }> {
  const bytes = Buffer.alloc(12 + PTIME_SAMPLES);
  const samples = new Int16Array(PTIME_SAMPLES);
  const lags: number[] = [];
  const beganNs = process.hrtime.bigint();
  const elapsedMs = (): number => Number(process.hrtime.bigint() - beganNs) / 1e6;
  for (let index = 0; index < packets; index++) {
    const dueMs = ((index + 1) * 20) / skew;
    // setTimeout rounds down to milliseconds: rather a little late than a busy loop.
    const waitMs = Math.ceil(dueMs - elapsedMs());
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    lags.push(elapsedMs() - dueMs);
    for (let i = 0; i < PTIME_SAMPLES; i++) samples[i] = callerSample(index * PTIME_SAMPLES + i);
    writeRtpHeader(bytes, 0, index === 0, index & 0xffff, (index * PTIME_SAMPLES) >>> 0, 0xc0ffee);
    encodePcmu(samples, bytes.subarray(12));
    socket.send(Buffer.from(bytes), port, host);
  }
  lags.sort((a, b) => a - b);
  return { beganNs, lagP99Ms: lags[Math.floor(lags.length * 0.99)] ?? 0 };
}
