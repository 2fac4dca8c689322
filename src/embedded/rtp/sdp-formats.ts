import type { MediaDescription } from 'sdp-transform';
import { CODEC_FACTS, type AudioCodec, type EncoderWishes } from './codec.js';

/** A codec under the payload type that one side's SDP gives it. */
export interface AudioFormat {
  readonly codec: AudioCodec;
  readonly payloadType: number;
  /** What its fmtp asks of who sends to that side. */
  readonly wishes?: EncoderWishes;
}

/** Keys (RFC 4733) under a payload type; there is one for each clock rate of the codecs beside it (§2.1). */
export interface EventFormat {
  readonly payloadType: number;
  readonly clockHz: number;
}

/** What a stream has agreed on: the codec that is sent, and all that may come. */
export interface AgreedFormats {
  readonly codec: AudioCodec;
  readonly payloadType: number;
  /** Undefined if it was not agreed: no keys then. */
  readonly telephoneEventType: number | undefined;
  /** Default: the codec alone. Both G.711 laws are understood besides, by their static types. */
  readonly formats?: readonly AudioFormat[];
  /** Default: the type above at 8 kHz. */
  readonly events?: readonly EventFormat[];
}

/** RFC 4733 §2.4.1: the keys. */
const EVENTS = '0-15';

/** Payload types of our offers for keys, by clock. */
const EVENT_TYPES: ReadonlyMap<number, number> = new Map([
  [8000, 101],
  [16_000, 99],
  [48_000, 100],
]);

/** The codecs of ours that a stream offers, in its order. */
export function readFormats(media: MediaDescription, codecs: readonly AudioCodec[]): AudioFormat[] {
  const formats: AudioFormat[] = [];
  for (const payloadType of payloadTypes(media)) {
    const codec = codecOf(media, payloadType);
    if (codec === undefined || !codecs.includes(codec)) continue;
    const wishes = codec === 'opus' ? readWishes(media, payloadType) : undefined;
    formats.push({ codec, payloadType, ...(wishes === undefined ? {} : { wishes }) });
  }
  return formats;
}

/** The stream's telephone-events, of every clock. */
export function readEvents(media: MediaDescription): EventFormat[] {
  const events: EventFormat[] = [];
  for (const payloadType of payloadTypes(media)) {
    const map = media.rtp.find((entry) => entry.payload === payloadType);
    if (map === undefined || String(map.codec).toLowerCase() !== 'telephone-event') continue;
    events.push({ payloadType, clockHz: map.rate ?? 8000 });
  }
  return events;
}

/** The events to send beside `codec`: those of its clock, else those of 8 kHz that nearly everybody reads. */
export function eventsBeside(codec: AudioCodec, events: readonly EventFormat[]): EventFormat | undefined {
  const { clockHz } = CODEC_FACTS[codec];
  return events.find((event) => event.clockHz === clockHz) ?? events.find((event) => event.clockHz === 8000);
}

/** Our offer's formats. */
export function offerFormats(
  codecs: readonly AudioCodec[],
  withEvents: boolean,
): { formats: AudioFormat[]; events: EventFormat[] } {
  const formats = codecs.map((codec) => ({ codec, payloadType: CODEC_FACTS[codec].payloadType }));
  const clocks = new Set(codecs.map((codec) => CODEC_FACTS[codec].clockHz));
  const events: EventFormat[] = [];
  for (const [clockHz, payloadType] of EVENT_TYPES) {
    if (withEvents && (clockHz === 8000 || clocks.has(clockHz))) events.push({ payloadType, clockHz });
  }
  return { formats, events };
}

/** Formats as lines of a media description. */
export function formatLines(
  formats: readonly AudioFormat[],
  events: readonly EventFormat[],
): Pick<MediaDescription, 'payloads' | 'rtp' | 'fmtp'> {
  return {
    payloads: [...formats, ...events].map(({ payloadType }) => payloadType).join(' '),
    rtp: [
      ...formats.map(({ codec, payloadType }) => {
        const { name, clockHz, channels } = CODEC_FACTS[codec];
        const encoding = channels === undefined ? {} : { encoding: channels };
        return { payload: payloadType, codec: name, rate: clockHz, ...encoding };
      }),
      ...events.map(({ payloadType, clockHz }) => ({
        payload: payloadType,
        codec: 'telephone-event',
        rate: clockHz,
      })),
    ],
    fmtp: [
      ...formats.flatMap(({ codec, payloadType }) => {
        const { fmtp } = CODEC_FACTS[codec];
        return fmtp === undefined ? [] : [{ payload: payloadType, config: fmtp }];
      }),
      ...events.map(({ payloadType }) => ({ payload: payloadType, config: EVENTS })),
    ],
  };
}

function payloadTypes(media: MediaDescription): number[] {
  // sdp-transform makes a number of a list with one entry.
  return String(media.payloads ?? '')
    .split(' ')
    .filter((text) => /^\d{1,3}$/.test(text))
    .map(Number)
    .filter((payload) => payload < 128);
}

function codecOf(media: MediaDescription, payloadType: number): AudioCodec | undefined {
  const map = media.rtp.find((entry) => entry.payload === payloadType);
  // Static types need no rtpmap (RFC 3551 §6), and one that says something else is wrong about them.
  if (map === undefined) return STATIC_TYPES.get(payloadType);
  const [rate, channels] = [map.rate ?? 8000, map.encoding];
  // sdp-transform makes a number of `0`.
  const name = String(map.codec).toUpperCase();
  for (const [codec, facts] of BY_CODEC) {
    if (name !== facts.name.toUpperCase() || rate !== facts.clockHz) continue;
    // `opus/48000` without the 2 that RFC 7587 §7 wants is meant as it.
    if (channels === undefined || channels === (facts.channels ?? 1)) return codec;
  }
  return undefined;
}

const BY_CODEC = Object.entries(CODEC_FACTS) as [AudioCodec, (typeof CODEC_FACTS)[AudioCodec]][];

const STATIC_TYPES: ReadonlyMap<number, AudioCodec> = new Map(
  BY_CODEC.filter(([, facts]) => facts.isStatic).map(([codec, facts]) => [facts.payloadType, codec]),
);

function readWishes(media: MediaDescription, payloadType: number): EncoderWishes | undefined {
  const config = media.fmtp.find((entry) => entry.payload === payloadType)?.config ?? '';
  const read = (name: string): number => {
    const found = new RegExp(`(?:^|[;\\s])${name}\\s*=\\s*(\\d{1,9})(?:$|[;\\s])`, 'i').exec(config);
    return Number(found?.[1] ?? Number.NaN);
  };
  const maxBitRate = read('maxaveragebitrate');
  const isConstantRate = read('cbr') === 1;
  if (Number.isNaN(maxBitRate) && !isConstantRate) return undefined;
  return { ...(Number.isNaN(maxBitRate) ? {} : { maxBitRate }), isConstantRate };
}
