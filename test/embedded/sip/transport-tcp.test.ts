import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { listenTcp } from '../../../src/embedded/sip/transport-tcp.js';

t.test(
  'a peer that asks and never reads the answers is dropped, and what waits for it with it',
  async (t) => {
    let answers = 0;
    const listener = await listenTcp(
      '127.0.0.1',
      0,
      (_bytes, source) => {
        const answer = Buffer.alloc(64 * 1024, 'x');
        while (source.stream?.open === true && answers < 1000) {
          source.stream.write(answer);
          answers += 1;
        }
      },
      () => undefined,
    );
    t.teardown(() => listener.close());
    const peer = connect(listener.address.port, '127.0.0.1');
    t.teardown(() => peer.destroy());
    await once(peer, 'connect');
    peer.pause();
    peer.write('OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n');
    for (let i = 0; i < 500 && (answers === 0 || listener.sockets > 1); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 5));
    t.ok(answers > 0 && answers < 1000, `${String(answers)} of 1000 answers were taken`);
    t.equal(listener.sockets, 1, 'only the listener is left');
  },
);
