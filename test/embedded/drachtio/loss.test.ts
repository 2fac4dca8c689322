import t from 'tap';
import { empty } from '../sip/phones.js';
import { connectApp, sdp, serverEmpty, type AppDialog } from './harness.js';
import { lossyServer, networks, ringingOver } from './lossy-server.js';

// Each has its own server and phone, and waits most of its time for 64 * T1.
t.jobs = 4;

for (const { name, atLeast, ...link } of networks) {
  t.test(
    `${name}: calls into the application and out of it end everywhere`,
    { buffered: true },
    async (t) => {
      const { server, phone, network, uri, phoneUri } = await lossyServer(t, { ...link, seed: 11 });
      const destroyed: Promise<unknown>[] = [];
      const follow = (dialog: AppDialog): void =>
        void destroyed.push(new Promise((resolve) => dialog.once('destroy', resolve)));
      const app = await connectApp(t, server, (a) => {
        a.invite((req, res) => {
          res.send(180);
          if (req.get('X-Plan') === 'cancel') {
            destroyed.push(ringingOver(req, res));
            return;
          }
          a.createUAS(req, res, { localSdp: sdp }).then(
            (dialog) => {
              if (req.get('X-Plan') === 'called hangs up') {
                dialog.once('ack', () => void dialog.destroy().catch(() => undefined));
                return; // who hangs up itself hears no 'destroy'
              }
              follow(dialog);
            },
            () => undefined, // cancelled meanwhile
          );
        });
      });
      const calls = 45;
      const plans = ['caller hangs up', 'called hangs up', 'cancel'];
      const inbound = Array.from({ length: calls }, async (_, i): Promise<boolean> => {
        const plan = plans[i % plans.length] as string;
        const call = phone.invite(uri, { body: sdp, headers: { 'X-Plan': plan } });
        if (plan === 'cancel') call.on('provisional', () => call.cancel());
        const end = await new Promise<string>((resolve) => {
          call.on('failed', (status) => resolve(`failed ${status}`));
          call.on('accepted', (_, dialog) => {
            dialog.on('ended', resolve);
            call.ack();
            if (plan === 'caller hangs up') void dialog.bye();
          });
        });
        t.match(end, /^(local-bye|remote-bye|error|failed (408|487))$/);
        return end === { cancel: 'failed 487', 'called hangs up': 'remote-bye' }[plan] || end === 'local-bye';
      });
      phone.on('invite', (incoming) => {
        incoming.respond(180);
        const dialog = incoming.accept({ body: sdp });
        dialog.on('ack', () => {
          if (incoming.request.get('x-plan') === 'called hangs up') void dialog.bye();
        });
      });
      const outbound = Array.from({ length: calls }, async (_, i): Promise<boolean> => {
        const plan = plans[i % 2] as string;
        try {
          const dialog = await app.createUAC(phoneUri, { localSdp: sdp, headers: { 'X-Plan': plan } });
          if (plan === 'called hangs up') follow(dialog);
          else await dialog.destroy();
          return true;
        } catch (error) {
          t.match(error, { status: /^(408|487)$/ });
          return false;
        }
      });
      const good = (await Promise.all([...inbound, ...outbound])).filter(Boolean).length;
      await Promise.all(destroyed);
      t.ok(good >= atLeast * 2 * calls, `${good} of ${2 * calls} as planned`);
      t.ok(
        network.lost.length >= link.loss * 200,
        `${network.lost.length} packets lost, ${network.counts.passed} passed`,
      );
      t.ok(await serverEmpty(server));
      t.ok(await empty(phone));
    },
  );
}
