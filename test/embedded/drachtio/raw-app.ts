import { connect } from 'node:net';
import type { Test } from 'tap';
import type { DrachtioServer } from '../../../src/embedded/drachtio/drachtio-server.js';
import { encodeFrame, FrameReader } from '../../../src/embedded/drachtio/frame.js';

/** An application that writes its frames by hand. */
export async function rawApp(t: Test, server: DrachtioServer) {
  const socket = connect(server.adminAddress);
  t.teardown(() => socket.destroy());
  const frames: string[] = [];
  const reader = new FrameReader();
  const waiting: (() => void)[] = [];
  let closed = false;
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk, (payload) => void frames.push(payload));
    waiting.splice(0).forEach((wake) => wake());
  });
  socket.on('close', () => {
    closed = true;
    waiting.splice(0).forEach((wake) => wake());
  });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    write: (text: string): void => void socket.write(text),
    say: (leader: string, sip = ''): void =>
      void socket.write(encodeFrame(leader, sip === '' ? undefined : Buffer.from(sip))),
    /** The next frame, split at its bars; undefined when the server has closed. */
    next: async (): Promise<string[] | undefined> => {
      while (frames.length === 0 && !closed) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return frames.shift()?.split('|');
    },
    leave: (): void => void socket.destroy(),
    gone: async (): Promise<boolean> => {
      while (!closed) await new Promise<void>((resolve) => waiting.push(resolve));
      return true;
    },
  };
}
