import { connect } from 'node:net';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import t from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { Server } from '../../src/server.js';
import { explainEnd } from '../../src/store/end-reason-text.js';
import {
  eventually,
  House,
  keeping,
  longToneHz,
  shortToneHz,
  preparedFolder,
  serverOptions,
  type LogEntry,
} from './house.js';
import { daemons } from './own-daemons.js';
import { Phone } from './phone.js';
import { hearsRinging } from './ringing.js';
import { transferDialplans, transferNumbers } from './transfer-dialplans.js';

t.setTimeout(60_000);

t.test('a media server that crashes ends its calls with a reason, and nothing hangs', async (t) => {
  const { pair, options } = await daemons(t);
  const [phone, far] = [await Phone.open(t), await Phone.open(t)];
  const files = { dialplans: transferDialplans(far.uri(), 'nowhere'), numbers: transferNumbers };
  const house = await House.start(t, { ...options, 'mediaServer.standby': 2 }, files);
  const idle = await house.held();
  const sip = async () => {
    const { dialogs, transactions } = (await pair.counts()).drachtio;
    return { dialogs, transactions };
  };
  t.same(await sip(), { dialogs: 2, transactions: 0 }, 'two endpoints stand by');
  const calls = [
    await (await phone.dial(house.uri('1'))).answered(),
    await (await phone.dial(house.uri('2'))).answered(),
  ];
  await Promise.all([calls[0]?.hears(longToneHz), calls[1]?.hears(shortToneHz)]);
  const connected = async () => ({
    caller: await (await phone.dial(house.uri('bridge'))).answered(),
    callee: await far.taken(),
  });
  const [talking, ringing] = [await connected(), await connected()];
  talking.callee.answer().sing(1300);
  await talking.caller.hears(1300);
  ringing.callee.ring();
  await hearsRinging(ringing.caller);
  await pair['mediaWorkers']['seats'][0]?.['worker']?.['worker'].terminate();
  await Promise.all([talking.callee.farEnd(), ringing.callee.givenUp()]);
  await Promise.all([talking.callee.end(), ringing.callee.end()]);
  for (const [{ caller }, outcome] of [
    [talking, /^(answered|failed)$/],
    [ringing, /^(cancelled|failed)$/],
  ] as const) {
    await caller.farEnd();
    await caller.end();
    const record = await house.record(caller.sipCallId);
    t.match(record, { endReason: 'error', q850Cause: 41 });
    t.match(
      record.transfers.map((transfer) => transfer.outcome),
      [outcome],
    );
    t.match(explainEnd(record), /failed after .*: the media server ended the call .* It was transferred to/);
  }
  for (const call of calls) {
    await call.farEnd();
    await call.end();
    const record = await house.record(call.sipCallId);
    t.match(record, { endReason: 'error', detail: /the media server ended the call/ });
    t.ok((await house.journal(record)).at(-1)?.type === 'ended');
    t.ok((await house.recording(record)).caller.length > 0, 'what was recorded is kept');
  }
  t.same(await house.leftAbove(idle), {});
  // The replacement knows nothing of the legs and says so to their BYE.
  await eventually(async () => (((await sip()).dialogs ?? 0) <= 2 ? true : undefined), 20_000);
  const again = await eventually(async () => {
    const call = await phone.dial(house.uri('1'));
    return (await call.outcome).status === 200 ? call.answered() : undefined;
  }, 10_000);
  await again.hears(longToneHz);
  await again.end();
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
