import type { Buffer } from 'node:buffer';
import type { ForkEncoder } from './fork-encoder.js';

/** What becomes of a fork's connection. Nothing is called before the function that opened it has returned. */
export interface ForkSocketListener {
  opened(): void;
  /** Hot. The bytes are valid during the call only. */
  message(data: Buffer, isBinary: boolean): void;
  /** Once, and last; `reason` for people. */
  gone(reason: string): void;
}

/** A fork's connection to the server that its URL names. */
export interface ForkSocket {
  readonly isOpen: boolean;
  /** Bytes that wait to be taken by the system. */
  readonly waitingBytes: number;
  /** Hot: one frame of the call, as the encoder makes it. Only while it is open. */
  frame(encoder: ForkEncoder, left: Int16Array, right: Int16Array): void;
  text(text: string): void;
  /** What was sent before arrives. The listener is told when it is over. Safe to call twice. */
  close(): void;
}
