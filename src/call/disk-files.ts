import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../core/errors.js';
import type { DiskOrder, DiskOutcome } from './disk-order.js';

/** The files that the disk's thread holds open. Carries orders out one after the other and waits for the disk. */
export class DiskFiles {
  readonly #descriptors = new Map<number, number>();

  /** Never throws. A file whose writing failed takes nothing any more; it is to be closed all the same. */
  carryOut(order: DiskOrder): DiskOutcome {
    try {
      this.#do(order);
      return null;
    } catch (error) {
      return { code: errorCode(error), message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Closes what is open, written as far as it is. Safe to call twice. */
  close(): void {
    for (const file of this.#descriptors.keys()) this.carryOut({ type: 'close', file });
  }

  #do(order: DiskOrder): void {
    switch (order.type) {
      case 'makeFolder':
        makeFolder(order.path);
        return;
      case 'open':
        this.#descriptors.set(order.file, create(order.path));
        return;
      case 'write': {
        const descriptor = this.#descriptors.get(order.file);
        if (descriptor !== undefined) write(descriptor, bytesOf(order.data), order.at);
        return;
      }
      case 'close': {
        const descriptor = this.#descriptors.get(order.file);
        this.#descriptors.delete(order.file);
        if (descriptor !== undefined) closeSync(descriptor);
      }
    }
  }
}

function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o750 });
}

/** Whoever clears the data folder while we run loses no later recording by it: the folder is made again. */
function create(path: string): number {
  try {
    return openSync(path, 'wx', 0o640);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    makeFolder(dirname(path));
    return openSync(path, 'wx', 0o640);
  }
}

/** A disk that is nearly full takes a part, and tells why at the next. */
function write(descriptor: number, bytes: Uint8Array, at: number): void {
  let written = 0;
  while (written < bytes.length)
    written += writeSync(descriptor, bytes, written, bytes.length - written, at + written);
}

function bytesOf(data: string | Uint8Array | Int16Array): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
