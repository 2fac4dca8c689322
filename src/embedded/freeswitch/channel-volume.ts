import { scale } from '../../audio/pcm.js';
import type { ApplicationHost } from './application-host.js';
import type { FrameEffect } from './media-path.js';
import { clampVolume, volumeFactor } from './volume-steps.js';

const USAGE = '-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n';

/** The loudness of one direction of a call. */
class Volume implements FrameEffect {
  /** Steps of -4 to 4. */
  level = 0;
  /** 0: heard; 1: silence; more: noise of full scale divided by it, so that the line does not seem dead. */
  mute = 0;

  /** Hot. */
  apply(samples: Int16Array): boolean {
    if (this.mute > 1) {
      const amplitude = 32767 / this.mute;
      for (let i = 0; i < samples.length; i += 1)
        samples[i] = Math.round((Math.random() * 2 - 1) * amplitude);
      return true;
    }
    if (this.mute === 1) samples.fill(0);
    else if (this.level !== 0) scale(samples, volumeFactor(this.level));
    return false;
  }
}

interface Volumes {
  readonly read: Volume;
  readonly write: Volume;
}

const volumes = new WeakMap<ApplicationHost, Volumes>();

/** `uuid_audio U start read|write mute|level N`, `uuid_audio U stop`: what is heard of a caller, and what it hears. */
export function channelVolumeApi(host: ApplicationHost, words: readonly string[]): string {
  const [action, side, what, value] = words.map((word) => word.toLowerCase());
  const existing = volumes.get(host);
  if (action === 'stop') {
    if (existing !== undefined) {
      host.media.readEffects.delete(existing.read);
      host.media.writeEffects.delete(existing.write);
      volumes.delete(host);
    }
    return '+OK\n';
  }
  const isComplete = action === 'start' && value !== undefined && (side === 'read' || side === 'write');
  if (!isComplete || (what !== 'mute' && what !== 'level')) return USAGE;
  const chosen = existing ?? begin(host);
  const volume = chosen[side];
  const number = Number.parseInt(value, 10) || 0;
  if (what === 'mute') {
    volume.mute = Math.max(0, number);
    volume.level = 0;
  } else if (clampVolume(number) === number) {
    // Beyond the steps the real server leaves it as it was.
    volume.level = number;
  }
  return '+OK\n';
}

function begin(host: ApplicationHost): Volumes {
  const made = { read: new Volume(), write: new Volume() };
  volumes.set(host, made);
  host.media.readEffects.add(made.read);
  host.media.writeEffects.add(made.write);
  return made;
}
