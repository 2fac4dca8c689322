import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { formatHostPort, type HostPort } from '../core/address.js';
import type { Clock, Timer } from '../core/clock.js';
import { errorCode } from '../core/errors.js';
import { token } from '../core/ids.js';
import { OnceLogger, type Logger } from '../core/logger.js';
import { AudioStream } from './audio-stream.js';
import { strangerRefused } from './channels.js';
import { audioStreamError } from './errors.js';

export interface AudioStreamServerOptions {
  readonly listen: HostPort;
  /** Base URL under which media servers reach us, e.g. `ws://10.0.0.5:7000`. Default: the listener's own address. */
  readonly advertise: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A fork that was ordered and whose WebSocket has not come yet. */
export interface ExpectedStream {
  readonly url: string;
  /** Rejects AUDIO_STREAM_NEVER_CAME after the limit; never settles after cancel(). */
  readonly arrived: Promise<AudioStream>;
  /** Forgets the token: a WebSocket that comes with it later is refused. Safe to call twice. */
  cancel(): void;
}

interface Expected {
  readonly channels: 1 | 2;
  readonly arrive: (stream: AudioStream) => void;
  readonly timer: Timer;
}

/** Largest message taken: mod_audio_fork keeps 2 s of stereo 8 kHz audio, 64 kB, when it was stalled. */
const maxMessageBytes = 256 * 1024;

/** How long a media server may take to answer our close frame, ms: nothing of a call outlives it by 5 s. */
const closeLimitMs = 2000;

/** The WebSocket server that media servers dial. Lets in only who brings the token of a call's fork, once. */
export class AudioStreamServer {
  readonly #expected = new Map<string, Expected>();
  readonly #sockets = new Set<Socket>();
  readonly #refusals: OnceLogger;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    // In the library since 8.20, in its types not yet.
    ...{ closeTimeout: closeLimitMs },
    // The subprotocol that mod_audio_fork asks for; a client that asks for none is let in as well.
    handleProtocols: (offered) => (offered.has('audio.drachtio.org') ? 'audio.drachtio.org' : false),
  });

  private constructor(
    private readonly server: Server,
    private readonly options: AudioStreamServerOptions,
  ) {
    this.#refusals = new OnceLogger(options.logger);
    server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      // Node takes its own listener away at the upgrade: a stranger who resets the connection must not end the process.
      socket.on('error', () => socket.destroy());
    });
    // No socket could be accepted (file handles ran out): the next one may be.
    server.on('error', (error) => options.logger.error({ code: errorCode(error) }, 'audio listener failed'));
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('request', (_request, response) => response.writeHead(426).end());
  }

  /** Rejects AUDIO_STREAM_ADDRESS_IN_USE. */
  static async listen(options: AudioStreamServerOptions): Promise<AudioStreamServer> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'EADDRINUSE'
            ? audioStreamError(
                'AUDIO_STREAM_ADDRESS_IN_USE',
                { address: formatHostPort(options.listen) },
                error,
              )
            : error,
        ),
      );
      server.listen(options.listen.port, options.listen.host, resolve);
    });
    return new AudioStreamServer(server, options);
  }

  get address(): HostPort {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Open WebSockets, for counts of what is left. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Makes the URL for one fork and waits for it at most `limitMs`. `channels`: 1 for a mono fork, 2 for stereo. */
  expect(channels: 1 | 2, limitMs: number): ExpectedStream {
    const key = token();
    const base = this.options.advertise ?? `ws://${formatHostPort(this.address)}`;
    const url = `${base.replace(/\/$/, '')}/audio/${key}`;
    const arrived = new Promise<AudioStream>((resolve, reject) => {
      const timer = this.options.clock.after(limitMs, () => {
        this.#expected.delete(key);
        reject(audioStreamError('AUDIO_STREAM_NEVER_CAME', { limitMs, url: base }));
      });
      this.#expected.set(key, { channels, arrive: resolve, timer });
    });
    // Whoever awaits it hears of the failure; a call that ended meanwhile does not.
    arrived.catch(() => undefined);
    return {
      url,
      arrived,
      cancel: () => {
        this.#expected.get(key)?.timer.cancel();
        this.#expected.delete(key);
      },
    };
  }

  /** Closes the listener and every WebSocket. Safe to call twice. */
  async close(): Promise<void> {
    for (const { timer } of this.#expected.values()) timer.cancel();
    this.#expected.clear();
    for (const socket of this.#sockets) socket.destroy();
    this.#webSockets.close();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const key = /^\/audio\/([\w-]+)$/.exec(request.url?.split('?')[0] ?? '')?.[1];
    const expected = key === undefined ? undefined : this.#expected.get(key);
    if (key === undefined || expected === undefined) {
      const from = request.socket.remoteAddress ?? 'unknown';
      strangerRefused.publish({ from });
      this.#refusals.warn(from, { from }, 'refused a WebSocket that brought no token of a call');
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      // Only now is the token used up: what is no WebSocket handshake was answered with 400, and the call goes on waiting.
      this.#expected.delete(key);
      expected.timer.cancel();
      expected.arrive(new AudioStream(webSocket, expected.channels));
    });
  }
}
