import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodePcmu, encodePcmu } from '../../src/audio/g711.js';
import { resample } from '../../src/audio/resample.js';
import { parseWav } from '../../src/audio/wav.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from '../../src/speech/engines/phrasebook/phrasebook.js';
import { heldOutVariants } from '../../src/speech/engines/phrasebook/training/throats.js';
import type { Phrase, Recognizer } from '../../src/speech/recognizer.js';
import type { Synthesizer } from '../../src/speech/synthesizer.js';
import { benchOptions } from './bench-options.js';
import { hotlines, menu, near, outside } from './phrase-sets.js';

/**
 * `npm run bench -- phrases [--english] [--voice kal] [--short]`: how well the phrasebook hears a menu of ten. The speakers are voices of Debian's flite, which makes no templates:
 * `kal` is the one that was tuned on (training/calibrate.ts) and is not reported, unless asked for by `--voice kal`.
 *
 * `acceptedOutside` is of 300 clips of other phrases such as callers say. Near words ("yet", "often hours") are said
 * too, and counted apart as `acceptedNear`: a menu that must tell them apart has them as phrases of its own.
 */
const reportedVoices = ['slt', 'rms', 'awb'];
const stretches = [0.85, 1, 1.2];
const lineHz = 8000;
/** Silence after the words, as the call's endpointing leaves it. */
const tailMs = 300;

const nearGroup = 'near';

interface Clip {
  readonly said: string;
  readonly speaker: string;
  /** Undefined for a phrase of the menu. */
  readonly group: string | undefined;
  readonly samples: Int16Array;
}

