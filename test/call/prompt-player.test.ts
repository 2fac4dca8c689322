import t from 'tap';
import type { BotAudio, Speech } from '../../src/audio-stream/bot-audio.js';
import { concatSamples } from '../../src/audio/pcm.js';
import { usualManner } from '../../src/call/manner.js';
import { PromptPlayer, type PromptSources } from '../../src/call/prompt-player.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import type { Prompt } from '../../src/dialog/action.js';
import type { MediaEndpoint } from '../../src/media/media-endpoint.js';

const words = (text: string): Prompt => ({ text, dialect: 'en-gb', recorded: undefined });
const file = (recorded: string): Prompt => ({ text: `words of ${recorded}`, dialect: 'en-gb', recorded });

class Sound {
  readonly finished: Promise<never>;
  end: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  stopped = 0;
  pauses = 0;
  resumes = 0;

  constructor(
    readonly what: string,
    readonly aborted: () => void = () => undefined,
  ) {
    this.finished = new Promise((resolve, reject) => {
      this.end = () => resolve(undefined as never);
      this.fail = reject;
    });
  }
}

function setUp(overrides: Partial<PromptSources> = {}, playThrows = false) {
  const sounds: Sound[] = [];
  const errors: string[] = [];
  const signals: AbortSignal[] = [];
  const endpoint = {
    play: ([path]: string[]) => {
      if (playThrows) throw new Error('connection closed');
      const sound = new Sound(`file ${path}`);
      sounds.push(sound);
      return {
        finished: sound.finished,
        // 700 ms of a file at 16 kHz.
        stoppedAt: { samples: 11_200, ms: 700 },
        stop: () => ((sound.stopped += 1), sound.end()),
      };
    },
  } as unknown as MediaEndpoint;
  const voice = {
    speak: (audio: unknown, aborted: () => void): Speech => {
      const sound = new Sound(`voice ${String(audio)}`, aborted);
      sounds.push(sound);
      return {
        finished: sound.finished,
        cut: () => ((sound.stopped += 1), aborted(), sound.end()),
        pause: () => (sound.pauses += 1),
        resume: () => (sound.resumes += 1),
      };
    },
  } as unknown as BotAudio;
  const sources: PromptSources = {
    speak: ((text: string, _dialect: string, signal: AbortSignal) => {
      signals.push(signal);
      return text;
    }) as unknown as PromptSources['speak'],
    recorded: (name) => (name === 'missing' ? undefined : `/prompts/${name}.wav`),
    ...overrides,
  };
  const logger: Logger = { ...silentLogger, error: (_fields, message) => void errors.push(message) };
  return { player: new PromptPlayer(endpoint, voice, sources, logger), sounds, errors, signals };
}

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

t.test('prompts are said one after another: recordings as files, words by the voice', async (t) => {
  const { player, sounds } = setUp();
  const saying = player.say([file('chime'), words('hello'), file('missing')]);
  t.same(
    sounds.map(({ what }) => what),
    ['file /prompts/chime.wav'],
    'one at a time',
  );
  sounds[0]?.end();
  await turnOfLoop();
  sounds[1]?.end();
  await turnOfLoop();
  t.same(
    sounds.map(({ what }) => what),
    ['file /prompts/chime.wav', 'voice hello', 'voice words of missing'],
    'a recording that is missing is spoken',
  );
  sounds[2]?.end();
  t.equal(await saying.finished, 'done');
});

t.test('a cut stops what sounds, drops what waits, and tells the synthesizer', async (t) => {
  const { player, sounds, signals } = setUp();
  const spoken = player.say([words('hello'), words('never')]);
  spoken.cut();
  spoken.cut();
  t.equal(await spoken.finished, 'cut');
  t.equal(sounds[0]?.stopped, 1);
  t.equal(signals[0]?.aborted, true);
  t.equal(sounds.length, 1);
  const played = player.say([file('chime'), file('never')]);
  played.cut();
  t.equal(await played.finished, 'cut');
  t.equal(sounds.length, 2);
});

t.test('a prompt that fails costs itself: the next one is heard', async (t) => {
  const { player, sounds, errors } = setUp();
  const saying = player.say([words('broken'), file('chime')]);
  sounds[0]?.fail(new Error('engine'));
  await turnOfLoop();
  t.equal(sounds[1]?.what, 'file /prompts/chime.wav');
  sounds[1]?.end();
  t.equal(await saying.finished, 'done');
  t.equal(errors.length, 1);
});

t.test('a media server that cannot even begin does not reject', async (t) => {
  const { player, errors } = setUp({}, true);
  t.equal(await player.say([file('chime')]).finished, 'done');
  t.equal(errors.length, 1);
});

t.test('without a synthesizer words stay unsaid, and the operator is told', async (t) => {
  const { player, errors } = setUp({ speak: undefined });
  t.equal(await player.say([words('hello')]).finished, 'done');
  t.match(errors, [/no synthesizer/]);
});

