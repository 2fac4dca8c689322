import t, { type Test } from 'tap';
import type { AudioStreamServer } from '../../src/audio-stream/audio-stream-server.js';
import { Standby } from '../../src/call/standby.js';
import { ManualClock } from '../../src/core/clock.js';
import { errorCode } from '../../src/core/errors.js';
import { silentLogger } from '../../src/core/logger.js';
import { TypedEmitter } from '../../src/core/typed-emitter.js';
import { mediaError } from '../../src/media/errors.js';
import type { MediaEndpoint, MediaEndpointEvents } from '../../src/media/media-endpoint.js';

class FakeEndpoint extends TypedEmitter<MediaEndpointEvents> {
  readonly done: string[] = [];
  answerFails: Error | undefined;

  constructor(readonly forkPlan: 'stereo' | 'mono-and-stereo' = 'stereo') {
    super();
  }

  startForks(): Promise<void> {
    return this.#do('forks');
  }

  pauseForks(): Promise<void> {
    return this.#do('pause');
  }

  resumeForks(): Promise<void> {
    return this.#do('resume');
  }

  answer(offer: string): Promise<void> {
    void this.#do(offer);
    return this.answerFails === undefined ? Promise.resolve() : Promise.reject(this.answerFails);
  }

  close(): Promise<void> {
    return this.#do('close');
  }

  crash(): void {
    this.emit('gone', 'crashed');
  }

  #do(what: string): Promise<void> {
    this.done.push(what);
    return Promise.resolve();
  }
}

class FakeStream extends TypedEmitter<{ lost: [] }> {
  closed = false;

  close(): void {
    this.closed = true;
  }

  breakOff(): void {
    this.emit('lost');
  }
}

interface World {
  readonly standby: Standby;
  readonly clock: ManualClock;
  readonly endpoints: FakeEndpoint[];
  readonly streams: FakeStream[];
  /** What the next endpoints are; then ordinary ones. */
  readonly next: (FakeEndpoint | Error)[];
}

function world(t: Test, size = 2): World {
  const clock = new ManualClock();
  const endpoints: FakeEndpoint[] = [];
  const streams: FakeStream[] = [];
  const next: (FakeEndpoint | Error)[] = [];
  const audio = {
    expect: () => {
      const stream = new FakeStream();
      streams.push(stream);
      return { url: 'ws://here', arrived: Promise.resolve(stream), cancel: () => undefined };
    },
  };
  const standby = new Standby({
    size,
    createEndpoint: () => {
      const made = next.shift() ?? new FakeEndpoint();
      if (made instanceof Error) return Promise.reject(made);
      endpoints.push(made);
      return Promise.resolve(made as unknown as MediaEndpoint);
    },
    audio: audio as unknown as AudioStreamServer,
    clock,
    logger: silentLogger,
  });
  t.teardown(() => standby.close());
  return { standby, clock, endpoints, streams, next };
}

t.test('endpoints are made ahead with their forks open and paused', async (t) => {
  const { standby, endpoints } = world(t);
  await standby.fill();
  t.equal(standby.size, 2);
  t.same(
    endpoints.map(({ done }) => done),
    [
      ['forks', 'pause'],
      ['forks', 'pause'],
    ],
  );
});

t.test('a call takes one with its offer, and another is made once calls leave time for it', async (t) => {
  const { standby, clock, endpoints } = world(t, 1);
  await standby.fill();
  const media = await standby.take('v=0 offer');
  t.equal(media?.endpoint, endpoints[0]);
  t.same(endpoints[0]?.done, ['forks', 'pause', 'v=0 offer', 'resume']);
  t.equal(standby.size, 0);
  t.equal(await standby.take('v=0 another'), undefined, 'none is left: that call makes its own');
  clock.advance(1000);
  await standby.fill();
  t.equal(standby.size, 1);
  t.same(endpoints[0]?.done.includes('close'), false, 'what was taken is the call’s');
});

t.test('what nobody took is made anew before a media server takes it for a dead call', async (t) => {
  const { standby, clock, endpoints, streams } = world(t);
  await standby.fill();
  clock.advance(239_000);
  t.same(
    endpoints.map(({ done }) => done.includes('close')),
    [false, false],
  );
  const taken = await standby.take('v=0 offer');
  clock.advance(2_000);
  await standby.fill();
  t.equal(standby.size, 2);
  t.same(
    endpoints.map(({ done }) => done.includes('close')),
    [false, true, false, false],
  );
  t.equal(taken?.endpoint, endpoints[0], 'a call that has begun is left alone');
  t.same(
    streams.map(({ closed }) => closed),
    [false, true, false, false],
  );
});

t.test('an offer that cannot be taken refuses the call and releases the endpoint', async (t) => {
  const { standby, endpoints, streams } = world(t, 1);
  await standby.fill();
  (endpoints[0] as FakeEndpoint).answerFails = mediaError('MEDIA_NOT_ACCEPTABLE');
  const error = await standby.take('v=0').catch((error: unknown) => error);
  t.equal(errorCode(error), 'MEDIA_NOT_ACCEPTABLE');
  t.ok(endpoints[0]?.done.includes('close'));
  t.ok(streams[0]?.closed);
});

t.test('one that is gone when it is wanted costs the call nothing but time', async (t) => {
  const { standby, endpoints } = world(t, 1);
  await standby.fill();
  (endpoints[0] as FakeEndpoint).answerFails = mediaError('MEDIA_ENDPOINT_GONE');
  t.equal(await standby.take('v=0'), undefined);
  t.ok(endpoints[0]?.done.includes('close'));
});

t.test('one whose media server or stream ends is released and replaced', async (t) => {
  const { standby, clock, endpoints, streams } = world(t);
  await standby.fill();
  endpoints[0]?.crash();
  streams[1]?.breakOff();
  t.equal(standby.size, 0);
  clock.advance(10_000);
  await standby.fill();
  t.equal(standby.size, 2);
  t.ok(endpoints[0]?.done.includes('close') && endpoints[1]?.done.includes('close'));
});

t.test('a media server that is away is asked again later', async (t) => {
  const { standby, clock, next } = world(t);
  next.push(mediaError('MEDIA_NO_SERVER'));
  await standby.fill();
  t.equal(standby.size, 0);
  clock.advance(10_000);
  await standby.fill();
  t.equal(standby.size, 2);
});

t.test('a media server that needs two forks gets no endpoints ahead of calls', async (t) => {
  const { standby, clock, endpoints, next } = world(t);
  next.push(new FakeEndpoint('mono-and-stereo'));
  await standby.fill();
  t.equal(await standby.take('v=0'), undefined);
  clock.advance(10_000);
  await standby.fill();
  t.equal(standby.size, 0);
  t.same(
    endpoints.map(({ done }) => done),
    [['close']],
  );
});

t.test('close and discard release what is ready', async (t) => {
  const { standby, endpoints } = world(t);
  await standby.fill();
  standby.discard();
  t.equal(standby.size, 0);
  await standby.fill();
  await standby.close();
  await standby.close();
  t.equal(standby.size, 0);
  t.equal(endpoints.filter(({ done }) => done.includes('close')).length, 4);
});
