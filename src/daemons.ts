import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHostPort, type HostPort } from './core/address.js';
import type { Clock } from './core/clock.js';
import { token } from './core/ids.js';
import type { Logger } from './core/logger.js';
import { parseDaemonUrl } from './config/daemon-url.js';
import { parsePortRange } from './config/formats.js';
import { parseRequestHandler } from './config/request-handler.js';
import type { Config } from './config/schema.js';
import { codecsNamed } from './embedded/rtp/codec.js';
import { startPair, type Pair } from './embedded/pair.js';

/** A daemon as the rooms see it: an address and a secret. */
export interface Daemon {
  readonly address: HostPort;
  readonly secret: string;
}

/** The daemons that the server drives: those that are configured, or an embedded pair of our own. */
export interface Daemons {
  readonly drachtio: readonly Daemon[];
  readonly freeswitch: readonly Daemon[];
  /** The embedded pair, if it is ours. */
  readonly pair: Pair | undefined;
}

const local = '127.0.0.1';

/** Starts the embedded pair unless daemons are configured. Control ports stay local and take free ports. */
export async function startDaemons(config: Config, clock: Clock, logger: Logger): Promise<Daemons> {
  if (!hasOwnPair(config)) {
    return {
      drachtio: config.drachtio.url.map(daemonOf),
      freeswitch: config.freeswitch.url.map(daemonOf),
      pair: undefined,
    };
  }
  const secrets = { drachtio: token(), freeswitch: token() };
  const { externalAddress } = config.sip;
  const rtpPorts = parsePortRange(config.mediaServer.rtpPorts) ?? { min: 20000, max: 29999 };
  const { soundsDir } = config.mediaServer;
  const pair = await startPair({
    drachtio: {
      admin: { host: local, port: 0 },
      secret: secrets.drachtio,
      sip: [...config.sip.listen],
      tls: { ...config.sip.tls },
      // The schema's format lets no other text pass.
      requestHandlers: config.sip.requestHandlers.flatMap((text) => parseRequestHandler(text) ?? []),
      traceBytes: config.sip.traceBytes,
      ...(externalAddress !== undefined && { externalAddress }),
    },
    freeswitch: {
      eventSocket: { host: local, port: 0 },
      secret: secrets.freeswitch,
      sip: `udp:${local}:0`,
      rtpAddress: config.mediaServer.rtpAddress ?? sipHost(config.sip.listen),
      rtpPorts,
      codecs: config.mediaServer.codecs.flatMap(codecsNamed),
      ...(externalAddress !== undefined && { externalAddress }),
      ...(soundsDir !== undefined && { soundsDir }),
    },
    mediaWorkers: config.mediaServer.workers || coresLeftOver(),
    clock,
    logger,
  });
  return {
    drachtio: [{ address: pair.drachtio.adminAddress, secret: secrets.drachtio }],
    freeswitch: pair.media.map(({ eventSocketAddress }) => ({
      address: eventSocketAddress,
      secret: secrets.freeswitch,
    })),
    pair,
  };
}

/** This thread has a core, and the SIP server one. */
function coresLeftOver(): number {
  return Math.max(1, availableParallelism() - 2);
}

function hasOwnPair(config: Config): boolean {
  return config.drachtio.url.length === 0;
}

/** Where the embedded media server, which runs in our own process, brings the audio: a Unix socket of its own. */
export function localAudioSocket(config: Config): string | undefined {
  if (!hasOwnPair(config) || process.platform === 'win32') return undefined;
  return join(tmpdir(), `xiangyin-audio-${token()}.sock`);
}

/** The address in `udp:192.0.2.10:5060`: a caller who reaches SIP there must reach RTP there as well. */
function sipHost([first = '']: readonly string[]): string {
  return parseHostPort(first.replace(/^\w+:/, ''))?.host ?? local;
}

function daemonOf(url: string): Daemon {
  const { host, port, secret } = parseDaemonUrl(url);
  return { address: { host, port }, secret };
}
