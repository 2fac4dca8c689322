import { createSocket } from 'node:dgram';
import type { Test } from 'tap';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';
import { SipObservation } from '../../../src/embedded/sip/sip-observation.js';
import type { SourceBudget } from '../../../src/embedded/sip/source-budget.js';
import { sipTimers, type TimerOptions } from '../../../src/embedded/sip/timers.js';
import { TransactionLayer, type TransactionUser } from '../../../src/embedded/sip/transaction-layer.js';
import type { Source } from '../../../src/embedded/sip/transport.js';

/** Somebody to have received something from. */
export const somebody: Source = {
  protocol: 'udp',
  host: '192.0.2.1',
  port: 5070,
  listener: {
    address: { protocol: 'udp', host: '192.0.2.2', port: 5060 },
    send: () => undefined,
    streamTo: () => undefined,
    watch: () => () => undefined,
    sockets: 0,
    close: () => Promise.resolve(),
  },
  stream: undefined,
};

/** A transaction layer with its observation, and a socket that says to it what a test likes. */
export async function layerWithPeer(
  t: Test,
  user: TransactionUser,
  options: { readonly timers?: TimerOptions; readonly budget?: SourceBudget | undefined } = {},
) {
  const observation = new SipObservation(systemClock);
  const layer = await TransactionLayer.listen({
    listen: ['udp:127.0.0.1:0'],
    clock: systemClock,
    timers: sipTimers(options.timers),
    logger: silentLogger,
    observer: observation,
    budget: options.budget,
  });
  t.teardown(() => layer.close());
  layer.user = user;
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const heard: string[] = [];
  let wake: () => void = () => undefined;
  socket.on('message', (bytes) => {
    heard.push(bytes.toString());
    wake();
  });
  const port = layer.transport.addresses[0]?.port ?? 0;
  return {
    observation,
    layer,
    socketPort: socket.address().port,
    /** What came to the socket. */
    heard,
    send: (text: string | Buffer) => socket.send(text, port, '127.0.0.1'),
    /** Waits until so many messages came that begin so; the test's own limit ends it. */
    until: async (count: number, start = ''): Promise<void> => {
      while (heard.filter((text) => text.startsWith(start)).length < count) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
