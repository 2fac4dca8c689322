import { BeepDetector } from '../../audio/beep-detector.js';
import type { ApplicationHost } from './application-host.js';
import type { FrameTap } from './media-path.js';

interface Listening {
  readonly tap: FrameTap;
  readonly startedMs: number;
  isHeard: boolean;
}

const running = new WeakMap<ApplicationHost, Listening>();

/**
 * `avmd_start`: listens for the beep of an answering machine and tells avmd::beep, once. Returns at once. What stands behind
 * it are settings of FreeSWITCH's detectors; ours has none.
 */
export function startBeepDetection(host: ApplicationHost): undefined {
  if (running.has(host)) return undefined;
  const detector = new BeepDetector();
  const listening: Listening = {
    startedMs: host.clock.nowMs(),
    isHeard: false,
    tap: (frame) => {
      if (listening.isHeard) return;
      const beep = detector.push(frame.left);
      if (beep === undefined) return;
      listening.isHeard = true;
      host.variables.set('avmd_detect', 'TRUE');
      publish(host, 'avmd::beep', {
        'Beep-Status': 'DETECTED',
        Frequency: beep.frequencyHz.toFixed(6),
        'Frequency-variance': '0.000000',
        Amplitude: beep.amplitude.toFixed(6),
        'Amplitude-variance': '0.000000',
        'Detection-time': microseconds(beep.durationMs),
      });
    },
  };
  running.set(host, listening);
  host.media.addTap(listening.tap);
  host.variables.set('avmd_detect', 'FALSE');
  publish(host, 'avmd::start', { 'Start-time': microseconds(host.clock.wallMs()) });
  return undefined;
}

/** `avmd_stop`. */
export function stopBeepDetection(host: ApplicationHost): undefined {
  const listening = running.get(host);
  if (listening === undefined) return undefined;
  running.delete(host);
  host.media.removeTap(listening.tap);
  publish(host, 'avmd::stop', {
    'Beep-Status': listening.isHeard ? 'DETECTED' : 'NOTDETECTED',
    'Total-time': microseconds(host.clock.nowMs() - listening.startedMs),
  });
  return undefined;
}

function publish(host: ApplicationHost, subclass: string, headers: Readonly<Record<string, string>>): void {
  host.publish('CUSTOM', { 'Call-command': 'avmd', ...headers }, { subclass });
}

function microseconds(ms: number): string {
  return String(Math.round(ms * 1000));
}
