import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Ledger } from '../../src/call/ledger.js';
import type { LedgerBoundary } from '../../src/call/ledger-boundary.js';
import type { LedgerRecord } from '../../src/store/call-record.js';
import { LedgerCall, sumOf, type LedgerCallOptions } from './ledger-call.js';
import { noise, silence, tone } from './ledger-sound.js';

/** Caller and ledger may be so far apart where the ticks are known: two pieces of 2.5 ms. */
const edgesMs = 5;

/** A phrase from 3000 to 3800, its endpoint, result and answer; returns when the answer is audible. */
function phrase(call: LedgerCall, turn = 0): number {
  call.speaks(3000, 3800);
  call.stamp('endpoint', 4100);
  call.stamp('final', 4130);
  call.answered(turn, 4131);
  call.stamp('acted', 4140);
  call.stamp('requested', 4150);
  call.stamp('firstChunk', 4240);
  return call.hands(4243, 500, 30);
}

function only(records: ReadonlyMap<number, LedgerRecord>, turn = 0): LedgerRecord {
  const record = records.get(turn);
  if (record === undefined || records.size !== 1) throw new Error(`${records.size} records`);
  return record;
}

const near = (t: Test, found: number, wanted: number, message: string, withinMs = edgesMs): void =>
  void t.ok(Math.abs(found - wanted) <= withinMs, `${message}: ${found} for ${wanted}`);

t.test('each part is what was stamped, and what nobody stamped is the rest', async (t) => {
  const call = new LedgerCall();
  call.marks(2500);
  const audibleMs = phrase(call);
  const record = only(call.run(6000));
  t.equal(record.from, 'speech');
  near(t, record.endpointingMs, 300, 'endpointing');
  t.equal(record.recognizerMs, 30);
  t.equal(record.dialogMs, 10);
  t.equal(record.synthesisMs, 90);
  t.equal(record.handOverMs, 3);
  near(t, record.mediaMs, audibleMs - 4243, 'media');
  near(t, record.wholeMs, audibleMs - 3800, 'the whole');
  near(t, record.restMs, 10, 'between acted and requested');
  t.equal(record.bargeIn, undefined);
});

t.test('where the packets of the caller are laid is in the whole, not in the parts', async (t) => {
  for (const placedMs of [-9, -4, 4, 9]) {
    const call = new LedgerCall({ placedMs });
    call.marks(2500);
    const audibleMs = phrase(call);
    const record = only(call.run(6000));
    near(t, sumOf(record) + 10, audibleMs - 3800, `sum at ${placedMs}`);
    near(t, record.wholeMs, audibleMs - 3800 + placedMs, `whole at ${placedMs}`);
  }
});

t.test('until a mark has told the ticks the parts are off by that', async (t) => {
  const call = new LedgerCall({ placedMs: 7 });
  const audibleMs = phrase(call);
  near(t, sumOf(only(call.run(6000))) + 10, audibleMs - 3800, 'sum', 12.5);
});

t.test(
  'a caller whose clock says nothing of the frame: words tell it, and later a file is right too',
  async (t) => {
    // 25 ms off, as a first packet that the network held up leaves it until a silence.
    const call = new LedgerCall({ placedMs: -25 });
    call.marks(2500);
    const audibleMs = phrase(call);
    call.stamp('key', 6000);
    call.answered(1, 6001);
    call.stamp('acted', 6002);
    call.stamp('requested', 6003);
    const fileMs = call.playsFile(6004, 300, 30);
    const records = call.run(8000);
    near(t, sumOf(records.get(0) as LedgerRecord) + 10, audibleMs - 3800, 'words');
    const file = records.get(1) as LedgerRecord;
    near(t, file.mediaMs, fileMs - 6004, 'media of the file');
  },
);

t.test('a key counts from its last packet, though we hear of it later', async (t) => {
  const call = new LedgerCall({ placedMs: 3 });
  call.marks(2500);
  // Its end came with the caller's packet at 5003 and was told 8 ms later.
  call.stamp('key', 5011);
  call.answered(3, 5611);
  call.stamp('acted', 5612);
  call.stamp('requested', 5613);
  const audibleMs = call.playsFile(5614, 500, 25);
  const record = only(call.run(7000), 3);
  t.equal(record.from, 'keys');
  near(t, record.endpointingMs, 608, 'the time for a second key', 1);
  t.equal(record.recognizerMs, 0);
  t.equal(record.synthesisMs, 0);
  near(t, record.wholeMs, audibleMs - 5003, 'whole');
});

