import type { Clock } from '../../core/clock.js';
import type { HostPort } from '../../core/address.js';
import type { Logger } from '../../core/logger.js';
import { TypedEmitter } from '../../core/typed-emitter.js';
import type { G711Codec } from '../../audio/g711.js';
import type { RtpSocket } from './port-pool.js';

export interface RtpSessionOptions {
  readonly socket: RtpSocket;
  readonly clock: Clock;
  readonly codec: G711Codec;
  readonly payloadType: number;
  readonly telephoneEventType: number | undefined;
  readonly remote: HostPort | undefined;
  readonly ptimeMs: number;
  readonly logger: Logger;
  readonly ssrc?: number;
}

export type RtpSessionEvents = {
  dtmf: [digit: string, durationSamples: number];
  dtmfStart: [digit: string];
  audio: [];
};

/** What is known of a packet whose sound is handed over; reused for the next one. */
export interface ReceivedPacket {
  readonly timestamp: number;
  readonly ssrc: number;
  readonly sequence: number;
  readonly marker: boolean;
  readonly arrivalMs: number;
  /** 1: follows the last packet of any kind; more: packets were lost before it; less: late or a duplicate. */
  readonly sequenceStep: number;
}

export interface RtpStats {
  packetsSent: number;
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  lost: number;
  strangers: number;
  malformed: number;
  lastReceivedMs: number | undefined;
}

export class RtpSession extends TypedEmitter<RtpSessionEvents> {
  readonly localPort: number;
  onAudio: ((samples: Int16Array, positionSamples: number, packet: ReceivedPacket) => void) | undefined;
  readonly stats: RtpStats = {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    lost: 0,
    strangers: 0,
    malformed: 0,
    lastReceivedMs: undefined,
  };

  constructor(options: RtpSessionOptions) {
    super();
    this.localPort = options.socket.port;
  }

  setRemote(
    _remote: HostPort | undefined,
    _codec: G711Codec,
    _payloadType: number,
    _telephoneEventType: number | undefined,
  ): void {}

  /** Returns whether the sound went out: false while a key is being sent in its place or no address is known. */
  send(_samples: Int16Array): boolean {
    return false;
  }

  skip(): void {}

  sendDtmf(_digits: string, _durationMs = 100): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}
