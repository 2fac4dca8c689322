import t from 'tap';
import { lossyLink } from '../embedded/sip/lossy-link.js';
import { House } from './house.js';
import { Phone } from './phone.js';

/** What no answer came to is sent again for 64 times T1, 32 s (RFC 3261 §17): with so much loss one in ten runs sees it. */
const standardLimitMs = 40_000;
t.setTimeout(3 * standardLimitMs);
const house = await House.start(t);
const phone = await Phone.open(t);
const idle = await house.held();

/** What a caller does, and what the record may say of it. */
const plans = {
  'hangs up': /^remote-bye$/,
  'is hung up on': /^local-bye$/,
  'holds, resumes, hangs up': /^remote-bye$/,
  'gives up': /^(cancelled|remote-bye)$/,
} as const;
type Plan = keyof typeof plans;

t.test(
  '20 % of the packets of SIP lost, some doubled and late: every call has its record, nothing is left',
  async (t) => {
    const uri = house.uri('1');
    const link = await lossyLink(t, phone.agent.addresses[0]?.port ?? 0, Number(uri.split(':').at(-1)), {
      loss: 0.2,
      duplicates: 0.1,
      reordered: 0.2,
      seed: 71,
    });
    const run = async (plan: Plan): Promise<readonly [Plan, string]> => {
      const call = await phone.dial(`sip:1@127.0.0.1:${link.nearPort}`);
      if (plan === 'gives up') {
        call.invite.on('provisional', () => call.invite.cancel());
        const { status } = await call.outcome;
        if (status === 200) call.invite.ack();
      } else {
        await call.answered();
        if (plan === 'holds, resumes, hangs up') {
          // A repeated answer may still wait for its ACK: then there is no other change meanwhile (491).
          for (const direction of ['sendonly', 'sendrecv'] as const) {
            const response = await call.reinvite(direction);
            t.ok(response?.status === 200 || response?.status === 491, `${direction}: ${response?.status}`);
          }
        }
        if (plan === 'is hung up on') {
          await call.press('2');
          await call.farEnd(standardLimitMs);
        }
      }
      await call.end();
      const { endReason } = await house.record(call.sipCallId, standardLimitMs);
      return [plan, endReason];
    };
    const calls = (Object.keys(plans) as Plan[]).flatMap((plan) => [plan, plan]);
    const ends = await Promise.all(calls.map(run));
    for (const [plan, end] of ends) t.match(end, plans[plan], plan);
    t.ok(link.lost.length > 5, `${link.lost.length} lost, ${link.counts.passed} passed`);
    t.same(await house.leftAbove(idle, standardLimitMs), {});
    t.same(house.log, []);
  },
);
