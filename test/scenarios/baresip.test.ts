import t from 'tap';
import { baresipAtDesk } from './baresip-at-desk.js';
import { withoutBaresip } from './baresip-phone.js';
import { DESK, leftAbove, startDesk } from './desk.js';

t.setTimeout(85_000);
const skip = withoutBaresip;

t.test('a call by baresip is answered, heard both ways, recorded and hung up', { skip }, async (t) => {
  const server = await startDesk(t);
  const idle = await server.counts();
  const { record, levelsDb } = await baresipAtDesk(t, server);
  t.match(record, { calledNumber: DESK, callingNumber: '3002', endReason: 'local-bye' });
  t.equal(record.path.at(-1), 'main.goodbye');
  t.ok((levelsDb[1] ?? -100) > -40, `the bot is on the right (${levelsDb[1]} dB)`);
  t.same(await leftAbove(server, idle), {}, 'nothing is left');
  t.equal((await server.stop()).code, 0);
});
