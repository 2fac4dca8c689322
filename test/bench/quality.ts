/**
 * `npm run bench -- quality [--short] [--json]`: what the codecs do to sound. A tone that rises through the telephone's
 * band and a spoken sentence (of espeak-ng: no recorded speech is shipped) go through each codec and each pair of codecs that two bridged legs may have, at 0, 1 and 5 %
 * of the packets lost on the first leg; the wide-band codec alone also by a tone up to 7 kHz. Nothing goes over the
 * network, so the figures are the same on every machine. Fails when a codec falls below its floor.
 */
import { G722Decoder, G722Encoder } from '../../src/audio/g722.js';
import {
  AUDIO_CODECS,
  MAX_PACKET_SAMPLES,
  type AudioCodec,
  type AudioDecoder,
  type AudioEncoder,
} from '../../src/embedded/rtp/codec.js';
import { openDecoder, openEncoder } from '../../src/embedded/rtp/codecs/open-codec.js';
import { errorCode } from '../../src/core/errors.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { benchOptions } from './bench-options.js';
import { compareSounds } from './quality-figures.js';

export interface QualityRow {
  readonly sound: 'sweep' | 'speech' | 'wide-sweep';
  /** `PCMU`, or `PCMU>opus` through two legs. */
  readonly path: string;
  readonly lossPercent: number;
  readonly segmentalSnrDb: number;
  readonly logSpectralDistanceDb: number;
  readonly delayMs: number;
}

/** One leg: what the far side encodes and we decode. */
export interface Leg {
  readonly encoder: AudioEncoder;
  readonly decoder: AudioDecoder;
}

const RATE_HZ = 8000;
const FRAME_SAMPLES = 160;
const SEED = 20_261_121;

/**
 * What each codec by itself must keep of the tone that rises, segmental SNR in dB, all packets there and 5 % of them lost.
 * A little below what it has: a fault of a codec costs many dB, another machine none. Opus has no floor with loss: how long its
 * decoder is off afterwards depends on where in a tone the few lost packets were.
 */
export const FLOORS: Readonly<Record<AudioCodec, readonly [whole: number, lossy?: number]>> = {
  PCMU: [38, 35],
  PCMA: [37, 34],
  G722: [45, 36],
  opus: [17],
  'L16/8000': [49, 44],
  'L16/16000': [48, 42],
};
const SENTENCE = 'Welcome to the city hotline. Please say in a few words what you are calling about.';

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { seconds } = benchOptions(args, { seconds: [4, 1.5] });
  const isShort = args.includes('--short');
  const losses = isShort ? [0, 5] : [0, 1, 5];
  const sounds: { sound: QualityRow['sound']; samples: Int16Array }[] = [
    { sound: 'sweep', samples: sweep(300, 3400, seconds, RATE_HZ) },
  ];
  const spoken = await speech(seconds);
  if (spoken !== undefined) sounds.push({ sound: 'speech', samples: spoken });
  const rows: QualityRow[] = [];
  for (const { sound, samples } of sounds) {
    for (const path of paths(isShort)) {
      for (const lossPercent of losses) {
        const legs = path.map(openLeg);
        rows.push(measure(sound, samples, path.join('>'), legs, lossPercent));
        for (const leg of legs) close(leg);
      }
    }
  }
  for (const lossPercent of losses) rows.push(measureWide(seconds, lossPercent));
  const tooLow = rows.filter(isTooLow);
  for (const { path, lossPercent, segmentalSnrDb } of tooLow) {
    console.error(`${path}, ${lossPercent} % lost: ${segmentalSnrDb} dB is below the floor`);
    process.exitCode = 1;
  }
  if (args.includes('--json')) {
    return { rows, ...(spoken === undefined ? { missing: 'espeak-ng: no rows of speech' } : {}) };
  }
  return Object.fromEntries(
    rows.map(({ sound, path, lossPercent, ...figures }) => [`${sound} ${path} ${lossPercent} %`, figures]),
  );
}

/** Whether a row is of a codec by itself and below its floor; loss between the two floors is measured and not judged. */
export function isTooLow({ sound, path, lossPercent, segmentalSnrDb }: QualityRow): boolean {
  if (sound !== 'sweep' || !Object.hasOwn(FLOORS, path)) return false;
  const [whole, lossy = -Infinity] = FLOORS[path as AudioCodec];
  return segmentalSnrDb < (lossPercent === 0 ? whole : lossPercent <= 5 ? lossy : -Infinity);
}

/** Each codec, each pair; in the short form the pairs with PCMU. */
function paths(isShort: boolean): AudioCodec[][] {
  const pairs = AUDIO_CODECS.flatMap((first) =>
    AUDIO_CODECS.filter((second) => second !== first).map((second) => [first, second]),
  );
  return [
    ...AUDIO_CODECS.map((codec) => [codec]),
    ...(isShort ? pairs.filter((pair) => pair.includes('PCMU')) : pairs),
  ];
}

export function openLeg(codec: AudioCodec): Leg {
  return { encoder: openEncoder(codec), decoder: openDecoder(codec) };
}

