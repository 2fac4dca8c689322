import type { Socket } from 'node:net';

/**
 * Sends what is written in one turn of the event loop as one packet, at once. drachtio-modesl writes each header of a
 * command by itself: each would cost a system call here and a wake-up at the media server, and with Nagle's algorithm
 * wait 40 ms for the other side's delayed ACK.
 */
export function coalesceWrites(socket: Socket): void {
  socket.setNoDelay(true);
  const write = socket.write.bind(socket);
  const coalesced = (...args: Parameters<typeof write>): boolean => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write(...args);
  };
  socket.write = coalesced as typeof socket.write;
}
