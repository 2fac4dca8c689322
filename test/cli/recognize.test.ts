import t from 'tap';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { interleave } from '../../src/audio/pcm.js';
import { resample } from '../../src/audio/resample.js';
import { encodeWav } from '../../src/audio/wav.js';
import { parsePhraseList, recognizeFiles } from '../../src/cli/recognize.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';

function output(): { out: string[]; err: string[]; log(line: string): void; error(line: string): void } {
  const out: string[] = [];
  const err: string[] = [];
  return { out, err, log: (line) => out.push(line), error: (line) => err.push(line) };
}

t.test('the list: comments, blank lines, dialects', async (t) => {
  t.strictSame(parsePhraseList('# menu\nyes\r\n\n  no \nyue\t係呀\n', 'en-gb'), [
    { id: 'yes', text: 'yes', dialect: 'en-gb' },
    { id: 'no', text: 'no', dialect: 'en-gb' },
    { id: '係呀', text: '係呀', dialect: 'yue' },
  ]);
});

const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
t.teardown(() => synthesizer?.close());
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

t.test('one line per recording, of any rate and channels', { skip }, async (t) => {
  const dir = t.testdir({ 'list.txt': 'opening hours\nbilling\n' });
  const speak = async (text: string): Promise<Int16Array> => {
    const samples: number[] = [];
    const request = { text, dialect: 'en-us', voice: '+m5' };
    for await (const chunk of synthesizer?.synthesize(request, 16_000) ?? []) {
      samples.push(...chunk);
    }
    return Int16Array.from(samples);
  };
  const hours = await resample(await speak('opening hours'), 16_000, 44_100);
  const other = await speak('good morning everybody');
  const files = [
    join(dir, 'stereo.wav'),
    join(dir, 'other.wav'),
    join(dir, 'broken.wav'),
    join(dir, 'none.wav'),
  ];
  const [stereo = '', otherFile = '', broken = ''] = files;
  writeFileSync(stereo, encodeWav(interleave(hours, hours), { sampleRateHz: 44_100, channels: 2 }));
  writeFileSync(otherFile, encodeWav(other, { sampleRateHz: 16_000, channels: 1 }));
  writeFileSync(broken, readFileSync(stereo).subarray(0, 10));
  const options = { phrases: join(dir, 'list.txt'), dialect: 'en-us', json: true, cache: join(dir, 'cache') };
  const printed = output();
  const code = await recognizeFiles(files, options, printed);
  const lines = printed.out.map((line) => JSON.parse(line) as { phrase: unknown; confidence: number });
  t.equal(lines.length, 2);
  t.match(lines[0], { file: stereo, phrase: 'opening hours' });
  t.ok((lines[0]?.confidence ?? 0) >= 0.5);
  t.match(lines[1], { file: otherFile, phrase: null, confidence: 0 });
  t.equal(code, 2, 'two could not be read');
  t.equal(printed.err.length, 2, 'one line each');
  t.match(printed.err[0], /broken\.wav/);
});

t.test('an empty or missing list is one clear line and exit code 2', async (t) => {
  const dir = t.testdir({ 'empty.txt': '# nothing\n\n' });
  for (const name of ['empty.txt', 'missing.txt']) {
    const printed = output();
    const options = { phrases: join(dir, name), dialect: 'en-us', cache: join(dir, 'cache') };
    t.equal(await recognizeFiles(['a.wav'], options, printed), 2);
    t.equal(printed.err.length, 1);
    t.match(printed.err[0], name);
    t.strictSame(printed.out, []);
  }
});
