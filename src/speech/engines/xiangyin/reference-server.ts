/*
 * A server of Xiangyin's engine protocol in under 100 lines, to copy from: README.md tells the protocol, reference-tones.ts
 * is the engine behind it. Run it with `xiangyin engine reference`.
 */
import type { IncomingMessage } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { hear, speak } from './reference-tones.js';

const can = { sampleRatesHz: [8000, 16_000], dialects: ['en-gb', 'en-us', 'cmn', 'yue'] };
const recognizer = { ...can, interim: true, dialectPreserving: true, phraseHints: true };
const hello = { type: 'hello', version: 1, name: 'reference', maxStreams: 100, recognizer, synthesizer: can };
type Message = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

function serve(socket: WebSocket): void {
  const streams = new Map<number, { asked: Message; samples: number[] }>();
  const send = (message: object): void => socket.send(JSON.stringify(message));
  const result = (
    type: string,
    stream: number,
    { asked, samples }: { asked: Message; samples: number[] },
  ) => {
    const text = hear(Int16Array.from(samples), asked.sampleRateHz);
    const phrase = asked.phrases?.find((one: Message) => one.text === text);
    const closed = asked.grammar?.kind === 'phrases' && phrase === undefined;
    const heard = { text, phraseId: phrase?.id, dialect: phrase?.dialect ?? asked.dialects?.[0] };
    const alternatives = text === '' || (closed && type === 'final') ? [] : [{ ...heard, confidence: 0.9 }];
    send({ type, stream, alternatives, audioMs: (samples.length / asked.sampleRateHz) * 1000 });
  };
  const say = async ({ stream, text, sampleRateHz, rate }: Message) => {
    const samples = speak(text, sampleRateHz, rate);
    send({ type: 'begin', stream, sampleRateHz });
    for (let at = 0; at < samples.length && streams.has(stream); at += sampleRateHz / 10) {
      const frame = Buffer.alloc(4 + 2 * Math.min(sampleRateHz / 10, samples.length - at));
      frame.writeUInt32LE(stream);
      for (let n = 4; n < frame.length; n += 2) frame.writeInt16LE(samples[at + (n - 4) / 2] ?? 0, n);
      // The next chunk only when this one has left: a slow reader costs no memory, a cancel is heard between.
      await new Promise<unknown>((sent) => socket.send(frame, sent));
    }
    if (streams.delete(stream)) send({ type: 'end', stream });
  };
  const hearMessage = (message: Message): void => {
    const { type, stream, sampleRateHz, text, dialect } = message;
    const started = streams.get(stream);
    const known = Number.isInteger(stream) ? stream : undefined;
    const refuse = (code: string) => send({ type: 'error', stream: known, code, retryable: false });
    if (type === 'cancel') streams.delete(stream);
    else if (type === 'finish' && started && streams.delete(stream)) result('final', stream, started);
    else if (type !== 'listen' && type !== 'say') return;
    else if (!known || started || !Number.isInteger(sampleRateHz)) refuse('bad-request');
    else if (type === 'say' && typeof text !== 'string') refuse('bad-request');
    else if (!can.sampleRatesHz.includes(sampleRateHz) || (dialect && !can.dialects.includes(dialect)))
      refuse('unsupported');
    else streams.set(stream, { asked: message, samples: [] });
    if (streams.get(stream)?.asked !== message) return;
    if (type === 'listen') send({ type: 'ready', stream });
    else void say(message);
  };
  const hearAudio = (frame: Buffer): void => {
    const listening = frame.length >= 4 ? streams.get(frame.readUInt32LE()) : undefined;
    if (listening === undefined || listening.asked.type !== 'listen') return;
    const before = listening.samples.length;
    for (let at = 4; at + 1 < frame.length; at += 2) listening.samples.push(frame.readInt16LE(at));
    const hop = listening.asked.sampleRateHz / 5;
    if (Math.floor(before / hop) < Math.floor(listening.samples.length / hop))
      result('interim', frame.readUInt32LE(), listening);
  };
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer, isBinary) => {
    try {
      if (isBinary) hearAudio(data);
      else hearMessage(JSON.parse(data.toString()));
    } catch {
      send({ type: 'error', code: 'bad-request', retryable: false });
    }
  });
  send(hello);
}

/** `token`: what a client must bring as `Authorization: Bearer <token>`. Port 0 takes a free one. */
export async function startReferenceServer(port: number, token?: string, host = '127.0.0.1') {
  const verifyClient = ({ req }: { req: IncomingMessage }): boolean =>
    token === undefined || req.headers.authorization === `Bearer ${token}`;
  const server = new WebSocketServer({ port, host, verifyClient, maxPayload: 256 * 1024 });
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  server.on('connection', serve);
  const { port: taken } = server.address() as { port: number };
  const close = (): Promise<void> => {
    for (const socket of server.clients) socket.terminate();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `ws://${host}:${String(taken)}`, close };
}
