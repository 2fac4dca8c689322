/** What the media server speaks, by its name in SDP; L16 with its rate, because both rates are one name. */
export type AudioCodec = 'PCMU' | 'PCMA' | 'G722' | 'opus' | 'L16/8000' | 'L16/16000';

/** All of them, in the order in which we offer them. */
export const AUDIO_CODECS: readonly AudioCodec[] = ['PCMU', 'PCMA', 'G722', 'opus', 'L16/8000', 'L16/16000'];

/** The codecs of a name of rtpmap, in any case: both rates for L16, none for a name that is not ours. */
export function codecsNamed(name: string): AudioCodec[] {
  return AUDIO_CODECS.filter((codec) => CODEC_FACTS[codec].name.toUpperCase() === name.toUpperCase());
}

/** What SDP, RTP and events say about a codec. */
export interface CodecFacts {
  /** Encoding name in rtpmap. */
  readonly name: string;
  /** Clock of RTP timestamps and in rtpmap. */
  readonly clockHz: number;
  /** Channels in rtpmap; undefined: not written, which is 1. What is inside is mono always. */
  readonly channels: number | undefined;
  /** Real sampling rate: not the clock for G.722 (RFC 3551 §4.5.2). */
  readonly samplingHz: number;
  /** In FreeSWITCH's events; opus: what we send. */
  readonly bitRate: number;
  /** In our offers; what we answer has the offer's. */
  readonly payloadType: number;
  /** RFC 3551 §6: the type is the codec's without rtpmap. */
  readonly isStatic: boolean;
  /** What we say of ourselves. */
  readonly fmtp: string | undefined;
}

/** What Opus is sent at: speech of 8 kHz is not improved by more (RFC 7587 §3.1.1). */
export const OPUS_BIT_RATE = 20_000;

export const CODEC_FACTS: Readonly<Record<AudioCodec, CodecFacts>> = {
  PCMU: facts('PCMU', 8000, 0, 64_000),
  PCMA: facts('PCMA', 8000, 8, 64_000),
  G722: { ...facts('G722', 8000, 9, 64_000), samplingHz: 16_000 },
  opus: {
    ...facts('opus', 48_000, 96, OPUS_BIT_RATE),
    // RFC 7587 §7: always 48000 and 2. The two rates tell the other side that more than 8 kHz is wasted on us, the last word
    // that we use what its packets say twice (§6.1). `usedtx` is not said: whoever is silent may send or not as he likes.
    channels: 2,
    fmtp: 'maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1',
  },
  'L16/8000': facts('L16', 8000, 97, 128_000),
  'L16/16000': facts('L16', 16_000, 98, 256_000),
};

/** Samples of 8 kHz, which is what everything inside the media server is. */
export const INSIDE_HZ = 8000;

/** Longest sound of one packet that is taken: 200 ms. */
export const MAX_PACKET_SAMPLES = 1600;

/** One of the two directions' half of a stream: keeps the codec's state from packet to packet. */
export interface AudioEncoder {
  readonly codec: AudioCodec;
  /** So many bytes at most come of `samples` samples. */
  maxBytes(samples: number): number;
  /**
   * Hot: `samples` (mono, 16 bit, 8 kHz; one packet's, 20 ms as a rule) into `into` from byte `at` on; the length in bytes,
   * 0 when there is nothing to send.
   */
  encode(samples: Int16Array, into: Uint8Array, at: number): number;
  /** Frees what is outside of the heap. Safe to call twice; encode gives 0 after it. */
  close(): void;
}

export interface AudioDecoder {
  readonly codec: AudioCodec;
  /**
   * Hot: one packet's payload, the bytes from `start` to before `end`, into samples of 8 kHz from the start of `into`
   * (room for MAX_PACKET_SAMPLES); how many, -1 when the payload is no sound of this codec or too long.
   */
  decode(bytes: Uint8Array, start: number, end: number, into: Int16Array): number;
  /** So many samples before the next packet were lost: for a codec whose memory must go on without them. */
  lose?(samples: number): void;
  /**
   * The packet that is decoded next (as {@link decode} gets it) may say again what was in the one before it, of `samples`
   * samples, which is lost: its sound into `into`; how many samples, 0 when it does not. Called instead of {@link lose} for
   * that one alone.
   */
  recover?(bytes: Uint8Array, start: number, end: number, samples: number, into: Int16Array): number;
  /** Another stream begins: the SSRC has changed. */
  reset(): void;
  /** Frees what is outside of the heap. Safe to call twice; decode gives -1 after it. */
  close(): void;
}

/** Wishes of the receiving side, as its fmtp says them. */
export interface EncoderWishes {
  /** `maxaveragebitrate` (RFC 7587 §6.1). */
  readonly maxBitRate?: number | undefined;
  /** `cbr=1`. */
  readonly isConstantRate?: boolean | undefined;
}

function facts(name: string, clockHz: number, payloadType: number, bitRate: number): CodecFacts {
  return {
    name,
    clockHz,
    channels: undefined,
    samplingHz: clockHz,
    bitRate,
    payloadType,
    isStatic: payloadType < 96,
    fmtp: undefined,
  };
}
