import type { Clock } from '../core/clock.js';
import { calibrated, type ConfidenceCalibration } from '../dialect/confidence-calibration.js';
import { ParallelListening, type OneListening } from './parallel-listening.js';
import type {
  Alternative,
  AlsoIn,
  Hearing,
  Phrase,
  RecognitionResult,
  Recognizer,
  RecognizeOptions,
  RecognizerCapabilities,
  RecognizerStream,
} from './recognizer.js';

/** Recognizers as one that can tell which of them it would ask: a chain. */
export interface AskedByDialect extends Recognizer {
  firstFor(options: Pick<RecognizeOptions, 'dialects' | 'phrases' | 'relatives'>): Recognizer | undefined;
}

export interface ParallelRecognizerOptions {
  /** Listens for each dialect; closed by this one. */
  readonly recognizer: AskedByDialect;
  /** See {@link RecognizerCapabilities.parallel}; fewer than two recognizers, or no turns: never in parallel. */
  readonly recognizers: number;
  readonly turns: number;
  /** How long an answer that is not sure waits for the others', ms; 0: not at all. */
  readonly waitMs: number;
  /** The site's own figures. Default none: see {@link calibrated}. */
  readonly calibration?: readonly ConfidenceCalibration[];
  /** The phrase that open speech holds; undefined if none. */
  readonly spot: (heard: Alternative, phrases: readonly Phrase[]) => Alternative | undefined;
  readonly clock: Clock;
}

/** An engine that knows its phrases and heard none of them seldom missed one. */
const noMatchProbability = 0.1;
/** Of an engine whose confidences say nothing. */
const unknownProbability = 0.5;

/**
 * A recognizer that listens in other dialects beside the question's own when it is told that the caller may speak them
 * ({@link RecognizeOptions.alsoIn}): each in a listening of its own, with all the failover that the engines behind it have.
 */
export class ParallelRecognizer implements Recognizer {
  constructor(private readonly options: ParallelRecognizerOptions) {}

  get name(): string {
    return this.options.recognizer.name;
  }

  get capabilities(): RecognizerCapabilities {
    const { recognizer, recognizers, turns } = this.options;
    return { ...recognizer.capabilities, parallel: { recognizers, turns } };
  }

  prepare(phrases: readonly Phrase[]): Promise<void> {
    return this.options.recognizer.prepare(phrases);
  }

  hears(dialects: readonly string[]): boolean {
    return this.options.recognizer.hears?.(dialects) ?? true;
  }

  open({ alsoIn = [], ...own }: RecognizeOptions): RecognizerStream {
    const { recognizer, waitMs, clock } = this.options;
    const others = this.#worthAsking(own, alsoIn);
    if (others.length === 0) return recognizer.open(own);
    const listenings: OneListening[] = [
      {
        stream: recognizer.open(own),
        hearingOf: (result) => this.#hearing(result, own.dialects[0] ?? '', own.phrases),
      },
    ];
    for (const { dialect, phrases } of others) {
      const stream = recognizer.open({ ...own, ...asked(dialect, phrases) });
      const hearingOf = (result: RecognitionResult): Hearing =>
        this.#hearing(inDialect(result, dialect), dialect, phrases);
      listenings.push({ stream, hearingOf });
    }
    return new ParallelListening(listenings, { waitMs, onlyPhrases: own.onlyPhrases === true }, clock);
  }

  close(): Promise<void> {
    return this.options.recognizer.close();
  }

  /** Those that an engine in good order knows, and that the call's own listening does not hear anyway. */
  #worthAsking(own: RecognizeOptions, alsoIn: readonly AlsoIn[]): readonly AlsoIn[] {
    const { recognizer, recognizers } = this.options;
    if (alsoIn.length === 0 || recognizers < 2) return [];
    const first = recognizer.firstFor(own);
    const heard = new Set(own.phrases.map(({ id, text, dialect }) => JSON.stringify([id, text, dialect])));
    const isHeard = ({ phrases }: AlsoIn): boolean =>
      phrases.every(({ id, text, dialect }) => heard.has(JSON.stringify([id, text, dialect])));
    return alsoIn
      .filter((other) => {
        const { dialect, phrases } = other;
        const engine = recognizer.firstFor(asked(dialect, phrases));
        // One that has not told its dialects yet may know it, but for that nobody pays twice.
        if (engine?.capabilities.dialects.includes(dialect) !== true) return false;
        if (engine !== first) return true;
        const { openSpeech, maxDialects = 1, dialects } = engine.capabilities;
        const together = own.dialects.filter((id) => dialects.includes(id)).slice(0, maxDialects);
        return openSpeech ? !together.includes(dialect) : !isHeard(other);
      })
      .slice(0, recognizers - 1);
  }

  #hearing(result: RecognitionResult, dialect: string, phrases: readonly Phrase[]): Hearing {
    const { recognizer, calibration, spot } = this.options;
    const { alternatives, dialects } = result;
    const { capabilities, name } = recognizer;
    const { openSpeech, dialectPreserving, confidence } = capabilities;
    const by = result.by ?? { engine: name, openSpeech, dialectPreserving, confidence: confidence !== false };
    const [best] = alternatives;
    const said = best !== undefined && (best.phraseId !== undefined || best.text.trim() !== '');
    // The call's own may have gone on to an engine of another dialect.
    const listened = by.dialect ?? dialect;
    const found = said ? (best.dialect ?? listened) : listened;
    const probability = !said
      ? noMatchProbability
      : by.confidence !== false
        ? calibrated(best.confidence, by.engine, found, calibration)
        : unknownProbability;
    return {
      dialect: found,
      by,
      probability: Math.round(probability * 1000) / 1000,
      inGrammar: said && (best.phraseId !== undefined || spot(best, phrases) !== undefined),
      alternatives: said ? alternatives : [],
      ...(dialects !== undefined && { dialects }),
    };
  }
}

function asked(dialect: string, phrases: readonly Phrase[]) {
  return { dialects: [dialect], phrases, relatives: false } as const;
}

/** Who was asked for one dialect need not say in which he heard. */
function inDialect(result: RecognitionResult, dialect: string): RecognitionResult {
  const alternatives = result.alternatives.map((one) =>
    one.dialect === undefined ? { ...one, dialect } : one,
  );
  return { ...result, alternatives };
}
