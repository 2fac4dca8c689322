import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import t from 'tap';
import { tone } from '../../../src/audio/tone.js';
import {
  answeredCall,
  api,
  connectClient,
  execute,
  limited,
  Phone,
  startApplication,
  startServer,
  until,
  type EslEvent,
} from './testbed.js';

function sine(durationMs: number): Int16Array {
  return tone({ frequenciesHz: [440], durationMs, sampleRateHz: 8000, levelDb: -12 });
}

t.test('a call is answered and its control connection knows all about it', async (t) => {
  const server = await startServer(t);
  const { control, answer, uuid } = await answeredCall(t, server);
  const info = control.getInfo();
  t.equal(info.getHeader('Channel-Unique-ID'), uuid);
  t.match(info.getHeader('variable_sip_user_agent'), /^drachtio-fsmrf:1111/);
  t.equal(info.getHeader('variable_rtp_local_sdp_str'), answer, 'byte for byte what the caller was answered');
  t.equal(info.getHeader('variable_local_media_ip'), '127.0.0.1');
  t.match(answer, new RegExp(`m=audio ${info.getHeader('variable_local_media_port')} RTP/AVP 0 101\r\n`));
  t.equal(info.getHeader('variable_dtmf_type'), 'rfc2833');
  t.equal(info.getHeader('Socket-Mode'), 'async');
  t.equal(info.getHeader('Control'), 'full');
  t.equal(info.getHeader('Content-Length'), null);
  const counts = server.counts();
  t.equal(counts.channels, 1);
  t.equal(counts.rtpPorts, 1);
});

