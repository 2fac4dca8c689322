import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DiskFiles } from '../../src/call/disk-files.js';
import type { DiskOrder, DiskOutcome } from '../../src/call/disk-order.js';
import { DiskThread, type DiskPort } from '../../src/call/disk-thread.js';
import { ManualClock, systemClock } from '../../src/core/clock.js';
import { errorCode } from '../../src/core/errors.js';

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-disk-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A thread that carries nothing out before it is told to. */
class StalledThread extends EventEmitter implements DiskPort {
  readonly #batches: (readonly DiskOrder[] | null)[] = [];
  readonly #files = new DiskFiles();
  terminated = false;

  /** Orders of each batch that came. */
  get batches(): readonly (readonly string[])[] {
    return this.#batches.map((orders) => (orders ?? [{ type: 'end' }]).map(({ type }) => type));
  }

  postMessage(orders: readonly DiskOrder[] | null): void {
    this.#batches.push(orders);
  }

  terminate(): Promise<number> {
    this.terminated = true;
    this.emit('exit');
    return Promise.resolve(1);
  }

  go(): void {
    for (const orders of this.#batches.splice(0)) {
      if (orders === null) this.emit('exit');
      else
        this.emit(
          'message',
          orders.map((order): DiskOutcome => this.#files.carryOut(order)),
        );
    }
  }
}

t.test('what is written is in its place, in folders that nobody made', async (t) => {
  const dir = await folder(t);
  const disk = new DiskThread(dir, systemClock);
  await disk.makeFolder('calls/today');
  t.equal((await stat(join(dir, 'calls/today'))).mode & 0o777, 0o750);
  await rm(join(dir, 'calls'), { recursive: true });
  const failures: Error[] = [];
  const file = disk.open('calls/today/a', (error) => failures.push(error));
  file.write('乡音', 4);
  file.write(Int16Array.of(0x6261, 0x6463), 0);
  file.write(new Uint8Array([0x21]), 10);
  await file.close();
  await file.close();
  file.write('late', 0);
  await disk.close();
  await disk.close();
  t.same(failures, []);
  t.equal(await readFile(join(dir, 'calls/today/a'), 'utf8'), 'abcd乡音!');
});

t.test('a file that exists is not written over', async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, 'a'), 'kept');
  const disk = new DiskThread(dir, systemClock);
  const codes: string[] = [];
  const file = disk.open('a', (error) => codes.push(errorCode(error)));
  file.write('new', 0);
  await file.close();
  await disk.close();
  t.same(codes, ['EEXIST'], 'told once');
  t.equal(await readFile(join(dir, 'a'), 'utf8'), 'kept');
});

t.test('a folder that cannot be made is tried again for the next call', async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, 'calls'), 'in the way');
  const disk = new DiskThread(dir, systemClock);
  await t.rejects(disk.makeFolder('calls/today'), { code: 'ENOTDIR' });
  await rm(join(dir, 'calls'));
  await disk.makeFolder('calls/today');
  t.ok((await stat(join(dir, 'calls/today'))).isDirectory());
  await disk.close();
});

t.test('what all calls order within 10 ms is one message', async (t) => {
  const dir = await folder(t);
  const clock = new ManualClock();
  const thread = new StalledThread();
  const disk = new DiskThread(dir, clock, thread);
  const files = ['a', 'b'].map((path) => disk.open(path, (error) => t.fail(error.message)));
  clock.advance(9);
  for (const file of files) file.write('x', 0);
  t.same(thread.batches, []);
  clock.advance(1);
  t.same(thread.batches, [['open', 'open', 'write', 'write']]);
  const closed = Promise.all(files.map((file) => file.close()));
  const over = disk.close();
  t.same(thread.batches.slice(1), [['close', 'close'], ['end']], 'the end waits for no timer');
  thread.go();
  await closed;
  await over;
  t.equal(clock.pendingTimers, 0);
});

t.test(
  'a disk that stalls ends the file, not the memory; what would lie after a hole is not written',
  async (t) => {
    const dir = await folder(t);
    const clock = new ManualClock();
    const thread = new StalledThread();
    const disk = new DiskThread(dir, clock, thread);
    const codes: string[] = [];
    const file = disk.open('a', (error) => codes.push(errorCode(error)));
    const block = 32_000;
    for (let i = 0; i < 62; i += 1) {
      file.write(new Uint8Array(block).fill(1), i * block);
      clock.advance(10);
    }
    t.same(codes, [], 'a minute waits');
    file.write(new Uint8Array(block).fill(2), 62 * block);
    t.same(codes, ['CALL_DISK_STALLED']);
    thread.go();
    file.write(new Uint8Array(block).fill(3), 63 * block);
    const closed = file.close();
    clock.advance(10);
    thread.go();
    await closed;
    t.same(codes, ['CALL_DISK_STALLED'], 'told once');
    t.same(await readFile(join(dir, 'a')), Buffer.alloc(62 * block, 1));
  },
);

t.test('a disk that stalls for ever keeps the server from its end for 5 s', async (t) => {
  const clock = new ManualClock();
  const thread = new StalledThread();
  const disk = new DiskThread(await folder(t), clock, thread);
  const codes: string[] = [];
  disk.open('a', (error) => codes.push(errorCode(error)));
  const over = disk.close();
  clock.advance(4999);
  t.notOk(thread.terminated);
  clock.advance(1);
  await over;
  t.ok(thread.terminated);
  t.same(codes, ['CALL_DISK_GONE']);
});

t.test('a thread that breaks fails every file, also those that come later', async (t) => {
  const thread = new StalledThread();
  const clock = new ManualClock();
  const disk = new DiskThread(await folder(t), clock, thread);
  const codes: string[] = [];
  const file = disk.open('a', (error) => codes.push(errorCode(error)));
  thread.emit('error', new Error('out of memory'));
  thread.emit('exit');
  await file.close();
  disk.open('b', (error) => codes.push(errorCode(error)));
  await t.rejects(disk.makeFolder('c'), { code: 'CALL_DISK_GONE' });
  t.same(codes, ['CALL_DISK_GONE', 'CALL_DISK_GONE']);
  await disk.close();
  t.equal(clock.pendingTimers, 0);
});