export function close(leg: Leg): void {
  leg.encoder.close();
  leg.decoder.close();
}

/** One case: the sound through the legs, packets of the first of them lost. */
export function measure(
  sound: QualityRow['sound'],
  samples: Int16Array,
  path: string,
  legs: readonly Leg[],
  lossPercent: number,
): QualityRow {
  const through = transmit(samples, legs, lossPercent);
  const figures = compareSounds(samples, through, RATE_HZ, [300, 3400]);
  return row(sound, path, lossPercent, RATE_HZ, figures);
}

/** A lost packet is 20 ms of silence, as in what the application is given. */
function transmit(samples: Int16Array, legs: readonly Leg[], lossPercent: number): Int16Array {
  const frames = Math.floor(samples.length / FRAME_SAMPLES);
  const through = new Int16Array(frames * FRAME_SAMPLES);
  const payload = new Uint8Array(1500);
  const decoded = new Int16Array(MAX_PACKET_SAMPLES);
  const lost = lostPackets(frames, lossPercent);
  for (let at = 0; at < through.length; at += FRAME_SAMPLES) {
    let frame = samples.slice(at, at + FRAME_SAMPLES);
    for (const [index, { encoder, decoder }] of legs.entries()) {
      const length = encoder.encode(frame, payload, 0);
      if (index === 0 && lost.has(at / FRAME_SAMPLES)) {
        decoder.lose?.(FRAME_SAMPLES);
        frame = new Int16Array(FRAME_SAMPLES);
        continue;
      }
      const got = decoder.decode(payload, 0, length, decoded);
      if (got !== FRAME_SAMPLES) throw new Error(`${decoder.codec}: a packet of 160 samples gave ${got}`);
      frame = decoded.slice(0, FRAME_SAMPLES);
    }
    through.set(frame, at);
  }
  return through;
}

/** G.722 by itself, at its own 16 kHz. */
function measureWide(seconds: number, lossPercent: number): QualityRow {
  const samples = sweep(300, 7000, seconds, 2 * RATE_HZ);
  const through = new Int16Array(samples.length);
  const [encoder, decoder] = [new G722Encoder(), new G722Decoder()];
  const payload = new Uint8Array(FRAME_SAMPLES);
  const frame = 2 * FRAME_SAMPLES;
  const lost = lostPackets(Math.floor(samples.length / frame), lossPercent);
  for (let at = 0; at + frame <= samples.length; at += frame) {
    encoder.encode(samples.subarray(at, at + frame), frame, payload);
    if (!lost.has(at / frame)) decoder.decode(payload, 0, payload.length, through.subarray(at, at + frame));
  }
  const figures = compareSounds(samples, through, 2 * RATE_HZ, [300, 7000]);
  return row('wide-sweep', 'G722', lossPercent, 2 * RATE_HZ, figures);
}

function row(
  sound: QualityRow['sound'],
  path: string,
  lossPercent: number,
  rateHz: number,
  figures: ReturnType<typeof compareSounds>,
): QualityRow {
  return {
    sound,
    path,
    lossPercent,
    segmentalSnrDb: round(figures.segmentalSnrDb),
    logSpectralDistanceDb: round(figures.logSpectralDistanceDb),
    delayMs: round((1000 * figures.delaySamples) / rateHz),
  };
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}

/** Which of the packets are lost: exactly so many of a hundred, the same ones in every case and run. */
function lostPackets(packets: number, percent: number): ReadonlySet<number> {
  const lost = new Set<number>();
  let state = SEED;
  while (lost.size < Math.round((packets * percent) / 100)) {
    // Numerical Recipes' generator; its high bits are good enough for this.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    lost.add(Math.floor((state / 2 ** 32) * packets));
  }
  return lost;
}

/** A tone that rises evenly by octaves, 12 dB below full scale. */
export function sweep(fromHz: number, toHz: number, seconds: number, rateHz: number): Int16Array {
  const octaves = Math.log(toHz / fromHz);
  return Int16Array.from({ length: Math.round(seconds * rateHz) }, (_, i) => {
    const at = i / rateHz / seconds;
    const turns = ((fromHz * seconds) / octaves) * (Math.exp(octaves * at) - 1);
    return Math.round(8000 * Math.sin(2 * Math.PI * turns));
  });
}

/** The beginning of the sentence; undefined where the synthesizer is not installed. */
async function speech(seconds: number): Promise<Int16Array | undefined> {
  const synthesizer = await createEspeakSynthesizer().catch((error: unknown) => {
    if (errorCode(error) === 'SPEECH_ENGINE_MISSING') return undefined;
    throw error;
  });
  if (synthesizer === undefined) return undefined;
  const samples: number[] = [];
  try {
    const spoken = synthesizer.synthesize({ text: SENTENCE, dialect: 'en-gb' }, RATE_HZ);
    for await (const chunk of spoken) samples.push(...chunk);
  } finally {
    await synthesizer.close();
  }
  return Int16Array.from(samples.slice(0, Math.round(seconds * RATE_HZ)));
}
