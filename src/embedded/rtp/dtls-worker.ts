import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { DtlsClient, DtlsServer, type DtlsSocket } from 'werift';
import { systemClock } from '../../core/clock.js';
import { DtlsRepetitions } from './dtls-repetitions.js';
import { fingerprintOf } from './dtls-certificate.js';
import type { DtlsWorkerData, FromDtlsWorker, ToDtlsWorker } from './dtls-messages.js';
import { provesCertificate, type HandshakeMessage } from './dtls-proof.js';
import { saltBytesOf, SRTP_KEY_BYTES, type SrtpSuite } from './srtp-suite.js';

/**
 * DTLS handshakes by werift, in a thread of their own: loading it takes 0.4 s, and one handshake some milliseconds of
 * arithmetic, in which no call's sound may wait.
 */

/** RFC 5764 §4.1.2 and RFC 7714 §14.2, best first. */
const PROFILES = [0x0001, 0x0007] as const;
const SUITES = new Map<number | undefined, SrtpSuite>([
  [0x0001, 'AES_CM_128_HMAC_SHA1_80'],
  [0x0007, 'AEAD_AES_128_GCM'],
]);

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;

class Handshake {
  readonly #socket: DtlsSocket;
  readonly #transport: { onData: (data: Buffer) => void; closed: boolean };
  readonly #isActive: boolean;
  readonly #repetitions = new DtlsRepetitions(systemClock);
  #isDone = false;

  constructor(
    isActive: boolean,
    { certificatePem, keyPem }: DtlsWorkerData,
    private readonly tell: (message: { kind: 'datagram'; bytes: Uint8Array } | Outcome) => void,
  ) {
    this.#isActive = isActive;
    const transport = {
      type: 'udp',
      address: { address: '', family: 'IPv4', port: 0 },
      closed: false,
      onData: (_data: Buffer): void => undefined,
      send: (bytes: Buffer): Promise<void> => {
        if (!transport.closed) this.tell({ kind: 'datagram', bytes });
        return Promise.resolve();
      },
      close: (): Promise<void> => Promise.resolve(),
    };
    this.#transport = transport;
    const options = {
      transport,
      cert: certificatePem,
      key: keyPem,
      signatureHash: { hash: 4, signature: 3 } as const,
      srtpProfiles: [...PROFILES],
      extendedMasterSecret: true,
      certificateRequest: true,
    };
    const socket = isActive ? new DtlsClient(options) : new DtlsServer(options);
    this.#socket = socket;
    socket.onConnect.subscribe(() => this.#connected());
    socket.onError.subscribe((error) => this.tell({ kind: 'failed', reason: reasonOf(error) }));
    if (socket instanceof DtlsClient)
      socket.connect().catch((error: unknown) => this.tell({ kind: 'failed', reason: reasonOf(error) }));
  }

  take(bytes: Buffer): void {
    // What is agreed stays: anybody can send a new ClientHello, and werift would begin anew.
    if (this.#isDone && bytes[0] === HANDSHAKE_RECORD && bytes[13] === CLIENT_HELLO) return;
    if (this.#repetitions.has(bytes)) return;
    this.#transport.onData(bytes);
  }

  close(): void {
    this.#transport.closed = true;
  }

  #connected(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    try {
      this.tell(this.#outcome());
    } catch (error) {
      this.tell({ kind: 'failed', reason: reasonOf(error) });
    }
  }

  #outcome(): Outcome {
    const socket = this.#socket;
    const suite = SUITES.get(socket.srtp.srtpProfile);
    const certificate = socket.remoteCertificate;
    if (suite === undefined || certificate === undefined)
      return { kind: 'failed', reason: 'no SRTP profile, or no certificate' };
    const { localRandom, remoteRandom } = socket.cipher;
    const [ours, theirs] = [localRandom.serialize(), remoteRandom.serialize()];
    const randoms = this.#isActive ? { client: ours, server: theirs } : { client: theirs, server: ours };
    const transcript = socket.dtls.sortedHandshakeCache as readonly HandshakeMessage[];
    if (!provesCertificate(certificate, transcript, randoms, !this.#isActive))
      return { kind: 'failed', reason: 'the certificate shown belongs to somebody else' };
    const keys = socket.extractSessionKeys(SRTP_KEY_BYTES, saltBytesOf(suite)) as Record<
      'localKey' | 'localSalt' | 'remoteKey' | 'remoteSalt',
      Buffer
    >;
    return { kind: 'done', result: { ...keys, suite, fingerprint: fingerprintOf(certificate) } };
  }
}

type Outcome =
  | { kind: 'done'; result: Extract<FromDtlsWorker, { kind: 'done' }>['result'] }
  | { kind: 'failed'; reason: string };

/** Of werift's errors only the text tells anything; some are texts. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function serve(port: MessagePort, data: DtlsWorkerData): void {
  const handshakes = new Map<number, Handshake>();
  const tell = (message: FromDtlsWorker): void => port.postMessage(message);
  port.on('message', (message: ToDtlsWorker) => {
    const { id } = message;
    try {
      if (message.kind === 'open')
        handshakes.set(id, new Handshake(message.isActive, data, (said) => tell({ ...said, id })));
      else if (message.kind === 'datagram') handshakes.get(id)?.take(Buffer.from(message.bytes));
      else {
        handshakes.get(id)?.close();
        handshakes.delete(id);
      }
    } catch (error) {
      // A datagram that werift cannot read ends nothing: anybody can send one.
      if (message.kind === 'open') tell({ kind: 'failed', id, reason: reasonOf(error) });
    }
  });
  // werift leaves promises behind that fail when nobody answers; the handshake's own failure is told above.
  process.on('unhandledRejection', () => undefined);
}

if (parentPort !== null) serve(parentPort, workerData as DtlsWorkerData);