interface Outcome extends Clip {
  readonly heard: string | undefined;
  readonly confidence: number;
  /** From the first sample handed over, all at once, to the verdict. */
  readonly ms: number;
}

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  try {
    execFileSync('flite', ['-t', 'yes', 'none'], { stdio: 'ignore' });
  } catch {
    console.error('The phrases bench needs flite as its speaker: apt-get install flite');
    process.exitCode = 2;
    return { error: 'flite is missing' };
  }
  const { isShort, english: isEnglishOnly, voice } = benchOptions(args, {}, ['voice'], ['english']);
  const voices = voice === undefined ? reportedVoices : [voice];
  const dir = await mkdtemp(join(tmpdir(), 'xiangyin-phrases-'));
  const synthesizer = await createEspeakSynthesizer();
  const recognizer = await createPhrasebook({ synthesizer, templateDir: join(dir, 'templates') });
  try {
    const clips = await fliteClips(dir, voices, isShort);
    const english = await listen(recognizer, menu, 'en-us', clips);
    report('flite, English', english);
    const upperBound: Record<string, unknown> = {};
    for (const dialect of isEnglishOnly ? [] : (['cmn', 'yue'] as const)) {
      const { menu: phrases, outside: others } = hotlines[dialect];
      const spoken = await espeakClips(synthesizer, dialect, phrases, others, isShort);
      const outcomes = await listen(recognizer, phrases, dialect, spoken);
      report(`held-out espeak-ng voices, ${dialect}`, outcomes);
      upperBound[dialect] = figures(outcomes);
    }
    return { ...figures(english), speakers: voices, upperBound };
  } finally {
    await recognizer.close();
    await synthesizer.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Each phrase of the menu at each speed; each other phrase once per voice, the speeds in turn. */
async function fliteClips(dir: string, voices: readonly string[], isShort: boolean): Promise<Clip[]> {
  const wanted: { said: string; voice: string; stretch: number; group: string | undefined }[] = [];
  for (const voice of isShort ? voices.slice(0, 1) : voices) {
    for (const said of menu) {
      for (const stretch of isShort ? [1] : stretches) {
        wanted.push({ said, voice, stretch, group: undefined });
      }
    }
    for (const [group, phrases] of Object.entries({ ...outside, [nearGroup]: near })) {
      for (const [i, said] of phrases.entries()) {
        if (isShort && i % 5 !== 0) continue;
        wanted.push({ said, voice, stretch: stretches[i % stretches.length] ?? 1, group });
      }
    }
  }
  const clips: Clip[] = [];
  const file = join(dir, 'clip.wav');
  for (const { said, voice, stretch, group } of wanted) {
    const options = ['-voice', voice, '--setf', `duration_stretch=${stretch}`, '-t', said];
    await promisify(execFile)('flite', [...options, '-o', file]);
    const wav = parseWav(await readFile(file));
    const samples = throughG711(await resample(wav.samples, wav.sampleRateHz, lineHz));
    clips.push({ said, speaker: `${voice} ${stretch}`, group, samples });
  }
  return clips;
}

async function espeakClips(
  synthesizer: Synthesizer,
  dialect: string,
  phrases: readonly string[],
  others: readonly string[],
  isShort: boolean,
): Promise<Clip[]> {
  const clips: Clip[] = [];
  for (const variant of isShort ? heldOutVariants.slice(0, 1) : heldOutVariants) {
    for (const rate of isShort ? [1] : [0.85, 1.2]) {
      for (const said of [...phrases, ...others]) {
        const chunks: number[] = [];
        const request = { text: said, dialect, voice: `+${variant}`, rate };
        for await (const chunk of synthesizer.synthesize(request, lineHz)) chunks.push(...chunk);
        clips.push({
          said,
          speaker: `${variant} ${rate}`,
          group: phrases.includes(said) ? undefined : 'other',
          samples: throughG711(Int16Array.from(chunks)),
        });
      }
    }
  }
  return clips;
}

function throughG711(samples: Int16Array): Int16Array {
  const padded = new Int16Array(samples.length + (lineHz * tailMs) / 1000);
  padded.set(samples);
  const coded = new Uint8Array(padded.length);
  encodePcmu(padded, coded);
  decodePcmu(coded, padded);
  return padded;
}

async function listen(
  recognizer: Recognizer,
  texts: readonly string[],
  dialect: string,
  clips: readonly Clip[],
): Promise<Outcome[]> {
  const phrases: Phrase[] = texts.map((text) => ({ id: text, text, dialect }));
  await recognizer.prepare(phrases);
  const outcomes: Outcome[] = [];
  for (const clip of clips) outcomes.push(await hear(recognizer, phrases, clip));
  return outcomes;
}

function hear(recognizer: Recognizer, phrases: readonly Phrase[], clip: Clip): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stream = recognizer.open({ sampleRateHz: lineHz, phrases, dialects: [] });
    const beganMs = performance.now();
    stream.on('final', ({ alternatives }) => {
      const best = alternatives[0];
      resolve({
        ...clip,
        heard: best?.text,
        confidence: best?.confidence ?? 0,
        ms: performance.now() - beganMs,
      });
    });
    stream.on('error', reject);
    for (let at = 0; at < clip.samples.length; at += 160) {
      stream.write(clip.samples.subarray(at, at + 160));
    }
    stream.finish();
  });
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function figures(outcomes: readonly Outcome[]): Record<string, number> {
  const inside = outcomes.filter(({ group }) => group === undefined);
  const others = outcomes.filter(({ group }) => group !== undefined && group !== nearGroup);
  const nearWords = outcomes.filter(({ group }) => group === nearGroup);
  const share = (part: readonly unknown[], whole: readonly unknown[]): number =>
    rounded(part.length / Math.max(1, whole.length));
  const middle = (values: number[]): number =>
    rounded(values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
  return {
    right: share(
      inside.filter(({ said, heard }) => heard === said),
      inside,
    ),
    substituted: share(
      inside.filter(({ said, heard }) => heard !== undefined && heard !== said),
      inside,
    ),
    acceptedOutside: share(
      others.filter(({ heard }) => heard !== undefined),
      others,
    ),
    ...(nearWords.length === 0
      ? {}
      : {
          acceptedNear: share(
            nearWords.filter(({ heard }) => heard !== undefined),
            nearWords,
          ),
          nearClips: nearWords.length,
        }),
    msPerUtterance: middle(outcomes.map(({ ms }) => ms)),
    insideClips: inside.length,
    outsideClips: others.length,
  };
}

/** The confusion table and what went wrong, for people. */
function report(title: string, outcomes: readonly Outcome[]): void {
  console.error(`\n${title}: ${JSON.stringify(figures(outcomes))}`);
  const said = [...new Set(outcomes.filter((o) => o.group === undefined).map((o) => o.said))];
  const width = Math.max(...said.map((phrase) => phrase.length));
  for (const phrase of said) {
    const clips = outcomes.filter((outcome) => outcome.said === phrase);
    const counts = new Map<string, number>();
    for (const { heard } of clips) {
      const name = heard ?? '(no match)';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const row = [...counts].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${n} ${name}`);
    console.error(`  ${phrase.padEnd(width)}  ${row.join(', ')}`);
  }
  const speakers = new Set(outcomes.map(({ speaker }) => speaker.split(' ')[0]));
  for (const speaker of speakers) {
    const own = outcomes.filter((outcome) => outcome.speaker.split(' ')[0] === speaker);
    console.error(`  ${speaker}: ${JSON.stringify(figures(own))}`);
  }
  for (const group of new Set(outcomes.map((outcome) => outcome.group))) {
    const own = outcomes.filter((outcome) => outcome.group === group && group !== undefined);
    const accepted = own.filter(({ heard }) => heard !== undefined);
    if (own.length === 0) continue;
    console.error(`  outside, ${group}: ${accepted.length} of ${own.length} accepted`);
    for (const { said: words, speaker, heard, confidence } of accepted) {
      console.error(`    "${words}" (${speaker}) as "${heard}" ${confidence.toFixed(2)}`);
    }
  }
}
