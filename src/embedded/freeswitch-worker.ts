import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { HostPort } from '../core/address.js';
import { systemClock } from '../core/clock.js';
import { FreeSwitchServer } from './freeswitch/freeswitch-server.js';
import type { FreeSwitchSettings } from './freeswitch/freeswitch-settings.js';
import { hostServer, portLogger } from './worker-messages.js';
import { WorkerPeers } from './worker-peers.js';

export interface FreeSwitchWorkerData extends FreeSwitchSettings {
  /** Whether the main thread can turn text into sound. */
  readonly canSpeak: boolean;
  /** Whether the main thread wants to know how each call fared. */
  readonly isMeasured: boolean;
  /** Its number among the media workers, and how many they are. */
  readonly index: number;
  readonly workers: number;
}

export interface FreeSwitchAddresses {
  readonly eventSocketAddress: HostPort;
  readonly sipAddress: HostPort;
}

/** Asks the main thread, whose engines are out of the worker's reach, to turn text into sound. */
class RemoteSynthesizer {
  readonly #waiting = new Map<number, (samples: Int16Array | undefined) => void>();
  #nextId = 0;

  constructor(private readonly port: MessagePort) {}

  async speak(text: string, voice: string | undefined): Promise<Int16Array> {
    const id = this.#nextId++;
    this.port.postMessage({ kind: 'speak', id, text, voice });
    const samples = await new Promise<Int16Array | undefined>((resolve) => this.#waiting.set(id, resolve));
    if (samples === undefined) throw new Error('the synthesizer failed');
    return samples;
  }

  answered(id: number, samples: Int16Array | undefined): void {
    this.#waiting.get(id)?.(samples);
    this.#waiting.delete(id);
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const logger = portLogger(port, { server: 'media' });
  const synthesizer = new RemoteSynthesizer(port);
  const { canSpeak, isMeasured, index, workers, ...options } = workerData as FreeSwitchWorkerData;
  const peers =
    workers > 1
      ? new WorkerPeers(index, workers, (request) => port.postMessage({ kind: 'exchange', request }))
      : undefined;
  hostServer<FreeSwitchAddresses>(
    port,
    logger,
    async () => {
      const server = await FreeSwitchServer.listen({
        ...options,
        mayRest: true,
        peers,
        measured: isMeasured ? (quality) => port.postMessage({ kind: 'measured', quality }) : undefined,
        clock: systemClock,
        logger,
        synthesize: canSpeak ? (text, voice) => synthesizer.speak(text, voice) : undefined,
      });
      return {
        addresses: { eventSocketAddress: server.eventSocketAddress, sipAddress: server.sipAddress },
        counts: () => ({ ...server.counts() }),
        close: () => server.close(),
      };
    },
    (message) => {
      if (message.kind === 'exchange') peers?.received(message.news);
      else if (message.kind === 'spoken') synthesizer.answered(message.id, message.samples);
    },
  );
}
