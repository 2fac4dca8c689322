import { join } from 'node:path';
import { t } from 'tap';
import type { Test } from 'tap';
import { loadConfig } from '../../src/config/load-config.js';

const site = `speech:
  engines:
    - name: house
      url: wss://speech.example.net/engine
      tokenFile: ../secrets/token
      caFile: ca.pem
      dialects: { cmn: zh-CN, yue: zh-HK }
    - name: spare
      url: ws://127.0.0.1:7700
      tokenVariable: XIANGYIN_SPARE_TOKEN
      roles: [synthesizer]
  recognizers: [house, phrasebook]
`;

t.test('engines are a list of sections; files start from the folder of the configuration', async (t) => {
  const cwd = t.testdir({ etc: { 'site.yaml': site } });
  const env = { XIANGYIN_SPARE_TOKEN: 'sesame' };
  const { speech } = await loadConfig({ file: 'etc/site.yaml', env, cwd });
  t.strictSame(speech.engines, [
    {
      name: 'house',
      url: 'wss://speech.example.net/engine',
      tokenFile: join(cwd, 'secrets', 'token'),
      caFile: join(cwd, 'etc', 'ca.pem'),
      dialects: { cmn: 'zh-CN', yue: 'zh-HK' },
    },
    {
      name: 'spare',
      url: 'ws://127.0.0.1:7700',
      tokenVariable: 'XIANGYIN_SPARE_TOKEN',
      roles: ['synthesizer'],
      token: 'sesame',
    },
  ]);
  t.strictSame(speech.recognizers, ['house', 'phrasebook']);
  t.strictSame(speech.synthesizers, []);
});

t.test(
  'a token that is not set is no fault of the configuration: commands that need no engine go on',
  async (t) => {
    const cwd = t.testdir({ 'xiangyin.yaml': site.replace('XIANGYIN_SPARE_TOKEN', 'SPARE_TOKEN') });
    const { speech } = await loadConfig({ env: {}, cwd });
    t.notOk('token' in (speech.engines[1] ?? {}));
  },
);

t.test('a token in the file itself is refused', async (t) => {
  const engines = 'speech:\n  engines:\n    - { name: a, url: ws://h:1, token: sesame }\n';
  await t.rejects(loadConfig({ env: {}, cwd: t.testdir({ 'xiangyin.yaml': engines }) }), {
    message: /speech\.engines\.0\.token/,
  });
});

t.test('as a variable the list is JSON', async (t) => {
  const cwd = t.testdir();
  const XIANGYIN_SPEECH_ENGINES = '[{"name":"a","url":"ws://127.0.0.1:1"}]';
  const { speech } = await loadConfig({ env: { XIANGYIN_SPEECH_ENGINES }, cwd });
  t.strictSame(speech.engines, [{ name: 'a', url: 'ws://127.0.0.1:1' }]);
  await t.rejects(loadConfig({ env: { XIANGYIN_SPEECH_ENGINES: 'a,b' }, cwd }), {
    message: /XIANGYIN_SPEECH_ENGINES: speech\.engines must be a list/,
  });
});

const wrongIn = (t: Test) => (text: string, message: RegExp) =>
  t.rejects(loadConfig({ env: {}, cwd: t.testdir({ 'xiangyin.yaml': text }) }), { message });

t.test('what is wrong with an engine is told with its line and what to write', async (t) => {
  const wrong = wrongIn(t);
  await wrong(
    'speech:\n  engines:\n    - { name: a, url: ws://h:1 }\n    - { name: b, url: "http://h" }\n',
    /xiangyin\.yaml:4: speech\.engines\.1\.url must be a base URL, e\.g\. ws:/,
  );
  await wrong(
    'speech:\n  engines:\n    - { url: ws://h:1 }\n',
    /speech\.engines\.0 must have required property 'name'/,
  );
  await wrong('speech:\n  engines:\n    - { name: a b, url: ws://h:1 }\n', /speech\.engines\.0\.name/);
  await wrong(
    'speech:\n  engines:\n    - { name: a, url: ws://h:1 }\n    - { name: a, url: ws://h:2 }\n',
    /'a' is the name of another engine too/,
  );
  await wrong('speech:\n  engines:\n    - { name: phrasebook, url: ws://h:1 }\n', /is an engine of ours/);
  await wrong(
    'speech:\n  recognizers: [phrasebok]\n',
    /no recognizer 'phrasebok'; did you mean 'phrasebook'\?/,
  );
  await wrong('speech:\n  synthesizers: [phrasebook]\n', /no synthesizer 'phrasebook'; there are: espeak-ng/);
  await wrong(
    'speech:\n  engines:\n    - { name: a, url: ws://h:1, tokenFile: x, tokenVariable: Y }\n',
    /write the token's place once/,
  );
});

t.test('what engines’ confidences are worth is a list of figures, of engines that there are', async (t) => {
  const wrong = wrongIn(t);
  const parallel = (entry: string) => `${site}  parallel:\n    calibration:\n      - ${entry}\n`;
  const cwd = t.testdir({
    'xiangyin.yaml': parallel('{ engine: house, dialect: yue, slope: 0.9, offset: -0.4 }'),
  });
  const { speech } = await loadConfig({ env: {}, cwd });
  t.strictSame(speech.parallel, {
    turns: 2,
    recognizers: 2,
    waitMs: 200,
    calibration: [{ engine: 'house', dialect: 'yue', slope: 0.9, offset: -0.4 }],
  });
  const variable = {
    XIANGYIN_SPEECH_PARALLEL_CALIBRATION: '[{"engine":"phrasebook","slope":1,"offset":0.5}]',
  };
  t.match((await loadConfig({ env: variable, cwd: t.testdir({}) })).speech.parallel, {
    calibration: [{ engine: 'phrasebook', offset: 0.5 }],
  });
  await wrong(
    parallel('{ engine: hous, slope: 1, offset: 0 }'),
    /no recognizer 'hous'; did you mean 'house'\?/,
  );
  await wrong(parallel('{ engine: house, slope: 0, offset: 0 }'), /calibration\.0\.slope must be > 0/);
  await wrong(
    parallel('{ engine: house, slope: much, offset: 0 }'),
    /calibration\.0\.slope must be a number/,
  );
});
