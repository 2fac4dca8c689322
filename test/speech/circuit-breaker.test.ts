import t from 'tap';
import { ManualClock } from '../../src/core/clock.js';
import { CircuitBreaker, type BreakerState, type Permit } from '../../src/speech/circuit-breaker.js';

function breaker(options: { probeLimitMs?: number } = {}) {
  const clock = new ManualClock();
  const states: BreakerState[] = [];
  const subject = new CircuitBreaker({
    clock,
    failuresToOpen: 3,
    openMs: 1000,
    maxOpenMs: 4000,
    changed: (_from, to) => states.push(to),
    ...options,
  });
  const must = (): Permit => {
    const permit = subject.acquire();
    if (permit === undefined) throw new Error('no leave');
    return permit;
  };
  const fail = (times: number): void => {
    for (let i = 0; i < times; i++) must().fail();
  };
  return { clock, subject, states, must, fail };
}

t.test('failures in a row open it, a success between them does not', async (t) => {
  const { subject, must, fail } = breaker();
  fail(2);
  must().succeed();
  fail(2);
  t.equal(subject.state, 'closed');
  fail(1);
  t.equal(subject.state, 'open');
  t.equal(subject.acquire(), undefined);
});

t.test('after the wait exactly one probe has leave', async (t) => {
  const { clock, subject, fail, must } = breaker();
  fail(3);
  clock.advance(999);
  t.equal(subject.acquire(), undefined);
  clock.advance(1);
  t.ok(subject.available);
  const probe = must();
  t.equal(subject.state, 'halfOpen');
  t.notOk(subject.available);
  for (let i = 0; i < 20; i++) t.equal(subject.acquire(), undefined);
  probe.succeed();
  t.equal(subject.state, 'closed');
  t.ok(subject.acquire());
  t.ok(subject.acquire(), 'closed means for everybody');
});

t.test('each probe that fails doubles the wait, up to the limit; a success forgets that', async (t) => {
  const { clock, subject, fail, must } = breaker();
  fail(3);
  for (const waitMs of [1000, 2000, 4000, 4000]) {
    clock.advance(waitMs - 1);
    t.equal(subject.acquire(), undefined);
    clock.advance(1);
    must().fail();
    t.equal(subject.state, 'open');
  }
  clock.advance(4000);
  must().succeed();
  fail(3);
  clock.advance(1000);
  t.ok(subject.acquire(), 'as at the first time');
});

t.test('a probe that nobody hears of again counts as failed: half-open cannot stick', async (t) => {
  const { clock, subject, fail, must, states } = breaker({ probeLimitMs: 500 });
  fail(3);
  clock.advance(1000);
  const lost = must();
  clock.advance(500);
  t.equal(subject.acquire(), undefined, 'it is open again');
  t.equal(subject.state, 'open');
  clock.advance(2000);
  const next = must();
  lost.succeed();
  t.equal(subject.state, 'halfOpen', 'what the lost probe says now is too late');
  next.succeed();
  t.strictSame(states, ['open', 'halfOpen', 'open', 'halfOpen', 'closed']);
});

t.test('a probe that was called off lets the next one through at once', async (t) => {
  const { clock, subject, fail, must } = breaker();
  fail(3);
  clock.advance(1000);
  must().release();
  t.equal(subject.state, 'open');
  must().succeed();
  t.equal(subject.state, 'closed');
});

t.test('only the first verdict of a permit counts, and none of an earlier time', async (t) => {
  const { clock, subject, fail, must } = breaker();
  const early = must();
  const twice = must();
  twice.fail();
  twice.fail();
  fail(1);
  t.equal(subject.state, 'closed', 'two failures');
  fail(1);
  t.equal(subject.state, 'open');
  early.succeed();
  t.equal(subject.state, 'open', 'begun before it opened');
  clock.advance(1000);
  early.fail();
  must().succeed();
  t.equal(subject.state, 'closed');
});

t.test('whatever happens in whatever order, somebody gets leave again', async (t) => {
  // A fixed seed: the same walk on every machine.
  let seed = 20_261_121;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  for (let walk = 0; walk < 200; walk++) {
    const { clock, subject } = breaker({ probeLimitMs: 500 });
    const held: Permit[] = [];
    let probes = 0;
    for (let i = 0; i < 60; i++) {
      const dice = random();
      if (dice < 0.5) {
        const permit = subject.acquire();
        if (permit !== undefined) held.push(permit);
        if (permit !== undefined && subject.state === 'halfOpen') probes += 1;
      } else if (dice < 0.8) {
        const permit = held.splice(Math.floor(random() * held.length), 1)[0];
        const verdict = random();
        if (verdict < 0.5) permit?.fail();
        else if (verdict < 0.7) permit?.succeed();
        else if (verdict < 0.85) permit?.release();
      } else clock.advance(random() * 900);
    }
    // Everything that was held is forgotten now. The lost probe's limit and the longest wait are over within 4.6 s.
    let given = subject.acquire();
    for (let i = 0; i < 46 && given === undefined; i++) {
      clock.advance(100);
      given = subject.acquire();
    }
    t.ok(given, `walk ${walk} with ${probes} probes`);
  }
});

t.test('where nobody else is left a probe goes out a second after it opened, one at a time', async (t) => {
  const { clock, subject, fail } = breaker();
  fail(3);
  for (let i = 0; i < 3; i++) {
    clock.advance(999);
    t.equal(subject.acquire(true), undefined);
    clock.advance(1);
    const probe = subject.acquire(true);
    t.equal(subject.acquire(true), undefined, 'one at a time');
    probe?.fail();
  }
  t.equal(subject.acquire(), undefined, 'for others it stays open');
  clock.advance(1000);
  subject.acquire(true)?.succeed();
  t.equal(subject.state, 'closed');
});

t.test('holds no timer', async (t) => {
  const { clock, fail, must } = breaker();
  fail(3);
  clock.advance(1000);
  must();
  t.equal(clock.pendingTimers, 0);
});