t.test('what was made ready while the caller spoke kept nobody waiting', async (t) => {
  const call = new LedgerCall();
  call.marks(2500);
  call.speaks(3000, 3800);
  call.stamp('final', 4000);
  call.stamp('endpoint', 4050);
  call.answered(0, 4051);
  call.stamp('acted', 4052);
  call.stamp('requested', 4052);
  call.stamp('firstChunk', 4052);
  call.hands(4053, 500);
  const record = only(call.run(6000));
  t.equal(record.recognizerMs, 0, 'the result was there before the endpoint');
  near(t, record.endpointingMs, 250, 'endpointing');
  near(t, record.restMs, 0, 'rest');
});

t.test('an interruption: from the first voiced sample to the last of the prompt', async (t) => {
  const call = new LedgerCall();
  call.marks(2500);
  call.hands(2600, 4000);
  call.speaks(3000, 3800);
  call.stamp('cut', 3090);
  const silentMs = call.cuts(3090);
  call.stamp('endpoint', 4100);
  call.stamp('final', 4130);
  call.answered(0, 4131);
  call.stamp('acted', 4140);
  call.stamp('requested', 4140);
  call.stamp('firstChunk', 4141);
  call.hands(4142, 500);
  const { bargeIn } = only(call.run(6000));
  near(t, bargeIn?.wholeMs ?? 0, silentMs - 3000, 'whole');
  near(t, bargeIn?.detectionMs ?? 0, 90, 'detection');
  near(t, bargeIn?.stopMs ?? 0, silentMs - 3090, 'stop');
});

t.test('a key that interrupts, answered without a silence between the prompts', async (t) => {
  const call = new LedgerCall();
  call.marks(2500);
  call.hands(2600, 6000);
  call.stamp('key', 5000);
  call.stamp('cut', 5001);
  call.answered(0, 5001);
  const silentMs = call.cuts(5001);
  call.stamp('acted', 5002);
  call.stamp('requested', 5002);
  call.stamp('firstChunk', 5003);
  const audibleMs = call.hands(5004, 500);
  const record = only(call.run(7000));
  t.equal(silentMs, audibleMs, 'one follows the other');
  near(t, record.wholeMs, audibleMs - 5000, 'whole');
  near(t, record.bargeIn?.wholeMs ?? 0, silentMs - 5000, 'silence');
});

t.test('a cough that only paused the prompt is no interruption; a pause before the cut counts', async (t) => {
  for (const isCough of [true, false]) {
    const call = new LedgerCall();
    call.marks(2500);
    call.stamp('cut', 2900);
    if (isCough) call.stamp('resumed', 2950);
    call.stamp('cut', 3090);
    phrase(call);
    const { bargeIn } = only(call.run(6000));
    if (isCough) near(t, bargeIn?.detectionMs ?? 0, 90, 'the second');
    else t.equal(bargeIn, undefined, 'nobody spoke before the first');
  }
});

t.test('two streams: the caller by the fast one, the bot by the other, the delay in the rest', async (t) => {
  const call = new LedgerCall({ stereoDelayMs: 45 });
  const audibleMs = phrase(call);
  const record = only(call.run(6000));
  near(t, sumOf(record) + 10, audibleMs - 3800, 'sum');
  near(t, record.wholeMs, audibleMs - 3800 - 45, 'the whole is short by what the left channel is late');
});

t.test(
  'a turn that is answered before its answer was audible has no record, the next one has its own',
  async (t) => {
    const call = new LedgerCall();
    call.marks(2500);
    call.stamp('key', 2700);
    call.answered(4, 2701);
    phrase(call, 5);
    t.same([...call.run(6000).keys()], [5]);
  },
);

t.test('nothing is owed, or nothing is said: no record', async (t) => {
  const silent = new LedgerCall();
  silent.speaks(3000, 3800);
  silent.stamp('endpoint', 4100);
  silent.answered(0, 4131);
  t.equal(silent.run(40_000).size, 0);
  const unasked = new LedgerCall();
  unasked.stamp('requested', 2000);
  unasked.hands(2001, 500);
  t.equal(unasked.run(4000).size, 0);
  const unheard = new LedgerCall();
  unheard.stamp('endpoint', 4100);
  unheard.answered(0, 4131);
  unheard.stamp('requested', 4132);
  unheard.hands(4133, 500);
  t.equal(unheard.run(6000).size, 0, 'nobody knows when the caller ended');
});

