import t from 'tap';
import { VoiceActivity } from '../../src/audio/voice-activity.js';
import { concatSamples } from '../../src/audio/pcm.js';
import { Listener } from '../../src/call/listener.js';
import { Turn } from '../../src/call/turn.js';
import { EndpointPolicy } from '../../src/call/turn-endpoint.js';
import { wishPhrases } from '../../src/call/turn-phrases.js';
import type { CollectAction } from '../../src/dialog/action.js';
import type { DialogEvent } from '../../src/dialog/event.js';
import { createEspeakSynthesizer } from '../../src/speech/engines/espeak-ng/espeak-synthesizer.js';
import { createPhrasebook } from '../../src/speech/engines/phrasebook/phrasebook.js';
import type { Phrase } from '../../src/speech/recognizer.js';
import { readTurnPacks } from '../../src/turn-packs.js';
import { overG711 } from '../audio/over-g711.js';
import { atLevel, clicks, coughs, white } from '../bench/noise-corpus.js';
import { turnPhrases, turnPrompts } from '../bench/turn-set.js';

const frameSamples = 160;
const echoDb = -20;
const delaysMs = [20, 60, 100, 140, 200];
/** After a barge-in the caller still hears so much of what was sent ahead. */
const sentAheadFrames = 3;

const synthesizer = await createEspeakSynthesizer().catch(() => undefined);
const skip = synthesizer === undefined ? '@echogarden/espeak-ng-emscripten is not installed' : false;

async function speak(text: string, variant?: string): Promise<Int16Array> {
  const chunks: Int16Array[] = [];
  const request = { text, dialect: 'en-gb', ...(variant !== undefined && { voice: `+${variant}` }) };
  for await (const chunk of synthesizer?.synthesize(request, 8000) ?? []) chunks.push(chunk);
  return concatSamples(chunks);
}

const menu: Phrase[] = turnPhrases.map(({ name, parts }) => ({
  id: name,
  text: parts.join(' '),
  dialect: 'en-gb',
}));
const packs = await readTurnPacks(['en-gb']);
const phrases: Phrase[] = [...menu, ...wishPhrases('en-gb', packs)];
const recognizer =
  synthesizer === undefined ? undefined : await createPhrasebook({ synthesizer, templateDir: t.testdir() });
await recognizer?.prepare(phrases);
t.teardown(async () => {
  await recognizer?.close();
  await synthesizer?.close();
});

interface Scene {
  readonly prompt: Int16Array;
  /** On the caller's line besides his silence and the echo. */
  readonly own?: { readonly samples: Int16Array; readonly atMs: number };
  readonly delayMs: number;
}

interface Heard {
  /** When the caller was taken to begin, ms. */
  readonly beginsMs: readonly number[];
  /** What the turn came to; undefined: nothing yet when the prompt and the sounds were over. */
  readonly event: DialogEvent | undefined;
}

