import type Srf from 'drachtio-srf';
import t from 'tap';
import { isUndelivered } from '../../src/sip/undelivered.js';

const response = (status: number, to: string, address: string): Srf.SrfResponse =>
  ({
    status,
    source_address: address,
    has: (name: string) => name === 'To',
    get: () => to,
  }) as unknown as Srf.SrfResponse;

t.test('the word of drachtio itself, embedded or real, is told from that of whom we called', (t) => {
  const tagged = 'sip:1@192.0.2.1;transport=tcp;tag=a';
  for (const status of [503, 410]) {
    t.equal(isUndelivered(response(status, tagged, '192.0.2.1')), false, `${status} of a peer`);
    // drachtio-server 0.9.10, connection refused or closed: `network|N|tcp||0|TIME` and a To tag of its own.
    t.equal(isUndelivered(response(status, tagged, '')), true, `${status} of the real one: no address`);
  }
  t.equal(
    isUndelivered(response(503, '<sip:1@192.0.2.1>', '192.0.2.1')),
    true,
    'the embedded one: no To tag',
  );
  t.equal(isUndelivered(response(408, tagged, '')), false, '408: it was sent, and nobody answered');
  t.equal(isUndelivered(undefined), false);
  t.end();
});
