import type { BargeInRecord, LedgerRecord } from '../store/call-record.js';
import type { LedgerBoundary } from './ledger-boundary.js';
import { keyEndMs, LedgerClock, LedgerTicks } from './ledger-clock.js';
import {
  audibleDb,
  audibleUntil,
  firstAudibleSample,
  firstVoicedSample,
  lastVoicedSample,
  LedgerLevels,
  pieceSamples,
} from './ledger-levels.js';

const samplesPerMs = 8;
const frameSamples = 160;

/** A frame that left before the hand-over holds nothing of it; marks tell the ticks to so much, ms. */
const tieMs = 0.5;
/** Where no mark has told the media server's ticks yet, they lie so near to the caller's frames, ms (LedgerTicks). */
const gridMs = 12;

/** The old prompt may sound for some packets more; what sounds on longer without a silence is the answer itself, ms. */
const edgeLimitMs = 100;

/** A key that interrupts does so at once; a cut that comes later than this after a key was a voice's, ms. */
const keyCutMs = 5;

/** So long it must have been silent before, that nothing of an old prompt be taken for a new one, pieces (60 ms). */
const clearPieces = 24;

/** Prompts that are remembered until the first is audible: the others wait for it. */
const keptPrompts = 8;

interface Prompt {
  readonly requestedMs: number;
  firstChunkMs?: number;
  handedOverMs?: number;
  /** Of what was handed over, before it is audible; undefined of a file. */
  leadSamples?: number | undefined;
}

/** What the caller has done so far of a turn that is not answered. */
interface Asked {
  keyMs?: number;
  endpointMs?: number;
  finalMs?: number;
  cut?: { readonly atMs: number; readonly keyMs: number | undefined };
}

/** An answered turn whose answer is not audible yet. */
interface Owed extends Asked {
  readonly turn: number;
  readonly answeredMs: number;
  actedMs?: number;
  readonly prompts: Prompt[];
  /** One past the caller's last voiced sample: on the stream that is heard first, and on the stereo stream. */
  voicedUntil?: { readonly near: number; readonly stereo: number; readonly nearMs: number } | null;
  /** The piece of the right channel that is looked at next, once something was handed over. */
  nextPiece?: number;
  silenceSeen: boolean;
}

/**
 * The latency ledger of one call. Fed with every frame and with the instants that are stamped (ledger-boundary.ts), it
 * gives for each answered turn how long the caller waited for the bot's first sound and with what (see LedgerRecord).
 * Pure: times are milliseconds of one monotonic clock, and any order of inputs is taken.
 *
 * How sound and clock are tied. The left channel: by the least delay of its frames ({@link LedgerClock}). The right
 * channel, on one stereo stream: by the media server's ticks ({@link LedgerTicks}), or, until a mark has told them, as the
 * left one, which is up to 10 ms off. Where the media server needs two streams (real FreeSWITCH), the caller is measured
 * on the mono stream, the bot on the stereo one, each by its own frames: the stereo stream has the caller 45 ms late
 * against the bot, which then is seen in `restMs` and not in the parts.
 */
export class Ledger {
  /** The caller, as heard first. On one stream that is the left channel. */
  readonly #near = new LedgerLevels();
  readonly #nearClock = new LedgerClock();
  readonly #left: LedgerLevels;
  readonly #right = new LedgerLevels();
  readonly #stereoClock: LedgerClock;
  readonly #ticks = new LedgerTicks();
  #asked: Asked = {};
  #owed: Owed | undefined;

  /** `finished` gets each turn's record, once, with the number given to {@link answered}. */
  constructor(
    private readonly finished: (turn: number, record: LedgerRecord) => void,
    /** Whether the caller's frames come on a stream of their own: {@link callerFrame}. */
    private readonly hasTwoStreams = false,
  ) {
    this.#left = hasTwoStreams ? new LedgerLevels() : this.#near;
    this.#stereoClock = hasTwoStreams ? new LedgerClock() : this.#nearClock;
  }

