import { audioError } from './errors.js';
import { decodePcma, decodePcmu } from './g711.js';
import { bytesToSamples, samplesToBytes } from './pcm.js';

const HEADER_BYTES = 44;
const FORMAT_PCM = 1;
const FORMAT_ALAW = 6;
const FORMAT_MULAW = 7;
const FORMAT_EXTENSIBLE = 0xfffe;

/** Sound read from a WAV file. */
export interface WavAudio {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Interleaved, 16 bit. */
  readonly samples: Int16Array;
}

/**
 * The 44-byte header of a 16-bit PCM file with `dataBytes` of samples behind it. A recorder writes it first with what it
 * has (0 is fine: {@link parseWav} then reads to the end of the file) and again when the length is known.
 */
export function wavHeader(format: {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly dataBytes: number;
}): Uint8Array {
  const { sampleRateHz, channels, dataBytes } = format;
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  // RIFF lengths are 32 bits: a longer file says "to the end" as other writers do.
  header.writeUInt32LE(Math.min(dataBytes + HEADER_BYTES - 8, 0xffffffff), 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(FORMAT_PCM, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(Math.min(dataBytes, 0xffffffff), 40);
  return header;
}

/** A whole 16-bit PCM file of interleaved `samples`. */
export function encodeWav(
  samples: Int16Array,
  format: { readonly sampleRateHz: number; readonly channels?: number },
): Uint8Array {
  const { sampleRateHz, channels = 1 } = format;
  const data = samplesToBytes(samples);
  return Buffer.concat([wavHeader({ sampleRateHz, channels, dataBytes: data.length }), data]);
}

/**
 * Reads a WAV file: 16-bit PCM, 8-bit PCM, mu-law or A-law, plain or WAVE_FORMAT_EXTENSIBLE, any channels and rate, other
 * chunks passed over. A data length that is 0 in a file with more bytes, or reaches past the end, means "to the end":
 * so a file cut by a crash is read. Throws AUDIO_NOT_WAV, AUDIO_UNSUPPORTED_WAV.
 */
export function parseWav(bytes: Uint8Array): WavAudio {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < 12 || tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WAVE') {
    throw audioError('AUDIO_NOT_WAV', { why: 'it does not begin with RIFF and WAVE' });
  }
  let format: WavFormat | undefined;
  let at = 12;
  while (at + 8 <= file.length) {
    const name = tag(file, at);
    const sizeBytes = file.readUInt32LE(at + 4);
    const start = at + 8;
    if (name === 'fmt ') {
      format = readFormat(file.subarray(start, Math.min(file.length, start + sizeBytes)));
    } else if (name === 'data') {
      if (format === undefined) throw audioError('AUDIO_NOT_WAV', { why: 'no format before the data' });
      const rest = file.length - start;
      // A recorder that crashed, or a writer to a pipe, left 0 or 0xffffffff here.
      const open = sizeBytes === 0 || sizeBytes > rest;
      const data = file.subarray(start, start + (open ? rest : sizeBytes));
      return {
        sampleRateHz: format.sampleRateHz,
        channels: format.channels,
        samples: readSamples(format, data),
      };
    }
    at = start + sizeBytes + (sizeBytes & 1);
  }
  throw audioError('AUDIO_NOT_WAV', { why: 'no data chunk' });
}

interface WavFormat {
  readonly code: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bits: number;
}

function readFormat(chunk: Buffer): WavFormat {
  if (chunk.length < 16) throw audioError('AUDIO_NOT_WAV', { why: 'format chunk is cut' });
  let code = chunk.readUInt16LE(0);
  // The first two bytes of the sub-format's GUID are the plain code.
  if (code === FORMAT_EXTENSIBLE && chunk.length >= 26) code = chunk.readUInt16LE(24);
  const channels = chunk.readUInt16LE(2);
  const sampleRateHz = chunk.readUInt32LE(4);
  const bits = chunk.readUInt16LE(14);
  if (channels === 0 || sampleRateHz === 0) {
    throw audioError('AUDIO_NOT_WAV', { why: 'no channels or no sample rate' });
  }
  const known =
    (code === FORMAT_PCM && (bits === 16 || bits === 8)) ||
    ((code === FORMAT_ALAW || code === FORMAT_MULAW) && bits === 8);
  if (!known) throw audioError('AUDIO_UNSUPPORTED_WAV', { why: `format ${code} with ${bits} bits` });
  return { code, channels, sampleRateHz, bits };
}

/** Whole samples of all channels; what a crash left of a half-written one is dropped. */
function readSamples(format: WavFormat, data: Buffer): Int16Array {
  const blockBytes = format.channels * (format.bits / 8);
  const whole = data.subarray(0, data.length - (data.length % blockBytes));
  if (format.code === FORMAT_PCM && format.bits === 16) return bytesToSamples(whole);
  const samples = new Int16Array(whole.length);
  if (format.code === FORMAT_ALAW) decodePcma(whole, samples);
  else if (format.code === FORMAT_MULAW) decodePcmu(whole, samples);
  else for (let i = 0; i < whole.length; i++) samples[i] = ((whole[i] as number) - 128) << 8;
  return samples;
}

function tag(file: Buffer, at: number): string {
  return file.toString('latin1', at, at + 4);
}
