import type { CallerInputStep } from './script.js';

/** One exchange as the caller heard it. Times are milliseconds since the INVITE. */
export interface CallerTurn {
  /** Words the caller said, or the played file; null if it did not speak. */
  readonly said: string | null;
  /** Keys the caller pressed; null if none. Both null: the greeting, before any input. */
  readonly pressed: string | null;
  /** Sentences of the script that were recognised in the answer, joined by a space; null if none was. */
  readonly heard: string | null;
  /** Least confidence of those, 0 to 1. */
  readonly confidence: number | null;
  /**
   * The far side's silence: from the last voiced sample sent (or the end of the last key) to the first audible sample
   * received. Negative if the far side began while the caller still spoke. Null for the greeting, when no answer was
   * heard, and when the far side spoke on so that no edge can be seen. (If it passed from the interrupted prompt to the
   * answer in less than 100 ms, the edge is the short silence before the first sentence that was recognised; in less
   * than 15 ms, that sentence's first frame, good to some 30 ms.)
   */
  readonly gapMs: number | null;
  /** Whether the far side was speaking when the input began. */
  readonly bargedIn: boolean;
  /** For a barge-in: from the input's first voiced sample or key to the last audible sample of the interrupted speech. */
  readonly stopMs: number | null;
  readonly inputStartMs: number | null;
  readonly inputEndMs: number | null;
  /** The far side's first audible sample of this turn. */
  readonly heardMs: number | null;
}

interface Turn {
  readonly said: string[];
  pressed: string;
  readonly heard: string[];
  confidence: number | null;
  /** Begin of the first sentence recognised in the answer. */
  firstHeardMs: number | null;
  /** Null for the greeting: it owes its first word from the answer on. */
  inputStartMs: number | null;
  inputEndMs: number | null;
  readonly greeting: boolean;
  /** When the next turn's input began: what is heard later is not this turn's. */
  untilMs: number;
}

/** Where the answer begins, and where what it interrupted ended. */
interface Answer {
  readonly startMs: number;
  readonly interruptedEndMs: number | null;
}

/** A sentence's first frame may be recognised a little before or after the silence that precedes it has ended. */
const DIP_NEAR_MS = 80;

/** A stretch of the far side's speech without {@link HANGOVER_MS} of silence in it. */
interface Span {
  readonly startMs: number;
  /** Infinity while it lasts. */
  endMs: number;
}

/**
 * Cuts a call into turns and measures each from the edges of what was sent and heard. Edges are told late (speech is
 * confirmed after 60 ms, its end after 100 ms) and out of order with the input's, so all is computed when asked. Pure.
 */
export class TurnLedger {
  readonly #turns: Turn[] = [];
  readonly #spans: Span[] = [];
  /** Silences within spans. */
  readonly #dips: { readonly fromMs: number; readonly toMs: number }[] = [];
  #answeredMs = 0;

  answered(atMs: number): void {
    this.#answeredMs = atMs;
    this.#begin(true);
  }

  /** The input is on its way: it opens a turn, or continues one that nothing has answered yet. */
  input(input: CallerInputStep): void {
    const last = this.#turns.at(-1);
    const continues =
      last !== undefined && !last.greeting && last.firstHeardMs === null && this.#answer(last) === undefined;
    const turn = continues ? last : this.#begin(false);
    if (input.kind === 'press') turn.pressed += input.keys;
    else turn.said.push(input.kind === 'say' ? input.sentence.text : input.file);
    turn.inputEndMs = null;
  }

  inputBegan(atMs: number): void {
    const turn = this.#turns.at(-1);
    if (turn === undefined || turn.greeting || turn.inputStartMs !== null) return;
    turn.inputStartMs = atMs;
    const previous = this.#turns.at(-2);
    if (previous !== undefined) previous.untilMs = atMs;
  }

  inputDone(atMs: number): void {
    const turn = this.#turns.at(-1);
    if (turn !== undefined && !turn.greeting) turn.inputEndMs = atMs;
  }

  speechStart(atMs: number): void {
    this.#spans.push({ startMs: atMs, endMs: Infinity });
  }

  speechEnd(atMs: number): void {
    const span = this.#spans.at(-1);
    if (span !== undefined) span.endMs = atMs;
  }

