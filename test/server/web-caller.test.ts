import t from 'tap';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/logger.js';
import { UserAgent } from '../../src/embedded/sip/user-agent.js';
import { Browser } from '../embedded/freeswitch/browser.js';
import { eventually, House } from './house.js';

t.setTimeout(60_000);

for (const standby of [0, 2]) {
  t.test(
    `a browser is answered, hears the prompt, and leaves nothing (${standby} endpoints stand by)`,
    async (t) => {
      const house = await House.start(t, { 'mediaServer.standby': standby });
      const idle = await house.held();
      const browser = new Browser(t);
      const agent = await UserAgent.listen({
        listen: ['udp:127.0.0.1:0'],
        name: 'web',
        clock: systemClock,
        logger: silentLogger,
      });
      t.teardown(() => agent.close());
      const outgoing = agent.invite(house.uri('1'), { body: await browser.offer() });
      const dialog = await new Promise<{ answer: string; bye: () => Promise<unknown> }>((resolve, reject) => {
        outgoing.on('accepted', ({ body }, made) => resolve({ answer: body, bye: () => made.bye() }));
        outgoing.on('failed', (status) => reject(new Error(`refused with ${status}`)));
      });
      outgoing.ack();
      t.match(dialog.answer, /^a=ice-lite\r$/m);
      t.match(dialog.answer, /^m=audio \d+ UDP\/TLS\/RTP\/SAVPF /m);
      await browser.take(dialog.answer);
      await eventually(() => browser.hearsSound || undefined, 30_000);
      await dialog.bye();
      const record = await house.record(outgoing.request.get('call-id') ?? '');
      t.equal(record.endReason, 'remote-bye');
      t.same(await house.leftAbove(idle), {});
      t.same(house.log, []);
    },
  );
}