/** One question on a line over G.711 that brings the bot's voice back. */
async function ask({ prompt, own, delayMs }: Scene): Promise<Heard> {
  const collect: CollectAction = {
    type: 'collect',
    node: 'main.ask',
    phrases: menu.map(({ id, text, dialect }) => ({ id, text, dialect })),
    keys: undefined,
    noInputMs: 60_000,
    interDigitTimeoutMs: 2000,
    sensitive: false,
  };
  const turn = new Turn(collect, 'speech', true, 0);
  const listener = new Listener(recognizer);
  const beginsMs: number[] = [];
  let nowMs = 0;
  let event: DialogEvent | undefined;
  let isPlaying = true;
  let stillFrames = 0;
  let results = 0;
  const tell = (input: Parameters<Turn['handle']>[0]): void => {
    for (const action of turn.handle(input, nowMs)) {
      if (action.type === 'pausePrompts') [isPlaying, stillFrames] = [false, sentAheadFrames];
      if (action.type === 'resumePrompts') isPlaying = true;
      if (action.type === 'finishRecognizer') listener.finish();
      if (action.type === 'answer') event = action.event;
    }
  };
  listener
    .on('speechStarted', () => {
      beginsMs.push(nowMs);
      tell({ type: 'speechStarted' });
    })
    .on('interim', (result) => tell({ type: 'interim', result }))
    .on('speechEnded', (voicedMs, echoMs) => {
      results -= 1;
      tell({ type: 'speechEnded', voicedMs, echoMs });
    })
    .on('recognized', (result) => {
      results += 1;
      tell({ type: 'recognized', result });
    });
  listener.arm(phrases, ['en-gb'], {
    endpoint: new EndpointPolicy({ phrases, kind: 'closed', interim: true }, 1, packs),
  });
  const lastMs = Math.max(prompt.length / 8, (own?.atMs ?? 0) + (own?.samples.length ?? 0) / 8) + 1500;
  const noise = white(lastMs / 1000 + 1, -65);
  const heard = new Int16Array(noise.length);
  let said = 0;
  for (let at = 0; nowMs < lastMs && event === undefined; at += frameSamples, nowMs += 20) {
    const frame = heard.subarray(at, at + frameSamples);
    if (isPlaying || stillFrames-- > 0) {
      const piece = prompt.subarray(said, said + frameSamples);
      frame.set(overG711(piece, 'PCMU'));
      said += piece.length;
    }
    const line = noise.slice(at, at + frameSamples).map((sample, i) => {
      const back = (heard[at + i - delayMs * 8] ?? 0) * 10 ** (echoDb / 20);
      return Math.round(sample + back + (own?.samples[at + i - own.atMs * 8] ?? 0));
    });
    listener.frame(overG711(line, 'PCMU'), frame);
    // The recognizer is in another thread: what it was asked for at the last word is waited for, as time stands still.
    do await new Promise((resolve) => setImmediate(resolve));
    while (results < 0);
  }
  listener.close();
  return { beginsMs, event };
}

t.test('a word over the first prompt is understood, however late that comes back', { skip }, async (t) => {
  const prompt = atLevel(await speak(turnPrompts['welcome'] ?? ''), -20);
  for (const [variant, levelDb] of Object.entries({ f4: -26, m5: -22, Hugo: -22, steph2: -26 })) {
    const samples = atLevel(await speak('balance', variant), levelDb);
    for (const delayMs of delaysMs) {
      const { event, beginsMs } = await ask({ prompt, own: { samples, atMs: 1800 }, delayMs });
      t.match(event, { input: { kind: 'phrase', phraseId: 'balance' } }, `${variant}, ${delayMs} ms`);
      t.equal(beginsMs.length, 1);
    }
  }
});

t.test(
  "the bot's own words are no wish of the caller's, nor is a sound that lets them in",
  { skip },
  async (t) => {
    const prompt = atLevel(
      await speak(
        'Shall I speak up? Then say louder. Louder, or speak slowly, or slow down. Pardon me? Say that again.',
      ),
      -20,
    );
    for (const delayMs of delaysMs) {
      t.same(await ask({ prompt, delayMs }), { beginsMs: [], event: undefined }, `${delayMs} ms`);
      for (const [name, make] of Object.entries({ clicks, coughs })) {
        for (const seed of [1, 2]) {
          const own = { samples: make(6, -18, seed), atMs: 900 };
          const { event } = await ask({ prompt, own, delayMs });
          t.not(event?.type, 'input', `${name}, ${delayMs} ms`);
        }
      }
    }
  },
);

t.test('how long the bot was heard in the speech of a caller is told', { skip }, async (t) => {
  const prompt = atLevel(await speak(turnPrompts['listen'] ?? ''), -20);
  const heard = overG711(prompt, 'PCMU');
  const word = atLevel(await speak('yes'), -20);
  const line = Int16Array.from(heard, (_, i) => {
    const back = (heard[i - 80 * 8] ?? 0) * 10 ** (echoDb / 20);
    // Twice, and the bot talks on between.
    const own = (word[i - 24_000] ?? 0) + (word[i - 24_000 - word.length - 1600] ?? 0);
    return Math.round(back + own);
  });
  const coded = overG711(line, 'PCMU');
  const vad = new VoiceActivity({ endpointMs: 600 });
  let longest = 0;
  for (let at = 0; at + frameSamples <= coded.length; at += frameSamples) {
    vad.push(coded.subarray(at, at + frameSamples), heard.subarray(at, at + frameSamples));
    longest = Math.max(longest, vad.echoMs);
  }
  vad.close();
  t.ok(longest >= 60 && longest <= 600, `${longest} ms`);
});
