import type { Clock } from '../../core/clock.js';
import { OnceLogger, silentLogger, type Logger } from '../../core/logger.js';
import { TokenBucket } from '../../core/token-bucket.js';

/** Lines of a log. Counters tell of what is beyond. */
const allowance = { burst: 100, perSecond: 1 };

/**
 * For what strangers make us log: each condition once, as long as there are not too many. Senders of datagrams may write any
 * address, a new one each time.
 */
export function strangersLog(logger: Logger, clock: Clock): OnceLogger {
  const bucket = new TokenBucket(allowance, clock.nowMs());
  const warn: Logger['warn'] = (fields, message) => {
    if (bucket.take(clock.nowMs())) logger.warn(fields, message);
  };
  return new OnceLogger({ ...silentLogger, warn });
}
