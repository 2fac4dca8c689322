import { fromDb, mixInto, scale } from '../../audio/pcm.js';
import { errorCode } from '../../core/errors.js';
import type { ApplicationHost } from './application-host.js';
import { BufferSource, FRAME_SAMPLES, type AudioSource } from './audio-source.js';
import type { FrameEffect } from './media-path.js';

const USAGE =
  '-USAGE: <uuid> [addTrack|removeTrack|silenceTrack|playOnTrack|sayOnTrack|setGain] track [url|text|gain] [gain] [loop]\n';
const OK = '+OK Success\n';
const FAILED = '-ERR Operation Failed\n';
/** As in the real module. */
const MAX_TRACKS = 2;
const MAX_GAIN_DB = 50;

interface TrackSound {
  /** The sound anew, for one that is repeated. */
  readonly open: () => Promise<AudioSource>;
  readonly factor: number;
  readonly isLoop: boolean;
  source: AudioSource;
  /** Between one time and the next. */
  isOpening: boolean;
}

/** Sounds laid over what a call hears, on named tracks, and the loudness of what is under them: jambonz' mod_dub. */
class Dubbing implements FrameEffect {
  gainDb = 0;
  readonly tracks = new Map<string, TrackSound | undefined>();
  readonly #frame = new Int16Array(FRAME_SAMPLES);

  /** Hot. */
  apply(samples: Int16Array): boolean {
    if (this.gainDb !== 0) scale(samples, fromDb(this.gainDb));
    let hasSound = false;
    for (const [name, sound] of this.tracks) {
      if (sound === undefined || sound.isOpening) continue;
      const count = sound.source.read(this.#frame);
      this.#frame.fill(0, count);
      if (sound.factor !== 1) scale(this.#frame, sound.factor);
      mixInto(samples, this.#frame);
      hasSound = true;
      if (count < FRAME_SAMPLES) this.#ended(name, sound);
    }
    return hasSound;
  }

  #ended(name: string, sound: TrackSound): void {
    if (!sound.isLoop) {
      this.tracks.set(name, undefined);
      return;
    }
    sound.isOpening = true;
    sound.open().then(
      (source) => {
        sound.source = source;
        sound.isOpening = false;
      },
      () => undefined,
    );
  }
}

const running = new WeakMap<ApplicationHost, Dubbing>();

/** `uuid_dub U setGain DB`, and its tracks. */
export async function dubApi(host: ApplicationHost, words: readonly string[]): Promise<string> {
  const [action, track, what, ...rest] = words;
  if (action === undefined || track === undefined) return FAILED;
  const dubbing = running.get(host) ?? begin(host);
  const [once, gain] = rest;
  switch (action) {
    case 'setGain':
      dubbing.gainDb = clampGain(track);
      return OK;
    case 'addTrack':
      if (!dubbing.tracks.has(track) && dubbing.tracks.size >= MAX_TRACKS) return FAILED;
      dubbing.tracks.set(track, undefined);
      return OK;
    case 'removeTrack':
      return dubbing.tracks.delete(track) ? OK : FAILED;
    case 'silenceTrack':
      if (!dubbing.tracks.has(track)) return FAILED;
      dubbing.tracks.set(track, undefined);
      return OK;
    case 'playOnTrack':
      if (what === undefined) return USAGE;
      return await put(host, dubbing, track, {
        open: () =>
          host.sounds.open(what, {
            prefix: host.variables.get('sound_prefix'),
            voice: undefined,
            offsetSamples: 0,
          }),
        isLoop: once === 'loop',
        factor: fromDb(clampGain(gain)),
      });
    case 'sayOnTrack':
      if (what === undefined) return USAGE;
      if (!host.sounds.canSpeak) return FAILED;
      return await put(host, dubbing, track, {
        open: async () =>
          new BufferSource(await host.sounds.speak(what, host.variables.get('tts_voice')), {
            isReadAhead: false,
          }),
        isLoop: false,
        factor: fromDb(clampGain(gain)),
      });
    default:
      return USAGE;
  }
}

async function put(
  host: ApplicationHost,
  dubbing: Dubbing,
  track: string,
  sound: Omit<TrackSound, 'source' | 'isOpening'>,
): Promise<string> {
  if (!dubbing.tracks.has(track)) return FAILED;
  try {
    const source = await sound.open();
    if (!dubbing.tracks.has(track)) return FAILED;
    dubbing.tracks.set(track, { ...sound, source, isOpening: false });
    return OK;
  } catch (error) {
    host.logger.warn(
      { channel: host.uuid, code: errorCode(error) },
      'a sound for a track could not be opened',
    );
    return FAILED;
  }
}

function begin(host: ApplicationHost): Dubbing {
  const dubbing = new Dubbing();
  running.set(host, dubbing);
  host.media.writeEffects.add(dubbing);
  return dubbing;
}

function clampGain(text: string | undefined): number {
  return Math.min(MAX_GAIN_DB, Math.max(-MAX_GAIN_DB, Number.parseInt(text ?? '', 10) || 0));
}
