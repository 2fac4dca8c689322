import t from 'tap';
import { ManualClock, systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { Admission, drainingStep, rateStep } from '../../src/sip/admission.js';
import { challengeWith } from '../../src/sip/caller-identity.js';
import type { Identification } from '../../src/sip/caller-identification.js';
import { InviteRate } from '../../src/sip/invite-rate.js';
import { SipAgent } from '../../src/sip/sip-agent.js';
import { sdp, secret, serverUri, startServer } from '../embedded/drachtio/harness.js';
import { agent, next } from '../embedded/sip/phones.js';

t.test('who is asked for a password, or failed, meets the limits of admission first', async (t) => {
  const server = await startServer(t);
  const clock = new ManualClock();
  const refusal = { step: 'authentication', status: 403, reason: 'too many wrong passwords' };
  let identified: Identification = challengeWith(407, ['Digest realm="xiangyin"']);
  let isDraining = false;
  const rate = new InviteRate({ clock, perSecond: 0, perSecondPerAddress: 2 });
  const sip = new SipAgent({
    drachtio: { address: server.adminAddress, secret },
    admission: new Admission([drainingStep(() => isDraining), rateStep(rate, () => false)]),
    identify: () => identified,
    draining: () => isDraining,
    clock: systemClock,
    logger: silentLogger,
  });
  const refused: string[] = [];
  sip.on('refused', (_, { step }) => void refused.push(step));
  sip.on('call', () => t.fail('nobody has proven anything'));
  await sip.connect();
  t.teardown(() => sip.close());
  const phone = await agent(t, 'phone');
  const call = async () => (await next(phone.invite(serverUri(server), { body: sdp }), 'failed'))[0];
  t.equal(await call(), 407);
  t.equal(await call(), 407);
  t.equal(await call(), 503, 'the third within a second gets no challenge');
  identified = { kind: 'denied', refusal };
  t.equal(await call(), 503);
  clock.advance(1000);
  t.equal(await call(), 403);
  isDraining = true;
  identified = challengeWith(407, ['Digest realm="xiangyin"']);
  t.equal(await call(), 503);
  t.strictSame(refused, ['rate', 'rate', 'authentication', 'draining'], 'a challenge is no refusal');
});
