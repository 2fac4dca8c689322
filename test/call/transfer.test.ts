import t from 'tap';
import { Transfer, type TransferRequest } from '../../src/call/transfer.js';
import type { CallDialer } from '../../src/call/dialer-port.js';
import { ManualClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { TypedEmitter } from '../../src/core/typed-emitter.js';
import type { MediaEndpoint } from '../../src/media/media-endpoint.js';
import type { CallDialog, CallDialogEvents } from '../../src/sip/call-dialog.js';
import type { EndCause } from '../../src/sip/end-cause.js';
import { Referral, type ReferralLimits } from '../../src/sip/referral.js';
import type { TransferRecord } from '../../src/store/call-record.js';
import { FakeJournal } from './fakes.js';

/** A transfer by REFER of a caller whose telephone does what the test says. */
function referring(by: TransferRequest['by']) {
  const clock = new ManualClock();
  const referrals: Referral[] = [];
  const played: string[] = [];
  let stops = 0;
  let dialled = 0;
  const journal = new FakeJournal(clock);
  const transfer = new Transfer(
    { node: 'main.connect', to: 'alice', by, ringMs: 20_000, from: 'bob', dialect: 'en-gb' },
    {
      dialog: {
        refer: (_to: string, limits: ReferralLimits) => {
          const referral = new Referral(clock, limits);
          referrals.push(referral);
          return referral.ended;
        },
        unwatch: () => undefined,
      } as unknown as CallDialog,
      endpoint: {
        play: (files: readonly string[]) => {
          played.push(...files);
          return { stop: () => (stops += 1) };
        },
        createBeside: () => {
          dialled += 1;
          return new Promise(() => undefined);
        },
      } as unknown as MediaEndpoint,
      dialer: {} as CallDialer,
      journal: journal.asJournal,
      clock,
      logger: silentLogger,
      sinceAnswerMs: () => clock.nowMs(),
    },
  );
  const attempts: TransferRecord[] = [];
  const ends: string[] = [];
  transfer.on('attempt', (record) => attempts.push(record)).on('over', (end) => ends.push(end));
  transfer.start();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const seen = () => ({ ends, attempts, stops, dialled, tones: played.length });
  return { clock, referral: () => referrals[0], settled, seen, played };
}

t.test(
  'a telephone that takes the REFER and never tells is given up 10 s after its time to ring',
  async (t) => {
    for (const by of ['refer', 'auto'] as const) {
      const { clock, referral, settled, seen, played } = referring(by);
      t.match(played, [/tone_stream:.*400/], 'the caller hears that it rings');
      clock.advance(50);
      referral()?.answered(202);
      clock.advance(29_999);
      await settled();
      t.same(seen().ends, []);
      clock.advance(1);
      await settled();
      t.match(seen(), { ends: ['failed'], dialled: 0, stops: 1 });
      t.match(seen().attempts, [
        { by: 'refer', outcome: 'failed', sipStatus: null, startMs: 0, answeredMs: null, endedMs: 30_050 },
      ]);
      t.equal(clock.pendingTimers, 0);
    }
  },
);

t.test(
  'a REFER that nobody answers is given up after 8 s: by auto the target is called, and the tone goes on',
  async (t) => {
    const only = referring('refer');
    only.clock.advance(8000);
    await only.settled();
    t.match(only.seen(), { ends: ['failed'], dialled: 0, attempts: [{ outcome: 'failed', sipStatus: 408 }] });
    const auto = referring('auto');
    auto.clock.advance(8000);
    await auto.settled();
    t.match(auto.seen(), { ends: [], dialled: 1, stops: 0, tones: 1 });
    t.match(auto.seen().attempts, [{ by: 'refer', outcome: 'failed', sipStatus: 408 }]);
  },
);

/** Somebody in a call, as far as a transfer knows. */
class FakeDialog extends TypedEmitter<CallDialogEvents> {
  ending: EndCause | undefined;
  watched = false;
  byes = 0;

  watch(): void {
    this.watched = true;
  }

  unwatch(): void {
    this.watched = false;
  }

  bye(): Promise<void> {
    this.byes += 1;
    return Promise.resolve();
  }

  tell(cause: EndCause): void {
    this.ending = cause;
    this.emit('ended', cause);
  }

  get asDialog(): CallDialog {
    return this as unknown as CallDialog;
  }
}

t.test(
  'two people who talk are watched; whoever vanishes is told of, and the caller is heard again',
  async (t) => {
    const clock = new ManualClock();
    const [near, far] = [new FakeDialog(), new FakeDialog()];
    const done: string[] = [];
    const media = (name: string) => ({
      on: () => undefined,
      localSdp: 'v=0',
      play: () => ({ stop: () => undefined }),
      modify: () => Promise.resolve('v=0'),
      close: () => Promise.resolve(void done.push(`${name} closed`)),
      bridge: () => Promise.resolve(void done.push('bridged')),
      unbridge: () => Promise.resolve(void done.push('parted')),
    });
    const outgoing = {
      on: () => undefined,
      cancel: () => undefined,
      dial: () => Promise.resolve({ outcome: 'answered', dialog: far.asDialog, sdp: 'v=0' }),
    };
    const transfer = new Transfer(
      { node: null, to: 'alice', by: 'bridge', ringMs: 20_000, from: 'bob', dialect: 'en-gb' },
      {
        dialog: near.asDialog,
        endpoint: {
          ...media('near'),
          createBeside: () => Promise.resolve(media('far')),
        } as unknown as MediaEndpoint,
        dialer: { place: () => outgoing } as unknown as CallDialer,
        journal: new FakeJournal(clock).asJournal,
        clock,
        logger: silentLogger,
        sinceAnswerMs: () => clock.nowMs(),
      },
    );
    const attempts: TransferRecord[] = [];
    const over = new Promise((resolve) => transfer.on('over', resolve));
    transfer.on('attempt', (record) => attempts.push(record)).start();
    await new Promise((resolve) => setImmediate(resolve));
    t.same([near.watched, far.watched, done], [true, true, ['bridged']]);
    clock.advance(5000);
    const detail = 'the other side does not respond any more (408 to our OPTIONS)';
    far.tell({ end: 'error', q850Cause: 102, detail });
    t.equal(await over, 'answered');
    t.match(attempts, [{ by: 'bridge', outcome: 'answered', detail, answeredMs: 0, endedMs: 5000 }]);
    t.notOk(near.watched, 'the caller is the dialog again');
    await transfer.close();
    t.strictSame(done, ['bridged', 'parted', 'far closed', 'far closed']);
  },
);
