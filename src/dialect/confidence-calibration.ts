import { coverageBy } from './engine-coverage.js';

/**
 * What an engine's confidence is worth: the probability that it got the words is
 * `1 / (1 + exp(-(slope * ln(c / (1 - c)) + offset)))` of its confidence c (Platt's scaling on log-odds).
 */
export interface ConfidenceCalibration {
  /** The engine's name. */
  readonly engine: string;
  /** Undefined: for all dialects that have no calibration of their own. */
  readonly dialect?: string;
  /** 1: as sure as it says; less: it exaggerates both ways. Above 0. */
  readonly slope: number;
  /** Log-odds (nats); below 0: it is surer than it should be. */
  readonly offset: number;
}

/**
 * Of an engine that nobody has measured on this kind of line. Recognizers are surer of themselves than they should be, and
 * all figures found are of 16 kHz sound (reference/dialect.md, 0.3), hence not 1.
 */
const unmeasuredSlope = 0.8;

/** Published error rate (percent) at which an unmeasured engine's confidence is taken as it is; who errs more is believed less. */
const usualErrorRate = 10;

/**
 * The phrasebook's models are calibrated when they are trained: its confidence is a probability, of phrases in the other
 * language too (Mandarin and Cantonese, 12 phrases, 4 voices: none of 48 and one of 48 accepted there, 85 of 95 at home).
 */
const known: readonly ConfidenceCalibration[] = [{ engine: 'phrasebook', slope: 1, offset: 0 }];

/** Confidences of 0 and 1 are habits of an engine, no proof. */
const leastConfidence = 0.01;

/**
 * The probability (0 to 1) that an engine which is so confident got the words. `measured`: a site's own figures, which go
 * before what is known here; of an engine in neither it is {@link unmeasuredSlope}, moved by its published error rate.
 */
export function calibrated(
  confidence: number,
  engine: string,
  dialect: string,
  measured: readonly ConfidenceCalibration[] = [],
): number {
  if (Number.isNaN(confidence)) return 0.5;
  const { slope, offset } =
    find(measured, engine, dialect) ?? find(known, engine, dialect) ?? unmeasured(engine, dialect);
  const c = Math.min(1 - leastConfidence, Math.max(leastConfidence, confidence));
  return 1 / (1 + Math.exp(-(slope * Math.log(c / (1 - c)) + offset)));
}

function find(
  table: readonly ConfidenceCalibration[],
  engine: string,
  dialect: string,
): ConfidenceCalibration | undefined {
  const own = table.filter((one) => one.engine === engine);
  return own.find((one) => one.dialect === dialect) ?? own.find((one) => one.dialect === undefined);
}

function unmeasured(engine: string, dialect: string): Pick<ConfidenceCalibration, 'slope' | 'offset'> {
  const errorRate = coverageBy(engine, dialect)?.hears?.errorRate ?? usualErrorRate;
  const worse = Math.min(95, Math.max(errorRate, usualErrorRate));
  const odds = (percent: number): number => Math.log((100 - percent) / percent);
  return { slope: unmeasuredSlope, offset: odds(worse) - odds(usualErrorRate) };
}
