/** The server of `bench sip` in a process of its own, whose main thread is the SIP thread. Prints its addresses. */
import { systemClock } from '../../src/core/clock.js';
import { createLogger } from '../../src/core/logger.js';
import { DrachtioServer } from '../../src/embedded/drachtio/drachtio-server.js';

const server = await DrachtioServer.listen({
  admin: { host: '127.0.0.1', port: 0 },
  secret: process.argv[2] ?? '',
  sip: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
  clock: systemClock,
  logger: createLogger('warn'),
});
process.on('SIGTERM', () => void server.close());
// A profile and a heap snapshot want an ordinary end.
process.on('message', () =>
  process.send?.({ ...server.counts(), rssMb: process.memoryUsage.rss() / 2 ** 20 }),
);
process.on('disconnect', () => void server.close());
console.log(JSON.stringify({ admin: server.adminAddress, sip: server.sipAddresses }));
