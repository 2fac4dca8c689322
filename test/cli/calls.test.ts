import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { t } from 'tap';
import type { Test } from 'tap';
import { encodeWav } from '../../src/audio/wav.js';
import { addCallsCommand, pointInTime } from '../../src/cli/calls.js';
import { callText, timeText } from '../../src/cli/call-text.js';
import type { KeptFile } from '../../src/cli/call-text.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { databaseFile } from '../../src/store/data-folder.js';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { liveCall } from '../http/fake-control.js';
import { sampleLedger, sampleRecord, sampleTurn } from '../store-contract/sample-record.js';
import { runCommand } from './run-command.js';
import { serveFakeControl } from './serve-fake-control.js';

const calls = (t: Test, ...line: string[]) => runCommand(t, addCallsCommand, ['calls', ...line]);

/** Renders without a store: a worker thread per line of a test would take its time. */
const show = (record: CallRecord, recording?: KeptFile) => callText(record, recording, undefined);

const answered = sampleRecord({
  turns: [
    sampleTurn({
      node: 'welcome',
      said: ['Welcome to the clinic.'],
      outcome: 'none',
      heard: null,
      confidence: null,
      heardMs: null,
    }),
    sampleTurn({ gapMs: 243.4 }),
    sampleTurn({
      said: ['Your PIN?'],
      outcome: 'keys',
      heard: null,
      confidence: null,
      startMs: 65_000,
      heardMs: 71_230,
      bargedIn: true,
    }),
    sampleTurn({ said: ['Pardon?'], outcome: 'noMatch', heard: null, confidence: null }),
    sampleTurn({
      said: ['Are you there?'],
      outcome: 'noInput',
      heard: null,
      confidence: null,
      heardMs: null,
    }),
  ],
});
const refused = sampleRecord({
  id: '20261121-020000-00000001',
  sipCallId: 'refused@x',
  receivedAtMs: answered.receivedAtMs + 60_000,
  answeredAtMs: null,
  endReason: 'rejected',
  sipStatus: 404,
  detail: 'no rule of numbers.yaml fits the called number',
  calledNumber: '999',
  callingNumber: '',
  dialplan: null,
  dialplanVersion: null,
  path: [],
  turns: [],
  recording: null,
});

/** One folder for all tests that only read. */
const dataDir = await mkdtemp(join(tmpdir(), 'xiangyin-calls-'));
t.teardown(() => rm(dataDir, { recursive: true, force: true }));
const store = await createSqliteStore({ file: databaseFile(dataDir) });
await store.save(answered);
await store.save(refused);
await store.close();

t.test('list shows calls newest first, in the words of people', async (t) => {
  const [head, first, second, ...rest] = (await calls(t, 'list', '--data-dir', dataDir)).split('\n');
  t.match(head, /^call +received +from +to +length +dialplan +how it ended$/);
  t.match(first, /^20261121-020000-00000001 .* unknown +999 +- +- +refused with 404 Not Found$/);
  t.match(second, /\+442079460123 +1000 +10\.4 s +clinic +the caller hung up$/);
  t.ok(second?.includes(timeText(answered.receivedAtMs)));
  t.equal(head?.indexOf('how it'), second?.indexOf('the caller'), 'columns stand under their heads');
  t.strictSame(rest, []);
});

t.test('list can be narrowed, and printed for machines', async (t) => {
  t.same(
    JSON.parse(await calls(t, 'list', '--data-dir', dataDir, '--called', '1000', '--limit', '1', '--json')),
    [answered],
  );
  const after = timeText(answered.receivedAtMs + 30_000);
  t.same(JSON.parse(await calls(t, 'list', '--data-dir', dataDir, '--since', after, '--json')), [refused]);
  t.match(await calls(t, 'list', '--data-dir', dataDir, '--calling', '0'), /^no such calls are kept in /);
  await t.rejects(calls(t, 'list', '--data-dir', dataDir, '--limit', 'x'), {
    code: 'commander.invalidArgument',
  });
  await t.rejects(calls(t, 'list', '--data-dir', dataDir, '--since', 'noon'), {
    code: 'commander.invalidArgument',
  });
});

