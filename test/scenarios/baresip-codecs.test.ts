import { existsSync } from 'node:fs';
import t from 'tap';
import { baresipAtDesk } from './baresip-at-desk.js';
import { baresipModule, withoutBaresip } from './baresip-phone.js';
import { startDesk } from './desk.js';

t.setTimeout(85_000);

for (const { codec, module, heardHz } of [
  { codec: 'opus/48000/2', module: 'opus', heardHz: 48_000 },
  { codec: 'G722/16000/1', module: 'g722', heardHz: 16_000 },
  { codec: 'L16/16000/1', module: 'l16', heardHz: 16_000 },
]) {
  const missing = existsSync(baresipModule(module)) ? false : `baresip's module ${module} is not installed`;
  const skip = withoutBaresip === false ? missing : withoutBaresip;
  t.test(`baresip that offers ${codec} only is answered, heard, and hears`, { skip }, async (t) => {
    const server = await startDesk(t);
    const account = `<sip:3002@127.0.0.1>;regint=0;audio_codecs=${codec};dtmfmode=rtpevent\n`;
    const visit = await baresipAtDesk(t, server, account);
    t.equal(visit.heardHz, heardHz, 'decoded by the codec that was offered');
    t.equal((await server.stop()).code, 0);
  });
}
