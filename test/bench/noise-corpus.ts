/**
 * What is on telephone lines besides the caller, made by code: noise, babble, music on hold, clicks, keys, hum, comfort
 * noise, breath, coughs, the bot's echo. Mono at 8 kHz; the same seed gives the same sound. Levels are RMS in dB of full
 * scale unless said otherwise; a caller speaks at about -22.
 */
import { clip, concatSamples, fromDb, mixInto, rms, scale } from '../../src/audio/pcm.js';
import { dtmfFrequenciesHz, fadeIn, fadeOut, tone } from '../../src/audio/tone.js';

const rateHz = 8000;
const fullScale = 32768;

/** Mulberry32: 0 to 1, the same row for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same sound at another level. */
export function atLevel(samples: Int16Array, levelDb: number): Int16Array {
  const level = rms(samples);
  const louder = samples.slice();
  if (level > 0) scale(louder, (fullScale * fromDb(levelDb)) / level);
  return louder;
}

export function white(seconds: number, levelDb: number, seed = 1): Int16Array {
  const next = random(seed);
  const peak = Math.sqrt(3) * fullScale * fromDb(levelDb);
  return Int16Array.from({ length: samplesIn(seconds) }, () => clip(Math.round((2 * next() - 1) * peak)));
}

/** Equal power per octave, as of traffic and air: white noise through three first-order filters (Kellet). */
export function pink(seconds: number, levelDb: number, seed = 2): Int16Array {
  const next = random(seed);
  let low = 0;
  let middle = 0;
  let high = 0;
  const samples = Int16Array.from({ length: samplesIn(seconds) }, () => {
    const sample = 2 * next() - 1;
    low = 0.99765 * low + sample * 0.099046;
    middle = 0.963 * middle + sample * 0.2965164;
    high = 0.57 * high + sample * 1.0526913;
    return Math.round(3000 * (low + middle + high + sample * 0.1848));
  });
  return atLevel(samples, levelDb);
}

/** Six people who talk all at once behind the caller: clips, one after another, begun at any place. */
export function babble(clips: readonly Int16Array[], seconds: number, levelDb: number, seed = 3): Int16Array {
  const next = random(seed);
  const sum = new Float64Array(samplesIn(seconds));
  for (let talker = 0; talker < 6; talker++) {
    let at = 0;
    while (at < sum.length) {
      const clip = clips[Math.floor(next() * clips.length)];
      if (clip === undefined || clip.length === 0) break;
      const said = atLevel(clip, -20);
      const from = at === 0 ? Math.floor(next() * said.length) : 0;
      for (let i = from; i < said.length && at < sum.length; i++, at++)
        sum[at] = (sum[at] ?? 0) + (said[i] ?? 0);
      at += Math.floor(next() * 0.3 * rateHz);
    }
  }
  return atLevel(
    Int16Array.from(sum, (sample) => clip(Math.round(sample / 3))),
    levelDb,
  );
}

/** Chords of four voices with five partials each, plucked anew each beat, a melody above them. */
export function musicOnHold(seconds: number, levelDb: number, seed = 4): Int16Array {
  const next = random(seed);
  const beatS = 0.5;
  const roots = [220, 174.6, 261.6, 196];
  const sum = new Float64Array(samplesIn(seconds));
  const voice = (hz: number, from: number, lengthS: number, weight: number, decay: number): void => {
    const length = Math.min(samplesIn(lengthS), sum.length - from);
    for (let partial = 1; partial <= 5 && hz * partial < 3400; partial++) {
      const step = (2 * Math.PI * hz * partial) / rateHz;
      const phase = next() * 2 * Math.PI;
      for (let i = 0; i < length; i++) {
        const attack = Math.min(1, i / 80);
        const shape = attack * Math.exp((-decay * i) / rateHz);
        sum[from + i] = (sum[from + i] ?? 0) + (weight / partial) * shape * Math.sin(step * i + phase);
      }
    }
  };
  for (let beat = 0; beat * beatS < seconds; beat++) {
    const from = samplesIn(beat * beatS);
    const root = roots[Math.floor(beat / 4) % roots.length] ?? 220;
    if (beat % 2 === 0) for (const ratio of [1, 1.2599, 1.4983, 2]) voice(root * ratio, from, 1, 1, 1.5);
    if (next() < 0.8) voice(root * 2 * 2 ** (Math.floor(next() * 8) / 12), from, 0.45, 1.2, 3);
  }
  return atLevel(
    Int16Array.from(sum, (sample) => clip(Math.round(sample * 1500))),
    levelDb,
  );
}

/** Loud clicks of 2 to 10 ms, about one a second. */
export function clicks(seconds: number, peakDb: number, seed = 5): Int16Array {
  const next = random(seed);
  const samples = white(seconds, -65, seed);
  for (let at = samplesIn(0.5); at < samples.length; at += Math.floor((0.5 + next()) * rateHz)) {
    const length = 16 + Math.floor(next() * 64);
    for (let i = 0; i < length && at + i < samples.length; i++) {
      samples[at + i] = clip(Math.round((2 * next() - 1) * fullScale * fromDb(peakDb) * (1 - i / length)));
    }
  }
  return samples;
}

/** Keys as sound, 80 ms each at -12 dB per tone, one every two seconds. */
export function keyTones(seconds: number, seed = 6): Int16Array {
  const next = random(seed);
  const samples = white(seconds, -65, seed);
  for (let at = rateHz; at < samples.length; at += 2 * rateHz) {
    const frequenciesHz = dtmfFrequenciesHz('0123456789*#'[Math.floor(next() * 12)] ?? '0') ?? [];
    mixInto(samples, tone({ frequenciesHz, durationMs: 80, sampleRateHz: rateHz }), at);
  }
  return samples;
}

