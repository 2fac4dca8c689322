import t from 'tap';
import { answerSdp, offerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';

const local = { address: '192.0.2.1', port: 4000 };
const offer = offerSdp({ address: '192.0.2.9', port: 5000 });

t.test('RTCP is where a=rtcp says, with or without an address, else above', (t) => {
  const read = (line: string) => readRemoteMedia(offer + line)?.rtcp;
  t.same(read(''), { isMuxed: false, address: undefined });
  t.same(read('a=rtcp:5009\r\n'), { isMuxed: false, address: { host: '192.0.2.9', port: 5009 } });
  t.same(read('a=rtcp:5009 IN IP4 192.0.2.44\r\n'), {
    isMuxed: false,
    address: { host: '192.0.2.44', port: 5009 },
  });
  t.same(read('a=rtcp:0\r\n'), { isMuxed: false, address: undefined });
  t.same(read('a=rtcp:70000\r\n'), { isMuxed: false, address: undefined });
  t.end();
});

t.test('rtcp-mux is answered when it was offered, and only then', (t) => {
  t.notMatch(answerSdp(offer, local)?.sdp, /rtcp-mux/);
  const answer = answerSdp(`${offer}a=rtcp-mux\r\n`, local);
  t.match(answer?.sdp, /a=rtcp-mux/);
  t.equal(answer?.rtcp.isMuxed, true);
  t.notMatch(offer, /rtcp-mux/);
  t.end();
});
