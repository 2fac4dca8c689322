import t from 'tap';
import { ManualClock } from '../../../src/core/clock.js';
import {
  SourceBudget,
  type Sender,
  type SourceBudgetOptions,
} from '../../../src/embedded/sip/source-budget.js';

const scanner: Sender = { protocol: 'udp', host: '192.0.2.1', port: 40_000 };
const trunk: Sender = { protocol: 'udp', host: '192.0.2.1', port: 5060 };
const other: Sender = { protocol: 'udp', host: '192.0.2.2', port: 5060 };

function open(options: Partial<SourceBudgetOptions> = {}) {
  const clock = new ManualClock();
  const budget = new SourceBudget(clock, { perAddress: { burst: 10, perSecond: 5 }, ...options }, 7);
  let names = 0;
  /** New requests, none answered: how many were let pass. */
  const flood = (sender: Sender, count: number): number => {
    let passed = 0;
    for (let i = 0; i < count; i++) if (budget.admit(sender, `junk ${names++}`) === 'pass') passed++;
    return passed;
  };
  return { clock, budget, flood };
}

t.test('an address may fail a burst, then so much a second; others are not touched', (t) => {
  const { clock, budget, flood } = open();
  t.equal(flood(scanner, 1000), 10);
  clock.advance(1000);
  t.equal(flood(scanner, 1000), 5);
  t.equal(flood({ ...scanner, port: 40_001 }, 1000), 0, 'another port is the same address');
  t.equal(budget.admit(other, 'first'), 'pass');
  t.end();
});

t.test('who mostly succeeds is never over; a success gives back what a failure before it took', (t) => {
  const { budget } = open();
  for (let i = 0; i < 1000; i++) {
    t.equal(budget.admit(trunk, `challenged ${i}`), 'pass');
    budget.answered(trunk, 'REGISTER', 401);
    t.equal(budget.admit(trunk, `registered ${i}`), 'pass');
    budget.answered(trunk, 'REGISTER', 200);
  }
  t.end();
});

t.test('calls that ring are successes before they are answered; OPTIONS never is one', (t) => {
  const { budget, flood } = open();
  for (let i = 0; i < 100; i++) {
    t.equal(budget.admit(other, `call ${i}`), 'pass');
    budget.answered(other, 'INVITE', 180);
  }
  let passed = 0;
  for (let i = 0; i < 100; i++) {
    if (budget.admit(scanner, `options ${i}`) !== 'pass') continue;
    passed++;
    budget.answered(scanner, 'OPTIONS', 200);
  }
  t.equal(passed, 10);
  t.equal(flood(scanner, 1), 0);
  t.end();
});

t.test('a peer that made a call passes while its address is flooded by another port', (t) => {
  const { clock, budget, flood } = open({ perProvenPeer: { burst: 3, perSecond: 1 } });
  t.equal(budget.admit(trunk, 'call'), 'pass');
  budget.answered(trunk, 'INVITE', 200);
  flood(scanner, 1000);
  t.equal(flood(trunk, 10), 3, 'and has an allowance of its own, no more');
  clock.advance(1000);
  flood(scanner, 1000);
  t.equal(budget.admit(trunk, 'next'), 'pass');
  t.end();
});

t.test('a call that rang before it was answered proves its peer too, and counts once', (t) => {
  const { budget, flood } = open({
    perProvenPeer: { burst: 3, perSecond: 0 },
    all: { burst: 12, perSecond: 0 },
  });
  t.equal(flood(other, 4), 4);
  t.equal(budget.admit(trunk, 'call'), 'pass');
  budget.answered(trunk, 'INVITE', 180);
  budget.answered(trunk, 'INVITE', 200, false);
  t.equal(flood(scanner, 1000), 9, 'two were given back, not four');
  t.equal(flood(trunk, 10), 3, 'and his port has an allowance of its own');
  t.end();
});

t.test('over budget a stranger who repeats the request is taken, up to an allowance', (t) => {
  const { clock, budget, flood } = open({ patientPerAddress: { burst: 2, perSecond: 1 } });
  flood(scanner, 100);
  for (const name of ['one', 'two', 'three']) t.equal(budget.admit(trunk, name), 'drop', 'said nothing');
  clock.advance(500);
  flood(scanner, 100);
  t.equal(budget.admit(trunk, 'one'), 'pass');
  t.equal(budget.admit(trunk, 'two'), 'pass');
  t.equal(budget.admit(trunk, 'three'), 'refuse', 'is told, so that it can try elsewhere');
  t.equal(budget.admit(trunk, 'one'), 'drop', 'a packet that is sent for ever is let through once');
  t.end();
});

t.test('over a stream nothing is repeated: over budget the request is refused at once', (t) => {
  const { budget } = open();
  const stream: Sender = { ...scanner, protocol: 'tcp' };
  const verdicts = Array.from({ length: 11 }, (_, i) => budget.admit(stream, `request ${i}`));
  t.same(verdicts, [...Array<string>(10).fill('pass'), 'refuse']);
  t.end();
});

t.test('answers without a transaction are counted, for each address and for all', (t) => {
  const { clock, budget } = open({
    refusalsPerAddress: { burst: 3, perSecond: 1 },
    allRefusals: { burst: 5, perSecond: 5 },
  });
  const answers = (sender: Sender) =>
    Array.from({ length: 10 }, () => budget.mayRefuse(sender)).filter(Boolean);
  t.equal(answers(scanner).length, 3);
  t.equal(answers(other).length, 2, 'the rest of what all have');
  clock.advance(1000);
  t.equal(answers(scanner).length, 1);
  t.end();
});

t.test('made-up addresses have one budget together, and are not remembered without end', (t) => {
  const { clock, budget } = open({ all: { burst: 20, perSecond: 10 }, maxSources: 50 });
  let passed = 0;
  for (let i = 0; i < 10_000; i++) {
    const host = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    if (budget.admit({ protocol: 'udp', host, port: 5060 }, `made up ${i}`) === 'pass') passed++;
  }
  t.equal(passed, 20);
  t.equal(budget.sources, 50);
  t.equal(budget.admit(trunk, 'real'), 'drop');
  clock.advance(500);
  t.equal(budget.admit(trunk, 'real'), 'pass', 'who repeats it is somebody');
  t.end();
});

t.test('an IPv6 subscriber has one budget for the whole /64', (t) => {
  const { flood } = open();
  let passed = 0;
  for (let i = 1; i <= 100; i++) {
    passed += flood({ protocol: 'udp', host: `2001:db8:1:2::${i.toString(16)}`, port: 5060 }, 1);
  }
  t.equal(passed, 10);
  t.end();
});
