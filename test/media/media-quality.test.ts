import t from 'tap';
import { readMediaQuality } from '../../src/media/media-quality.js';

const dump = (variables: Record<string, string>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [`variable_rtp_audio_${name}`, value]),
    ),
  );

t.test('all that the embedded media server counts is read', (t) => {
  t.strictSame(
    readMediaQuality(
      dump({
        in_packet_count: '995',
        out_packet_count: '500',
        in_lost_packet_count: '5',
        in_flaw_total: '70',
        in_jitter_ms: '3.25',
        in_jitter_max_variance: '100.00',
        rtcp_lost_packet_count: '10',
        rtcp_jitter_ms: '1.50',
        rtcp_round_trip_ms: '24.10',
      }),
    ),
    {
      packetsReceived: 995,
      packetsSent: 500,
      lossReceived: 0.005,
      jitterReceivedMs: 3.25,
      lossSent: 0.02,
      jitterSentMs: 1.5,
      roundTripMs: 24.1,
    },
  );
  t.end();
});

t.test('FreeSWITCH tells of flaws and of a variance, and nothing of the way back', (t) => {
  t.strictSame(
    readMediaQuality(
      dump({
        in_packet_count: '98',
        in_flaw_total: '2',
        in_jitter_min_variance: '0.10',
        in_jitter_max_variance: '6.25',
        out_packet_count: '100',
        rtcp_packet_count: '3',
      }),
    ),
    {
      packetsReceived: 98,
      packetsSent: 100,
      lossReceived: 0.02,
      jitterReceivedMs: 2.5,
      lossSent: null,
      jitterSentMs: null,
      roundTripMs: null,
    },
  );
  t.end();
});

t.test('where nothing came, or nothing was said, nothing is made up', (t) => {
  t.match(readMediaQuality(dump({ in_packet_count: '0', in_flaw_total: '0', out_packet_count: '0' })), {
    packetsReceived: 0,
    lossReceived: null,
    jitterReceivedMs: null,
    lossSent: null,
  });
  t.match(
    readMediaQuality(
      dump({
        in_packet_count: '10',
        out_packet_count: '10',
        in_lost_packet_count: '-3',
        in_jitter_ms: 'nan',
      }),
    ),
    { lossReceived: 0, jitterReceivedMs: null },
    'packets that came twice are no loss below zero',
  );
  t.equal(readMediaQuality('-ERR No such channel!\n'), undefined);
  t.equal(readMediaQuality('{"Unique-ID":"x"}'), undefined);
  t.equal(readMediaQuality('null'), undefined);
  t.end();
});
