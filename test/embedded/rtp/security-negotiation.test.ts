import t from 'tap';
import { offerSdp, answerSdp, readRemoteMedia } from '../../../src/embedded/rtp/sdp.js';
import {
  parseSecurityPolicy,
  SecurityNegotiation,
  type AgreedSecurity,
} from '../../../src/embedded/rtp/security-negotiation.js';

const KEY_80 = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const KEY_32 = 'PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR';
const local = { address: '127.0.0.1', port: 40_000 };

function offer(profile: string, ...lines: string[]): string {
  const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'];
  return [...head, `m=audio 5000 ${profile} 0 101`, 'a=rtpmap:101 telephone-event/8000', ...lines, ''].join(
    '\r\n',
  );
}

function crypto(tag: number, suite = 'AES_CM_128_HMAC_SHA1_80', rest = `inline:${KEY_80}`): string {
  return `a=crypto:${tag} ${suite} ${rest}`;
}

function answered(
  sdp: string,
  mode?: string,
  protection = new SecurityNegotiation(parseSecurityPolicy(mode)),
) {
  const answer = answerSdp(sdp, { ...local, protection });
  if (answer !== undefined) protection.answered(answer.security);
  return { answer: answer?.sdp, agreed: protection.agreed, protection };
}

function sdes(agreed: AgreedSecurity | undefined) {
  if (agreed?.kind !== 'sdes') throw new Error('no keys');
  return agreed;
}

t.test(
  'an offer of RTP/SAVP is answered with the first suite of ours, its tag and a key of our own',
  async (t) => {
    const { answer, agreed } = answered(
      offer(
        'RTP/SAVP',
        crypto(1, 'AES_256_CM_HMAC_SHA1_80'),
        crypto(7, 'AES_CM_128_HMAC_SHA1_32', `inline:${KEY_32}|2^20`),
        crypto(8),
      ),
    );
    t.match(answer, /m=audio 40000 RTP\/SAVP 0 101\r\n/);
    const line = /a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:(\S+)\r\n/.exec(answer ?? '');
    t.equal(Buffer.from(line?.[1] ?? '', 'base64').length, 30);
    t.not(line?.[1], KEY_32);
    t.equal(answer?.match(/a=crypto/g)?.length, 1);
    const { local: ours, remote } = sdes(agreed);
    t.equal(Buffer.concat([ours.key, ours.salt]).toString('base64'), line?.[1]);
    t.equal(Buffer.concat([remote.key, remote.salt]).toString('base64'), KEY_32);
    t.equal(remote.lifetimePackets, 2 ** 20);
  },
);

t.test('an offer of RTP/AVP with keys is answered with keys, one without in the clear', async (t) => {
  const with_ = answered(offer('RTP/AVP', crypto(1)));
  t.match(with_.answer, /RTP\/AVP 0 101[^]*a=crypto:1 AES_CM/);
  t.equal(with_.agreed?.kind, 'sdes');
  const without = answered(offer('RTP/AVP'));
  t.notMatch(without.answer, /crypto/);
  t.equal(without.agreed, undefined);
});

t.test(
  'keys that we cannot use are passed over, and RTP/SAVP without one that we can is refused',
  async (t) => {
    const lines = [
      crypto(1, 'AES_CM_128_HMAC_SHA1_80', `inline:${KEY_80}|2^20|1:4`),
      crypto(2, 'AES_CM_128_HMAC_SHA1_80', `inline:${KEY_80} UNENCRYPTED_SRTP`),
      crypto(3, 'AES_CM_128_HMAC_SHA1_80', `inline:${KEY_80} KDR=4`),
      crypto(4, 'AES_CM_128_HMAC_SHA1_80', `inline:${KEY_80.slice(8)}`),
      crypto(5, 'F8_128_HMAC_SHA1_80'),
      crypto(6, 'AEAD_AES_128_GCM'),
      'a=crypto:nonsense',
    ];
    t.equal(answered(offer('RTP/SAVP', ...lines)).answer, undefined);
    t.match(
      answered(offer('RTP/SAVP', ...lines, crypto(9, undefined, `inline:${KEY_80} WSH=64`))).answer,
      /a=crypto:9 /,
    );
    t.equal(answered(offer('RTP/SAVP')).answer, undefined);
  },
);

