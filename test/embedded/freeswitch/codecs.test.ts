import t from 'tap';
import { tone } from '../../../src/audio/tone.js';
import type { AudioCodec } from '../../../src/embedded/rtp/codec.js';
import { answeredCall, api, execute, startServer, until, type EslEvent, type Phone } from './testbed.js';

function sine(frequencyHz: number, durationMs: number): Int16Array {
  return tone({ frequenciesHz: [frequencyHz], durationMs, sampleRateHz: 8000, levelDb: -12 });
}

/**
 * How much of the sound is at one frequency, in its median packet: 1 is a pure tone of it. A busy machine may delay a packet
 * here and there, and what the jitter buffer makes of that is not the codec's.
 */
function purity(samples: Int16Array, frequencyHz: number): number {
  const packets: number[] = [];
  for (let from = 0; from + 160 <= samples.length; from += 160) {
    let [re, im, power] = [0, 0, 0];
    for (let i = from; i < from + 160; i++) {
      const angle = (2 * Math.PI * frequencyHz * i) / 8000;
      const sample = samples[i] as number;
      re += sample * Math.cos(angle);
      im += sample * Math.sin(angle);
      power += sample ** 2;
    }
    packets.push(power === 0 ? 0 : (2 * (re ** 2 + im ** 2)) / (power * 160));
  }
  return packets.sort((one, other) => one - other)[packets.length >> 1] ?? 0;
}

/** What the phone heard from the first loud packet on, `ms` of it; undefined while less than that came. */
function heardTone(phone: Phone, ms: number, fromMs = 0): Int16Array | undefined {
  const since = phone.heard.filter(({ atMs }) => atMs >= fromMs);
  const first = since.findIndex(({ samples }) => samples.some((sample) => Math.abs(sample) > 2000));
  if (first === -1) return undefined;
  // The first 60 ms are the beginning of the tone, to which a codec has yet to adapt.
  const packets = since.slice(first + 3, first + 3 + ms / 20);
  if (packets.length < ms / 20) return undefined;
  return Int16Array.from(packets.flatMap(({ samples }) => [...samples]));
}

async function untilHeard(phone: Phone, ms: number, fromMs = 0): Promise<Int16Array> {
  await until('the phone hears a tone', () => heardTone(phone, ms, fromMs) !== undefined);
  return heardTone(phone, ms, fromMs) ?? new Int16Array(0);
}

const CASES: readonly { codec: AudioCodec; name: string; rate: string; clock: string; bitRate: string }[] = [
  { codec: 'opus', name: 'opus', rate: '48000', clock: '48000', bitRate: '20000' },
  { codec: 'G722', name: 'G722', rate: '16000', clock: '8000', bitRate: '64000' },
  { codec: 'L16/8000', name: 'L16', rate: '8000', clock: '8000', bitRate: '128000' },
  { codec: 'L16/16000', name: 'L16', rate: '16000', clock: '16000', bitRate: '256000' },
];

for (const { codec, name, rate, clock, bitRate } of CASES) {
  t.test(`a call in ${codec}: the caller hears a tone, the server hears a tone and keys`, async (t) => {
    const server = await startServer(t);
    const { control, phone, uuid, events } = await answeredCall(t, server, [codec]);
    const dump = await api(control, `uuid_dump ${uuid}`);
    for (const line of [
      `Channel-Read-Codec-Name: ${name}`,
      `Channel-Read-Codec-Rate: ${rate}`,
      `Channel-Read-Codec-Bit-Rate: ${bitRate}`,
      `Channel-Write-Codec-Name: ${name}`,
      `variable_read_codec: ${name}`,
      `variable_read_rate: ${rate}`,
      `variable_write_codec: ${name}`,
      `variable_rtp_use_codec_name: ${name}`,
      `variable_rtp_use_codec_rate: ${clock}`,
    ]) {
      t.ok(dump.includes(`${line}\n`), line);
    }
    const done = execute(control, 'playback', 'tone_stream://%(600,0,500)');
    const heard = await untilHeard(phone, 400);
    t.ok(purity(heard, 500) > 0.97, `the caller hears it: ${purity(heard, 500)}`);
    await done;

    const other = await answeredCall(t, server);
    await api(control, `uuid_bridge ${uuid} ${other.uuid}`);
    phone.say(sine(800, 700));
    const through = await untilHeard(other.phone, 400);
    t.ok(purity(through, 800) > 0.97, `the server hears it: ${purity(through, 800)}`);

    await phone.session.sendDtmf('7', 120);
    const isKey = (event: EslEvent): boolean => event.getHeader('Event-Name') === 'DTMF';
    await until('the key', () => events.some(isKey));
    t.equal(events.find(isKey)?.getHeader('DTMF-Digit'), '7');
    t.equal(events.find(isKey)?.getHeader('DTMF-Duration'), '960', 'in samples of 8 kHz');
  });
}

