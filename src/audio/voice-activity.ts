import { EchoGate } from './echo-gate.js';
import { isKeyTone } from './key-tone.js';
import { dbOf, meanSquareOf, NoiseFloor, perFrame } from './noise-floor.js';
import type { VadChange } from './vad.js';
import { VoiceModel } from './voice-model.js';
import { Voicing } from './voicing.js';

export interface VoiceActivityOptions {
  /** Silence after which speech has ended (ms). Default 340; may be changed at any time. */
  readonly endpointMs?: number;
  /** A frame this far above the noise floor may be voice, in decibels. Default 9. */
  readonly aboveFloorDb?: number;
  /** Below this level nothing is speech, in dB of full scale. Default -48: a caller at arm's length is at -40. */
  readonly leastDb?: number;
}

const frameSamples = 160;
const half = frameSamples / 2;
const frameMs = 20;
/** So much voice within the window is the beginning of speech: longer than a click, shorter than "no". */
const onsetFrames = 3;
/** So much, if it is a clear vowel over the bot's voice: each frame is 20 ms in which the bot talks into the caller. */
const clearOnsetFrames = 2;
const clearPeriodicity = 0.75;
const windowFrames = 5;
/** Longer than the bot's pauses between two sentences: until then it is speaking, and an onset must show more (1 s). */
const botPauseFrames = 50;
/** It must be this far above what the background reached of late (5 dB) ... */
const aboveCeiling = 10 ** 0.5;
/** ... and at least this loud: what is quieter is somebody behind the caller. */
const leastOverBot = meanSquareOf(-42);
/** ... and so periodic: below are breath, coughs and chords. A vowel comes within 100 ms of most words' beginning. */
const leastPeriodicityOverBot = 0.65;
/** ... and no weaker than a noise shortly before: a cough is a burst, and what voice it has comes after it (300 ms). */
const burstFrames = 15;
const mostPeriodicityOfBurst = 0.45;
/** While the bot is silent less will do: a false start costs little then. 2 dB above the background. */
const aboveCeilingAlone = 10 ** 0.2;
const leastPeriodicity = 0.55;
/** Nobody speaks so long (10 s) without a pause (100 ms): it is music, or a room. */
const steadyFrames = 500;
const pauseFrames = 5;
const loudestFall = perFrame(-10);
/** Speech goes on with less than it begins with: 8 dB less in all, 6 dB above the floor, 15 dB where the model hears none. */
const weaker = 10 ** -0.8;
const onRatio = 10 ** 0.6;
const aboveDoubt = 10 ** 1.5;
/** High-pass at 120 Hz, Butterworth of second order at 8 kHz: mains hum is no voice. */
const highPass = butterworth(120, 8000);

/**
 * Hears when the caller begins and stops to speak, on a telephone line: WebRTC's detector together with the energy over
 * the line's own noise, and while the bot speaks against its echo. Pure; one per line; close() frees the detector.
 */
export class VoiceActivity {
  /** Silence after which speech has ended (ms). Takes effect with the next frame. */
  endpointMs: number;
  readonly #ratio: number;
  readonly #least: number;
  readonly #leastOn: number;
  readonly #model = new VoiceModel();
  readonly #noise = new NoiseFloor();
  readonly #echo = new EchoGate();
  readonly #voicing = new Voicing();
  readonly #filtered = new Float32Array(frameSamples);
  #x1 = 0;
  #x2 = 0;
  #y1 = 0;
  #y2 = 0;
  /** Mean square of the frame's first half. */
  #firstHalf = 0;
  #frames = 0;
  #speaking = false;
  #isEcho = false;
  /** Bit n: the frame n frames ago was voiced. */
  #recent = 0;
  /** Of the speech under way, or of the last one. */
  #voicedFrames = 0;
  /** Between its voiced frames, and since the last of them. */
  #echoFrames = 0;
  #laterEchoFrames = 0;
  /** Since the caller heard something that can come back. */
  #botSilentFrames = Number.MAX_SAFE_INTEGER;
  /** The loudest noise that was no onset, and when it was heard last. */
  #burst = 0;
  #burstFrame = -burstFrames;
  #lastVoicedFrame = -1;
  #beginFrame = 0;
  /** Of the speech under way: its last pause, and how loud it gets. */
  #pauseFrame = 0;
  #loudest = 0;

