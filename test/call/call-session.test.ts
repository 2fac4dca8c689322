import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AudioStreamServer } from '../../src/audio-stream/audio-stream-server.js';
import { CallSession } from '../../src/call/call-session.js';
import { DiskThread } from '../../src/call/disk-thread.js';
import type { Disk } from '../../src/call/disk.js';
import { callForked } from '../../src/call/channels.js';
import { InboundLeg } from '../../src/call/inbound-leg.js';
import { ManualClock, systemClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { TypedEmitter } from '../../src/core/typed-emitter.js';
import { mediaError } from '../../src/media/errors.js';
import type { MediaEndpoint, MediaEndpointEvents } from '../../src/media/media-endpoint.js';
import type { CallDialogEvents } from '../../src/sip/call-dialog.js';
import type { CallDialer } from '../../src/call/dialer-port.js';
import type { EndCause } from '../../src/sip/end-cause.js';
import { sipError } from '../../src/sip/errors.js';
import type { IncomingCall, IncomingCallEvents } from '../../src/sip/incoming-call.js';
import type { CallRecord } from '../../src/store/call-record.js';
import { dialplanOf } from './fakes.js';

/** A step of the way to the answer, finished by the test. */
class Step<T> {
  readonly asked: Promise<void>;
  readonly done: Promise<T>;
  #ask: () => void = () => undefined;
  finish: (value: T) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  constructor() {
    this.asked = new Promise((resolve) => (this.#ask = resolve));
    this.done = new Promise((resolve, reject) => {
      this.finish = resolve;
      this.fail = reject;
    });
    this.done.catch(() => undefined);
  }

  take(): Promise<T> {
    this.#ask();
    return this.done;
  }
}

class FakeEndpoint extends TypedEmitter<MediaEndpointEvents> {
  forkPlan = 'stereo';
  readonly localSdp = 'v=0';
  closes = 0;

  constructor(private readonly forks: Step<void>) {
    super();
  }

  startForks(): Promise<void> {
    return this.forks.take();
  }

  play() {
    return { finished: new Promise(() => undefined), stop: () => undefined };
  }

  close(): Promise<void> {
    this.closes += 1;
    this.removeAllListeners();
    return Promise.resolve();
  }

  crash(): void {
    this.emit('gone', 'connection lost');
  }
}

class FakeStream extends TypedEmitter<{ lost: []; mark: [] }> {
  send(): void {}
  mark(): void {}
  onFrame: unknown;
  closes = 0;

  close(): void {
    this.closes += 1;
  }

  lose(): void {
    this.emit('lost');
  }
}

class FakeDialog extends TypedEmitter<CallDialogEvents> {
  ending: EndCause | undefined;
  byes = 0;

  bye(): Promise<void> {
    if (this.ending === undefined) this.byes += 1;
    return Promise.resolve();
  }
}

class FakeIncoming extends TypedEmitter<IncomingCallEvents> {
  readonly offer = 'v=0';
  readonly sipCallId = 'fake@test';
  readonly callingNumber = '100';
  readonly calledNumber = '200';
  readonly refusals: number[] = [];
  cancelled = false;
  answering = false;

  constructor(private readonly answered: Step<FakeDialog>) {
    super();
  }

  answer(): Promise<FakeDialog> {
    this.answering = true;
    return this.answered.take();
  }

  refuse(status: number): void {
    if (!this.cancelled && !this.answering) this.refusals.push(status);
  }

  cancel(): void {
    this.cancelled = true;
    this.emit('cancelled');
  }
}

const plan = dialplanOf(
  'name: one\ndialects: [en-gb]\nflows:\n  main:\n    nodes:\n      bye: { type: hangup, prompt: Goodbye. }\n',
);

async function openDisk(t: Test): Promise<Disk> {
  const dataDir = await mkdtemp(join(tmpdir(), 'xiangyin-session-'));
  const disk = new DiskThread(dataDir, systemClock);
  t.teardown(async () => {
    await disk.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return disk;
}

async function setUp(t: Test, given: { readonly logger?: Logger; readonly disk?: Disk } = {}) {
  const { logger = silentLogger } = given;
  const disk = given.disk ?? (await openDisk(t));
  const steps = {
    endpoint: new Step<void>(),
    forks: new Step<void>(),
    socket: new Step<FakeStream>(),
    answer: new Step<FakeDialog>(),
  };
  const endpoint = new FakeEndpoint(steps.forks);
  const stream = new FakeStream();
  const second = new FakeStream();
  const dialog = new FakeDialog();
  const incoming = new FakeIncoming(steps.answer);
  const clock = new ManualClock();
  let expected = 0;
  const audio = {
    expect: () => {
      expected += 1;
      // The second of a call is the one that only records.
      if (expected === 2)
        return { url: 'ws://two', arrived: Promise.resolve(second), cancel: () => (expected -= 1) };
      return { url: 'ws://test', arrived: steps.socket.take(), cancel: () => (expected -= 1) };
    },
  };
  const forked: boolean[] = [];
  t.teardown(callForked.subscribe(({ opened }) => void forked.push(opened)));
  const call = new CallSession(
    new InboundLeg(incoming as unknown as IncomingCall),
    {
      id: '20261121-000000-00000000',
      dialplan: plan,
      dialect: undefined,
      mayChooseAnyone: false,
      maxDurationMs: 60_000,
      recording: true,
      disk,
    },
    {
      createEndpoint: () => steps.endpoint.take().then(() => endpoint as unknown as MediaEndpoint),
      audio: audio as unknown as AudioStreamServer,
      recognizer: undefined,
      prompts: { speak: undefined, recorded: () => undefined },
      dialer: {} as CallDialer,
      clock,
      logger,
    },
  );
  const ended = new Promise<CallRecord>((resolve) => call.on('ended', resolve));
  const running = call.run();
  /** Goes up to the step of this name, which is under way then. */
  const reach = async (name: keyof typeof steps): Promise<void> => {
    if (name === 'endpoint') return steps.endpoint.asked;
    steps.endpoint.finish();
    if (name === 'forks') return steps.forks.asked;
    steps.forks.finish();
    if (name === 'socket') return steps.socket.asked;
    steps.socket.finish(stream);
    return steps.answer.asked;
  };
  const finishAll = (): void => {
    steps.endpoint.finish();
    steps.forks.finish();
    steps.socket.finish(stream);
    steps.answer.finish(dialog);
  };
  return {
    call,
    incoming,
    endpoint,
    stream,
    second,
    dialog,
    clock,
    steps,
    reach,
    finishAll,
    ended,
    running,
    forked,
  };
}

for (const step of ['endpoint', 'forks', 'socket', 'answer'] as const) {
  t.test(`CANCEL while the step '${step}' is under way: what comes after all is released`, async (t) => {
    const { incoming, endpoint, stream, dialog, clock, reach, finishAll, ended, running, forked } =
      await setUp(t);
    await reach(step);
    incoming.cancel();
    finishAll();
    await running;
    const record = await ended;
    t.match(record, { endReason: 'cancelled', answeredAtMs: null, sipStatus: null, detail: null, path: [] });
    t.equal(endpoint.closes, 1, 'the endpoint is closed once');
    t.equal(stream.closes > 0, step !== 'endpoint', 'the audio is closed if there was any');
    t.equal(dialog.byes, step === 'answer' ? 1 : 0, 'a 200 that was out already is followed by a BYE');
    t.same(incoming.refusals, []);
    t.notOk(forked.includes(false), 'no fork failed');
    t.equal(clock.pendingTimers, 0);
  });

  t.test(
    `an operator's hangup while the step '${step}' is under way gives the INVITE its final response`,
    async (t) => {
      const { call, incoming, endpoint, dialog, clock, reach, finishAll, ended, running } = await setUp(t);
      await reach(step);
      call.hangup('an operator hung up');
      call.hangup('again');
      finishAll();
      await running;
      t.match(await ended, { detail: 'an operator hung up', answeredAtMs: null });
      if (step === 'answer') {
        t.equal(dialog.byes, 1, 'the 200 is out: a BYE');
        t.match(await ended, { endReason: 'local-bye', sipStatus: null });
      } else {
        t.same(incoming.refusals, [480]);
        t.match(await ended, { endReason: 'rejected', sipStatus: 480 });
      }
      t.equal(endpoint.closes, 1);
      t.equal(clock.pendingTimers, 0);
    },
  );
}

for (const step of ['forks', 'socket', 'answer'] as const) {
  t.test(`a media server that goes away while the step '${step}' is under way ends the call`, async (t) => {
    const { incoming, endpoint, dialog, reach, finishAll, ended, running } = await setUp(t);
    await reach(step);
    endpoint.crash();
    finishAll();
    await running;
    t.match(await ended, {
      endReason: 'error',
      detail: /the media server ended the call/,
      answeredAtMs: null,
    });
    if (step === 'answer') t.equal(dialog.byes, 1);
    else t.same(incoming.refusals, [503]);
  });
}

t.test('an endpoint that cannot be had: the status of its error', async (t) => {
  for (const [code, status, endReason] of [
    ['MEDIA_NOT_ACCEPTABLE', 488, 'rejected'],
    ['MEDIA_NO_SERVER', 503, 'error'],
  ] as const) {
    const { incoming, steps, ended, running } = await setUp(t);
    steps.endpoint.fail(mediaError(code));
    await running;
    t.match(await ended, { endReason, sipStatus: status });
    t.same(incoming.refusals, [status]);
  }
});

t.test('a WebSocket that never comes: 503, and the endpoint is closed', async (t) => {
  const { incoming, endpoint, steps, reach, ended, running, forked } = await setUp(t);
  await reach('socket');
  steps.socket.fail(mediaError('MEDIA_FORK_FAILED', { reason: 'late' }));
  await running;
  t.match(await ended, { endReason: 'error', sipStatus: 503 });
  t.same(incoming.refusals, [503]);
  t.equal(endpoint.closes, 1);
  t.same(forked, [false]);
});

t.test('a media server that never confirms the fork does not hold the call', async (t) => {
  const { incoming, endpoint, steps, reach, ended, running } = await setUp(t);
  await reach('forks');
  // The limit of the WebSocket's arrival strikes; the command is never answered.
  steps.socket.fail(mediaError('MEDIA_FORK_FAILED', { reason: 'late' }));
  await running;
  t.match(await ended, { endReason: 'error', sipStatus: 503 });
  t.same(incoming.refusals, [503]);
  t.equal(endpoint.closes, 1);
});

t.test('a CANCEL that only the refused 200 tells of is a cancelled call', async (t) => {
  const { incoming, endpoint, steps, reach, ended, running } = await setUp(t);
  await reach('answer');
  incoming.cancelled = true;
  steps.answer.fail(sipError('SIP_CANCELLED'));
  await running;
  t.match(await ended, { endReason: 'cancelled', detail: null });
  t.same(incoming.refusals, []);
  t.equal(endpoint.closes, 1);
});

t.test('a BYE that came with the confirmation of our 200 ends the call at once', async (t) => {
  const { dialog, endpoint, clock, steps, reach, ended, running } = await setUp(t);
  await reach('answer');
  dialog.ending = { end: 'remote-bye', q850Cause: 16 };
  steps.answer.finish(dialog);
  await running;
  t.match(await ended, { endReason: 'remote-bye', q850Cause: 16, path: [] });
  t.equal(endpoint.closes, 1);
  t.equal(clock.pendingTimers, 0, 'not even the longest call duration is waited for');
});

t.test('an answered call ends for one reason only, whoever else ends it too', async (t) => {
  const { call, endpoint, stream, dialog, clock, steps, reach, ended, running } = await setUp(t);
  await reach('answer');
  steps.answer.finish(dialog);
  await running;
  t.equal(call.state, 'confirmed');
  t.match(call.summary, { node: 'main.bye', state: 'confirmed', calledNumber: '200' });
  let ends = 0;
  call.on('ended', () => (ends += 1));
  clock.advance(60_000);
  endpoint.crash();
  call.hangup('late');
  const record = await ended;
  t.match(record.endReason, /^(timeout|local-bye)$/);
  t.equal(ends, 1);
  t.equal(dialog.byes, 1);
  t.equal(endpoint.closes, 1);
  t.ok(stream.closes > 0);
  t.equal(call.state, 'terminated');
  t.ok(record.recording?.endsWith('.wav') && record.journal?.endsWith('.journal.jsonl'));
});

t.test('a call that ends before its folder is made makes none afterwards', async (t) => {
  let isMade = false;
  const makeFolder = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    isMade = true;
  };
  const disk: Disk = { makeFolder, open: () => t.fail('no file is opened') as never };
  const { incoming, clock, reach, finishAll, running, ended } = await setUp(t, { disk });
  await reach('endpoint');
  incoming.cancel();
  finishAll();
  await running;
  t.match(await ended, { endReason: 'cancelled' });
  t.ok(isMade);
  t.equal(clock.pendingTimers, 0);
});

t.test('a disk that stalls does not keep an ended call', async (t) => {
  const stalled = new Promise<void>(() => undefined);
  const disk: Disk = {
    makeFolder: () => Promise.resolve(),
    open: () => ({ write: () => undefined, close: () => stalled }),
  };
  const { call, clock, dialog, reach, finishAll, running, ended } = await setUp(t, { disk });
  await reach('answer');
  finishAll();
  await running;
  call.hangup('test');
  let over = false;
  void ended.then(() => (over = true));
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.equal(dialog.byes, 1, 'the caller has been told');
  t.equal(over, false, 'the disk is waited for');
  clock.advance(5000);
  t.match(await ended, { endReason: 'local-bye' });
  t.equal(clock.pendingTimers, 0);
});

t.test('a recording stream that breaks is told, and the call goes on', async (t) => {
  const errors: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (_fields, message) => void errors.push(message),
    child: () => logger,
  };
  const { call, endpoint, second, reach, finishAll, running, ended } = await setUp(t, { logger });
  endpoint.forkPlan = 'mono-and-stereo';
  await reach('answer');
  finishAll();
  await running;
  second.lose();
  t.ok(errors.some((message) => message.startsWith('the recording breaks off')));
  t.equal(call.state, 'confirmed');
  call.hangup('test');
  t.match(await ended, { endReason: 'local-bye' });
  t.equal(second.closes > 0, true);
});
