import { ToneDetector } from '../../audio/tone-detector.js';
import type { ApplicationHost } from './application-host.js';
import type { Execution } from './application-stack.js';
import { SAMPLE_RATE_HZ } from './audio-source.js';
import type { FrameTap } from './media-path.js';

interface WantedTone {
  readonly key: string;
  readonly detector: ToneDetector;
  /** What is executed when it is heard; nothing: the event is all. */
  readonly application: string | undefined;
  readonly data: string;
  readonly hitsWanted: number;
  readonly isOnce: boolean;
  readonly hears: 'caller' | 'bot';
  /** On the clock: then it is waited for no more. */
  readonly endMs: number;
  hits: number;
  framesSinceHit: number;
  isUp: boolean;
}

interface ToneTap {
  readonly tones: Map<string, WantedTone>;
  readonly tap: FrameTap;
}

/** Hits that lie further apart do not belong together: 250 frames, as in the real server. */
const HIT_EXPIRES_FRAMES = 250;
const running = new WeakMap<ApplicationHost, ToneTap>();

/**
 * `tone_detect KEY FREQUENCIES [r|w|o...] [TIMEOUT] [APP] [DATA] [HITS]`: tells DETECTED_TONE when all the frequencies sound
 * together, and executes APP then. Returns at once; the call is listened to until `stop_tone_detect` or the timeout.
 */
export function toneDetect(host: ApplicationHost, execution: Execution): undefined {
  const words = host.variables.expand(execution.argument).trim().split(/\s+/);
  const [key = '', spec = '', flags = 'r', timeout = '', ...rest] = words;
  const frequenciesHz = spec
    .split(',')
    .map(Number)
    .filter((hz) => hz > 0 && hz < SAMPLE_RATE_HZ / 2);
  if (key === '' || frequenciesHz.length === 0) {
    host.logger.warn({ channel: host.uuid }, 'tone_detect without a key or frequencies');
    return undefined;
  }
  const [application, data = '', hits] = rest.length === 1 ? [undefined, '', rest[0]] : rest;
  const { tones } = running.get(host) ?? begin(host);
  const wanted: WantedTone = {
    key,
    detector: new ToneDetector({ frequenciesHz, sampleRateHz: SAMPLE_RATE_HZ }),
    application,
    data,
    hitsWanted: host.variables.integer('tone_detect_hits') ?? Math.max(1, Number(hits) || 1),
    isOnce: flags.includes('o'),
    hears: flags.includes('w') && !flags.includes('r') ? 'bot' : 'caller',
    endMs: endOf(host, timeout),
    hits: 0,
    framesSinceHit: 0,
    isUp: true,
  };
  // The real server refuses a second of that name; the newer one is what the client means.
  tones.set(key, wanted);
  return undefined;
}

/** `stop_tone_detect`: all of them. */
export function stopToneDetect(host: ApplicationHost): undefined {
  const current = running.get(host);
  if (current === undefined) return undefined;
  running.delete(host);
  host.media.removeTap(current.tap);
  return undefined;
}

/** `+SECONDS` from now, or a time of the clock; infinite when it says nothing that is to come. */
function endOf(host: ApplicationHost, timeout: string): number {
  const isRelative = timeout.startsWith('+');
  const ms = (Number.parseInt(isRelative ? timeout.slice(1) : timeout, 10) || 0) * 1000;
  const afterMs = isRelative ? ms : ms - host.clock.wallMs();
  return ms <= 0 || afterMs <= 0 ? Infinity : host.clock.nowMs() + afterMs;
}

function begin(host: ApplicationHost): ToneTap {
  const tones = new Map<string, WantedTone>();
  const tap: FrameTap = (frame) => {
    for (const wanted of tones.values()) {
      if (!wanted.isUp) continue;
      if (host.clock.nowMs() > wanted.endMs) {
        tones.delete(wanted.key);
        continue;
      }
      listen(host, wanted, wanted.hears === 'caller' ? frame.left : frame.right);
    }
  };
  const made = { tones, tap };
  running.set(host, made);
  host.media.addTap(tap);
  return made;
}

function listen(host: ApplicationHost, wanted: WantedTone, samples: Int16Array): void {
  wanted.framesSinceHit += 1;
  if (wanted.framesSinceHit > HIT_EXPIRES_FRAMES) wanted.hits = 0;
  if (!wanted.detector.push(samples)) return;
  wanted.hits += 1;
  wanted.framesSinceHit = 0;
  if (wanted.hits < wanted.hitsWanted) return;
  // One report for each tone_detect, as in the real server.
  wanted.isUp = false;
  host.variables.set(`tone_detect_${wanted.key}`, 'true');
  host.publish('DETECTED_TONE', { 'Detected-Tone': wanted.key });
  if (wanted.application !== undefined)
    host.execute({ application: wanted.application, argument: wanted.data });
  if (wanted.isOnce) stopToneDetect(host);
}
