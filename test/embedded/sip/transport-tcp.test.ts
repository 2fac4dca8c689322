import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { listenStream } from '../../../src/embedded/sip/transport-stream.js';
import { surroundings } from './streams.js';

t.test(
  'a peer that asks and never reads the answers is dropped, and what waits for it with it',
  async (t) => {
    let answers = 0;
    const listener = await listenStream(
      'tcp',
      { host: '127.0.0.1', port: 0 },
      await surroundings((_bytes, source) => {
        const answer = Buffer.alloc(64 * 1024, 'x');
        while (source.stream?.open === true && answers < 1000) {
          source.stream.write(answer);
          answers += 1;
        }
      }),
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
