import { frameSamples } from '../audio-stream/audio-stream.js';
import { VoiceActivity } from '../audio/voice-activity.js';
import { TypedEmitter } from '../core/typed-emitter.js';
import type {
  AlsoIn,
  Grammar,
  Hint,
  Phrase,
  RecognitionResult,
  Recognizer,
  RecognizerStream,
} from '../speech/recognizer.js';
import { RecentAudio } from '../speech/recent-audio.js';
import { EndpointPolicy, endpointSilences } from './turn-endpoint.js';

export type ListenerEvents = {
  /** `carried`: the caller began before anybody wanted to know. `doubtful`: before the line's noise was known. */
  speechStarted: [carried: boolean, doubtful: boolean];
  /** What the recognizer would say now. */
  interim: [result: RecognitionResult];
  /** `voicedMs`: how much voice there was, pauses left out; `echoMs`: how long the bot's own voice was heard meanwhile. */
  speechEnded: [voicedMs: number, echoMs: number];
  recognized: [result: RecognitionResult];
  failed: [error: Error];
};

/** How to listen, besides for which phrases. */
export interface ListenOptions {
  /** When the caller has finished. Default: by the phrases alone. */
  readonly endpoint?: EndpointPolicy;
  /** Whether what was said since the last listening counts, too. Default true; speech under way always does. */
  readonly carry?: boolean;
  /** Listens without phrases, too. Default false. */
  readonly open?: boolean;
  readonly hints?: readonly Hint[];
  readonly grammar?: Grammar;
  /** Default 1. */
  readonly maxAlternatives?: number;
  /** Dialects that the caller may speak besides, likeliest first. Default none. */
  readonly alsoIn?: readonly AlsoIn[];
}

/** Audio from before the first voiced frame that is given to the recognizer, frames (300 ms): soft onsets count. */
const prerollFrames = 15;

/**
 * The bot's own voice before the caller's would be words to the recognizer: where the line is known to bring it back it is
 * silenced, but for the last frames (100 ms), in which a soft onset lies.
 */
const onsetFrames = 5;

/** What begins before may be the line's own noise, music or a room, frames (300 ms): only later is it known from voices. */
const unknownFrames = 15;

/** So much of the caller is kept for a listening that begins later, frames (4 s): a short answer and the wait after it. */
const keptFrames = 200;

/** An interim result that does not tell how much it rests on knows of all that was said so long before, ms: engines lag. */
const engineLagMs = 300;

/** So many voiced frames after what a result rests on are more words; fewer are a click or an echo. */
const moreFrames = 3;

/** What was said while nobody wanted to know counts from so much voice on, ms: less is a breath. */
const leastMissedMs = 160;

const sampleRateHz = 8000;

/** So much of what was said can be heard again in another dialect (10 s). */
const againSamples = 10 * sampleRateHz;

/**
 * The ear of one call: finds begin and end of the caller's speech, and gives it to a recognizer while somebody wants
 * to know. Owned by the call; fed with every frame of the caller's channel.
 */
export class Listener extends TypedEmitter<ListenerEvents> {
  readonly #vad = new VoiceActivity({ endpointMs: endpointSilences.unknown });
  /** A ring of the last frames; frame n lies at n modulo its length. */
  readonly #kept = new Int16Array(keptFrames * frameSamples);
  /** Of each of them: 1 if it is nothing but the bot's own voice coming back. */
  readonly #echoes = new Uint8Array(keptFrames);
  /** How many frames came. */
  #frames = 0;
  /** What came before this frame was given to a recognizer, and is of an old turn. */
  #usedFrames = 0;
  #phrases: readonly Phrase[] | undefined;
  #dialects: readonly string[] = [];
  #options: ListenOptions = {};
  #endpoint: EndpointPolicy | undefined;
  #stream: RecognizerStream | undefined;
  #ended = false;
  /** The latest interim result of the stream, whether it covers all that was said, and the voiced frames since. */
  #heard: RecognitionResult | undefined;
  #settled = false;
  #voicedSince = 0;
  /** Where the stream's audio begins. */
  #firstFrame = 0;
  /** The speech under way belongs to a turn that is over. */
  #old = false;
  /** Speech from begin to end while nobody wanted to know. */
  #missed: { readonly fromFrame: number; readonly voicedMs: number; readonly echoMs: number } | undefined;
  /** What was given to the recognizer last. */
  #said: RecentAudio | undefined;
  #closed = false;

  constructor(private readonly recognizer: Recognizer | undefined) {
    super();
  }

