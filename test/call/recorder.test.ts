import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parseWav } from '../../src/audio/wav.js';
import { DiskThread } from '../../src/call/disk-thread.js';
import { Journal } from '../../src/call/journal.js';
import { Recorder } from '../../src/call/recorder.js';
import { ManualClock, systemClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';

async function setUp(t: Test): Promise<{ disk: DiskThread; path: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-recorder-'));
  const disk = new DiskThread(dir, systemClock);
  t.teardown(async () => {
    await disk.close();
    await rm(dir, { recursive: true, force: true });
  });
  return { disk, path: join(dir, 'call') };
}

/** Waits for the file to hold what is looked for. */
async function grown(path: string, enough: (content: Buffer) => boolean): Promise<Buffer> {
  for (let i = 0; i < 500; i += 1) {
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    if (content.length > 0 && enough(content)) return content;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${path} never held it`);
}

t.test('a recording holds every sample of both channels in its place', async (t) => {
  const { disk, path } = await setUp(t);
  const recorder = new Recorder(disk, 'call', silentLogger);
  const caller = new Int16Array(160);
  const heard = new Int16Array(160);
  for (let frame = 0; frame < 77; frame += 1) {
    caller.fill(frame);
    heard.fill(-frame);
    recorder.write(caller, heard);
  }
  await recorder.close();
  await recorder.close();
  const wav = parseWav(await readFile(path));
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
  const { disk, path } = await setUp(t);
  const recorder = new Recorder(disk, 'call', silentLogger);
  const frame = new Int16Array(160).fill(5);
  for (let i = 0; i < 99; i += 1) recorder.write(frame, frame);
  const atCrash = await grown(path, (wav) => parseWav(wav).samples.length > 0);
  t.equal(parseWav(atCrash).samples.length, 16000, 'a second of 1.98 s is there before close()');
  await recorder.close();
});

t.test('a recording that nothing was said in is an empty one', async (t) => {
  const { disk, path } = await setUp(t);
  const recorder = new Recorder(disk, 'call', silentLogger);
  await recorder.close();
  t.equal(parseWav(await readFile(path)).samples.length, 0);
});

t.test('a disk that cannot be written is logged once and breaks nothing', async (t) => {
  const errors: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void errors.push(fields) };
  const { disk, path } = await setUp(t);
  await writeFile(path, '');
  const recorder = new Recorder(disk, 'call/below-a-file.wav', logger);
  for (let i = 0; i < 100; i += 1) recorder.write(new Int16Array(160), new Int16Array(160));
  await recorder.close();
  t.match(errors, [{ code: 'ENOTDIR' }]);
  t.equal(errors.length, 1);
});

t.test('a journal line says when, and where in the recording', async (t) => {
  const { disk, path } = await setUp(t);
  const clock = new ManualClock();
  const recording: { samples?: number } = {};
  const journal = new Journal(disk, 'call', clock, () => recording.samples, silentLogger);
  journal.write('call', { dialplan: 'clinic' });
  clock.advance(1234.5);
  recording.samples = 800;
  await grown(path, (text) => text.includes('\n'));
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
