import { EnergyVad } from '../../audio/vad.js';
import type { ApplicationHost } from './application-host.js';
import type { FrameTap } from './media-path.js';

export const VOICE_DETECTION_EVENT = 'vad_detect:detection';
const DEFAULT_NAME = 'vad_detect';
const USAGE = '-USAGE: <uuid> [start|stop] [one-shot|continuous] mode silence-ms voice-ms [bugname]\n';
/** How far above the line's noise a voice must stand, by mode: 0 takes most for a voice, 3 least. */
const ABOVE_FLOOR_DB = [6, 9, 12, 15];
/** Breaks within a word do not begin the counting of voiceMs anew: so much longer is the window that it is counted in. */
const WINDOW_FACTOR = 1.6;

/** What listens on each call, by name. */
const running = new WeakMap<ApplicationHost, Map<string, FrameTap>>();

/** `uuid_vad_detect U start STRATEGY MODE SILENCE_MS VOICE_MS [NAME]` and `stop [NAME]`, of jambonz' mod_vad_detect. */
export function voiceDetectionApi(host: ApplicationHost, words: readonly string[]): string {
  const [action, ...rest] = words;
  if (action === 'stop') {
    stop(host, rest[0] ?? DEFAULT_NAME);
    return '+OK Success\n';
  }
  if (action !== 'start') return action === undefined ? USAGE : '-ERR Operation Failed\n';
  const [strategy, mode, silenceMs, voiceMs, name = DEFAULT_NAME] = rest;
  if (strategy === undefined) return USAGE;
  start(host, name, {
    isOneShot: strategy.toLowerCase() === 'one-shot',
    mode: Number(mode) || 0,
    silenceMs: Number(silenceMs) || 100,
    voiceMs: Number(voiceMs) || 250,
  });
  return '+OK Success\n';
}

function start(
  host: ApplicationHost,
  name: string,
  wanted: { isOneShot: boolean; mode: number; silenceMs: number; voiceMs: number },
): void {
  stop(host, name);
  const vad = new EnergyVad({
    aboveFloorDb: ABOVE_FLOOR_DB[Math.min(3, Math.max(0, wanted.mode))] as number,
    onsetMs: wanted.voiceMs,
    onsetWindowMs: Math.round(wanted.voiceMs * WINDOW_FACTOR),
    hangoverMs: wanted.silenceMs,
  });
  const tap: FrameTap = (frame) => {
    const change = vad.push(frame.left);
    if (change === undefined) return;
    host.publish(
      'CUSTOM',
      {
        'detected-event': change === 'begin' ? 'start_talking' : 'stop_talking',
        'media-bugname': name,
      },
      { subclass: VOICE_DETECTION_EVENT },
    );
    if (wanted.isOneShot) stop(host, name);
  };
  const taps = running.get(host) ?? new Map<string, FrameTap>();
  running.set(host, taps);
  taps.set(name, tap);
  host.media.addTap(tap);
}

function stop(host: ApplicationHost, name: string): void {
  const taps = running.get(host);
  const tap = taps?.get(name);
  if (tap === undefined) return;
  taps?.delete(name);
  host.media.removeTap(tap);
}