  constructor(options: VoiceActivityOptions = {}) {
    this.endpointMs = options.endpointMs ?? 340;
    this.#ratio = 10 ** ((options.aboveFloorDb ?? 9) / 10);
    this.#least = meanSquareOf(options.leastDb ?? -48);
    this.#leastOn = this.#least * weaker;
  }

  /**
   * Hot: allocates nothing. One 20 ms frame of 160 samples at 8 kHz of the caller, and what the caller heard in the same
   * frame, if that is known.
   */
  push(samples: Int16Array, heard?: Int16Array): VadChange {
    const energy = this.#highPass(samples);
    if (heard !== undefined)
      this.#echo.hear(meanSquare(heard, 0, half), meanSquare(heard, half, frameSamples));
    const isVoice = energy > this.#least * 0.1 && this.#model.isVoice(samples);
    const { floor, ceiling } = this.#noise;
    this.#botSilentFrames = this.#echo.active ? 0 : this.#botSilentFrames + 1;
    const secondHalf = 2 * energy - this.#firstHalf;
    const isEcho = this.#echo.explains(this.#firstHalf, secondHalf, floor, this.#speaking);
    this.#isEcho = isEcho;
    const voiced = this.#speaking
      ? !isEcho && energy > this.#leastOn && energy > floor * (isVoice ? onRatio : aboveDoubt)
      : isVoice && !isEcho && energy > this.#least && energy > floor * this.#ratio;
    this.#noise.follow(energy, isVoice, isEcho, this.#speaking);
    const frame = this.#frames++;
    this.#recent = ((this.#recent << 1) | (voiced ? 1 : 0)) & ((1 << windowFrames) - 1);
    if (this.#speaking) return this.#goOn(voiced, energy, frame);
    this.#voicing.push(this.#filtered);
    if (!voiced || !this.#isOnset(samples, energy, ceiling)) return undefined;
    this.#speaking = true;
    this.#voicedFrames = bits(this.#recent);
    this.#echoFrames = 0;
    this.#laterEchoFrames = 0;
    this.#lastVoicedFrame = frame;
    this.#pauseFrame = frame;
    this.#loudest = energy;
    this.#beginFrame = frame - (31 - Math.clz32(this.#recent));
    return 'begin';
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Whether the last frame held nothing but the bot's own voice, on a line that is known to bring it back. */
  get isEcho(): boolean {
    return this.#isEcho && this.#echo.known;
  }

  /** First sample of the speech that began last, counted from the first frame. */
  get beginSample(): number {
    return this.#beginFrame * frameSamples;
  }

  /** One past the last sample of the last voiced frame; 0 before there was any. */
  get lastVoicedSample(): number {
    return (this.#lastVoicedFrame + 1) * frameSamples;
  }

  /** How long it has been quiet since the last voiced frame of speech; 0 before there was any. */
  get silentMs(): number {
    return this.#lastVoicedFrame < 0 ? 0 : (this.#frames - 1 - this.#lastVoicedFrame) * frameMs;
  }

  /** Voice in the speech under way, or in the last one, pauses left out. */
  get voicedMs(): number {
    return this.#voicedFrames * frameMs;
  }

  /** How long nothing but the bot's own voice was there within the speech under way or the last one, see {@link isEcho}. */
  get echoMs(): number {
    return this.#echoFrames * frameMs;
  }

  /** The line's noise, in dB of full scale. */
  get floorDb(): number {
    return dbOf(this.#noise.floor);
  }

  /** How far the voice of the speech under way stands out from the line's noise, dB. */
  get clearDb(): number {
    return dbOf(this.#loudest) - this.floorDb;
  }

  /** Frees what the detector holds; the next frames are judged by energy alone. Safe to call twice. */
  close(): void {
    this.#model.close();
  }

  /** Hot, but only for frames that may be voice while nobody speaks. Whether the caller has begun. */
  #isOnset(samples: Int16Array, energy: number, ceiling: number): boolean {
    const frames = bits(this.#recent);
    if (frames < clearOnsetFrames) return false;
    if (this.#botSilentFrames > botPauseFrames) {
      if (frames < onsetFrames || energy < ceiling * aboveCeilingAlone) return false;
      if (this.#voicing.periodicity < leastPeriodicity) return false;
    } else {
      if (energy < leastOverBot || energy < ceiling * aboveCeiling) return false;
      if (!this.#isVowel(energy, frames)) return false;
    }
    return !isKeyTone(samples, meanSquare(samples));
  }

  /** Hot. Whether the sound is periodic as a vowel is, and not what a burst leaves behind. */
  #isVowel(energy: number, frames: number): boolean {
    const { periodicity } = this.#voicing;
    const sinceBurst = this.#frames - this.#burstFrame;
    if (sinceBurst >= burstFrames) this.#burst = 0;
    if (periodicity >= leastPeriodicityOverBot) {
      return this.#burst <= energy && (frames >= onsetFrames || periodicity >= clearPeriodicity);
    }
    // A hoarse vowel lies between the two.
    if (periodicity < mostPeriodicityOfBurst) {
      this.#burst = Math.max(this.#burst, energy);
      this.#burstFrame = this.#frames;
    }
    return false;
  }

  /** Hot. */
  #goOn(voiced: boolean, energy: number, frame: number): VadChange {
    if (this.isEcho) this.#laterEchoFrames++;
    if (frame - this.#lastVoicedFrame > pauseFrames) this.#pauseFrame = frame;
    if (voiced) {
      this.#voicedFrames++;
      this.#lastVoicedFrame = frame;
      this.#echoFrames += this.#laterEchoFrames;
      this.#laterEchoFrames = 0;
      this.#loudest = Math.max(energy, this.#loudest * loudestFall);
      if (frame - this.#pauseFrame < steadyFrames) return undefined;
      this.#noise.learn(this.#loudest);
    } else if ((frame - this.#lastVoicedFrame) * frameMs < this.endpointMs) return undefined;
    this.#speaking = false;
    this.#recent = 0;
    return 'end';
  }

  /** Hot. Keeps the frame without hum, and returns its mean square. */
  #highPass(samples: Int16Array): number {
    const { b, a1, a2 } = highPass;
    const into = this.#filtered;
    let x1 = this.#x1;
    let x2 = this.#x2;
    let y1 = this.#y1;
    let y2 = this.#y2;
    let sum = 0;
    for (let i = 0; i < frameSamples; i++) {
      if (i === half) this.#firstHalf = sum / half;
      const x = samples[i] as number;
      const y = b * (x - 2 * x1 + x2) - a1 * y1 - a2 * y2;
      x2 = x1;
      x1 = x;
      y2 = y1;
      y1 = y;
      into[i] = y;
      sum += y * y;
    }
    this.#x1 = x1;
    this.#x2 = x2;
    this.#y1 = y1;
    this.#y2 = y2;
    return sum / frameSamples;
  }
}

/** Hot. */
function meanSquare(samples: Int16Array, from = 0, to = samples.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (samples[i] as number) ** 2;
  return sum / Math.max(1, to - from);
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function butterworth(cutoffHz: number, rateHz: number): { b: number; a1: number; a2: number } {
  const c = Math.tan((Math.PI * cutoffHz) / rateHz);
  const norm = 1 / (1 + Math.SQRT2 * c + c * c);
  return { b: norm, a1: 2 * (c * c - 1) * norm, a2: (1 - Math.SQRT2 * c + c * c) * norm };
}
