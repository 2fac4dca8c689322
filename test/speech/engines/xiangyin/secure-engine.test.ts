import { readFile } from 'node:fs/promises';
import { t, type Test } from 'tap';
import { tone } from '../../../../src/audio/tone.js';
import { systemClock } from '../../../../src/core/clock.js';
import { silentLogger } from '../../../../src/core/logger.js';
import { openEngine } from '../../../../src/engine-set.js';
import {
  XiangyinEngine,
  type XiangyinEngineOptions,
} from '../../../../src/speech/engines/xiangyin/xiangyin-engine.js';
import { testTls } from '../../../embedded/sip/certificate.js';
import { heardOf, outcomeOf } from './listening-outcome.js';
import { secureServer, secureServerToken as token } from './secure-server.js';

/** Self-signed: it is its own authority. */
const ca = await readFile(testTls.certificate, 'utf8');

function client(t: Test, options: Partial<XiangyinEngineOptions> & { readonly url: string }): XiangyinEngine {
  const engine = new XiangyinEngine({ name: 'house', token, ...options });
  t.teardown(() => engine.close());
  return engine;
}

t.test('an engine is heard and hears over TLS, if its authority is known', async (t) => {
  const { url, received } = await secureServer(t);
  const engine = client(t, { url, ca });
  const audio = engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000);
  const { end, samples } = await heardOf(audio);
  t.equal(end, 'end');
  t.ok(samples > 1000);
  const phrases = [{ id: 'pay', text: 'pay', dialect: 'en-gb' }];
  const stream = engine.recognizer.open({ sampleRateHz: 8000, phrases, dialects: ['en-gb'] });
  const told = outcomeOf(stream, []);
  const sound = tone({ frequenciesHz: [400], durationMs: 700, sampleRateHz: 8000 });
  for (let at = 0; at < sound.length; at += 160) stream.write(sound.subarray(at, at + 160));
  stream.finish();
  const { ready, final } = await told;
  t.equal(ready, 1);
  t.ok(final, 'an answer came, whatever it is');
  t.match(received(), /authorization: Bearer let me in/i);
});

t.test('a certificate that nobody vouches for is refused, and the token is not sent to it', async (t) => {
  const { url, received, firstLeft } = await secureServer(t);
  const engine = client(t, { url });
  const said = engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000);
  await t.rejects(
    async () => {
      for await (const _chunk of said) t.fail('nothing comes from a stranger');
    },
    { code: /^SPEECH_/, message: /SELF_SIGNED/ },
  );
  await firstLeft;
  t.equal(received(), '');
});

const elsewhere = { skip: process.platform === 'linux' ? false : '127.0.0.2' };
t.test('nor is one that was made for another host', elsewhere, async (t) => {
  // The certificate is for 127.0.0.1 and localhost.
  const { url } = await secureServer(t, '127.0.0.2');
  const engine = client(t, { url, ca });
  const said = engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000);
  await t.rejects(
    async () => {
      for await (const _chunk of said) t.fail('nothing comes from a stranger');
    },
    { code: /^SPEECH_/, message: /ALTNAME/ },
  );
});

t.test(
  'a site names the authorities of its engine by a file; one that cannot be read leaves the engine out',
  async (t) => {
    const { url } = await secureServer(t);
    const folder = t.testdir({ token });
    const config = { name: 'house', url, tokenFile: `${folder}/token`, caFile: testTls.certificate };
    const engine = await openEngine(config, systemClock, silentLogger);
    t.teardown(() => engine?.close());
    if (engine === undefined) throw new Error('the engine was left out');
    const { end } = await heardOf(engine.synthesizer.synthesize({ text: 'hello', dialect: 'en-gb' }, 8000));
    t.equal(end, 'end');
    const told: string[] = [];
    const logger = { ...silentLogger, error: (_fields: unknown, message: string) => void told.push(message) };
    t.equal(await openEngine({ ...config, caFile: `${folder}/none` }, systemClock, logger), undefined);
    t.match(told, [/authorities/]);
  },
);
