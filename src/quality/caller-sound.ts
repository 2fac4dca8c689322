import { open } from 'node:fs/promises';

/** The recorder's plain header, then 16-bit samples of two channels. */
const headerBytes = 44;
const frameBytes = 4;

/**
 * Cuts the caller's channel (the left) out of a recording: mono s16 at 8 kHz. Reads no more than that of the file. Rejects
 * as `open` does; a recording that ends before `to` gives what there is.
 */
export async function callerSound(path: string, from: number, to: number): Promise<Int16Array> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, to - from) * frameBytes);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, headerBytes + from * frameBytes);
    const frames = Math.floor(bytesRead / frameBytes);
    return Int16Array.from({ length: frames }, (_, i) => buffer.readInt16LE(i * frameBytes));
  } finally {
    await file.close();
  }
}
