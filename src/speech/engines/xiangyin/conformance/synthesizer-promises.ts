import { rmsDb } from '../../../../audio/pcm.js';
import { askSay } from './asking.js';
import type { EngineProbe } from './engine-probe.js';
import { broken, kept, msText, type EnginePromise, type Outcome, type Trial } from './engine-promise.js';

/** A rate that nobody has. */
const oddHz = 12_345;
/** By how much a sentence may be longer at one rate than at another: engines with chance in them vary. */
const lengthTolerance = 0.3;
/** Nobody understands less on a telephone. */
const faintDb = -50;

interface Said {
  readonly outcome: Outcome;
  readonly samples: Int16Array;
}

/** One sentence from end to end. */
async function whole(
  trial: Trial,
  probe: EngineProbe,
  sampleRateHz: number,
  more: object = {},
): Promise<Said> {
  const stream = probe.stream();
  const askedMs = probe.nowMs;
  askSay(trial, probe, stream, { sampleRateHz, ...more });
  const none = new Int16Array(0);
  const { message } = await probe.next(stream, ['end', 'error']);
  if (message.type === 'error') return { outcome: broken(`error '${message.code}'`), samples: none };
  await probe.quiet(trial.quietMs);
  const events = probe.of(stream);
  const [first] = events;
  if (first?.kind !== 'message' || first.message.type !== 'begin') {
    return { outcome: broken("'begin' is not its first answer"), samples: none };
  }
  if (first.message.sampleRateHz !== sampleRateHz) {
    const detail = `${String(sampleRateHz)} Hz were asked for, ${String(first.message.sampleRateHz)} came`;
    return { outcome: broken(detail), samples: none };
  }
  const last = events.at(-1);
  if (last?.kind !== 'message' || last.message.type !== 'end') {
    return { outcome: broken("something came after 'end'"), samples: none };
  }
  const ends = events.filter((event) => event.kind === 'message' && event.message.type === 'end').length;
  if (ends !== 1) return { outcome: broken(`'end' came ${String(ends)} times`), samples: none };
  const audio = events.filter((event) => event.kind === 'audio');
  const samples = Int16Array.from(audio.flatMap((event) => [...event.samples]));
  const firstMs = (audio[0]?.atMs ?? askedMs) - askedMs;
  trial.measured('firstChunkMs', firstMs);
  const lengthMs = (samples.length * 1000) / sampleRateHz;
  return { outcome: kept(`first sound after ${msText(firstMs)}, ${msText(lengthMs)} of it`), samples };
}

function firstRate(trial: Trial): number {
  return trial.hello.synthesizer?.sampleRatesHz[0] ?? 8000;
}

async function refusal(trial: Trial, more: object): Promise<Outcome> {
  const probe = await trial.connect();
  const stream = probe.stream();
  askSay(trial, probe, stream, more);
  const { message } = await probe.next(stream, ['error', 'begin', 'end']);
  if (message.type !== 'error') return broken('it took it');
  return message.code === 'unsupported' ? kept() : broken(`its answer was '${message.code}'`);
}

/** Promises of a synthesizer. */
export const synthesizerPromises: readonly EnginePromise[] = [
  {
    id: 'sentence',
    of: 'synthesizer',
    promise: "a sentence is 'begin' with the rate asked for, audio, one 'end'",
    advice: "send 'begin' before the first chunk and 'end' after the last, each once, and nothing after it",
    try: async (trial) => (await whole(trial, await trial.connect(), firstRate(trial))).outcome,
  },
  {
    id: 'audible',
    of: 'synthesizer',
    promise: 'a sentence can be heard',
    advice: 'send signed 16-bit little-endian samples, at a level of about -20 dBFS, no silence before them',
    try: async (trial) => {
      const { outcome, samples } = await whole(trial, await trial.connect(), firstRate(trial));
      if (outcome.outcome === 'broken') return outcome;
      if (samples.length === 0) return broken('there is no audio in it');
      const level = rmsDb(samples);
      const told = `${String(Math.round(Math.max(level, -100)))} dBFS`;
      return level < faintDb ? broken(`its level is ${told}`) : kept(told);
    },
  },
  {
    id: 'rate-kept',
    of: 'synthesizer',
    promise: 'a sentence is as long at every sample rate that it has',
    advice:
      "resample to the rate asked for, or take the rate out of 'hello': it would sound too high or too low",
    try: async (trial) => {
      const lengths: number[] = [];
      const rates = trial.hello.synthesizer?.sampleRatesHz ?? [];
      for (const rate of rates) {
        const { outcome, samples } = await whole(trial, await trial.connect(), rate);
        if (outcome.outcome !== 'kept') return broken(`at ${String(rate)} Hz: ${outcome.detail}`);
        lengths.push((samples.length * 1000) / rate);
      }
      const told = rates.map((rate, n) => `${msText(lengths[n] ?? 0)} at ${String(rate)} Hz`).join(', ');
      const apart = Math.max(...lengths) / Math.max(1, Math.min(...lengths)) - 1;
      return apart > lengthTolerance ? broken(told) : kept(told);
    },
  },
  {
    id: 'cancel-sentence',
    of: 'synthesizer',
    promise: "nothing follows 'cancel' of a sentence",
    advice:
      'look between chunks whether the stream was cancelled; the caller has interrupted, and the next words wait',
    try: async (trial) => {
      const probe = await trial.connect();
      const stream = probe.stream();
      askSay(trial, probe, stream, { text: Array.from({ length: 20 }, () => trial.text).join(', ') });
      await probe.until(
        () => (probe.of(stream).some(({ kind }) => kind === 'audio') ? true : undefined),
        'no audio came',
      );
      probe.send({ type: 'cancel', stream });
      await probe.ping();
      await probe.quiet(trial.quietMs);
      const ended = probe
        .of(stream)
        .some((event) => event.kind === 'message' && event.message.type === 'end');
      const before = probe.of(stream).length;
      await probe.quiet(trial.quietMs);
      if (probe.of(stream).length > before) return broken('it goes on');
      // A fast engine had sent it all before it was told.
      return kept(ended ? 'it had ended' : undefined);
    },
  },
  {
    id: 'no-text',
    of: 'synthesizer',
    promise: "an empty text ends, with 'end' or 'error'",
    advice: "send 'begin' and 'end' with nothing between",
    try: async (trial) => {
      const probe = await trial.connect();
      const stream = probe.stream();
      askSay(trial, probe, stream, { text: '' });
      await probe.next(stream, ['end', 'error']);
      return kept();
    },
  },
  {
    id: 'odd-rate-say',
    of: 'synthesizer',
    promise: "a sample rate that it has not is refused with 'unsupported'",
    advice: "send {type: 'error', stream, code: 'unsupported'} when sampleRateHz is not one of yours",
    try: (trial) => refusal(trial, { sampleRateHz: oddHz }),
  },
  {
    id: 'odd-dialect-say',
    of: 'synthesizer',
    promise: "a dialect that it has not is refused with 'unsupported'",
    advice: "send {type: 'error', stream, code: 'unsupported'}: another engine may have the voice",
    try: (trial) => refusal(trial, { dialect: 'x-nowhere' }),
  },
];
