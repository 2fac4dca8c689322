import { askListen, phraseId } from './asking.js';
import type { EngineProbe, ProbeEvent } from './engine-probe.js';
import {
  broken,
  kept,
  msText,
  notTried,
  type EnginePromise,
  type Outcome,
  type Trial,
} from './engine-promise.js';

/** How fast a real caller is: audio comes in pieces of so much, ms. */
const pieceMs = 100;
/** How long a caller speaks at most until there is something to tell. */
const interimWithinMs = 1000;
/** A rate that nobody has. */
const oddHz = 12_345;

function isResult(event: ProbeEvent): boolean {
  return event.kind === 'message' && (event.message.type === 'interim' || event.message.type === 'final');
}

/** Says something into the stream, no faster than a caller would. */
async function sayInto(probe: EngineProbe, stream: number, samples: Int16Array, hz: number): Promise<void> {
  const piece = (hz * pieceMs) / 1000;
  for (let at = 0; at < samples.length; at += piece) {
    probe.sendAudio(stream, samples.subarray(at, at + piece), hz);
    await probe.quiet(pieceMs);
  }
}

/** One listening from end to end: from 'ready' to its one 'final', in order. */
async function whole(trial: Trial, sampleRateHz: number): Promise<Outcome> {
  const probe = await trial.connect();
  const stream = probe.stream();
  const said = (await trial.speech(sampleRateHz)) ?? new Int16Array(sampleRateHz);
  askListen(trial, probe, stream, { sampleRateHz });
  await probe.next(stream, ['ready']);
  await sayInto(probe, stream, said, sampleRateHz);
  await probe.quiet(trial.quietMs);
  if (probe.of(stream).some((event) => event.kind === 'message' && event.message.type === 'final')) {
    return broken("'final' came before 'finish'");
  }
  const askedMs = probe.nowMs;
  probe.send({ type: 'finish', stream });
  const { message, atMs } = await probe.next(stream, ['final', 'error']);
  if (message.type === 'error') return broken(`error '${message.code}' instead of 'final'`);
  if (message.type !== 'final') return broken("no 'final'");
  const audioMs = (said.length * 1000) / sampleRateHz;
  if ((message.audioMs ?? 0) > audioMs + 1000)
    return broken("'audioMs' is more than the audio that was sent");
  for (const { phraseId: id } of message.alternatives) {
    if (id !== undefined && id !== phraseId)
      return broken("'phraseId' is not one of the phrases that were asked for");
  }
  trial.measured('finalMs', atMs - askedMs);
  const [best] = message.alternatives;
  const understood =
    best === undefined ? 'noMatch' : best.phraseId === undefined ? 'open speech' : 'the phrase';
  return kept(`${msText(atMs - askedMs)} after 'finish': ${understood}`);
}

