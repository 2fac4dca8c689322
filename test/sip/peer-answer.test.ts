import type Srf from 'drachtio-srf';
import t from 'tap';
import { isOfPeer } from '../../src/sip/peer-answer.js';

const response = (to: string, address: string): Srf.SrfResponse =>
  ({
    source_address: address,
    has: (name: string) => name === 'To',
    get: () => to,
  }) as unknown as Srf.SrfResponse;

t.test("a carrier's 503 is told from that of drachtio itself, embedded or real", (t) => {
  t.equal(isOfPeer(response('<sip:1@192.0.2.1>;tag=a', '192.0.2.1')), true);
  t.equal(isOfPeer(response('<sip:1@192.0.2.1>', '192.0.2.1')), false, 'embedded: no To tag');
  // drachtio-server 0.9.10, connection refused: `network|N|tcp||0|TIME` and a To tag of its own.
  t.equal(isOfPeer(response('sip:1@192.0.2.1;transport=tcp;tag=a', '')), false, 'real: no address');
  t.equal(isOfPeer(undefined), false);
  t.end();
});
