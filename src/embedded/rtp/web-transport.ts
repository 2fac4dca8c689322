import type { RemoteInfo } from 'node:dgram';
import type { HostPort } from '../../core/address.js';
import type { DtlsHandshake, DtlsHandshaker } from './dtls-handshaker.js';
import type { DtlsResult } from './dtls-messages.js';
import type { PacketDiverter } from './media-security.js';
import type { AgreedSecurity } from './security-negotiation.js';
import { bindingError, bindingResponse, readBindingRequest } from './stun-message.js';

export interface WebTransportOptions {
  readonly agreed: Extract<AgreedSecurity, { kind: 'dtls' }>;
  /** Where the SDP says that the other side is. */
  readonly signalled: HostPort | undefined;
  readonly handshaker: DtlsHandshaker;
  readonly send: (bytes: Uint8Array, port: number, host: string) => void;
  readonly keyed: (result: DtlsResult) => void;
  /** The other side is not who its SDP says, or the handshake failed: no sound will pass. */
  readonly failed: (reason: string) => void;
}

/**
 * What a browser's stream needs beside RTP, on the same port (RFC 7983): answers the checks of ICE as a lite agent (RFC 8445
 * §2.5), and lets DTLS pass to its thread and back.
 */
export class WebTransport implements PacketDiverter {
  readonly #options: WebTransportOptions;
  #handshake: DtlsHandshake | undefined;
  #destination: HostPort | undefined;
  #isNominated = false;
  #isClosed = false;

  constructor(options: WebTransportOptions) {
    this.#options = options;
    const { agreed, signalled } = options;
    // With ICE, only a check tells where to; without, the SDP does.
    if (agreed.ice === undefined) {
      this.#destination = signalled;
      if (agreed.isActive) this.#start();
    }
  }

  /** Without ICE it is symmetric RTP that tells, by packets that nobody can forge. */
  get destination(): HostPort | undefined {
    return this.#options.agreed.ice === undefined ? undefined : this.#destination;
  }

  /** Hot. */
  divert(bytes: Buffer, source: RemoteInfo): boolean {
    const first = bytes[0] ?? 0;
    if (first >= 128) return false;
    if (this.#isClosed) return true;
    if (first <= 3) this.#stun(bytes, source);
    else if (first >= 20 && first <= 63) this.#dtls(bytes, source);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#handshake?.close();
  }

  #stun(bytes: Buffer, source: RemoteInfo): void {
    const { ice } = this.#options.agreed;
    if (ice === undefined) return;
    const request = readBindingRequest(bytes, ice.localPassword);
    if (request === undefined) return;
    const from = { host: source.address, port: source.port };
    if (!request.isAuthentic || request.username.split(':')[0] !== ice.localUfrag) {
      this.#options.send(bindingError(request, 401, 'Unauthorized', undefined), from.port, from.host);
      return;
    }
    if (request.saysControlled) {
      // RFC 8445 §7.3.1.1: a lite agent is the controlled one.
      this.#options.send(
        bindingError(request, 487, 'Role Conflict', ice.localPassword),
        from.port,
        from.host,
      );
      return;
    }
    this.#options.send(bindingResponse(request, from, ice.localPassword), from.port, from.host);
    if (request.usesCandidate) {
      this.#destination = from;
      this.#isNominated = true;
    } else if (!this.#isNominated) this.#destination ??= from;
    if (this.#options.agreed.isActive && this.#isNominated) this.#start();
  }

  #dtls(bytes: Buffer, source: RemoteInfo): void {
    if (this.#options.agreed.ice === undefined) {
      this.#destination = { host: source.address, port: source.port };
    } else if (this.#destination === undefined) return;
    this.#start().take(bytes);
  }

  #start(): DtlsHandshake {
    const { agreed, handshaker, send, keyed, failed } = this.#options;
    return (this.#handshake ??= handshaker.start(agreed.isActive, {
      datagram: (bytes) => {
        const to = this.#destination;
        if (to !== undefined && !this.#isClosed) send(bytes, to.port, to.host);
      },
      done: (result) => {
        if (result.fingerprint === agreed.fingerprint) keyed(result);
        else failed('the certificate is not the one that SDP named');
      },
      failed,
    }));
  }
}