/** Promises of a recognizer. */
export const recognizerPromises: readonly EnginePromise[] = [
  {
    id: 'ready',
    of: 'recognizer',
    promise: "'listen' is answered with 'ready' at once (0.8 s)",
    advice: "send {type: 'ready', stream} before you load or connect to anything; load when you start",
    try: async (trial) => {
      const probe = await trial.connect();
      const stream = probe.stream();
      const beganMs = probe.nowMs;
      askListen(trial, probe, stream);
      const { atMs } = await probe.next(stream, ['ready']);
      trial.measured('readyMs', atMs - beganMs);
      return atMs - beganMs > 1000
        ? broken(`it took ${msText(atMs - beganMs)}`)
        : kept(msText(atMs - beganMs));
    },
  },
  {
    id: 'interim',
    of: 'recognizer',
    promise: "'interim' results come while the caller speaks",
    advice: "send what you have heard so far every 100 to 300 ms, or say interim: false in 'hello'",
    try: async (trial) => {
      if (trial.hello.recognizer?.interim !== true) return notTried('it does not claim to (interim)');
      const hz = trial.hello.recognizer.sampleRatesHz[0] ?? 8000;
      const said = await trial.speech(hz);
      if (said === undefined) return notTried('nobody can speak here: give a recording with --wav');
      const probe = await trial.connect();
      const stream = probe.stream();
      const beganMs = probe.nowMs;
      askListen(trial, probe, stream, { sampleRateHz: hz });
      // One word may be too short for one: it is said again and again.
      const times = Math.max(1, Math.ceil((interimWithinMs * hz) / 1000 / said.length));
      for (let n = 0; n < times; n++) await sayInto(probe, stream, said, hz);
      const { atMs } = await probe.next(stream, ['interim']);
      trial.measured('firstInterimMs', atMs - beganMs);
      return kept(`the first ${msText(atMs - beganMs)} after the first sound`);
    },
  },
  {
    id: 'final',
    of: 'recognizer',
    promise: "one 'final' comes, after 'finish'",
    advice:
      "do not look for the end of the speech yourself: keep what you have until 'finish' comes, then send one 'final'",
    try: (trial) => whole(trial, trial.hello.recognizer?.sampleRatesHz[0] ?? 8000),
  },
  {
    id: 'after-final',
    of: 'recognizer',
    promise: "nothing follows 'final'",
    advice: 'forget the stream when you have sent its final, and stop what still computes for it',
    try: async (trial) => {
      const hz = trial.hello.recognizer?.sampleRatesHz[0] ?? 8000;
      const probe = await trial.connect();
      const stream = probe.stream();
      askListen(trial, probe, stream);
      probe.sendAudio(stream, (await trial.speech(hz)) ?? new Int16Array(hz), hz);
      probe.send({ type: 'finish', stream });
      await probe.next(stream, ['final', 'error']);
      await probe.quiet(trial.quietMs);
      const events = probe.of(stream);
      const last = events.findIndex(
        (event) => event.kind === 'message' && ['final', 'error'].includes(event.message.type),
      );
      const late = events.length - 1 - last;
      return late === 0 ? kept() : broken(`${String(late)} more messages came`);
    },
  },
  {
    id: 'cancel-listening',
    of: 'recognizer',
    promise: "nothing follows 'cancel' of a listening",
    advice: 'forget the stream when its cancel comes, and stop what still computes for it',
    try: async (trial) => {
      const hz = trial.hello.recognizer?.sampleRatesHz[0] ?? 8000;
      const probe = await trial.connect();
      const stream = probe.stream();
      askListen(trial, probe, stream);
      await probe.next(stream, ['ready']);
      probe.sendAudio(stream, (await trial.speech(hz)) ?? new Int16Array(hz), hz);
      probe.send({ type: 'cancel', stream });
      // What was under way when it came is no breach.
      await probe.ping();
      await probe.quiet(trial.quietMs);
      const before = probe.of(stream).filter(isResult).length;
      const final = probe
        .of(stream)
        .some((event) => event.kind === 'message' && event.message.type === 'final');
      if (final) return broken("a 'final' came for a listening that nobody wants");
      await probe.quiet(trial.quietMs);
      return probe.of(stream).filter(isResult).length === before ? kept() : broken('more results came');
    },
  },
  {
    id: 'no-audio',
    of: 'recognizer',
    promise: "a listening without audio ends with 'final' or 'error'",
    advice: "answer 'finish' in any case: {type: 'final', stream, alternatives: []}",
    try: async (trial) => {
      const probe = await trial.connect();
      const stream = probe.stream();
      askListen(trial, probe, stream);
      probe.send({ type: 'finish', stream });
      await probe.next(stream, ['final', 'error']);
      return kept();
    },
  },
  {
    id: 'odd-rate-listen',
    of: 'recognizer',
    promise: "a sample rate that it has not is refused with 'unsupported'",
    advice: "send {type: 'error', stream, code: 'unsupported'} when sampleRateHz is not one of yours",
    try: async (trial) => {
      const probe = await trial.connect();
      const stream = probe.stream();
      askListen(trial, probe, stream, { sampleRateHz: oddHz });
      const { message } = await probe.next(stream, ['error', 'ready']);
      if (message.type !== 'error') return broken('it took it');
      return message.code === 'unsupported' ? kept() : broken(`its answer was '${message.code}'`);
    },
  },
  {
    id: 'every-rate-listen',
    of: 'recognizer',
    promise: 'it hears at every sample rate that it has',
    advice: "take out of 'hello' the rates that you do not take",
    try: async (trial) => {
      const rates = trial.hello.recognizer?.sampleRatesHz ?? [];
      for (const rate of rates) {
        const outcome = await whole(trial, rate);
        if (outcome.outcome !== 'kept') return broken(`at ${String(rate)} Hz: ${outcome.detail}`);
      }
      return kept(rates.join(', '));
    },
  },
  {
    id: 'prepare',
    of: 'recognizer',
    promise: "'prepare' is answered with 'ready'",
    advice: "send {type: 'ready', stream} when the phrases are prepared, or say prepares: false in 'hello'",
    try: async (trial) => {
      if (trial.hello.recognizer?.prepares !== true) return notTried('it does not want it (prepares)');
      const probe = await trial.connect();
      const stream = probe.stream();
      const { text, dialect } = trial;
      probe.send({ type: 'prepare', stream, phrases: [{ id: phraseId, text, dialect }] });
      await probe.next(stream, ['ready']);
      return kept();
    },
  },
];
