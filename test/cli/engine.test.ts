import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { t } from 'tap';
import { addEngineCommand } from '../../src/cli/engine.js';
import { startReferenceServer } from '../../src/speech/engines/xiangyin/reference-server.js';
import { testTls } from '../embedded/sip/certificate.js';
import { secureServer, secureServerToken } from '../speech/engines/xiangyin/secure-server.js';
import { FaultEngine } from '../speech/fault-engine.js';
import { runCommand } from './run-command.js';

t.afterEach(() => {
  process.exitCode = undefined;
});

const promises = 'hello,pings,wrong-say';

t.test('engine test prints a line per promise and leaves with 0', async (t) => {
  const server = await startReferenceServer(0, 'sesame');
  t.teardown(() => server.close());
  const dir = t.testdir({ token: 'sesame\n' });
  const line = [
    'engine',
    'test',
    server.url,
    '--only',
    'pings,wrong-say',
    '--token-file',
    join(dir, 'token'),
  ];
  const printed = await runCommand(t, addEngineCommand, line);
  t.equal(process.exitCode, 0);
  for (const id of promises.split(',')) t.match(printed, new RegExp(`^ok +${id} `, 'm'));
  t.match(printed, /reference keeps the engine protocol; pingMs \d+/);
});

t.test('engine test says what to do where a promise is broken, and leaves with 1', async (t) => {
  // It answers no wrong messages, or wrongly.
  const server = await FaultEngine.start();
  t.teardown(() => server.close());
  const line = ['engine', 'test', server.url, '--only', 'wrong-say', '--timeout', '500'];
  const printed = await runCommand(t, addEngineCommand, line);
  t.equal(process.exitCode, 1);
  t.match(printed, /^BROKEN +wrong-say .*\n +what to do: \w+/m);
  t.match(printed, /2 promises are broken/);
  const json = JSON.parse(await runCommand(t, addEngineCommand, [...line, '--json'])) as {
    ok: boolean;
    promises: { id: string; outcome: string; advice: string }[];
  };
  t.equal(json.ok, false);
  t.match(
    json.promises.find(({ id }) => id === 'wrong-say'),
    { outcome: 'broken', advice: /bad-request/ },
  );
});

t.test('engine test tells an engine that cannot be reached from one that does not say hello', async (t) => {
  const lobby = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => lobby.listen(0, '127.0.0.1', resolve));
  const { port } = lobby.address() as AddressInfo;
  const test = () => runCommand(t, addEngineCommand, ['engine', 'test', `ws://127.0.0.1:${port}/nowhere`]);
  const elsewhere = await test();
  t.match(elsewhere, /a WebSocket opens at the URL \(HTTP 404\)/);
  t.match(elsewhere, /what to do: .*check the path/);
  await new Promise((resolve) => lobby.close(resolve));
  const nobody = await test();
  t.match(nobody, /what to do: nothing listens there: start the engine/);
  t.notMatch(nobody, /hello'/, 'who is not there need not be told what to send');
  t.equal(process.exitCode, 1);
});

t.test('engine test refuses what it cannot try, with what to write', async (t) => {
  const dir = t.testdir({
    'xiangyin.yaml': 'speech:\n  engines:\n    - { name: house, url: ws://127.0.0.1:1 }\n',
  });
  const config = ['--config', join(dir, 'xiangyin.yaml')];
  const run = (...line: string[]) => runCommand(t, addEngineCommand, ['engine', 'test', ...line, ...config]);
  await t.rejects(run('hose'), { message: /no engine 'hose' in the configuration \(house\)/ });
  await t.rejects(run('ws://127.0.0.1:1', '--only', 'finals'), {
    message: /there is no 'finals'; there are pings/,
  });
  await t.rejects(run('ws://127.0.0.1:1', '--token-file', join(dir, 'none')), {
    message: /no token can be read/,
  });
  await t.rejects(run('ws://127.0.0.1:1', '--wav', join(dir, 'none')), {
    message: /recording .* cannot be read/,
  });
  t.match(
    await run('house'),
    /^BROKEN +hello .*ECONNREFUSED/m,
    'a name of the configuration stands for its URL',
  );
});

t.test("engine test takes an authority of the site's own, by flag or by the engine's name", async (t) => {
  const { url } = await secureServer(t);
  const dir = t.testdir({
    token: secureServerToken,
    'xiangyin.yaml': `speech: { engines: [{ name: house, url: "${url}", caFile: ${testTls.ca}, tokenFile: token }] }`,
  });
  const run = (...line: string[]) =>
    runCommand(t, addEngineCommand, ['engine', 'test', ...line, '--only', 'pings']);
  const token = ['--token-file', join(dir, 'token')];
  t.match(await run(url, ...token), /^BROKEN +hello .*SELF_SIGNED/m, 'nobody vouches for it');
  t.match(await run(url, ...token, '--ca-file', testTls.ca), /reference keeps the engine protocol/);
  t.equal(process.exitCode, 0);
  t.match(await run('house', '--config', join(dir, 'xiangyin.yaml')), /reference keeps the engine protocol/);
  for (const file of [join(dir, 'none'), testTls.key]) {
    await t.rejects(run(url, ...token, '--ca-file', file), { message: /no certificate .* give a PEM file/ });
  }
});

t.test('engine list tells what each engine can do, or why it does not answer', async (t) => {
  const server = await startReferenceServer(0);
  t.teardown(() => server.close());
  const dir = t.testdir({});
  const file = join(dir, 'xiangyin.yaml');
  await writeFile(
    file,
    `speech:
  engines:
    - { name: house, url: "${server.url}", dialects: { yue: yue, wuu: wu } }
    - { name: gone, url: "ws://127.0.0.1:1" }
    - { name: secret, url: "${server.url}", tokenVariable: NO_SUCH_VARIABLE }
  recognizers: [house, phrasebook]
`,
  );
  const printed = await runCommand(t, addEngineCommand, ['engine', 'list', '--config', file]);
  t.equal(process.exitCode, 1);
  t.match(printed, /house +ws:.* answers in \d+ ms: reference\n +recognizer: en-gb/);
  t.match(printed, /it has no dialect 'wu', which 'dialects' names for wuu/);
  t.match(printed, /gone +ws:.* does not answer: .*ECONNREFUSED/);
  t.match(printed, /secret +ws:.* does not answer: the environment variable .* is not set/);
  t.match(printed, /^recognizers: {2}house, then phrasebook$/m);
  t.match(printed, /^synthesizers: house, then gone, then secret, then espeak-ng$/m);
  const json = await runCommand(t, addEngineCommand, ['engine', 'list', '--config', file, '--json']);
  t.match(JSON.parse(json), [{ name: 'house', answers: true }, { answers: false }, { answers: false }]);
});
