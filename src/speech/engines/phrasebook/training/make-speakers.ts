/**
 * `node dist/src/speech/engines/phrasebook/training/make-speakers.js <pico-us|pico-gb|ked|allison> <dir> <clips> <seed>`:
 * clips of one voice that came from a human throat, and `<dir>/list.tsv` with a line "file, tab, accent, tab, text" for each.
 *
 * pico-us, pico-gb: two women of SVOX Pico (Debian non-free: libttspico-utils, libttspico-data). ked: a man's diphones
 * (festival, festvox-kdlpc16k). allison: Allison Smith's telephone prompts, recorded, not synthesized (Debian:
 * asterisk-core-sounds-en, asterisk-core-sounds-en-wav); all there are, whatever `<clips>` says.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { generator } from './disturb.js';
import { englishWords } from './words.js';

const promptTexts = '/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz';
const promptFolder = '/usr/share/asterisk/sounds/en_US_f_Allison';

const [voice, dir, clips = '1000', seed = '1'] = process.argv.slice(2);
if (voice === undefined || dir === undefined) throw new Error('usage: <voice> <dir> <clips> <seed>');
mkdirSync(dir, { recursive: true });
const random = generator(Number(seed));
const drawText = (): string =>
  Array.from(
    { length: 1 + Math.floor(random() * 5) },
    () => englishWords[Math.floor(random() * englishWords.length)],
  ).join(' ');
const accent = voice === 'pico-gb' ? 'en-gb' : 'en-us';
const drawn = voice === 'allison' ? [] : Array.from({ length: Number(clips) }, drawText);
const lines =
  voice === 'allison' ? recordedPrompts() : drawn.map((text, i) => `${clipFile(i)}\t${accent}\t${text}`);
if (voice === 'ked') speakFestival(drawn);
else for (const [i, text] of drawn.entries()) speakPico(text, clipFile(i));
writeFileSync(join(dir, 'list.tsv'), `${lines.join('\n')}\n`);

function clipFile(index: number): string {
  return join(dir as string, `${index}.wav`);
}

function speakPico(text: string, file: string): void {
  const speed = 75 + Math.floor(random() * 60);
  const pitch = 80 + Math.floor(random() * 40);
  const marked = `<pitch level="${pitch}"><speed level="${speed}">${text}.</speed></pitch>`;
  execFileSync('pico2wave', ['-l', voice === 'pico-gb' ? 'en-GB' : 'en-US', '-w', file, marked]);
}

/** One process for all: festival takes longer to start than to speak. */
function speakFestival(texts: readonly string[]): void {
  const script = texts.map((text, i) => {
    const stretch = (0.75 + random() * 0.5).toFixed(2);
    const pitchHz = Math.round(85 + random() * 70);
    return `(Parameter.set 'Duration_Stretch ${stretch})
(set! int_lr_params (list (list 'target_f0_mean ${pitchHz}) (list 'target_f0_std 14) (list 'model_f0_mean 170) (list 'model_f0_std 34)))
(utt.save.wave (utt.synth (Utterance Text "${text}")) "${clipFile(i)}" 'riff)`;
  });
  const file = join(dir as string, 'speak.scm');
  writeFileSync(file, `(voice_ked_diphone)\n${script.join('\n')}\n`);
  execFileSync('festival', ['-b', file]);
}

function recordedPrompts(): string[] {
  const texts = gunzipSync(readFileSync(promptTexts)).toString();
  return texts.split('\n').flatMap((line) => {
    const [, name = '', text = ''] = /^([^;:]+): (.+)$/.exec(line) ?? [];
    const file = join(promptFolder, `${name}.wav`);
    return text === '' || /[[(<{]/.test(text) || !existsSync(file) ? [] : [`${file}\t${accent}\t${text}`];
  });
}
