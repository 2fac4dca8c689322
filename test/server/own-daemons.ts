import type { Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { startPair, type Pair } from '../../src/embedded/pair.js';

/** Daemons that are already there, as far as the server knows: what happens to them is the test's doing. */
export async function daemons(t: Test): Promise<{ pair: Pair; options: Readonly<Record<string, unknown>> }> {
  const pair = await startPair({
    drachtio: {
      admin: { host: '127.0.0.1', port: 0 },
      secret: 'sip-secret',
      sip: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    },
    freeswitch: {
      eventSocket: { host: '127.0.0.1', port: 0 },
      secret: 'media-secret',
      sip: 'udp:127.0.0.1:0',
      rtpAddress: '127.0.0.1',
      rtpPorts: { min: 28_000, max: 28_999 },
    },
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => pair.close());
  return {
    pair,
    options: {
      'drachtio.url': [`drachtio://:sip-secret@127.0.0.1:${pair.drachtio.adminAddress.port}`],
      // The legs that there are are those of calls.
      'mediaServer.standby': 0,
      'freeswitch.url': [`esl://:media-secret@127.0.0.1:${pair.media[0]?.eventSocketAddress.port}`],
    },
  };
}
