/**
 * Loaded into every thread of a server that `bench soak` watches (`NODE_OPTIONS=--import`): at SIGUSR2 to the process each
 * thread collects its garbage and appends what it still holds, one line of JSON, to `HEAP_PROBE_DIR/heaps.jsonl`.
 */
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

const dir = process.env['HEAP_PROBE_DIR'];
if (dir !== undefined && process.argv[1] !== undefined) {
  const thread = isMainThread ? 'main' : basename(process.argv[1]).replace(/\.[cm]?js$/, '');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const channel = new BroadcastChannel('heap-probe');
  const tell = (): void => {
    // What finalizers free in the first is gone in the second.
    collect();
    setImmediate(() => {
      collect();
      const { heapUsed, external, rss } = process.memoryUsage();
      const line = { thread, heapBytes: heapUsed, externalBytes: external, residentBytes: rss };
      appendFileSync(join(dir, 'heaps.jsonl'), `${JSON.stringify(line)}\n`);
    });
  };
  channel.onmessage = tell;
  // The probe keeps no thread alive; (the types of Node 20 lack it.)
  (channel as unknown as { unref(): void }).unref();
  if (isMainThread) {
    process.on('SIGUSR2', () => {
      channel.postMessage('');
      tell();
    });
  }
}
