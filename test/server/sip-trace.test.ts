import t from 'tap';
import { addSipCommand } from '../../src/cli/sip.js';
import { ControlClient } from '../../src/http/control-client.js';
import { runCommand } from '../cli/run-command.js';
import { House, longToneHz } from './house.js';
import { Phone } from './phone.js';

t.setTimeout(60_000);

t.test(
  'the trace of a call is found by our id, or a beginning of it, while it is up and after',
  async (t) => {
    const house = await House.start(t);
    const client = await ControlClient.open(house.dataDir);
    const phone = await Phone.open(t);
    const trace = async (key: string) => {
      const line = ['sip', 'trace', key, '--data-dir', house.dataDir, '--json'];
      const { callId, messages } = JSON.parse(await runCommand(t, addSipCommand, line)) as {
        callId: string;
        messages: readonly { text: string }[];
      };
      return { callId, methods: messages.map(({ text }) => text.split(' ')[0]) };
    };
    const call = await (await phone.dial(house.uri('1'))).answered();
    await call.hears(longToneHz);
    const [live] = await client.calls();
    const id = live?.id ?? '';
    t.equal(live?.sipCallId, call.sipCallId);
    for (const key of [id, id.slice(0, -3), call.sipCallId]) {
      const { callId, methods } = await trace(key);
      t.equal(callId, call.sipCallId, key);
      t.equal(methods[0], 'INVITE');
      t.notOk(methods.includes('BYE'));
    }
    const other = await (await phone.dial(house.uri('1'))).answered();
    // Our ids begin with the date.
    await t.rejects(trace(id.slice(0, 8)), { code: 'CLI_TRACE_AMBIGUOUS', message: id });
    await other.end();
    await call.end();
    await house.record(call.sipCallId);
    const { callId, methods } = await trace(id);
    t.equal(callId, call.sipCallId);
    t.ok(methods.includes('BYE'));
  },
);