t.test('bridged callers of different codecs hear each other', async (t) => {
  const server = await startServer(t);
  const one = await answeredCall(t, server, ['opus']);
  const other = await answeredCall(t, server, ['G722']);
  await api(one.control, `uuid_bridge ${one.uuid} ${other.uuid}`);
  one.phone.say(sine(600, 700));
  other.phone.say(sine(1100, 700));
  const [atOther, atOne] = await Promise.all([untilHeard(other.phone, 400), untilHeard(one.phone, 400)]);
  t.ok(purity(atOther, 600) > 0.97, `Opus to G.722: ${purity(atOther, 600)}`);
  t.ok(purity(atOne, 1100) > 0.97, `G.722 to Opus: ${purity(atOne, 1100)}`);
});

t.test('a re-INVITE changes the codec in mid-call, and back; sound goes on both ways', async (t) => {
  const server = await startServer(t);
  const { control, phone, dialog, uuid } = await answeredCall(t, server, ['PCMU']);
  const other = await answeredCall(t, server);
  await api(control, `uuid_bridge ${uuid} ${other.uuid}`);
  const sequence: AudioCodec[] = ['opus', 'G722', 'PCMA'];
  for (const [index, codec] of sequence.entries()) {
    phone.codecs = [codec];
    const response = await dialog.reinvite(phone.offer);
    t.equal(response.status, 200, codec);
    phone.setRemote(response.body);
    const dump = await api(control, `uuid_dump ${uuid}`);
    t.match(dump, `variable_read_codec: ${codec}\n`);
    t.match(dump, `Channel-Write-Codec-Name: ${codec}\n`);
    const fromMs = performance.now();
    const [said, answered] = [500 + 300 * index, 650 + 300 * index];
    phone.say(sine(said, 600));
    other.phone.say(sine(answered, 600));
    const [there, here] = await Promise.all([
      untilHeard(other.phone, 300, fromMs),
      untilHeard(phone, 300, fromMs),
    ]);
    t.ok(purity(there, said) > 0.95, `${codec} from the caller: ${purity(there, said)}`);
    t.ok(purity(here, answered) > 0.95, `${codec} to the caller: ${purity(here, answered)}`);
    await until('all is said', () => phone.peakSince(performance.now() - 100) < 500);
  }
  const refused = await dialog.reinvite(
    phone.offer.replace(/RTP\/AVP .*/, 'RTP/AVP 18').replace(/a=(rtpmap|fmtp).*\r\n/g, ''),
  );
  t.equal(refused.status, 488);
  t.match(await api(control, `uuid_dump ${uuid}`), 'variable_read_codec: PCMA\n', 'and all stays');
});

t.test('the order of the caller decides, as far as it is configured', async (t) => {
  const server = await startServer(t, { codecs: ['PCMA', 'G722'] });
  const { control, uuid, answer } = await answeredCall(t, server, ['opus', 'PCMU', 'G722', 'PCMA']);
  t.match(answer, /m=audio \d+ RTP\/AVP 9 101\r\n/);
  t.match(await api(control, `uuid_dump ${uuid}`), 'variable_read_codec: G722\n');
});

t.test('any codec of the answer may come: by its type, in mid-stream', async (t) => {
  const server = await startServer(t);
  const { control, phone, uuid } = await answeredCall(t, server, ['PCMU']);
  const other = await answeredCall(t, server);
  await api(control, `uuid_bridge ${uuid} ${other.uuid}`);
  // The phone sends A-law into a call of mu-law, as some gateways do after a transfer.
  phone.session.setRemote(phone.session.target, 'PCMA', 8, 101);
  phone.say(sine(900, 600));
  const heard = await untilHeard(other.phone, 300);
  t.ok(purity(heard, 900) > 0.97, `${purity(heard, 900)}`);
});
