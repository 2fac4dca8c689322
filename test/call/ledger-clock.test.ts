import t from 'tap';
import { keyEndMs, LedgerClock, LedgerTicks } from '../../src/call/ledger-clock.js';

t.test('the frame with the least delay of the last seconds ties samples to the clock', async (t) => {
  const clock = new LedgerClock();
  t.equal(clock.offsetMs, undefined);
  for (let frame = 1; frame <= 100; frame += 1)
    clock.add(500 + 20 * frame + (frame % 7 === 0 ? 0.25 : 1 + (frame % 5)), 160 * frame);
  t.equal(clock.offsetMs, 500.25);
  // 3 s of frames that all come late: the way has become longer, or the caller's packets were moved.
  for (let frame = 101; frame <= 250; frame += 1) clock.add(520 + 20 * frame, 160 * frame);
  t.equal(clock.offsetMs, 520);
  clock.add(510 + 20 * 251, 160 * 251);
  t.equal(clock.offsetMs, 510, 'a faster one counts at once');
});

t.test('marks tell the ticks, the frame nearest to the caller tells which', async (t) => {
  const ticks = new LedgerTicks();
  t.equal(ticks.offsetMs(1000), undefined);
  for (const lateMs of [0.5, 0.5, 3, 0.5, 9]) ticks.add(1004 + 400 + lateMs);
  t.equal(ticks.offsetMs(1000), 1004.5);
  t.equal(ticks.offsetMs(1012), 1004.5);
  t.equal(ticks.offsetMs(1020), 1024.5);
});

t.test(
  'words tell which tick, whatever the caller sends; one bound that was misheard is outvoted',
  async (t) => {
    const ticks = new LedgerTicks();
    ticks.add(1004);
    // Handed over at 3000, heard from frame 100 on, which left at 3004.
    ticks.began(3000, 16_000, true);
    for (const callerMs of [980, 1000, 1012]) t.equal(ticks.offsetMs(callerMs), 1004);
    for (const handedMs of [3003, 3001, 3041]) ticks.began(handedMs, 16_000, true);
    t.equal(ticks.offsetMs(1000), 1004);
  },
);

t.test('words that missed a tick on their way are seen by the caller', async (t) => {
  const ticks = new LedgerTicks();
  ticks.add(1004);
  ticks.began(2983, 16_000, true);
  t.equal(ticks.offsetMs(1000), 1004);
});

t.test('a file leaves no sooner than it was asked for', async (t) => {
  const ticks = new LedgerTicks();
  ticks.add(1004);
  ticks.began(2990, 16_000, false);
  t.equal(ticks.offsetMs(979), 1004);
  t.equal(ticks.offsetMs(1000), 1004);
});

t.test("a key's end is put onto the grid of the caller's packets", async (t) => {
  t.equal(keyEndMs(5011, 1003), 5003);
  t.equal(keyEndMs(5003.2, 1003), 5003);
  t.equal(keyEndMs(5002.8, 1003), 5003, 'faster than any frame');
  t.equal(keyEndMs(983, 1003), 983);
  t.equal(keyEndMs(5011, undefined), 5011);
});