  /**
   * Wants the next speech recognized among `phrases`. Speech that is under way, or was over since the last listening,
   * counts as carried into this one and is told before this returns.
   */
  arm(phrases: readonly Phrase[], dialects: readonly string[], options: ListenOptions = {}): void {
    this.disarm();
    const missed = options.carry === false ? undefined : this.#missed;
    this.#missed = undefined;
    if (this.#closed || this.recognizer === undefined) return;
    if (phrases.length === 0 && options.open !== true) return;
    this.#phrases = phrases;
    this.#dialects = dialects;
    this.#options = options;
    this.#endpoint =
      options.endpoint ??
      new EndpointPolicy({ phrases, kind: 'closed', interim: this.recognizer.capabilities.interim });
    this.#watchEndpoint();
    if (this.#vad.speaking) {
      if (!this.#old) this.#open(this.#beginFrame, true);
    } else if (missed !== undefined && missed.fromFrame >= this.#frames - keptFrames) {
      this.#open(missed.fromFrame, true);
      this.#end(missed);
    }
  }

  /** Nothing is wanted any more; a result under way is dropped. Safe to call twice. */
  disarm(): void {
    if (this.#phrases !== undefined) this.#old = this.#isListening && this.#vad.speaking;
    this.#phrases = undefined;
    this.#endpoint = undefined;
    this.#vad.endpointMs = endpointSilences.unknown;
    this.#drop();
  }

  /** What was said so far was said to somebody else. */
  forget(): void {
    this.#missed = undefined;
    this.#old = this.#vad.speaking;
  }

  /** The endpoint was accepted: asks for the final result, which comes as `recognized` or `failed`, perhaps at once. */
  finish(): void {
    const stream = this.#stream;
    const heard = this.#heard;
    if (stream === undefined) return;
    this.#usedFrames = this.#frames;
    this.#ended = true;
    // Nothing new can come of it: the engine's last word is there, and a round trip is saved.
    if (heard !== undefined && heard.undecided !== true && this.#endpoint?.isFinal(this.#soFar) === true) {
      this.#over(stream, () => this.emit('recognized', heard));
    } else stream.finish();
  }

  /**
   * What was said last, heard once more in other dialects: comes as another `recognized` or `failed`. False if it is not
   * kept (only an engine that hears open speech has a use for it), or if the caller speaks on.
   */
  again(phrases: readonly Phrase[], dialects: readonly string[]): boolean {
    const said = this.#said;
    this.#said = undefined;
    if (this.#closed || this.#phrases === undefined || this.recognizer === undefined) return false;
    if (said === undefined || said.lengthSamples === 0 || this.#stream !== undefined) return false;
    this.#phrases = phrases;
    this.#dialects = dialects;
    const stream = this.recognizer.open({ sampleRateHz, phrases, dialects });
    this.#stream = stream;
    this.#ended = true;
    stream.on('final', (result) => this.#over(stream, () => this.emit('recognized', result)));
    stream.on('error', (error) => this.#over(stream, () => this.emit('failed', error)));
    said.replay(frameSamples, (samples) => stream.write(samples));
    stream.finish();
    return true;
  }

  /** Drops the speech under way, stays armed for the next. */
  drop(): void {
    this.#old = this.#isListening && this.#vad.speaking;
    this.#drop();
  }

  /** Hot. One 20 ms frame of the caller, mono s16 at 8 kHz, and what he heard meanwhile: its echo is no speech. */
  frame(samples: Int16Array, heard?: Int16Array): void {
    if (this.#closed) return;
    const change = this.#vad.push(samples, heard);
    const at = (this.#frames % keptFrames) * frameSamples;
    this.#kept.set(samples, at);
    this.#echoes[this.#frames % keptFrames] = this.#vad.isEcho ? 1 : 0;
    this.#frames += 1;
    if (this.#stream !== undefined && !this.#ended) {
      this.#stream.write(samples);
      this.#said?.push(samples);
      if (this.#settled && this.#vad.silentMs === 0) this.#voiced();
    }
    if (change === 'begin') this.#begin();
    else if (change === 'end') this.#silence();
  }

  close(): void {
    this.#closed = true;
    this.disarm();
    this.#vad.close();
    this.removeAllListeners();
  }

  /** The speech under way goes to a recognizer. */
  get #isListening(): boolean {
    return this.#stream !== undefined && !this.#ended;
  }

  #begin(): void {
    this.#old = false;
    if (this.#phrases !== undefined && this.#stream === undefined) this.#open(this.#beginFrame, false);
  }

  /** The endpoint, or the end of what nobody wanted to know. */
  #silence(): void {
    const { voicedMs, echoMs } = this.#vad;
    if (this.#stream !== undefined && !this.#ended) this.#end({ voicedMs, echoMs });
    else if (this.#phrases === undefined && !this.#old && voicedMs >= leastMissedMs) {
      this.#missed = { fromFrame: this.#beginFrame, voicedMs, echoMs };
    }
    this.#old = false;
  }

  #end({ voicedMs, echoMs }: { readonly voicedMs: number; readonly echoMs: number }): void {
    this.#ended = true;
    this.emit('speechEnded', voicedMs, echoMs);
  }

  /** Hot. The caller may speak on after a pause: then what was understood in it is not all. */
  #voiced(): void {
    this.#voicedSince += 1;
    if (this.#voicedSince < moreFrames) return;
    this.#settled = false;
    this.#watchEndpoint();
  }

  /** Where the speech under way began, with a little before it. */
  get #beginFrame(): number {
    return Math.floor(this.#vad.beginSample / frameSamples) - prerollFrames;
  }

  get #soFar() {
    const { voicedMs, clearDb } = this.#vad;
    return { heard: this.#heard, settled: this.#settled, voicedMs, clearDb };
  }

  #watchEndpoint(): void {
    if (this.#endpoint !== undefined) this.#vad.endpointMs = this.#endpoint.silenceMs(this.#soFar);
  }

  #open(fromFrame: number, carried: boolean): void {
    if (this.recognizer === undefined || this.#phrases === undefined) return;
    const { hints, grammar, maxAlternatives, alsoIn, open = false } = this.#options;
    const stream = this.recognizer.open({
      sampleRateHz,
      phrases: this.#phrases,
      dialects: this.#dialects,
      ...(hints !== undefined && { hints }),
      ...(grammar !== undefined && { grammar }),
      ...(maxAlternatives !== undefined && { maxAlternatives }),
      ...(alsoIn !== undefined && { alsoIn, onlyPhrases: !open }),
    });
    this.#stream = stream;
    this.#ended = false;
    stream.on('interim', (result) => this.#interim(stream, result));
    stream.on('final', (result) => this.#over(stream, () => this.emit('recognized', result)));
    stream.on('error', (error) => this.#over(stream, () => this.emit('failed', error)));
    this.#said = this.recognizer.capabilities.openSpeech ? new RecentAudio(againSamples) : undefined;
    const first = Math.max(fromFrame, this.#usedFrames, this.#frames - keptFrames, 0);
    this.#firstFrame = first;
    const onsetFrame = fromFrame + prerollFrames - onsetFrames;
    for (let frame = first; frame < this.#frames; frame += 1) {
      const at = (frame % keptFrames) * frameSamples;
      const samples = this.#kept.subarray(at, at + frameSamples);
      if (frame < onsetFrame && this.#echoes[frame % keptFrames] === 1) samples.fill(0);
      stream.write(samples);
      this.#said?.push(samples);
    }
    this.#watchEndpoint();
    this.emit('speechStarted', carried, fromFrame + prerollFrames < unknownFrames);
  }

  #interim(stream: RecognizerStream, result: RecognitionResult): void {
    if (this.#stream !== stream || this.#ended) return;
    this.#heard = result;
    const { audioMs } = result;
    const lastVoicedFrame = this.#vad.lastVoicedSample / frameSamples;
    // A result that took long may be about a pause that is over.
    const coveredFrame =
      audioMs === undefined ? this.#frames - engineLagMs / 20 : this.#firstFrame + audioMs / 20;
    this.#settled = lastVoicedFrame - coveredFrame < moreFrames;
    this.#voicedSince = 0;
    this.#watchEndpoint();
    this.emit('interim', result);
  }

  #over(stream: RecognizerStream, tell: () => void): void {
    if (this.#stream !== stream) return;
    const old = this.#isListening && this.#vad.speaking;
    this.#drop();
    tell();
    // Who went on while the recognizer worked begins anew, in this turn or in the next.
    const isNew = this.#vad.speaking && !old && !this.#old;
    if (isNew && this.#phrases !== undefined && this.#stream === undefined)
      this.#open(this.#beginFrame, true);
  }

  #drop(): void {
    this.#stream?.close();
    this.#stream = undefined;
    this.#ended = false;
    this.#heard = undefined;
    this.#settled = false;
  }
}