/** The mains and its harmonics. */
export function hum(seconds: number, levelDb: number): Int16Array {
  const partials = [1, 0.6, 0.5, 0.25, 0.3];
  const samples = Int16Array.from({ length: samplesIn(seconds) }, (_, i) => {
    let sum = 0;
    for (const [n, weight] of partials.entries())
      sum += weight * Math.sin((2 * Math.PI * 50 * (n + 1) * i) / rateHz);
    return Math.round(3000 * sum);
  });
  return atLevel(samples, levelDb);
}

/** A gateway's comfort noise (RFC 3389): its level jumps, digital silence comes between. */
export function comfortNoise(seconds: number, seed = 7): Int16Array {
  const next = random(seed);
  const parts: Int16Array[] = [];
  for (let length = 0; length < seconds;) {
    const partS = 0.2 + next() * 2;
    length += partS;
    parts.push(
      next() < 0.3 ? new Int16Array(samplesIn(partS)) : white(partS, -66 + next() * 14, next() * 1e9),
    );
  }
  return concatSamples(parts).subarray(0, samplesIn(seconds));
}

/** Breathing into the microphone, every three seconds: soft noise that swells for half a second. */
export function breaths(seconds: number, levelDb = -36, seed = 8): Int16Array {
  const next = random(seed);
  const samples = white(seconds, -65, seed);
  for (let at = rateHz; at < samples.length; at += Math.floor((2 + 2 * next()) * rateHz)) {
    const breath = pink(0.3 + next() * 0.4, levelDb, next() * 1e9);
    fadeIn(breath, breath.length >> 1);
    fadeOut(breath, breath.length >> 1);
    mixInto(samples, breath, at);
  }
  return samples;
}

/**
 * One or two coughs every ten seconds: a burst of 40 ms, the rush of air that dies away, and with every second of them
 * the voice's rest, 80 ms of falling pitch.
 */
export function coughs(seconds: number, levelDb = -16, seed = 9): Int16Array {
  const next = random(seed);
  const samples = white(seconds, -65, seed);
  for (let at = rateHz; at < samples.length; at += 10 * rateHz) {
    const row = 1 + Math.floor(next() * 2);
    for (let i = 0; i < row; i++) {
      mixInto(samples, cough(next, levelDb), at + Math.floor(i * 0.35 * rateHz));
    }
  }
  return samples;
}

function cough(next: () => number, levelDb: number): Int16Array {
  const burst = white(0.04, levelDb, next() * 1e9);
  const air = pink(0.12 + next() * 0.1, levelDb - 4, next() * 1e9);
  fadeOut(air, air.length);
  const isVoiced = next() < 0.5;
  const voice = new Int16Array(isVoiced ? samplesIn(0.08) : 0);
  let phase = 0;
  for (let i = 0; i < voice.length; i++) {
    phase += (180 - (60 * i) / voice.length) / rateHz;
    let sum = 0;
    for (let partial = 1; partial <= 8; partial++) sum += Math.sin(2 * Math.PI * partial * phase) / partial;
    voice[i] = Math.round(2500 * sum * (1 - i / voice.length));
  }
  return concatSamples([burst, air, voice]);
}

/** What of `heard` comes back to us: so much weaker, so much later. */
export function echoOf(heard: Int16Array, levelDb: number, delayMs: number): Int16Array {
  const back = new Int16Array(heard.length);
  const delay = Math.round((delayMs * rateHz) / 1000);
  back.set(heard.subarray(0, Math.max(0, heard.length - delay)), delay);
  scale(back, fromDb(levelDb));
  return back;
}

/** A share of the 20 ms packets is lost: silence in their place, as a call's audio has it. */
export function lossy(samples: Int16Array, share: number, seed = 10): Int16Array {
  const next = random(seed);
  const left = samples.slice();
  for (let at = 0; at < left.length; at += 160) if (next() < share) left.fill(0, at, at + 160);
  return left;
}

/** Both at once, as long as the first. */
export function mixed(first: Int16Array, second: Int16Array, atSample = 0): Int16Array {
  const sum = first.slice();
  mixInto(sum, second, atSample);
  return sum;
}

export interface Noise {
  readonly name: string;
  /** Without the bot's echo, before the line's codec. */
  readonly samples: Int16Array;
}

/** Every kind of line without a word of the caller. `talk`: clips for babble. Keys are not in it: they are an answer. */
export function noiseCorpus(seconds: number, talk: readonly Int16Array[], seed = 1): Noise[] {
  const of = (name: string, samples: Int16Array): Noise => ({ name, samples });
  return [
    of('quiet line', white(seconds, -65, seed)),
    of('white -45', white(seconds, -45, seed)),
    of('white -35', white(seconds, -35, seed)),
    of('pink -42', pink(seconds, -42, seed + 1)),
    of('pink -32', pink(seconds, -32, seed + 1)),
    of('babble -42', babble(talk, seconds, -42, seed + 2)),
    of('babble -34', babble(talk, seconds, -34, seed + 2)),
    of('music -35', musicOnHold(seconds, -35, seed + 3)),
    of('music -24', musicOnHold(seconds, -24, seed + 3)),
    of('clicks', clicks(seconds, -6, seed + 4)),
    of('hum -34', hum(seconds, -34)),
    of('comfort noise', comfortNoise(seconds, seed + 6)),
    of('breaths', breaths(seconds, -36, seed + 7)),
    of('coughs', coughs(seconds, -16, seed + 8)),
    of('lossy pink -38', lossy(pink(seconds, -38, seed + 9), 0.03, seed + 10)),
  ];
}

function samplesIn(seconds: number): number {
  return Math.round(seconds * rateHz);
}
