import { mkdtemp, readFile, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseWav } from '../../src/audio/wav.js';
import { Journal } from '../../src/call/journal.js';
import { Recorder } from '../../src/call/recorder.js';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-recorder-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Waits for the file to hold at least this many bytes. */
async function grown(path: string, bytes: number): Promise<Buffer> {
  for (let i = 0; i < 500; i += 1) {
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    if (content.length >= bytes) return content;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${path} never held ${String(bytes)} bytes`);
}

t.test('a recording holds every sample of both channels in its place', async (t) => {
  const recorder = new Recorder(join(await folder(t), 'call.wav'), silentLogger);
  const caller = new Int16Array(160);
  const heard = new Int16Array(160);
  for (let frame = 0; frame < 77; frame += 1) {
    caller.fill(frame);
    heard.fill(-frame);
    recorder.write(caller, heard);
  }
  await recorder.close();
  await recorder.close();
  const wav = parseWav(await readFile(recorder.path));
  t.match(wav, { sampleRateHz: 8000, channels: 2 });
  t.equal(wav.samples.length, 77 * 160 * 2);
  t.equal(recorder.samples, 77 * 160);
  for (let i = 0; i < 77 * 160; i += 1) {
    const frame = Math.floor(i / 160);
    if (wav.samples[2 * i] !== frame || wav.samples[2 * i + 1] !== 0 - frame)
      t.fail(`sample ${String(i)} is misplaced`);
  }
});

t.test('a crash loses at most a second: the file is whole at any time', async (t) => {
  const recorder = new Recorder(join(await folder(t), 'call.wav'), silentLogger);
  const frame = new Int16Array(160).fill(5);
  for (let i = 0; i < 99; i += 1) recorder.write(frame, frame);
  const atCrash = await grown(recorder.path, 44 + 8000 * 4);
  t.equal(parseWav(atCrash).samples.length, 16000, 'a second of 1.98 s is there before close()');
  await recorder.close();
});

t.test('a recording that nothing was said in is an empty one', async (t) => {
  const recorder = new Recorder(join(await folder(t), 'call.wav'), silentLogger);
  await recorder.close();
  t.equal(parseWav(await readFile(recorder.path)).samples.length, 0);
});

t.test('a disk that cannot be written is logged once and breaks nothing', async (t) => {
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  const recorder = new Recorder('/nonexistent/folder/call.wav', logger);
  for (let i = 0; i < 100; i += 1) recorder.write(new Int16Array(160), new Int16Array(160));
  await recorder.close();
  t.match(errors, [{ code: 'ENOENT' }]);
  t.equal(errors.length, 1);
});

t.test('a disk that stalls ends the recording, not the memory', async (t) => {
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  let go: () => void = () => undefined;
  const stalled = new Promise<void>((resolve) => (go = resolve));
  const written: number[] = [];
  const file = {
    write: async (_bytes: Uint8Array, _offset: number, length: number) => {
      await stalled;
      written.push(length);
    },
    close: () => Promise.resolve(),
  } as unknown as FileHandle;
  const recorder = new Recorder('/stalled/call.wav', logger, () => Promise.resolve(file));
  const frame = new Int16Array(160);
  for (let i = 0; i < 50 * 60; i += 1) recorder.write(frame, frame);
  t.same(errors, [], 'a minute waits');
  for (let i = 0; i < 50 * 60; i += 1) recorder.write(frame, frame);
  t.match(errors, [{ code: 'CALL_DISK_STALLED' }]);
  t.equal(errors.length, 1);
  go();
  await recorder.close();
  t.same(written, [44], 'what would lie after a hole is not written');
});

t.test('a journal line says when, and where in the recording', async (t) => {
  const path = join(await folder(t), 'call.journal.jsonl');
  const clock = new ManualClock();
  const recording: { samples?: number } = {};
  const journal = new Journal(path, clock, () => recording.samples, silentLogger);
  journal.write('call', { dialplan: 'clinic' });
  clock.advance(1234.5);
  recording.samples = 800;
  await grown(path, 10);
  journal.write('key', { key: '1' });
  await journal.close();
  await journal.close();
  journal.write('late', {});
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { v: 1, atMs: 0, type: 'call', dialplan: 'clinic' },
      { v: 1, atMs: 1234.5, sample: 800, type: 'key', key: '1' },
    ],
  );
});