  /** Hot. One frame of both channels came at `atMs`, mono s16 at 8 kHz, of equal length. */
  frame(atMs: number, caller: Int16Array, heard: Int16Array): void {
    this.#left.push(caller);
    this.#right.push(heard);
    this.#stereoClock.add(atMs, this.#right.samples);
    if (this.#owed !== undefined) this.#look(this.#owed);
  }

  /** Hot. One frame of the stream that is heard first; nothing where there is only one stream. */
  callerFrame(atMs: number, caller: Int16Array): void {
    if (!this.hasTwoStreams) return;
    this.#near.push(caller);
    this.#nearClock.add(atMs, this.#near.samples);
  }

  /** The media server says that a mark was played out. */
  played(atMs: number): void {
    this.#ticks.add(atMs);
  }

  /** `samples`: what was handed over first, where it is sound of ours. */
  stamp(boundary: LedgerBoundary, atMs: number, samples?: Int16Array): void {
    const owed = this.#owed;
    switch (boundary) {
      case 'key':
        this.#asked.keyMs = atMs;
        break;
      case 'endpoint':
        this.#asked.endpointMs = atMs;
        break;
      case 'final':
        this.#asked.finalMs = atMs;
        break;
      case 'cut':
        // A pause and then the cut: silent since the pause.
        this.#asked.cut ??= { atMs, keyMs: this.#asked.keyMs };
        break;
      case 'resumed':
        delete this.#asked.cut;
        break;
      case 'acted':
        if (owed !== undefined) owed.actedMs ??= atMs;
        break;
      case 'requested':
        if (owed !== undefined && owed.prompts.length < keptPrompts) owed.prompts.push({ requestedMs: atMs });
        break;
      case 'firstChunk': {
        const prompt = owed?.prompts.at(-1);
        if (prompt !== undefined) prompt.firstChunkMs ??= atMs;
        break;
      }
      case 'handedOver': {
        const prompt = owed?.prompts.at(-1);
        if (prompt === undefined || prompt.handedOverMs !== undefined) break;
        prompt.handedOverMs = atMs;
        prompt.leadSamples = samples && firstAudibleSample(samples);
        break;
      }
    }
  }

  /** The caller's answer of this turn is complete: the bot owes speech. A turn that still owed some gets no record. */
  answered(turn: number, atMs: number): void {
    this.#owed = { ...this.#asked, turn, answeredMs: atMs, prompts: [], silenceSeen: false };
    this.#asked = {};
  }

  /** Hot while an answer is owed. */
  #look(owed: Owed): void {
    this.#findVoice(owed, false);
    const offsetMs = this.#rightOffsetMs();
    const handed = owed.prompts.find(({ handedOverMs }) => handedOverMs !== undefined)?.handedOverMs;
    if (handed === undefined || offsetMs === undefined) return;
    const handedSample = (handed - offsetMs) * samplesPerMs;
    // Where the ticks are known, what leaves from the hand-over on is the answer: the prompt before was ended before it.
    const isSure = !this.hasTwoStreams && this.#ticks.offsetMs(offsetMs) !== undefined;
    const slackMs = isSure ? tieMs : gridMs;
    const fromSample = handedSample - slackMs * samplesPerMs;
    owed.nextPiece ??= pieceFrom(this.#right, isSure ? frameFrom(fromSample) : fromSample);
    if (isSure) owed.silenceSeen = true;
    const edgePiece = (handedSample + edgeLimitMs * samplesPerMs) / pieceSamples;
    for (; owed.nextPiece < this.#right.pieces; owed.nextPiece += 1) {
      const piece = owed.nextPiece;
      if (this.#right.db(piece) <= audibleDb) owed.silenceSeen = true;
      else if (owed.silenceSeen) this.#finish(owed, piece * pieceSamples, offsetMs);
      else if (piece > edgePiece) this.#finish(owed, frameFrom(handedSample), offsetMs);
      if (this.#owed !== owed) return;
    }
  }

  #rightOffsetMs(): number | undefined {
    const { offsetMs } = this.#stereoClock;
    if (offsetMs === undefined) return undefined;
    // There a stereo frame comes when its right half is written, which is when that begins to be heard.
    if (this.hasTwoStreams) return offsetMs + frameSamples / samplesPerMs;
    return this.#ticks.offsetMs(offsetMs) ?? offsetMs;
  }

  /** Finds where the caller's voice ended, as soon as the sound up to the endpoint is there: it is kept 30 s only. */
  #findVoice(owed: Owed, now: boolean): void {
    if (owed.voicedUntil !== undefined || isByKeys(owed)) return;
    const offsetMs = this.#nearClock.offsetMs;
    if (offsetMs === undefined) return;
    const until = (endpointOf(owed) - offsetMs) * samplesPerMs;
    const stereoUntil = this.#stereoSample(until);
    if (!now && (this.#near.samples < until || this.#left.samples < stereoUntil)) return;
    const near = lastVoicedSample(this.#near, until);
    if (near === undefined) {
      owed.voicedUntil = null;
      return;
    }
    const stereo = this.hasTwoStreams ? lastVoicedSample(this.#left, stereoUntil) : near;
    owed.voicedUntil = { near, stereo: stereo ?? near, nearMs: offsetMs + near / samplesPerMs };
  }

  /** Where on the stereo stream lies what the other stream has at `sample`: later by what the stereo stream delays it. */
  #stereoSample(sample: number): number {
    if (!this.hasTwoStreams) return sample;
    const [near, stereo] = [this.#nearClock.offsetMs, this.#stereoClock.offsetMs];
    if (near === undefined || stereo === undefined) return 0;
    return sample + (near + stereoDelayMs - stereo) * samplesPerMs;
  }

  #finish(owed: Owed, audibleSample: number, roughMs: number): void {
    this.#owed = undefined;
    this.#findVoice(owed, true);
    this.#learnTicks(owed, audibleSample);
    const offsetMs = this.#rightOffsetMs() ?? roughMs;
    const audibleMs = offsetMs + audibleSample / samplesPerMs;
    const byKeys = isByKeys(owed);
    const beganMs = byKeys ? this.#keyEndMs(owed.keyMs) : owed.voicedUntil?.nearMs;
    if (beganMs === undefined) return;
    const wholeMs = byKeys
      ? audibleMs - beganMs
      : (audibleSample - (owed.voicedUntil?.stereo ?? 0)) / samplesPerMs;
    // The last of those that were handed over before the sound: an earlier one failed, or was silent.
    const prompt = owed.prompts.findLast(
      ({ handedOverMs: at }) => at !== undefined && at <= audibleMs + gridMs,
    );
    const bargeIn = this.#bargeIn(owed, audibleSample, offsetMs);
    const parts = partsOf(owed, prompt ?? owed.prompts[0], beganMs, audibleMs);
    const sum = Object.values(parts).reduce((total, part) => total + part, 0);
    this.finished(owed.turn, {
      from: byKeys ? 'keys' : 'speech',
      wholeMs: rounded(Math.max(0, wholeMs)),
      endpointingMs: rounded(parts.endpointingMs),
      recognizerMs: rounded(parts.recognizerMs),
      dialogMs: rounded(parts.dialogMs),
      synthesisMs: rounded(parts.synthesisMs),
      handOverMs: rounded(parts.handOverMs),
      mediaMs: rounded(parts.mediaMs),
      restMs: rounded(Math.max(0, wholeMs) - sum),
      ...(bargeIn !== undefined && { bargeIn }),
    });
  }

  #keyEndMs(atMs: number | undefined): number | undefined {
    return atMs === undefined ? undefined : keyEndMs(atMs, this.#nearClock.offsetMs);
  }

  /** What began after a silence tells when it left; the bot's own words are audible so far after their begin. */
  #learnTicks({ prompts: [prompt] }: Owed, audibleSample: number): void {
    if (prompt === undefined) return;
    const piece = audibleSample / pieceSamples;
    for (let before = 1; before <= clearPieces; before += 1)
      if (this.#right.db(piece - before) > audibleDb) return;
    const { requestedMs, handedOverMs, leadSamples } = prompt;
    const isWords =
      handedOverMs !== undefined &&
      leadSamples !== undefined &&
      (audibleSample - leadSamples) % frameSamples === 0;
    // The order to play a file is stamped when it has been written.
    if (isWords) this.#ticks.began(handedOverMs, audibleSample - leadSamples, true);
    else this.#ticks.began(requestedMs, audibleSample, false);
  }

  #bargeIn(owed: Owed, audibleSample: number, offsetMs: number): BargeInRecord | undefined {
    const { cut } = owed;
    const nearMs = this.#nearClock.offsetMs;
    if (cut === undefined || nearMs === undefined) return undefined;
    const isKey = cut.keyMs !== undefined && cut.atMs - cut.keyMs <= keyCutMs;
    const voice = isKey ? undefined : firstVoicedSample(this.#near, (cut.atMs - nearMs) * samplesPerMs);
    const beganMs = isKey
      ? this.#keyEndMs(cut.keyMs)
      : voice === undefined
        ? undefined
        : nearMs + voice / samplesPerMs;
    const cutSample = (cut.atMs - offsetMs) * samplesPerMs;
    // Levels are kept for half a minute: of a longer interruption nothing can be said.
    if (beganMs === undefined || cutSample < this.#right.firstPiece * pieceSamples) return undefined;
    const silentSample = audibleUntil(this.#right, cutSample - samplesPerMs * 20, audibleSample);
    const silentMs = silentSample === undefined ? cut.atMs : offsetMs + silentSample / samplesPerMs;
    return {
      wholeMs: rounded(Math.max(0, silentMs - beganMs)),
      detectionMs: rounded(Math.max(0, cut.atMs - beganMs)),
      stopMs: rounded(Math.max(0, silentMs - cut.atMs)),
    };
  }
}

/** By how much a stereo stream that comes beside a mono one has the caller later (wire.md C, measured: 44 to 45 ms). */
const stereoDelayMs = 45;

function isByKeys({ keyMs, endpointMs }: Asked): boolean {
  return keyMs !== undefined && (endpointMs === undefined || keyMs > endpointMs);
}

/** When it was decided that the caller had finished; where nobody stamped it, the result itself decided. */
function endpointOf(owed: Owed): number {
  if (isByKeys(owed)) return owed.answeredMs;
  return owed.endpointMs ?? owed.finalMs ?? owed.answeredMs;
}

/**
 * Each part begins where it was stamped to begin, or where the part before ended if that was later: what was made ready
 * while the caller still spoke kept nobody waiting. What lies between two parts is in none of them.
 */
function partsOf(owed: Owed, prompt: Prompt | undefined, beganMs: number, audibleMs: number) {
  let at = beganMs;
  const from = (ms: number | undefined): void => void (at = Math.max(at, ms ?? at));
  const until = (ms: number | undefined): number => {
    const before = at;
    from(ms);
    return at - before;
  };
  const endpointingMs = until(endpointOf(owed));
  const recognizerMs = isByKeys(owed) ? 0 : until(owed.finalMs);
  const dialogMs = until(owed.actedMs);
  from(prompt?.requestedMs);
  const synthesisMs = until(prompt?.firstChunkMs);
  const handOverMs = until(prompt?.handedOverMs);
  const mediaMs = until(audibleMs);
  return { endpointingMs, recognizerMs, dialogMs, synthesisMs, handOverMs, mediaMs };
}

/** The piece at a sample, or the first that is known. */
function pieceFrom(levels: LedgerLevels, sample: number): number {
  return Math.max(levels.firstPiece, Math.ceil(sample / pieceSamples));
}

/** The first frame that begins at `sample` or after it. */
function frameFrom(sample: number): number {
  return Math.ceil(sample / frameSamples) * frameSamples;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
