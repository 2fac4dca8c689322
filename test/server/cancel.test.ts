import t from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { House } from './house.js';
import { Phone, type PhoneCall } from './phone.js';

t.setTimeout(60_000);
const house = await House.start(t);
const phone = await Phone.open(t);
// The phone keeps its TCP connection: it is there before we count.
await phone.agent.request('OPTIONS', house.uri('1', 'tcp'));
const idle = await house.held();
const after = (ms: number) => new Promise<void>((resolve) => void systemClock.after(ms, resolve));

/** Gives up; a call that was answered all the same is acknowledged and hung up. */
async function settle(call: PhoneCall): Promise<number> {
  call.invite.cancel();
  const { status } = await call.outcome;
  if (status === 200) call.invite.ack();
  await call.end();
  return status;
}

t.test('CANCEL at any moment of the way to the answer leaves nothing', async (t) => {
  const statuses = new Map<number, number>();
  const calls: PhoneCall[] = [];
  for (let round = 0; round < 12; round += 1) {
    const results = await Promise.all(
      Array.from({ length: 5 }, async (_, place) => {
        const call = await phone.dial(house.uri('1', place % 2 === 0 ? 'udp' : 'tcp'));
        calls.push(call);
        // Evenly over the first 40 ms, never twice at the same phase.
        await after(((round * 5 + place) * 40) / 60);
        return settle(call);
      }),
    );
    for (const status of results) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  t.ok((statuses.get(487) ?? 0) > 5, `some were cancelled in time: ${JSON.stringify([...statuses])}`);
  t.same(
    [...statuses.keys()].filter((status) => status !== 487 && status !== 200),
    [],
  );
  for (const call of calls) {
    const record = await house.record(call.sipCallId);
    t.match(record.endReason, /^(cancelled|remote-bye)$/);
    // A CANCEL that crosses our 200 ends an answered call.
    if (record.answeredAtMs === null) t.match(record, { endReason: 'cancelled', path: [], turns: [] });
  }
  t.same(await house.leftAbove(idle), {});
  t.same(house.log, [], 'a caller who gives up is nothing to report');
});