t.test('an answer after a minute is measured, though levels are kept for half of it', async (t) => {
  const call = new LedgerCall();
  call.marks(2500);
  call.speaks(3000, 3800);
  call.stamp('endpoint', 4100);
  call.answered(0, 4131);
  call.stamp('acted', 64_000);
  call.stamp('requested', 64_001);
  const audibleMs = call.hands(64_010, 500);
  near(t, only(call.run(66_000)).wholeMs, audibleMs - 3800, 'whole');
});

t.test(
  'wherever the packets are laid, however late frames come: the sum is what the caller waited',
  async (t) => {
    const ms = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    fc.assert(
      fc.property(
        ms(500, 1500),
        ms(-10, 10),
        fc.array(ms(0, 18), { minLength: 9, maxLength: 9 }),
        ms(0, 40),
        ms(2100, 2400),
        (tickMs, placedMs, lateMs, leadMs, markMs) => {
          // Two of three frames and marks come in time.
          const late = (index: number) => (index % 3 === 0 ? (lateMs[index % 9] ?? 0) : 0.2);
          const options: LedgerCallOptions = { tickMs, placedMs, late };
          const call = new LedgerCall(options);
          for (let i = 0; i < 3; i += 1) call.marks(markMs + 100 * i);
          call.speaks(3000, 3800);
          call.stamp('endpoint', 4100);
          call.stamp('final', 4130);
          call.answered(0, 4131);
          call.stamp('acted', 4140);
          call.stamp('requested', 4140);
          call.stamp('firstChunk', 4240);
          const audibleMs = call.hands(4243, 500, Math.round(leadMs));
          const record = call.run(6000).get(0);
          if (record === undefined) return false;
          const explained = Math.abs(record.wholeMs - sumOf(record) - record.restMs) < 0.5;
          return explained && Math.abs(sumOf(record) - (audibleMs - 3800)) <= edgesMs + 1;
        },
      ),
      { seed: 5, numRuns: 200 },
    );
    t.pass();
  },
);

t.test(
  'any inputs in any order: nothing is thrown, no part is negative, a turn has one record',
  async (t) => {
    const boundaries: readonly LedgerBoundary[] = [
      ...(['key', 'endpoint', 'final', 'acted', 'firstChunk', 'cut', 'resumed'] as const),
      // Often, that something comes of it.
      ...(['key', 'requested', 'requested', 'handedOver', 'handedOver'] as const),
    ];
    const sounds = [silence(20), tone(20), tone(20, -60), noise(20, -45)];
    const time = fc.double({ min: -100, max: 1500, noNaN: true });
    const sound = fc.constantFrom(...sounds);
    const input = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('frame'), time, sound, sound, fc.nat(40)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('callerFrame'), time, sound) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('played'), time) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('stamp'), time, fc.constantFrom(...boundaries), sound) },
      { weight: 2, arbitrary: fc.tuple(fc.constant('answered'), time) },
    );
    let records = 0;
    fc.assert(
      fc.property(
        fc.array(input, { minLength: 20, maxLength: 150 }),
        fc.boolean(),
        (inputs, hasTwoStreams) => {
          const turns = new Set<number>();
          const check = (turn: number, record: LedgerRecord): void => {
            if (turns.has(turn)) throw new Error('two records');
            turns.add(turn);
            records += 1;
            const { from: _from, restMs, bargeIn, ...parts } = record;
            for (const part of [...Object.values(parts), ...Object.values(bargeIn ?? {})])
              if (!(part >= 0 && Number.isFinite(part))) throw new Error(JSON.stringify(record));
            if (!Number.isFinite(restMs)) throw new Error('no rest');
          };
          const ledger = new Ledger(check, hasTwoStreams);
          inputs.forEach(([kind, atMs, ...rest], turn) => {
            if (kind === 'frame') {
              const [caller, heard, times] = rest as [Int16Array, Int16Array, number];
              for (let i = 0; i <= times; i += 1) ledger.frame(atMs + 20 * i, caller, heard);
            } else if (kind === 'callerFrame') ledger.callerFrame(atMs, rest[0] as Int16Array);
            else if (kind === 'played') ledger.played(atMs);
            else if (kind === 'answered') ledger.answered(turn, atMs);
            else ledger.stamp(rest[0] as LedgerBoundary, atMs, rest[1] as Int16Array);
          });
        },
      ),
      { seed: 7, numRuns: 500 },
    );
    t.ok(records > 20, `${records} turns came to a record`);
  },
);
