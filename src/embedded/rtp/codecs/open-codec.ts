import type { AudioCodec, AudioDecoder, AudioEncoder, EncoderWishes } from '../codec.js';
import { G711Decoder, G711Encoder } from './g711-codec.js';
import { G722Decoder, G722Encoder } from './g722-codec.js';
import { L16Decoder, L16Encoder } from './l16-codec.js';
import { hasOpus, OpusDecoder, OpusEncoder } from './opus-codec.js';

/** Whether `codec` can be opened here. Loads Opus: ask when a call has chosen it, not before. */
export function canOpen(codec: AudioCodec): boolean {
  return codec !== 'opus' || hasOpus();
}

/** A new encoder, closed by the caller. Throws when the codec's library cannot be loaded: see {@link canOpen}. */
export function openEncoder(codec: AudioCodec, wishes?: EncoderWishes): AudioEncoder {
  switch (codec) {
    case 'PCMU':
    case 'PCMA':
      return new G711Encoder(codec);
    case 'G722':
      return new G722Encoder();
    case 'opus':
      return new OpusEncoder(wishes);
    case 'L16/8000':
    case 'L16/16000':
      return new L16Encoder(codec);
  }
}

/** A new decoder, closed by the caller. Throws as {@link openEncoder} does. */
export function openDecoder(codec: AudioCodec): AudioDecoder {
  switch (codec) {
    case 'PCMU':
    case 'PCMA':
      return new G711Decoder(codec);
    case 'G722':
      return new G722Decoder();
    case 'opus':
      return new OpusDecoder();
    case 'L16/8000':
    case 'L16/16000':
      return new L16Decoder(codec);
  }
}
