import { DtmfDetector } from '../../audio/dtmf-detector.js';
import type { ApplicationHost } from './application-host.js';
import type { FrameTap } from './media-path.js';

/** Calls whose sound is listened to for keys. */
const running = new WeakMap<ApplicationHost, FrameTap>();

/** `start_dtmf`, `spandsp_start_dtmf`: keys in the caller's sound count as keys; returns at once. */
export function startInbandKeys(host: ApplicationHost): undefined {
  if (running.has(host)) return undefined;
  const detector = new DtmfDetector(({ digit, durationSamples }) =>
    host.pressed(digit, durationSamples, 'INBAND_AUDIO'),
  );
  const tap: FrameTap = (frame) => detector.push(frame.left);
  running.set(host, tap);
  host.media.addTap(tap);
  return undefined;
}

/** `stop_dtmf`, `spandsp_stop_dtmf`. */
export function stopInbandKeys(host: ApplicationHost): undefined {
  const tap = running.get(host);
  if (tap === undefined) return undefined;
  running.delete(host);
  host.media.removeTap(tap);
  return undefined;
}
