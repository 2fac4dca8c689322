import type { EngineProbe } from './engine-probe.js';
import { broken, kept, notTried, type EnginePromise, type Outcome, type Trial } from './engine-promise.js';
import { askListen, askSay } from './asking.js';

/** One whole stream of whatever the engine can do; resolves when it has ended as it should. */
async function wholeStream(trial: Trial, probe: EngineProbe): Promise<void> {
  const stream = probe.stream();
  if (trial.hello.recognizer !== undefined) {
    askListen(trial, probe, stream);
    await probe.next(stream, ['ready']);
    probe.send({ type: 'finish', stream });
    await probe.next(stream, ['final', 'error']);
  } else {
    askSay(trial, probe, stream);
    await probe.next(stream, ['end']);
  }
}

async function atOnce(trial: Trial): Promise<Outcome> {
  const { maxStreams = 1, recognizer, synthesizer } = trial.hello;
  if (maxStreams < 2) return notTried('it carries one stream at a time (maxStreams)');
  const probe = await trial.connect();
  const each = Math.min(4, maxStreams);
  const listening = recognizer === undefined ? 0 : synthesizer === undefined ? each : Math.ceil(each / 2);
  const streams = Array.from({ length: each }, () => probe.stream());
  const hz = recognizer?.sampleRatesHz[0] ?? 8000;
  const said = (await trial.speech(hz)) ?? new Int16Array(hz);
  for (const [index, stream] of streams.entries()) {
    if (index < listening) askListen(trial, probe, stream);
    else askSay(trial, probe, stream);
  }
  const hears = streams.slice(0, listening);
  // In turns, as callers who speak at once are heard.
  for (let at = 0; at < said.length; at += hz / 10) {
    for (const stream of hears) probe.sendAudio(stream, said.subarray(at, at + hz / 10), hz);
  }
  for (const stream of hears) probe.send({ type: 'finish', stream });
  for (const [index, stream] of streams.entries()) {
    const last = index < listening ? 'final' : 'end';
    const { message } = await probe.next(stream, [last, 'error']);
    if (message.type === 'error')
      return broken(`stream ${String(index + 1)} of ${String(each)}: error ${message.code}`);
  }
  await probe.quiet(trial.quietMs);
  for (const stream of streams) {
    const ends = probe.of(stream).filter(({ kind, ...event }) => {
      return kind === 'message' && 'message' in event && ['final', 'end'].includes(event.message.type);
    });
    if (ends.length !== 1) return broken(`a stream ended ${String(ends.length)} times`);
  }
  return kept(`${String(each)} streams`);
}

/** Whether it told the sender of `what`, with the stream's number; then whether the connection still works. */
async function refused(trial: Trial, probe: EngineProbe, what: object, stream: number): Promise<Outcome> {
  probe.send({ ...what, stream });
  const { message } = await probe.next(stream, ['error']);
  if (message.type === 'error' && message.code !== 'bad-request')
    return broken(`its answer was '${message.code}'`);
  await wholeStream(trial, probe);
  return kept();
}

/** Promises of every engine. */
export const connectionPromises: readonly EnginePromise[] = [
  {
    id: 'pings',
    of: 'connection',
    promise: 'a ping is answered',
    advice: 'let your WebSocket library answer pings, and do not block its thread while you compute',
    try: async (trial) => {
      const probe = await trial.connect();
      const beganMs = probe.nowMs;
      await probe.ping();
      trial.measured('pingMs', probe.nowMs - beganMs);
      return kept();
    },
  },
  {
    id: 'unknown-types',
    of: 'connection',
    promise: 'types and fields of a later version are ignored',
    advice: 'answer nothing to a type that you do not know, and read only the fields that you know',
    try: async (trial) => {
      const probe = await trial.connect();
      probe.send({ type: 'x-of-a-later-version', stream: 4_000_000_000, more: { of: ['it'] } });
      await probe.ping();
      await probe.quiet(trial.quietMs);
      const answer = probe.events.find(({ kind }, index) => index > 0 && kind !== 'closed');
      if (answer !== undefined) return broken('it answered an unknown type');
      await wholeStream(trial, probe);
      return kept();
    },
  },
  {
    id: 'crossed-messages',
    of: 'connection',
    promise: "'cancel', 'finish' and audio of streams that are over are ignored",
    advice: 'they crossed your last message: look the stream up, and do nothing if it is not there',
    try: async (trial) => {
      const probe = await trial.connect();
      const over = probe.stream();
      probe.send({ type: 'cancel', stream: over });
      probe.send({ type: 'finish', stream: over });
      probe.sendAudio(over, new Int16Array(160), 8000);
      await probe.ping();
      await probe.quiet(trial.quietMs);
      if (probe.of(over).length > 0) return broken('it answered for a stream that was not there');
      await wholeStream(trial, probe);
      return kept();
    },
  },
  {
    id: 'wrong-listen',
    of: 'recognizer',
    promise: "a 'listen' without its fields is answered with 'bad-request', and other streams go on",
    advice: "check the fields, and send {type: 'error', stream, code: 'bad-request'}",
    try: async (trial) => {
      const probe = await trial.connect();
      return refused(trial, probe, { type: 'listen', phrases: 'none' }, probe.stream());
    },
  },
  {
    id: 'wrong-say',
    of: 'synthesizer',
    promise: "a 'say' without its fields is answered with 'bad-request', and other streams go on",
    advice: "check the fields, and send {type: 'error', stream, code: 'bad-request'}",
    try: async (trial) => {
      const probe = await trial.connect();
      return refused(trial, probe, { type: 'say', text: 7 }, probe.stream());
    },
  },
  {
    id: 'garbage',
    of: 'connection',
    promise: 'garbage on one connection does not disturb another, nor the next one',
    advice: 'catch what reading a message throws; answer bad-request, or close that connection and no other',
    try: async (trial) => {
      const other = await trial.connect();
      const probe = await trial.connect();
      probe.forgiving = true;
      for (const text of [
        '{"type":"lis',
        '[]',
        'null',
        '""',
        '{"type":7}',
        '{"type":"listen","stream":"x"}',
      ]) {
        probe.sendRaw(text);
      }
      for (const bytes of [[], [1], [1, 0, 0], [255, 255, 255, 255, 1], [7, 0, 0, 0, 1, 2, 3]]) {
        probe.sendRaw(Uint8Array.from(bytes));
      }
      await probe.quiet(trial.quietMs);
      await wholeStream(trial, other);
      await wholeStream(trial, await trial.connect());
      return kept(probe.closed === undefined ? 'the connection stays' : 'it closes that connection');
    },
  },
  {
    id: 'at-once',
    of: 'connection',
    promise: 'several streams go on at once, each to its one end',
    advice: 'keep what belongs to a stream by its number, and answer with that number',
    try: atOnce,
  },
];