  dip(fromMs: number, toMs: number): void {
    this.#dips.push({ fromMs, toMs });
  }

  heard(text: string, confidence: number, startMs: number): void {
    const last = this.#turns.at(-1);
    // What was being said when the caller interrupted is no answer to it, though it is recognised only now.
    const before = last !== undefined && last.inputStartMs !== null && startMs < last.inputStartMs;
    const turn = before ? this.#turns.at(-2) : last;
    if (turn === undefined) return;
    turn.heard.push(text);
    turn.firstHeardMs ??= startMs;
    turn.confidence = Math.min(turn.confidence ?? 1, confidence);
  }

  turns(): CallerTurn[] {
    return this.#turns.map((turn) => {
      const { inputStartMs, inputEndMs } = turn;
      const answer = this.#answer(turn);
      const bargedIn = inputStartMs !== null && this.#spanAt(inputStartMs) !== undefined;
      const stoppedMs = answer?.interruptedEndMs ?? null;
      return {
        said: turn.said.length === 0 ? null : turn.said.join(' '),
        pressed: turn.pressed === '' ? null : turn.pressed,
        heard: turn.heard.length === 0 ? null : turn.heard.join(' '),
        confidence: turn.confidence,
        gapMs: inputEndMs === null || answer === undefined ? null : answer.startMs - inputEndMs,
        bargedIn,
        stopMs: !bargedIn || stoppedMs === null ? null : stoppedMs - inputStartMs,
        inputStartMs,
        inputEndMs,
        heardMs: answer?.startMs ?? null,
      };
    });
  }

  #answer(turn: Turn): Answer | undefined {
    const after = (fromMs: number) =>
      this.#spans.find(({ startMs }) => startMs >= fromMs && startMs < turn.untilMs);
    const { inputStartMs, inputEndMs, firstHeardMs } = turn;
    if (turn.greeting) {
      const first = after(this.#answeredMs);
      return first && { startMs: first.startMs, interruptedEndMs: null };
    }
    if (inputStartMs === null || inputEndMs === null) return undefined;
    const interrupted = this.#spanAt(inputStartMs);
    const atEnd = this.#spanAt(inputEndMs);
    if (atEnd !== undefined && atEnd === interrupted) {
      // It spoke before the input and on after it: only a recognised sentence tells old from new.
      if (firstHeardMs === null) return undefined;
      if (firstHeardMs <= atEnd.endMs) return this.#edgeAt(firstHeardMs);
    }
    // Begun while the caller still spoke: the answer came early.
    const answer = atEnd !== undefined && atEnd !== interrupted ? atEnd : after(inputEndMs);
    if (answer === undefined) return undefined;
    // A pause of the prompt is not its end: what counts is the last that was heard of it.
    const last = this.#spans.findLast(
      (span) => span !== answer && span.startMs < inputEndMs && span.endMs > inputStartMs,
    );
    return { startMs: answer.startMs, interruptedEndMs: last?.endMs ?? null };
  }

  /** The short silence at which a sentence began; without one, its first voiced frame, which is 10 ms long. */
  #edgeAt(sentenceMs: number): Answer {
    let nearest: { readonly fromMs: number; readonly toMs: number } | undefined;
    for (const dip of this.#dips) {
      const distanceMs = Math.abs(dip.toMs - sentenceMs);
      if (distanceMs > DIP_NEAR_MS) continue;
      if (nearest === undefined || distanceMs < Math.abs(nearest.toMs - sentenceMs)) nearest = dip;
    }
    return nearest === undefined
      ? { startMs: sentenceMs, interruptedEndMs: sentenceMs }
      : { startMs: nearest.toMs, interruptedEndMs: nearest.fromMs };
  }

  #spanAt(atMs: number): Span | undefined {
    return this.#spans.find(({ startMs, endMs }) => startMs < atMs && endMs > atMs);
  }

  #begin(greeting: boolean): Turn {
    const turn: Turn = {
      said: [],
      pressed: '',
      heard: [],
      confidence: null,
      firstHeardMs: null,
      inputStartMs: null,
      inputEndMs: null,
      greeting,
      untilMs: Infinity,
    };
    this.#turns.push(turn);
    return turn;
  }
}
