import { createSocket } from 'node:dgram';
import { encodePcmu } from '../../src/audio/g711.js';
import { writeRtpHeader } from '../../src/embedded/rtp/packet.js';
import { callerSample } from './recording-sound.js';

/**
 * The caller of the recording bench: a process of its own, which sends by its own clock and says when it began and ended.
 * Started by recording.ts with the port to call, the seconds to talk, and how many ppm its clock is to be off.
 */
const [portText, secondsText, skewText] = process.argv.slice(2);
const port = Number(portText);
const skew = 1 + Number(skewText) / 1e6;
const packets = Math.round(Number(secondsText) * 50);
const PTIME_SAMPLES = 160;

const socket = createSocket('udp4');
let received = 0;
socket.on('message', () => void received++);

const bytes = Buffer.alloc(12 + PTIME_SAMPLES);
const samples = new Int16Array(PTIME_SAMPLES);
const lags: number[] = [];

socket.bind(0, '127.0.0.1', () => {
  const beginNs = process.hrtime.bigint();
  process.send?.({ type: 'begin', ns: beginNs.toString() });
  let index = 0;
  // A packet leaves when its last sample has been spoken.
  const dueMs = (packet: number): number => ((packet + 1) * 20) / skew;
  const elapsedMs = (): number => Number(process.hrtime.bigint() - beginNs) / 1e6;
  const pump = (): void => {
    while (index < packets && dueMs(index) <= elapsedMs()) {
      lags.push(elapsedMs() - dueMs(index));
      for (let i = 0; i < PTIME_SAMPLES; i++) samples[i] = callerSample(index * PTIME_SAMPLES + i);
      writeRtpHeader(bytes, 0, index === 0, index & 0xffff, (index * PTIME_SAMPLES) >>> 0, 0xc0ffee);
      encodePcmu(samples, bytes.subarray(12));
      socket.send(Buffer.from(bytes), port, '127.0.0.1');
      index++;
    }
    if (index < packets) {
      // setTimeout rounds down to milliseconds: rather a little late than a busy loop.
      setTimeout(pump, Math.ceil(dueMs(index) - elapsedMs()));
      return;
    }
    lags.sort((a, b) => a - b);
    process.send?.({
      type: 'end',
      ns: process.hrtime.bigint().toString(),
      sent: index,
      received,
      lagP99Ms: lags[Math.floor(lags.length * 0.99)] ?? 0,
    });
    // The last packets to us may still be on their way; nobody counts them.
    setTimeout(() => {
      socket.close();
      process.disconnect();
    }, 100);
  };
  pump();
});
