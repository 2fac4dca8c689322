/**
 * Loaded into every thread of a server that `bench profile` watches (`NODE_OPTIONS=--import`): appends what the thread is
 * called, one line of JSON, to the file `THREAD_PROBE_DIR/threads.jsonl`; on SIGUSR2 to the process it begins a CPU profile
 * in each thread, at the next it writes them to that folder.
 */
import { appendFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { basename, join } from 'node:path';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const dir = process.env['THREAD_PROBE_DIR'];
if (dir !== undefined && process.argv[1] !== undefined) {
  const name = isMainThread ? 'main' : basename(process.argv[1]).replace(/\.[cm]?js$/, '');
  // `PID/task/TID` of the thread that asks.
  const tid = Number(basename(readlinkSync('/proc/thread-self')));
  appendFileSync(join(dir, 'threads.jsonl'), `${JSON.stringify({ tid, name })}\n`);
  const channel = new BroadcastChannel('thread-probe');
  let session: Session | undefined;
  const toggle = (): void => {
    if (session === undefined) {
      session = new Session();
      session.connect();
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: 500 });
      session.post('Profiler.start');
      return;
    }
    const ending = session;
    session = undefined;
    ending.post('Profiler.stop', (error, result?: Profiler.StopReturnType) => {
      if (error === null && result !== undefined) {
        writeFileSync(join(dir, `${name}-${threadId}.cpuprofile`), JSON.stringify(result.profile));
      }
      ending.disconnect();
    });
  };
  channel.onmessage = toggle;
  // The probe keeps no thread alive; (the types of Node 20 lack it.)
  (channel as unknown as { unref(): void }).unref();
  if (isMainThread) {
    process.on('SIGUSR2', () => {
      channel.postMessage('');
      toggle();
    });
  }
}
