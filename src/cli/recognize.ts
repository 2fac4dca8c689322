import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { resample } from '../audio/resample.js';
import { parseWav } from '../audio/wav.js';
import { createEspeakSynthesizer } from '../speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from '../speech/engines/phrasebook/phrasebook.js';
import type { Phrase, RecognitionResult, Recognizer } from '../speech/recognizer.js';

interface Options {
  readonly phrases: string;
  readonly dialect: string;
  readonly json?: boolean;
  readonly cache: string;
}

const lineHz = 8000;

/** `xiangyin recognize --phrases list.txt a.wav b.wav`: which phrase of a list each recording says. */
export function addRecognizeCommand(program: Command): void {
  program
    .command('recognize')
    .description('tell which phrase of a list each recording says, or none')
    .argument('<wav...>', 'recordings: WAV, PCM or G.711, any rate, any number of channels')
    .requiredOption(
      '--phrases <file>',
      'text file with one phrase per line; "yue<TAB>phrase" gives a dialect, # begins a comment',
    )
    .option('--dialect <id>', 'dialect of the lines that give none', 'en-us')
    .option('--cache <dir>', 'folder for what is prepared', join(homedir(), '.cache', 'xiangyin'))
    .option('--json', 'one line of JSON per recording')
    .action(async (files: string[], options: Options) => {
      process.exitCode = await recognizeFiles(files, options, console);
    });
}

interface Output {
  log(line: string): void;
  error(line: string): void;
}

/** The command without its argv; returns the exit code: 0, or 2 when the list or a recording cannot be used. */
export async function recognizeFiles(
  files: readonly string[],
  options: Options,
  output: Output,
): Promise<number> {
  let phrases: Phrase[];
  try {
    phrases = parsePhraseList(await readFile(options.phrases, 'utf8'), options.dialect);
  } catch (error) {
    output.error(`cannot read the phrases ${options.phrases}: ${reasonOf(error)}`);
    return 2;
  }
  if (phrases.length === 0) {
    output.error(`${options.phrases} holds no phrase: write one per line`);
    return 2;
  }
  let closing: (() => Promise<void>)[] = [];
  try {
    const synthesizer = await createEspeakSynthesizer();
    closing = [() => synthesizer.close()];
    const templateDir = join(options.cache, 'phrasebook');
    const recognizer = await createPhrasebook({ synthesizer, templateDir });
    closing = [() => recognizer.close(), ...closing];
    await recognizer.prepare(phrases);
    let code = 0;
    for (const file of files) {
      try {
        const result = await hear(recognizer, phrases, await readLine(file));
        print(file, result, options.json === true, output);
      } catch (error) {
        output.error(`cannot recognize ${file}: ${reasonOf(error)}`);
        code = 2;
      }
    }
    return code;
  } catch (error) {
    output.error(reasonOf(error));
    return 2;
  } finally {
    for (const close of closing) await close();
  }
}

/** One phrase per line, `dialect<TAB>phrase` where the dialect is another than `dialect`; blank lines and # are skipped. */
export function parsePhraseList(text: string, dialect: string): Phrase[] {
  return text.split(/\r?\n/).flatMap((line): Phrase[] => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const tab = trimmed.indexOf('\t');
    if (tab < 0) return [{ id: trimmed, text: trimmed, dialect }];
    const phrase = trimmed.slice(tab + 1).trim();
    return [{ id: phrase, text: phrase, dialect: trimmed.slice(0, tab).trim() }];
  });
}

/** A recording as a telephone line would give it: mono, 8 kHz. */
async function readLine(file: string): Promise<Int16Array> {
  const wav = parseWav(await readFile(file));
  const frames = Math.floor(wav.samples.length / wav.channels);
  const mono = new Int16Array(frames);
  for (let n = 0; n < frames; n++) {
    let sum = 0;
    for (let c = 0; c < wav.channels; c++) sum += wav.samples[n * wav.channels + c] ?? 0;
    mono[n] = Math.round(sum / wav.channels);
  }
  return resample(mono, wav.sampleRateHz, lineHz);
}

function hear(
  recognizer: Recognizer,
  phrases: readonly Phrase[],
  samples: Int16Array,
): Promise<RecognitionResult> {
  return new Promise((resolve, reject) => {
    const stream = recognizer.open({ sampleRateHz: lineHz, phrases, dialects: [] });
    stream.on('final', resolve);
    stream.on('error', reject);
    const chunk = lineHz / 50;
    for (let at = 0; at < samples.length; at += chunk) {
      stream.write(samples.subarray(at, at + chunk));
    }
    stream.finish();
  });
}

function print(file: string, result: RecognitionResult, asJson: boolean, output: Output): void {
  const best = result.alternatives[0];
  const confidence = Math.round((best?.confidence ?? 0) * 1000) / 1000;
  if (asJson) {
    output.log(JSON.stringify({ file, phrase: best?.text ?? null, confidence }));
  } else {
    output.log(best === undefined ? `${file}: no match` : `${file}: ${best.text} (${confidence})`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
