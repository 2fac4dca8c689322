import t from 'tap';
import type { BotAudio, Speech } from '../../src/audio-stream/bot-audio.js';
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
      return { finished: sound.finished, stop: () => ((sound.stopped += 1), sound.end()) };
    },
  } as unknown as MediaEndpoint;
  const voice = {
    speak: (audio: unknown, aborted: () => void): Speech => {
      const sound = new Sound(`voice ${String(audio)}`, aborted);
      sounds.push(sound);
      return { finished: sound.finished, cut: () => ((sound.stopped += 1), aborted(), sound.end()) };
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
