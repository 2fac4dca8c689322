import t from 'tap';
import type { BotAudio } from '../../src/audio-stream/bot-audio.js';
import { PromptPlayer, type PromptSources } from '../../src/call/prompt-player.js';
import { silentLogger } from '../../src/core/logger.js';
import type { Prompt } from '../../src/dialog/action.js';
import type { MediaEndpoint } from '../../src/media/media-endpoint.js';
import type { SpokenAudio } from '../../src/speech/synthesizer.js';

const words = (text: string): Prompt => ({ text, dialect: 'en-gb', recorded: undefined });
const file = (recorded: string): Prompt => ({ text: `words of ${recorded}`, dialect: 'en-gb', recorded });

/** A voice that says what it is given at once, or breaks as that breaks; a media server that plays files at once. */
function setUp(overrides: Partial<PromptSources> = {}) {
  const heard: string[] = [];
  const asked: (readonly [string, boolean])[] = [];
  const endpoint = {
    play: ([path]: string[]) => {
      heard.push(`file ${path}`);
      return { finished: Promise.resolve('done'), stoppedAt: undefined, stop: () => undefined };
    },
  } as unknown as MediaEndpoint;
  const voice = {
    speak: (audio: AsyncIterable<Int16Array>) => ({
      finished: (async () => {
        for await (const chunk of audio) heard.push(`${chunk.length} samples`);
        return 'done';
      })(),
      cut: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
    }),
  } as unknown as BotAudio;
  const speak = (text: string): SpokenAudio => ({
    sampleRateHz: 8000,
    async *[Symbol.asyncIterator]() {
      await Promise.resolve();
      if (text.startsWith('broken')) throw new Error('no engine is left');
      yield new Int16Array(text.length);
    },
  });
  const player = new PromptPlayer(
    endpoint,
    voice,
    {
      speak,
      recorded: (name) => `/prompts/${name}.wav`,
      instead: (prompt, first) => {
        asked.push([prompt.text, first]);
        return first ? file('voice-trouble') : undefined;
      },
      ...overrides,
    },
    silentLogger,
  );
  return { player, heard, asked };
}

t.test(
  'what cannot be spoken is said by a recording, the rest goes on; of trouble is told once',
  async (t) => {
    const { player, heard, asked } = setUp();
    t.equal(
      await player.say([words('hello'), words('broken 1'), words('broken 2'), file('bye')]).finished,
      'done',
    );
    t.strictSame(heard, ['5 samples', 'file /prompts/voice-trouble.wav', 'file /prompts/bye.wav']);
    t.strictSame(asked, [
      ['broken 1', true],
      ['broken 2', false],
    ]);
  },
);

t.test('without any synthesizer it is the same', async (t) => {
  const { player, heard } = setUp({ speak: undefined });
  await player.say([words('hello')]).finished;
  t.strictSame(heard, ['file /prompts/voice-trouble.wav']);
});

t.test('an instead that cannot be said either ends the row all the same', async (t) => {
  const { player, heard } = setUp({ instead: () => words('broken too') });
  t.equal(await player.say([words('broken'), words('hello')]).finished, 'done');
  t.strictSame(heard, ['5 samples']);
});

t.test('a row that was cut says nothing instead', async (t) => {
  const { player, heard } = setUp();
  const saying = player.say([words('broken')]);
  saying.cut();
  t.equal(await saying.finished, 'cut');
  t.strictSame(heard, []);
});

t.test(
  'a filler is heard whatever is being said; a silence in a recording is no want of words',
  async (t) => {
    const { player, heard } = setUp();
    player.fill(new Int16Array(7));
    await new Promise((resolve) => setImmediate(resolve));
    t.strictSame(heard, ['7 samples']);
    const spoken = player.say([words('hello')]);
    t.equal(spoken.plays, false);
    await spoken.finished;
    t.equal(spoken.plays, true, 'and when all is said there is no more to wait for');
    const recorded = player.say([file('long')]);
    t.equal(recorded.plays, true);
    await recorded.finished;
  },
);
