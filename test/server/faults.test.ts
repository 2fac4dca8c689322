import { connect } from 'node:net';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { startPair, type Pair } from '../../src/embedded/pair.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { Server } from '../../src/server.js';
import {
  eventually,
  House,
  keeping,
  longToneHz,
  preparedFolder,
  serverOptions,
  type LogEntry,
} from './house.js';
import { Phone } from './phone.js';

t.setTimeout(60_000);

/** Daemons that are already there, as far as the server knows: what happens to them is the test's doing. */
async function daemons(t: Test): Promise<{ pair: Pair; options: Readonly<Record<string, unknown>> }> {
  const pair = await startPair({
    drachtio: {
      admin: { host: '127.0.0.1', port: 0 },
      secret: 'sip-secret',
      sip: ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'],
    },
    freeswitch: {
      eventSocket: { host: '127.0.0.1', port: 0 },
      secret: 'media-secret',
      sip: 'udp:127.0.0.1:0',
      rtpAddress: '127.0.0.1',
      rtpPorts: { min: 28_000, max: 28_999 },
    },
    clock: systemClock,
    logger: silentLogger,
  });
  t.teardown(() => pair.close());
  return {
    pair,
    options: {
      'drachtio.url': [`drachtio://:sip-secret@127.0.0.1:${pair.drachtio.adminAddress.port}`],
      'freeswitch.url': [`esl://:media-secret@127.0.0.1:${pair.freeswitch.eventSocketAddress.port}`],
    },
  };
}

t.test('a media server that crashes ends its calls with a reason, and nothing hangs', async (t) => {
  const { pair, options } = await daemons(t);
  const house = await House.start(t, options);
  const phone = await Phone.open(t);
  const idle = await house.held();
  const sip = async () => {
    const { dialogs, transactions } = (await pair.counts()).drachtio;
    return { dialogs, transactions };
  };
  t.same(await sip(), { dialogs: 0, transactions: 0 });
  const calls = [
    await (await phone.dial(house.uri('1'))).answered(),
    await (await phone.dial(house.uri('2'))).answered(),
  ];
  await calls[0]?.hears(longToneHz);
  await pair['freeswitchWorker']['worker'].terminate();
  for (const call of calls) {
    await call.farEnd();
    await call.end();
    const record = await house.record(call.sipCallId);
    t.match(record, { endReason: 'error', detail: /the media server ended the call/ });
    t.ok((await house.journal(record)).at(-1)?.type === 'ended');
    t.ok((await house.recording(record)).caller.length > 0, 'what was recorded is kept');
  }
  t.same(await house.leftAbove(idle), {});
  // The dead server answers no BYE, so the legs to it last as long as their BYE is tried (timer F, 32 s).
  const { dialogs, transactions } = await sip();
  t.equal(dialogs, 2, 'the callers have gone, the legs to the media server remain');
  t.equal(transactions, 2, 'and each is being ended');
  const late = await phone.dial(house.uri('1'));
  t.equal((await late.outcome).status, 503, 'a new call is refused, not kept waiting');
  t.match(await house.record(late.sipCallId), { endReason: 'error', sipStatus: 503 });
});

t.test('a SIP server that crashes is reported, and the server can still be closed', async (t) => {
  const { pair, options } = await daemons(t);
  const house = await House.start(t, options);
  const phone = await Phone.open(t);
  const call = await (await phone.dial(house.uri('1'))).answered();
  await call.hears(longToneHz);
  await pair['drachtioWorker']['worker'].terminate();
  await eventually(() => house.log.find(({ message }) => /connection to drachtio lost/.test(message)));
  await house.server.close();
  t.match(await house.record(call.sipCallId), { endReason: /^(local-bye|error)$/ });
});

t.test('closing waits for live calls, then hangs up, and keeps their records', async (t) => {
  const log: LogEntry[] = [];
  const dataDir = await preparedFolder(t);
  const server = await Server.start(await serverOptions(dataDir, { 'calls.drainMs': 600 }, keeping(log)));
  const phone = await Phone.open(t);
  const address = server.sipAddresses[0]?.replace('udp/', '') ?? '';
  const call = await (await phone.dial(`sip:1@${address}`)).answered();
  await call.hears(longToneHz);
  const closingMs = systemClock.nowMs();
  const closed = server.close();
  await call.farEnd();
  t.ok(systemClock.nowMs() - closingMs >= 590, 'not before the limit');
  await closed;
  t.equal(server.close(), server.close(), 'twice is once');
  await call.end();
  const store = await createSqliteStore({ file: databaseFile(dataDir) });
  t.match(await store.find(call.sipCallId), {
    endReason: 'local-bye',
    detail: 'the server was shut down',
    path: ['main.ask'],
  });
  await store.close();
  t.same(log, []);
});

t.test('what cannot start says which port, and leaves nothing running', async (t) => {
  const house = await House.start(t);
  const sip = house.server.sipAddresses[0]?.replace('udp/', '') ?? '';
  const http = house.server.httpAddress;
  const dataDir = await preparedFolder(t);
  const resources = (): string[] =>
    process
      .getActiveResourcesInfo()
      .filter((type) => /^(TCP|UDP|MessagePort)/.test(type))
      .sort();
  const before = resources();
  for (const [options, port] of [
    [{ 'sip.listen': [`udp:${sip}`] }, sip.split(':')[1] ?? 'none'],
    [{ 'http.listen': `${http.host}:${http.port}` }, String(http.port)],
    [{ 'audioStream.listen': `${http.host}:${http.port}` }, String(http.port)],
  ] as const) {
    const starting = Server.start(await serverOptions(dataDir, options, silentLogger));
    await t.rejects(starting, { message: new RegExp(`\\b${port}\\b`) }, JSON.stringify(options));
    await eventually(() => (resources().join() === before.join() ? true : undefined), 3000).catch(() =>
      t.same(resources(), before),
    );
  }
});

t.test('a broken dialplan keeps the server from starting, with the place', async (t) => {
  const dataDir = await preparedFolder(t);
  await writeFile(`${dataDir}/dialplans/broken.yaml`, 'name: broken\nflows:\n  main:\n    nodes: {}\n');
  await t.rejects(Server.start(await serverOptions(dataDir, {}, silentLogger)), {
    code: 'CALL_DIALPLANS_BROKEN',
    message: /broken\.yaml:\d+/,
  });
});

t.test('a WebSocket without a token that resets its connection disturbs nobody', async (t) => {
  const { options } = await daemons(t);
  // The listener's port is the one that a call's fork would dial.
  const house = await House.start(t, { ...options, 'audioStream.listen': '127.0.0.1:28998' });
  for (let i = 0; i < 5; i += 1) {
    const socket = connect(28_998, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'GET /audio/none HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    socket.resetAndDestroy();
  }
  const phone = await Phone.open(t);
  const call = await (await phone.dial(house.uri('1'))).answered();
  await call.hears(longToneHz);
  await call.end();
  t.match(await house.record(call.sipCallId), { endReason: 'remote-bye' });
});