t.test('mandatory refuses plain RTP, forbidden refuses keys and answers RTP/AVP in the clear', async (t) => {
  t.equal(answered(offer('RTP/AVP'), 'mandatory').answer, undefined);
  t.ok(answered(offer('RTP/SAVP', crypto(1)), 'true').answer);
  t.equal(answered(offer('RTP/SAVP', crypto(1)), 'forbidden').answer, undefined);
  t.notMatch(answered(offer('RTP/AVP', crypto(1)), 'false').answer, /crypto/);
  t.match(
    answered(
      offer('RTP/SAVP', crypto(1), crypto(2, 'AES_CM_128_HMAC_SHA1_32', `inline:${KEY_32}`)),
      'mandatory:AES_CM_128_HMAC_SHA1_32',
    ).answer,
    /a=crypto:2 /,
  );
});

t.test('our offer has keys when the policy says so, and its answer names one of them', async (t) => {
  t.notMatch(offerSdp({ ...local, protection: new SecurityNegotiation() }), /crypto|SAVP/);
  for (const [mode, profile] of [
    ['mandatory', 'RTP/SAVP'],
    ['optional', 'RTP/AVP'],
  ] as const) {
    const ours = new SecurityNegotiation(parseSecurityPolicy(mode));
    const sdp = offerSdp({ ...local, protection: ours });
    t.match(sdp, new RegExp(`m=audio 40000 ${profile} `));
    t.equal(sdp.match(/a=crypto/g)?.length, 3);
    const theirs = answered(sdp);
    const remote = readRemoteMedia(theirs.answer ?? '', undefined, ours);
    t.ok(remote !== undefined && ours.accept(remote.security));
    t.same(sdes(ours.agreed).remote.key, sdes(theirs.agreed).local.key);
    t.same(sdes(ours.agreed).local.key, sdes(theirs.agreed).remote.key);
  }
});

t.test(
  'an answer without keys ends our optional offer in the clear, and is no answer to a mandatory one',
  async (t) => {
    for (const mode of ['optional', 'mandatory']) {
      const ours = new SecurityNegotiation(parseSecurityPolicy(mode));
      offerSdp({ ...local, protection: ours });
      const remote = readRemoteMedia(offer('RTP/AVP'), undefined, ours);
      t.equal(remote !== undefined && ours.accept(remote.security), mode === 'optional');
      t.equal(ours.agreed, undefined);
    }
  },
);

t.test('an answer with a tag that was not offered, or another suite under it, is none', async (t) => {
  const ours = new SecurityNegotiation(parseSecurityPolicy('mandatory'));
  offerSdp({ ...local, protection: ours });
  for (const line of [crypto(9), crypto(2)]) {
    const remote = readRemoteMedia(offer('RTP/SAVP', line), undefined, ours);
    t.notOk(remote !== undefined && ours.accept(remote.security));
  }
});

t.test('a second offer keeps our key; theirs may change, and protection is offered in turn', async (t) => {
  const first = answered(offer('RTP/SAVP', crypto(1)));
  const ours = sdes(first.agreed).local;
  const second = answered(
    offer('RTP/SAVP', crypto(1, undefined, `inline:${KEY_32}`)),
    undefined,
    first.protection,
  );
  t.equal(sdes(second.agreed).local, ours);
  t.not(sdes(second.agreed).remote.key.equals(sdes(first.agreed).remote.key), true);
  t.match(
    offerSdp({ ...local, protection: first.protection }),
    /RTP\/SAVP [^]*a=crypto:1 AES_CM_128_HMAC_SHA1_80/,
  );
});

t.test('who has no protection at all refuses secure profiles, as before', async (t) => {
  t.equal(answerSdp(offer('RTP/SAVP', crypto(1)), local), undefined);
  t.equal(readRemoteMedia(offer('UDP/TLS/RTP/SAVPF', 'a=fingerprint:sha-256 AA:BB')), undefined);
});

t.test('no line makes it throw', async (t) => {
  const lines = [
    'crypto:1 AES_CM_128_HMAC_SHA1_80 5',
    'crypto:1 5 5 5',
    'fingerprint:5 5',
    'fingerprint:sha-256 5',
  ].concat([
    'setup:5',
    'ice-ufrag:5',
    'ice-pwd:5',
    'candidate:1 1 5 5 5 5 typ 5',
    'rtcp-mux',
    'group:BUNDLE 5',
    'mid:5',
  ]);
  for (const profile of ['RTP/AVP', 'RTP/SAVP', 'UDP/TLS/RTP/SAVPF', '5'])
    for (const line of lines) answered(offer(profile, `a=${line}`, 'a=fingerprint:sha-256 AA', 'a=mid:5'));
  t.pass('did not throw');
});
