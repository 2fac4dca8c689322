import t from 'tap';
import { DtmfDetector } from '../../../src/audio/dtmf-detector.js';
import { dtmfFrequenciesHz, tone } from '../../../src/audio/tone.js';
import { offerSdp } from '../../../src/embedded/rtp/sdp.js';
import { answeredCall, Phone, api, execute, limited, startServer, until } from './testbed.js';

t.test('a call whose far side has fallen silent ends with MEDIA_TIMEOUT, its figures told', async (t) => {
  const server = await startServer(t);
  const { control, phone, dialog, uuid, events } = await answeredCall(t, server);
  await until('a packet came', () => phone.session.stats.packetsSent > 10);
  const bye = limited('no BYE', new Promise<void>((resolve) => dialog.on('bye', () => resolve())));
  await api(control, `uuid_setvar ${uuid} media_timeout 400`);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  t.equal(await api(control, `uuid_exists ${uuid}`), 'true', 'not while it sends');
  phone.session.close();
  await bye;
  await until('its end was told', () =>
    events.some((event) => event.getHeader('Hangup-Cause') === 'MEDIA_TIMEOUT'),
  );
  const end = events.find((event) => event.getHeader('Hangup-Cause') === 'MEDIA_TIMEOUT');
  t.ok(Number(end?.getHeader('variable_rtp_audio_in_packet_count')) > 10);
  t.equal(end?.getHeader('variable_rtp_audio_in_jitter_loss_rate'), '0.00');
  t.ok(Number(end?.getHeader('variable_rtp_audio_in_mos')) > 4);
  t.equal(end?.getHeader('variable_rtp_audio_rtcp_packet_count'), '0');
});

t.test('a key of a bridged caller goes to the partner', async (t) => {
  const server = await startServer(t);
  const [one, other] = [await answeredCall(t, server), await answeredCall(t, server)];
  const heard: string[] = [];
  other.phone.session.on('dtmf', (digit) => heard.push(digit));
  await api(one.control, `uuid_bridge ${one.uuid} ${other.uuid}`);
  await one.phone.session.sendDtmf('7', 100);
  await until('the partner gets it', () => heard.includes('7'));
  t.same(heard, ['7']);
});

t.test('keys during sound are told once, and the sound goes on around them', async (t) => {
  const server = await startServer(t);
  const { control, phone, events } = await answeredCall(t, server);
  phone.say(new Int16Array(1600).fill(3000));
  await phone.session.sendDtmf('12', 60);
  await until(
    'both keys',
    () => events.filter((event) => event.getHeader('Event-Name') === 'DTMF').length === 2,
  );
  await execute(control, 'sleep', '100');
  t.same(
    events
      .filter((event) => event.getHeader('Event-Name') === 'DTMF')
      .map((event) => event.getHeader('DTMF-Digit')),
    ['1', '2'],
  );
});

t.test('keys in the sound are keys from start_dtmf on, until stop_dtmf', async (t) => {
  const server = await startServer(t);
  const { control, phone, events } = await answeredCall(t, server);
  const digits = (): (string | null)[] =>
    events
      .filter((event) => event.getHeader('DTMF-Source') === 'INBAND_AUDIO')
      .map((event) => event.getHeader('DTMF-Digit'));
  const press = (digit: string): void => {
    const frequenciesHz = dtmfFrequenciesHz(digit) ?? [];
    phone.say(tone({ frequenciesHz, durationMs: 100, sampleRateHz: 8000 }));
    phone.say(new Int16Array(1600));
  };
  await execute(control, 'start_dtmf');
  press('4');
  press('#');
  await until('both', () => digits().length === 2);
  await execute(control, 'stop_dtmf');
  press('5');
  await execute(control, 'sleep', '500');
  t.same(digits(), ['4', '#']);
});

t.test('send_dtmf to a telephone without telephone-event goes as sound', async (t) => {
  const server = await startServer(t);
  const { control, phone, dialog } = await answeredCall(t, server);
  await dialog.reinvite(
    offerSdp({ address: '127.0.0.1', port: phone.session.localPort, telephoneEvent: false }),
  );
  const from = phone.heard.length;
  await execute(control, 'send_dtmf', '28@100');
  let found = '';
  const detector = new DtmfDetector(({ digit }) => (found += digit));
  await until('it was heard', () => phone.heard.length > from + 22);
  for (const { samples } of phone.heard.slice(from)) detector.push(samples);
  detector.end();
  t.equal(found, '28');
});

t.test('a held call sends nothing, and goes on at the address of the next re-INVITE', async (t) => {
  const server = await startServer(t);
  const { control, phone, dialog } = await answeredCall(t, server);
  await until('sound comes', () => phone.heard.length > 5);
  await dialog.reinvite(phone.offer.replace('a=sendrecv', 'a=inactive'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const held = phone.heard.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(phone.heard.length <= held + 1, 'on hold nothing is sent');
  const other = await Phone.start(t);
  const { body } = await dialog.reinvite(other.offer);
  other.setRemote(body);
  await until('the sound goes to the new address', () => other.heard.length > 5);
  const before = phone.heard.length;
  await execute(control, 'playback', 'tone_stream://%(200,0,600)');
  t.ok(other.peakSince(0) > 1000);
  t.equal(phone.heard.length, before, 'and no more to the old one');
});
