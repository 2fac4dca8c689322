import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { WebSocket, WebSocketServer } from 'ws';
import { startReferenceServer } from '../../../../src/speech/engines/xiangyin/reference-server.js';

/** A message as it is on the wire, right or wrong. */
export type Wire = Record<string, unknown> & { type?: string; stream?: number };

export interface Bend {
  /** What the engine gets in place of a message of the client's; undefined: nothing. */
  readonly asks?: (message: Wire, toClient: (message: Wire) => void) => Wire | undefined;
  /** What of the client's that is no message comes to. Default: it goes on to the engine. */
  readonly garbage?: (socket: WebSocket, close: () => void) => void;
  /** What the client gets in place of a message of the engine's: any number of them. */
  readonly answers?: (message: Wire) => readonly Wire[];
  /** What the client gets in place of audio; undefined: nothing. */
  readonly audio?: (frame: Buffer) => Buffer | undefined;
  /** Audio of the client's is lost. */
  readonly deaf?: boolean;
  /** Pings are not answered. */
  readonly noPong?: boolean;
}

/** The reference engine with one fault: what goes to it and comes from it is bent on the way. Closed by the teardown. */
export async function bentEngine(t: Test, bend: Bend): Promise<string> {
  const reference = await startReferenceServer(0);
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    // In the library since 8.16, in its types not yet.
    ...{ autoPong: bend.noPong !== true },
  });
  const close = (): void => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  server.on('connection', (socket) => bendOne(socket, new WebSocket(reference.url), bend, close));
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(async () => {
    close();
    await reference.close();
  });
  return `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function bendOne(client: WebSocket, engine: WebSocket, bend: Bend, close: () => void): void {
  const waiting: (string | Buffer)[] = [];
  const toEngine = (data: string | Buffer): void => {
    if (engine.readyState === WebSocket.OPEN) engine.send(data);
    else waiting.push(data);
  };
  const toClient = (data: Wire | Buffer): void => {
    if (client.readyState !== WebSocket.OPEN) return;
    client.send(Buffer.isBuffer(data) ? data : JSON.stringify(data));
  };
  engine.on('open', () => waiting.splice(0).forEach((data) => engine.send(data)));
  for (const socket of [client, engine]) socket.on('error', () => socket.terminate());
  client.on('close', () => engine.terminate());
  engine.on('close', () => client.terminate());
  client.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return bend.deaf === true ? undefined : toEngine(data);
    const message = read(data);
    if (message === undefined && bend.garbage !== undefined) return bend.garbage(client, close);
    if (message === undefined || bend.asks === undefined) return toEngine(data.toString());
    const asked = bend.asks(message, toClient);
    if (asked !== undefined) toEngine(JSON.stringify(asked));
  });
  engine.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      const frame = bend.audio === undefined ? data : bend.audio(data);
      if (frame !== undefined) toClient(frame);
      return;
    }
    const message = read(data) ?? {};
    for (const answer of bend.answers?.(message) ?? [message]) toClient(answer);
  });
}

function read(data: Buffer): Wire | undefined {
  try {
    const value: unknown = JSON.parse(data.toString());
    const isMessage = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMessage && typeof (value as Wire).type === 'string' ? (value as Wire) : undefined;
  } catch {
    return undefined;
  }
}