t.test(
  'an application that comes while one plays runs at once, and the outer one goes on after it',
  async (t) => {
    const server = await startServer(t);
    const { control, events } = await answeredCall(t, server);
    const outer = execute(control, 'playback', 'silence_stream://300');
    const inner = execute(control, 'playback', 'silence_stream://100');
    t.equal((await inner).getHeader('Application-Data'), 'silence_stream://100');
    await execute(control, 'set', 'between=yes');
    t.equal((await outer).getHeader('variable_between'), 'yes', 'the outer one completes last');
    const completed = events
      .filter((event) => event.getHeader('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE')
      .map((event) => `${event.getHeader('Application')} ${event.getHeader('Application-Data')}`);
    t.same(completed, ['playback silence_stream://100', 'set between=yes', 'playback silence_stream://300']);
  },
);

t.test('with event-lock the next one waits', async (t) => {
  const server = await startServer(t);
  const { control, uuid, events } = await answeredCall(t, server);
  const lines = { 'call-command': 'execute', 'execute-app-name': 'sleep', 'event-lock': 'true' };
  control.send(`sendmsg ${uuid}`, { ...lines, 'execute-app-arg': '150', 'Event-UUID': 'one' });
  control.send(`sendmsg ${uuid}`, { ...lines, 'execute-app-arg': '10', 'Event-UUID': 'two' });
  const completed = () =>
    events
      .filter((event) => event.getHeader('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE')
      .map((event) => event.getHeader('Application-UUID'));
  await until('both', () => completed().length === 2);
  t.same(completed(), ['one', 'two']);
});

t.test('several variables are set at once, read back, and unset', async (t) => {
  const server = await startServer(t);
  const { control, uuid } = await answeredCall(t, server);
  await execute(control, 'multiset', '^^^a=1^b=two words^c=${a}3');
  t.equal(await api(control, `uuid_getvar ${uuid} b`), 'two words');
  t.equal(await api(control, `uuid_getvar ${uuid} c`), '13');
  await execute(control, 'unset', 'a');
  t.equal(await api(control, `uuid_getvar ${uuid} a`), '_undef_');
  t.equal(await api(control, `uuid_setvar ${uuid} d 100% sure`), '+OK\n');
  const dump = await api(control, `uuid_dump ${uuid}`);
  t.match(dump, /^Event-Name: CHANNEL_DATA\n/);
  t.match(dump, /\nvariable_d: 100%25%20sure\n/);
});

t.test('a key is told once, after its end, with its length', async (t) => {
  const server = await startServer(t);
  const { phone, events } = await answeredCall(t, server);
  await phone.session.sendDtmf('5', 100);
  const keys = (): EslEvent[] => events.filter((event) => event.getHeader('Event-Name') === 'DTMF');
  await until('the key', () => keys().length > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(keys().length, 1);
  t.equal(keys()[0]?.getHeader('DTMF-Digit'), '5');
  t.equal(keys()[0]?.getHeader('DTMF-Source'), 'RTP');
  const duration = Number(keys()[0]?.getHeader('DTMF-Duration'));
  t.ok(duration >= 640 && duration <= 1120, `about 800 samples: ${duration}`);
});

t.test('an unknown application hangs the call up, without completing', async (t) => {
  const server = await startServer(t);
  const { control, dialog, events } = await answeredCall(t, server);
  const bye = new Promise<string>((resolve) =>
    dialog.on('bye', (message) => resolve(message.get('Reason') ?? '')),
  );
  control.execute('make_coffee', 'black');
  t.match(await limited('no BYE', bye), /cause=27/);
  await until('call state', () => events.some((e) => e.getHeader('Event-Name') === 'CHANNEL_CALLSTATE'));
  const state = events.find((event) => event.getHeader('Event-Name') === 'CHANNEL_CALLSTATE');
  t.equal(state?.getHeader('Channel-Call-State'), 'HANGUP');
  t.equal(state?.getHeader('Hangup-Cause'), 'DESTINATION_OUT_OF_ORDER');
  t.notOk(events.some((e) => e.getHeader('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE'));
});

t.test('hanging up tells in order, says BYE, closes, and leaves nothing', async (t) => {
  const server = await startServer(t);
  const { control, phone, dialog, events } = await answeredCall(t, server);
  const order: string[] = [];
  const ended = new Promise<void>((resolve) => control.on('esl::end', () => resolve()));
  control.on('esl::event::disconnect::notice', () => order.push('disconnect'));
  const bye = new Promise<void>((resolve) => dialog.on('bye', () => resolve()));
  const playing = execute(control, 'playback', 'tone_stream://%(9000,0,440)');
  await until('it is heard', () => phone.peakSince(0) > 4000);
  const hungUp = execute(control, 'hangup', 'USER_BUSY');
  await Promise.all([hungUp, playing, bye, limited('the connection stays', ended)]);
  for (const event of events) {
    const name = event.getHeader('Event-Name');
    if (name === 'CHANNEL_EXECUTE_COMPLETE')
      order.splice(-1, 0, `complete ${event.getHeader('Application')}`);
    if (name === 'CHANNEL_CALLSTATE') order.splice(-1, 0, `state ${event.getHeader('Hangup-Cause')}`);
  }
  t.same(order, ['complete hangup', 'complete playback', 'state USER_BUSY', 'disconnect']);
  await until('nothing is left', () => {
    const { channels, rtpPorts, sockets, forks, dialogs } = server.counts();
    return channels + rtpPorts + sockets + forks + dialogs === 0;
  });
  t.equal(server.counts().channels, 0);
});

t.test('a BYE of the caller ends the call the same way', async (t) => {
  const server = await startServer(t);
  const { control, dialog, events } = await answeredCall(t, server);
  const ended = new Promise<void>((resolve) => control.on('esl::end', () => resolve()));
  const waiting = execute(control, 'park');
  await dialog.bye();
  t.equal((await waiting).getHeader('Application'), 'park');
  await limited('the connection stays', ended);
  t.ok(events.some((event) => event.getHeader('Hangup-Cause') === 'NORMAL_CLEARING'));
  await until('nothing is left', () => server.counts().channels === 0 && server.counts().rtpPorts === 0);
});

t.test('when its control connection goes, the call ends', async (t) => {
  const server = await startServer(t);
  const { control, dialog } = await answeredCall(t, server);
  const bye = new Promise<void>((resolve) => dialog.on('bye', () => resolve()));
  control.socket?.destroy();
  await limited('no BYE', bye);
  await until('nothing is left', () => server.counts().channels === 0);
});

t.test('nobody at the control address: the call ends instead of hanging', async (t) => {
  const server = await startServer(t);
  const phone = await Phone.start(t);
  const { dialog } = await phone.call(server, { 'X-esl-outbound': '127.0.0.1:1' });
  await limited('no BYE', new Promise<void>((resolve) => dialog.on('bye', () => resolve())));
  await until('nothing is left', () => server.counts().channels === 0 && server.counts().sockets === 0);
  await t.rejects(phone.call(server, {}), { message: /404/ }, 'nobody to control it at all');
});

t.test('an offer without a codec of ours is refused with 488 and frees its ports', async (t) => {
  const server = await startServer(t);
  const application = await startApplication(t);
  const phone = await Phone.start(t);
  const { host, port } = server.sipAddress;
  const outgoing = phone.agent.invite(`sip:drachtio@${host}:${port}`, {
    headers: { 'X-esl-outbound': `127.0.0.1:${application.port}` },
    body: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n',
  });
  t.equal(await new Promise((resolve) => outgoing.on('failed', resolve)), 488);
  t.equal(server.counts().rtpPorts, 0);
});

t.test('without an offer the answer comes with the ACK; a re-INVITE then moves the sound', async (t) => {
  const server = await startServer(t);
  const application = await startApplication(t);
  const phone = await Phone.start(t);
  const { dialog } = await phone.call(
    server,
    { 'X-esl-outbound': `127.0.0.1:${application.port}` },
    { offerless: true },
  );
  const control = await application.next();
  const uuid = control.getInfo().getHeader('Unique-ID') ?? '';
  t.equal(control.getInfo().getHeader('variable_remote_media_port'), String(phone.session.localPort));
  const other = await Phone.start(t);
  const response = await dialog.reinvite(other.offer);
  t.equal(response.status, 200);
  other.setRemote(response.body);
  const dump = await api(control, `uuid_dump ${uuid}`);
  t.match(dump, new RegExp(`variable_remote_media_port: ${other.session.localPort}\n`));
  t.match(
    dump,
    new RegExp(`variable_rtp_local_sdp_str: ${encodeURIComponent(response.body)}\n`.replaceAll('*', '\\*')),
  );
  control.subscribe(['CHANNEL_EXECUTE_COMPLETE']);
  await execute(control, 'playback', 'tone_stream://%(200,0,600)');
  t.ok(other.peakSince(0) > 1000, 'heard at the new place');
  const held = await dialog.reinvite(other.offer.replace('a=sendrecv', 'a=sendonly'));
  t.match(held.body, /a=recvonly/, 'held: we only listen');
});

t.test('bridged callers hear each other until the bridge is taken down', async (t) => {
  const server = await startServer(t);
  const one = await answeredCall(t, server);
  const other = await answeredCall(t, server);
  t.match(await api(one.control, `uuid_bridge ${one.uuid} ${other.uuid}`), /^\+OK /);
  one.phone.say(sine(400));
  await until('the other hears it', () => other.phone.peakSince(0) > 4000);
  t.equal((await execute(one.control, 'set', 'still=here')).getHeader('Application'), 'set');
  t.match(await api(one.control, `uuid_transfer ${one.uuid} -both park inline`), /^\+OK/);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const fromMs = performance.now();
  one.phone.say(sine(200));
  await new Promise((resolve) => setTimeout(resolve, 250));
  t.ok(other.phone.peakSince(fromMs) < 50);
});

t.test('who was bridged to somebody else since is not parted from him', async (t) => {
  const server = await startServer(t);
  const [one, other, third] = [
    await answeredCall(t, server),
    await answeredCall(t, server),
    await answeredCall(t, server),
  ];
  await api(one.control, `uuid_bridge ${one.uuid} ${other.uuid}`);
  await api(other.control, `uuid_bridge ${other.uuid} ${third.uuid}`);
  const told = (name: string): boolean =>
    other.events.some((event) => event.getHeader('Event-Name') === name);
  other.control.execute('playback', 'silence_stream://-1');
  await until('it plays', () => told('CHANNEL_EXECUTE'));
  t.equal(await api(one.control, `uuid_transfer ${one.uuid} -both park inline`), '+OK\n');
  t.equal(await api(other.control, `uuid_getvar ${other.uuid} bridge_uuid`), third.uuid);
  t.notOk(told('CHANNEL_EXECUTE_COMPLETE'), 'nothing of his is broken off');
});

t.test('an inbound client can end all calls', async (t) => {
  const server = await startServer(t);
  const { dialog } = await answeredCall(t, server);
  const client = await connectClient(t, server);
  const bye = new Promise<void>((resolve) => dialog.on('bye', () => resolve()));
  t.match(await api(client, 'show channels count'), /1 total/);
  t.match(await api(client, 'hupall'), /\+OK/);
  await limited('no BYE', bye);
});

t.test('a CANCEL at whatever moment leaves nothing', async (t) => {
  const server = await startServer(t);
  const application = await startApplication(t);
  const phone = await Phone.start(t);
  const { host, port } = server.sipAddress;
  for (const delayMs of [0, 1, 2, 4, 8]) {
    const outgoing = phone.agent.invite(`sip:drachtio@${host}:${port}`, {
      headers: { 'X-esl-outbound': `127.0.0.1:${application.port}` },
      body: phone.offer,
    });
    const over = new Promise<void>((resolve) => {
      outgoing.on('failed', () => resolve());
      // The answer was on its way already: then it is a call, and ends as one (RFC 3261 §9.1).
      outgoing.on('accepted', (_response, dialog) => {
        outgoing.ack();
        dialog.bye().then(resolve, resolve);
      });
    });
    setTimeout(() => outgoing.cancel(), delayMs);
    await limited('the INVITE stays open', over);
  }
  await until('nothing is left', () => {
    const { channels, rtpPorts, sockets, forks } = server.counts();
    return channels + rtpPorts + sockets + forks === 0;
  });
});

t.test('garbage on every door disturbs no call', async (t) => {
  const server = await startServer(t);
  const { control, phone } = await answeredCall(t, server);
  const playing = execute(control, 'playback', 'tone_stream://%(600,0,700)');
  const stranger = connect(server.eventSocketAddress.port, '127.0.0.1');
  stranger.on('error', () => undefined);
  stranger.write(Buffer.alloc(3 << 20, 0xfe));
  const datagrams = createSocket('udp4');
  t.teardown(() => datagrams.close());
  for (const text of ['', '\r\n', 'INVITE', 'INVITE sip:x SIP/2.0\r\n\r\n', '\u0000'.repeat(100)]) {
    datagrams.send(text, server.sipAddress.port, '127.0.0.1');
  }
  const rtpPort = Number(control.getInfo().getHeader('variable_local_media_port'));
  for (const size of [1, 11, 12, 13, 172, 1500])
    datagrams.send(Buffer.alloc(size, 0x80), rtpPort, '127.0.0.1');
  control.send('sendmsg');
  control.send('sendmsg not-a-call', { 'call-command': 'execute', 'execute-app-name': 'hangup' });
  t.equal((await playing).getHeader('Application-Response'), 'FILE PLAYED');
  t.ok(phone.peakSince(0) > 1000);
  await until('the stranger was dropped', () => server.counts().clients === 0);
});
