import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { House, longToneHz } from './house.js';
import { Phone } from './phone.js';

t.setTimeout(60_000);

t.test('a request handler refuses a call before it is ours, or sends it to us by our tag', async (t) => {
  let answer: object = { action: 'reject', data: { status: 410 } };
  const handler = createServer((_, response) => response.end(JSON.stringify(answer)));
  await new Promise<void>((resolve) => handler.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    handler.closeAllConnections();
    handler.close();
  });
  const { port } = handler.address() as AddressInfo;
  const house = await House.start(t, { 'sip.requestHandlers': [`INVITE=http://127.0.0.1:${port}/route`] });
  const phone = await Phone.open(t);
  t.equal((await (await phone.dial(house.uri('1'))).outcome).status, 410);
  answer = { action: 'route', data: { tag: 'xiangyin' } };
  const call = await (await phone.dial(house.uri('1'))).answered();
  await call.hears(longToneHz);
  await call.end();
  await house.record(call.sipCallId);
});