t.test('words that pause go on by themselves', async (t) => {
  const { player, sounds } = setUp();
  const saying = player.say([words('hello'), words('and more')]);
  saying.pause();
  saying.pause();
  t.equal(sounds[0]?.pauses, 1);
  saying.resume();
  saying.resume();
  t.equal(sounds[0]?.resumes, 1);
  t.equal(sounds[0]?.stopped, 0);
  sounds[0]?.end();
  await turnOfLoop();
  t.equal(sounds[1]?.what, 'voice and more');
});

t.test('a file that pauses is played again from a little before, at its own rate', async (t) => {
  const { player, sounds } = setUp();
  const saying = player.say([file('welcome')]);
  saying.pause();
  await turnOfLoop();
  t.equal(sounds[0]?.stopped, 1);
  t.equal(sounds.length, 1, 'nothing sounds while it pauses');
  saying.resume();
  await turnOfLoop();
  t.equal(sounds[1]?.what, 'file /prompts/welcome.wav@@3200', '200 ms are behind, 500 are said again');
  sounds[1]?.end();
  t.equal(await saying.finished, 'done');
});

t.test('a file that can be read goes on after a pause between words', async (t) => {
  const tone = (ms: number) => Int16Array.from({ length: ms * 8 }, (_, n) => 8000 * Math.sin(n / 2));
  const samples = concatSamples([tone(400), new Int16Array(100 * 8), tone(500)]);
  const { player, sounds } = setUp({ samples: () => Promise.resolve(samples) });
  const saying = player.say([file('welcome')]);
  saying.pause();
  saying.resume();
  await turnOfLoop();
  t.equal(sounds[1]?.what, `file /prompts/welcome.wav@@${500 * 16}`);
});

t.test('what is cut while it pauses never sounds again, and what follows neither', async (t) => {
  const { player, sounds } = setUp();
  const saying = player.say([file('welcome'), words('never')]);
  saying.pause();
  await turnOfLoop();
  saying.cut();
  saying.resume();
  t.equal(await saying.finished, 'cut');
  t.equal(sounds.length, 1);
});

t.test('a pause between two prompts keeps the next one back', async (t) => {
  const { player, sounds } = setUp();
  const saying = player.say([words('one'), words('two')]);
  sounds[0]?.end();
  saying.pause();
  await turnOfLoop();
  t.equal(sounds.length, 1);
  saying.resume();
  await turnOfLoop();
  t.equal(sounds[1]?.what, 'voice two');
});

t.test('each prompt is told as it begins', async (t) => {
  const { player, sounds } = setUp();
  const begun: number[] = [];
  player.say([words('one'), words('two')], usualManner, (index) => begun.push(index));
  t.same(begun, [0]);
  sounds[0]?.end();
  await turnOfLoop();
  t.same(begun, [0, 1]);
});

t.test('slower is asked of the synthesizer; a recording is stretched, and louder is louder', async (t) => {
  const rates: (number | undefined)[] = [];
  const made: AsyncIterable<Int16Array>[] = [];
  const voice = {
    speak: (audio: AsyncIterable<Int16Array>): Speech => {
      made.push(audio);
      return { finished: Promise.resolve('done'), cut: noop, pause: noop, resume: noop };
    },
  } as unknown as BotAudio;
  const sources: PromptSources = {
    speak: (_text, _dialect, _signal, rate) => {
      rates.push(rate);
      return { sampleRateHz: 8000, [Symbol.asyncIterator]: () => oneChunk(new Int16Array(800).fill(1000)) };
    },
    recorded: (name) => `/prompts/${name}.wav`,
    samples: () => Promise.resolve(new Int16Array(8000).fill(1000)),
  };
  const endpoint = {
    play: () => t.fail('the media server plays at its own speed'),
  } as unknown as MediaEndpoint;
  const player = new PromptPlayer(endpoint, voice, sources, silentLogger);
  await player.say([words('hello'), file('welcome')], { rate: 0.8, gainDb: 6 }).finished;
  t.same(rates, [0.8]);
  const [spoken, recorded] = await Promise.all(made.map(collected));
  t.equal(spoken?.[0], 1995, '6 dB more');
  const lengthMs = (recorded?.length ?? 0) / 8;
  t.ok(lengthMs > 1200 && lengthMs < 1300, `1000 ms take ${lengthMs} ms`);
});

const noop = () => undefined;

async function* oneChunk(samples: Int16Array): AsyncGenerator<Int16Array> {
  yield await Promise.resolve(samples);
}

async function collected(audio: AsyncIterable<Int16Array>): Promise<Int16Array> {
  const parts: Int16Array[] = [];
  for await (const part of audio) parts.push(part);
  return concatSamples(parts);
}
