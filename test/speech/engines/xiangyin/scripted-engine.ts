import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientMessage } from '../../../../src/speech/engines/xiangyin/protocol.js';

export interface ScriptedEngine {
  readonly url: string;
  /** What was asked, in order, over all connections. */
  readonly asked: ClientMessage[];
  /** Binary frames that came. */
  readonly audio: Buffer[];
  /** Connections, in order. */
  readonly sockets: WebSocket[];
}

export type Answer = (message: ClientMessage, send: (answer: object | string | Uint8Array) => void) => void;

export const ownHello = {
  type: 'hello',
  version: 1,
  name: 'scripted',
  maxStreams: 10,
  recognizer: { sampleRatesHz: [8000], dialects: ['en-gb', 'cmn', 'yue'], interim: true, prepares: true },
  synthesizer: { sampleRatesHz: [8000], dialects: ['en-gb', 'cmn', 'yue'] },
};

/** An engine that answers as the test says. Closed by the test's teardown. */
export async function scriptedEngine(
  t: Test,
  answer: Answer,
  hello: object | string = ownHello,
): Promise<ScriptedEngine> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const engine: ScriptedEngine = { url: '', asked: [], audio: [], sockets: [] };
  server.on('connection', (socket) => {
    engine.sockets.push(socket);
    const send = (what: object | string | Uint8Array): void =>
      socket.send(typeof what === 'string' || what instanceof Uint8Array ? what : JSON.stringify(what));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) return void engine.audio.push(data);
      const message = JSON.parse(data.toString()) as ClientMessage;
      engine.asked.push(message);
      answer(message, send);
    });
    send(hello);
  });
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { ...engine, url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}
