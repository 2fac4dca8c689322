import type { Test } from 'tap';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift';
import { encodeG711 } from '../../../src/audio/g711.js';

const TONE = new Uint8Array(160);
encodeG711(
  'PCMU',
  Int16Array.from({ length: 160 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * i) / 16))),
  TONE,
);
/** What the loudest byte of PCMU is below this, is loud: 0x80 and 0x00 are the peaks. */
export const isLoud = (byte: number): boolean => (byte & 0x7f) < 0x30;

/** A browser: werift's RTCPeerConnection, with one microphone. */
export class Browser {
  readonly connection = new RTCPeerConnection({
    codecs: {
      audio: [
        new RTCRtpCodecParameters({ mimeType: 'audio/PCMU', clockRate: 8000, channels: 1, payloadType: 0 }),
      ],
    },
    iceServers: [],
    iceUseIpv6: false,
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceFilterCandidatePair: (pair) => pair.localCandidate.host === '127.0.0.1',
  });
  readonly track = new MediaStreamTrack({ kind: 'audio' });
  heard: RtpPacket[] = [];
  #sequence = 1;
  #timer: NodeJS.Timeout | undefined;

  constructor(t: Test) {
    const transceiver = this.connection.addTransceiver(this.track, { direction: 'sendrecv' });
    transceiver.onTrack.subscribe((track) =>
      track.onReceiveRtp.subscribe((packet) => void this.heard.push(packet)),
    );
    t.teardown(async () => {
      clearInterval(this.#timer);
      await this.connection.close();
    });
  }

  /** Its offer; every candidate is in it. */
  async offer(): Promise<string> {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    return this.connection.localDescription?.sdp ?? '';
  }

  /** Takes the answer, shakes hands, and begins to talk. */
  async take(answer: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: answer });
    this.talk();
  }

  /** Whether sound has come that is loud. */
  get hearsSound(): boolean {
    return this.heard.some(({ payload }) => payload.some(isLoud));
  }

  get isConnected(): boolean {
    return this.connection.connectionState === 'connected';
  }

  talk(): void {
    this.#timer = setInterval(() => {
      const sequenceNumber = this.#sequence++;
      const header = new RtpHeader({
        sequenceNumber,
        timestamp: sequenceNumber * 160,
        payloadType: 0,
        ssrc: 77,
      });
      this.track.writeRtp(new RtpPacket(header, Buffer.from(TONE)));
    }, 20);
  }
}
