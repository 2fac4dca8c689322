/**
 * `npm run bench -- vad [--seconds 60] [--short]`: voice activity alone, without calls: what a minute of a call costs, how often
 * noise is taken for speech while the bot is silent, speaks, and hears itself back at -20 dB, and how long after his first
 * voiced sample a caller is heard over the bot. The speech is espeak-ng's; everything goes through G.711.
 */
import { EnergyVad } from '../../src/audio/vad.js';
import { concatSamples } from '../../src/audio/pcm.js';
import { VoiceActivity } from '../../src/audio/voice-activity.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { overG711 } from '../audio/over-g711.js';
import { benchOptions } from './bench-options.js';
import { echoOf, mixed, noiseCorpus, white } from './noise-corpus.js';
import { quantile } from './turn-figures.js';
import { renderClips, renderPrompts, type Clip } from './turn-sounds.js';

interface Detector {
  push(samples: Int16Array, heard?: Int16Array): 'begin' | 'end' | undefined;
}

const frameSamples = 160;
const echoDb = -20;
/** Before the caller speaks, the line has been heard so long, ms. */
const leadMs = 3000;
/** Each clip is said at so many places of the prompt. */
const places = 5;

export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { seconds, seed } = benchOptions(args, { seconds: [60, 10], seed: [1] });
  const synthesizer = await createEspeakSynthesizer();
  const clips = await renderClips(synthesizer, seed);
  const prompts = await renderPrompts(synthesizer);
  await synthesizer.close();
  const prompt = prompts.get('listen') ?? white(1, -20);
  const bot = (samples: number): Int16Array =>
    Int16Array.from({ length: samples }, (_, i) => prompt[i % prompt.length] ?? 0);
  const talk = clips.map(({ samples }) => samples);
  const starts = { botSilent: 0, botTalks: 0, botAndEcho: 0 };
  const corpus = noiseCorpus(seconds, talk, seed);
  for (const { name, samples } of corpus) {
    const heard = bot(samples.length);
    const found = {
      botSilent: begins(samples),
      botTalks: begins(samples, heard),
      botAndEcho: begins(mixed(samples, echoOf(heard, echoDb, 130)), heard),
    };
    for (const key of ['botSilent', 'botTalks', 'botAndEcho'] as const) starts[key] += found[key].length;
    console.error(
      `${name.padEnd(16)} starts: bot silent ${found.botSilent.length}, talking ${found.botTalks.length}, with echo ${found.botAndEcho.length}`,
    );
  }
  const minutes = (corpus.length * seconds) / 60;
  const plain = onsets(clips, bot, false);
  const echoed = onsets(clips, bot, true);
  const loud = concatSamples(clips.map(({ samples }) => mixed(white(samples.length / 8000, -55), samples)));
  return {
    cpuMsPerCallMinute: round(cost(() => new VoiceActivity(), loud, bot(loud.length))),
    energyOnlyCpuMsPerCallMinute: round(cost(() => new EnergyVad(), loud, bot(loud.length))),
    falseStartsPerMinute: round(starts.botSilent / minutes),
    falseStartsPerMinuteOverBot: round(starts.botTalks / minutes),
    falseStartsPerMinuteInEcho: round(starts.botAndEcho / minutes),
    onsetMsP50: round(quantile(plain.delaysMs, 0.5)),
    onsetMsP95: round(quantile(plain.delaysMs, 0.95)),
    onsetInEchoMsP50: round(quantile(echoed.delaysMs, 0.5)),
    onsetInEchoMsP95: round(quantile(echoed.delaysMs, 0.95)),
    missed: plain.missed + echoed.missed,
    spoken: 2 * clips.length * places,
    minutes: 3 * minutes,
  };
}

/** Where speech was taken to begin: ends of frames, ms. */
function begins(line: Int16Array, heard?: Int16Array): number[] {
  const vad = new VoiceActivity();
  const coded = overG711(line, 'PCMU');
  const found: number[] = [];
  for (let at = 0; at + frameSamples <= coded.length; at += frameSamples) {
    const end = at + frameSamples;
    if (vad.push(coded.subarray(at, end), heard?.subarray(at, end)) === 'begin') found.push(end / 8);
  }
  vad.close();
  return found;
}

function onsets(
  clips: readonly Clip[],
  bot: (samples: number) => Int16Array,
  hasEcho: boolean,
): { delaysMs: number[]; missed: number } {
  const delaysMs: number[] = [];
  for (let index = 0; index < clips.length * places; index++) {
    const { samples, firstVoiced } = clips[index % clips.length] as Clip;
    // Any part of the prompt, any place in a frame.
    const saidAt = (leadMs + ((index * 137) % 4000)) * 8 + (index % frameSamples);
    const heard = bot(saidAt + samples.length);
    const line = mixed(white(heard.length / 8000, -65, index), samples, saidAt);
    const said = (saidAt + firstVoiced * frameSamples) / 8;
    const found = begins(hasEcho ? mixed(line, echoOf(heard, echoDb, 130)) : line, heard).find(
      (atMs) => atMs > said,
    );
    if (found !== undefined) delaysMs.push(found - said);
  }
  return { delaysMs, missed: clips.length * places - delaysMs.length };
}

/** CPU of one minute of speech and the bot's voice, ms. */
function cost(make: () => Detector, line: Int16Array, heard: Int16Array): number {
  const detector = make();
  const frames = Math.floor(line.length / frameSamples);
  const pass = (): void => {
    for (let at = 0; at < frames * frameSamples; at += frameSamples) {
      detector.push(line.subarray(at, at + frameSamples), heard.subarray(at, at + frameSamples));
    }
  };
  pass();
  const passes = 20;
  const before = process.cpuUsage();
  for (let i = 0; i < passes; i++) pass();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1000 / (passes * frames)) * 3000;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