t.test('a data folder without calls is an empty list, and stays as it was', async (t) => {
  const empty = t.testdir();
  t.equal(await calls(t, 'list', '--data-dir', empty, '--json'), '[]');
  t.match(await calls(t, 'list', '--data-dir', empty), 'no such calls');
  await t.rejects(calls(t, 'show', 'abcd', '--data-dir', empty), { code: 'CLI_NO_DATABASE' });
  t.strictSame(await readdir(empty), []);
});

t.test(
  'show finds the call by a beginning of its id, with a data folder from a configuration file',
  async (t) => {
    const file = join(dataDir, 'x.yaml');
    await writeFile(file, 'dataDir: .\n');
    const recording = join(dataDir, answered.recording ?? '');
    await mkdir(dirname(recording), { recursive: true });
    const wav = encodeWav(new Int16Array(2 * 8000 * 3.5), { sampleRateHz: 8000, channels: 2 });
    await writeFile(recording, wav);
    const text = await calls(t, 'show', answered.id.slice(0, 12), '--config', file);
    t.match(text, /^Call 20261121-013502-9f3c1a7e$/m);
    t.ok(text.includes(`${recording} (3.5 s; left the caller, right what the caller heard)`));

    await writeFile(recording, 'x');
    t.match(
      await calls(t, 'show', answered.id, '--data-dir', dataDir),
      /9f3c1a7e\.wav \(left the caller/,
      'no sound',
    );
    await rm(recording);
    t.match(await calls(t, 'show', answered.id, '--data-dir', dataDir), /9f3c1a7e\.wav \(the file is gone\)/);
    t.same(JSON.parse(await calls(t, 'show', answered.id, '--data-dir', dataDir, '--json')), answered);
  },
);

t.test('show tells how the packets fared, and nothing of what is not known', (t) => {
  const media = {
    packetsReceived: 1500,
    packetsSent: 1502,
    lossReceived: 0.0041,
    jitterReceivedMs: 3.14,
    lossSent: 0,
    jitterSentMs: 1,
    roundTripMs: 24.06,
  };
  const line = (changes: Partial<typeof media> | object): string | undefined =>
    /^ +packets +(.*)$/m.exec(show({ ...answered, media: { ...media, ...changes } }))?.[1];
  t.equal(
    line({}),
    'in 1500, 0.41 % lost, jitter 3.1 ms; out 1502, 0 % lost, jitter 1 ms; round trip 24.1 ms',
  );
  t.equal(
    line({
      lossReceived: null,
      jitterReceivedMs: null,
      lossSent: null,
      jitterSentMs: null,
      roundTripMs: null,
    }),
    'in 1500; out 1502',
  );
  t.notMatch(show(answered), 'packets');
  t.end();
});

t.test('show tells the whole call: times, path, each turn', async (t) => {
  const text = show(answered);
  for (const part of [
    /^ +from +\+442079460123$/m,
    /^ +answered +after 7 ms$/m,
    /^ +lasted +10\.4 s$/m,
    /^ +ended +the caller hung up$/m,
    /^ +dialplan +clinic \(version c0ffee\)$/m,
    /^ +path +welcome > confirm$/m,
    /^ +0:00\.0 +bot +Welcome to the clinic\. +\[welcome, en-gb\]$/m,
    /^ +0:03\.1 +caller +"yes please" \(turn 2, 87 % sure\), answered after 243 ms$/m,
    /^ +1:11\.2 +caller +pressed keys \(kept secret\), interrupting$/m,
    /^ +0:03\.1 +caller +\(not understood: turn \d+ for `dialect teach`\)$/m,
    /^ +caller +\(nothing\)$/m,
    /^ +SIP +Call-ID a84b4c76e66710@pc33\.example$/m,
  ]) {
    t.match(text, part);
  }
  t.notMatch(text, /remote-bye|null|undefined|NaN/);
});

t.test('show tells where the waits went, in a table under one head', async (t) => {
  const turns = [
    sampleTurn({ outcome: 'keys', heardMs: 3120, gapMs: 244, ledger: sampleLedger() }),
    sampleTurn({ heardMs: null, outcome: 'noInput' }),
    sampleTurn({
      heardMs: 71_230,
      bargedIn: true,
      ledger: sampleLedger({
        from: 'speech',
        wholeMs: 1412.6,
        endpointingMs: 340,
        recognizerMs: 1031.2,
        bargeIn: { wholeMs: 131.5, detectionMs: 110, stopMs: 21.5 },
      }),
    }),
  ];
  const text = show(sampleRecord({ turns }));
  const lines = text.split('\n').slice(-3);
  t.strictSame(lines, [
    '       ms  after   waited  endpointing  recognizer  dialog  synthesis  hand-over  media  rest  interrupted',
    '   0:03.1  keys       244            0           0       2        211          0     31     0',
    '   1:11.2  speech    1413          340        1031       2        211          0     31     0          132',
  ]);
  t.notMatch(show(sampleRecord({ turns: turns.slice(0, 1) })), /interrupted/, 'no empty column');
  t.notMatch(show(answered), /endpointing/, 'no table of nothing');
});

t.test('show of a refused call says why, and nothing that there was not', async (t) => {
  const text = show(refused);
  t.match(text, /ended +refused with 404 Not Found: no rule of numbers\.yaml fits the called number$/m);
  t.match(text, /answered +no$/m);
  t.notMatch(text, /recording|dialplan|path|null|undefined/);
});

t.test('a call that is not there, or several, are refused with what to do', async (t) => {
  await t.rejects(calls(t, 'show', 'nothing', '--data-dir', dataDir), {
    code: 'CLI_NO_SUCH_CALL',
    message: /xiangyin calls list/,
  });
  await t.rejects(calls(t, 'show', '20261121', '--data-dir', dataDir), { code: 'STORE_AMBIGUOUS_ID' });
});

t.test('a data folder that cannot be read is not taken for an empty one', async (t) => {
  const folder = join(t.testdir({ file: '' }), 'file');
  await t.rejects(calls(t, 'list', '--data-dir', folder), { code: 'CLI_DATA_FOLDER_UNREADABLE' });
  await t.rejects(calls(t, 'show', 'x', '--data-dir', folder), { message: /ENOTDIR.*--data-dir/ });
});

t.test('live calls and hanging up need a running server, and say so', async (t) => {
  const dataDir = t.testdir();
  await t.rejects(calls(t, 'live', '--data-dir', dataDir), {
    code: 'HTTP_NO_SERVER',
    message: /xiangyin serve/,
  });
  await t.rejects(calls(t, 'hangup', 'x', '--data-dir', dataDir), { code: 'HTTP_NO_SERVER' });
});

t.test('live calls are listed and ended in the running server', async (t) => {
  const { control, dataDir } = await serveFakeControl(t);
  const [head, line] = (await calls(t, 'live', '--data-dir', dataDir)).split('\n');
  t.match(head, /^call +received +from +to +for +dialplan +node +state$/);
  t.match(line, /^20261121-013502-9f3c1a7e .* 1000 +\d+ h \d+ min +clinic +menu +confirmed$/);
  t.same(JSON.parse(await calls(t, 'live', '--data-dir', dataDir, '--json')), [liveCall]);
  t.match(await calls(t, 'hangup', liveCall.id, '--data-dir', dataDir), /is ended$/);
  t.strictSame(control.asked, [`hangup ${liveCall.id}`]);
  await t.rejects(calls(t, 'hangup', 'gone', '--data-dir', dataDir), {
    message: /there is no live call gone/,
  });
});

t.test('a time may be so long ago, or a local date', async (t) => {
  t.equal(pointInTime('30m', undefined, 10_000_000), 10_000_000 - 1_800_000);
  t.equal(pointInTime('2h', undefined, 1e9), 1e9 - 7_200_000);
  t.equal(pointInTime('1d', undefined, 1e9), 1e9 - 86_400_000);
  t.equal(pointInTime('2026-11-21'), new Date(2026, 10, 21).getTime());
  t.equal(pointInTime('2026-11-21 9:30'), new Date(2026, 10, 21, 9, 30).getTime());
  for (const text of ['', 'noon', '2026-13-45', '5', '-1h']) t.throws(() => pointInTime(text), text);
});
