import t from 'tap';
import { MediaWatch } from '../../../src/embedded/freeswitch/media-watch.js';
import type { SdpLeg } from '../../../src/embedded/freeswitch/sdp-leg.js';
import { ChannelVariables } from '../../../src/embedded/freeswitch/variables.js';
import type { RtpSession } from '../../../src/embedded/rtp/rtp-session.js';

function watched(direction: string | undefined = 'sendrecv') {
  const stats: { lastReceivedMs: number | undefined } = { lastReceivedMs: undefined };
  const rtcpStats: { lastReceivedMs: number | undefined } = { lastReceivedMs: undefined };
  const leg = { remote: direction === undefined ? undefined : { direction } };
  const variables = new ChannelVariables();
  const session = { stats, rtcpStats } as unknown as RtpSession;
  const watch = new MediaWatch(session, leg as unknown as SdpLeg, variables, 1000);
  return { watch, stats, rtcpStats, leg, variables };
}

t.test(
  'a far side that is silent for five minutes is gone, counted from its last packet of any kind',
  (t) => {
    const { watch, stats, rtcpStats } = watched();
    t.notOk(watch.isOver(301_000));
    t.ok(watch.isOver(301_001));
    stats.lastReceivedMs = 100_000;
    t.notOk(watch.isOver(400_000));
    rtcpStats.lastReceivedMs = 350_000;
    t.notOk(watch.isOver(650_000), 'who sends no sound but reports is there');
    t.ok(watch.isOver(650_001));
    t.end();
  },
);

t.test("the limit is the variables', at any time; 0 is none", (t) => {
  const { watch, variables } = watched();
  variables.set('rtp_timeout_sec', '5');
  t.notOk(watch.isOver(6000));
  t.ok(watch.isOver(6001));
  variables.set('media_timeout', '20000');
  t.notOk(watch.isOver(21_000));
  t.ok(watch.isOver(21_001));
  variables.set('media_timeout', '0');
  t.notOk(watch.isOver(1e9));
  t.end();
});

t.test(
  'on hold it is half an hour, or the limit of hold; who said that it sends nothing may be silent for ever',
  (t) => {
    for (const direction of ['sendonly', 'inactive']) {
      const { watch, variables } = watched(direction);
      t.notOk(watch.isOver(1_801_000));
      t.ok(watch.isOver(1_801_001));
      variables.set('rtp_hold_timeout_sec', '60');
      t.ok(watch.isOver(61_001));
    }
    for (const direction of ['recvonly', undefined]) {
      const { watch, leg } = watched('sendrecv');
      if (direction === undefined) leg.remote = undefined;
      else leg.remote = { direction };
      t.notOk(watch.isOver(1e9));
    }
    t.end();
  },
);

t.test('after hold the time counts from the new answer', (t) => {
  const { watch } = watched();
  watch.renegotiated(1_000_000);
  t.notOk(watch.isOver(1_300_000));
  t.ok(watch.isOver(1_300_001));
  t.end();
});
