import { CODEC_FACTS, type CodecFacts } from '../rtp/codec.js';
import type { SipMessage } from '../sip/message.js';
import type { HostPort } from '../../core/address.js';
import type { SdpLeg } from './sdp-leg.js';
import type { ChannelVariables } from './variables.js';

/** What does not change while a channel lives. */
export interface ChannelIdentity {
  readonly uuid: string;
  readonly profile: string;
  readonly invite: SipMessage;
  readonly source: HostPort;
  readonly createdWallMs: number;
}

export type CallState = 'RINGING' | 'ACTIVE' | 'HELD' | 'HANGUP';

/** Headers that every event of a channel carries, without its variables. */
export function channelHeaders(
  identity: ChannelIdentity,
  state: CallState,
  leg: SdpLeg,
): Record<string, string> {
  const { uuid, invite } = identity;
  const [from, to] = [userOf(invite.get('From')), userOf(invite.uri)];
  const isHungUp = state === 'HANGUP';
  const name = `sofia/${identity.profile}/${from}@${identity.source.host}`;
  const codec = codecOf(leg);
  const headers: Record<string, string> = {
    'Channel-State': isHungUp ? 'CS_HANGUP' : 'CS_EXECUTE',
    'Channel-Call-State': state,
    'Channel-State-Number': isHungUp ? '10' : '4',
    'Channel-Name': name,
    'Unique-ID': uuid,
    'Call-Direction': 'inbound',
    'Presence-Call-Direction': 'inbound',
    'Channel-HIT-Dialplan': 'true',
    'Channel-Call-UUID': uuid,
    'Answer-State': isHungUp ? 'hangup' : state === 'RINGING' ? 'ringing' : 'answered',
  };
  for (const side of ['Read', 'Write']) {
    headers[`Channel-${side}-Codec-Name`] = codec.name;
    headers[`Channel-${side}-Codec-Rate`] = String(rateOf(codec));
    headers[`Channel-${side}-Codec-Bit-Rate`] = String(codec.bitRate);
  }
  Object.assign(headers, {
    'Caller-Direction': 'inbound',
    'Caller-Logical-Direction': 'inbound',
    'Caller-Username': from,
    'Caller-Dialplan': 'XML',
    'Caller-Caller-ID-Name': from,
    'Caller-Caller-ID-Number': from,
    'Caller-ANI': from,
    'Caller-Orig-Caller-ID-Name': from,
    'Caller-Orig-Caller-ID-Number': from,
    'Caller-Network-Addr': identity.source.host,
    'Caller-Destination-Number': to,
    'Caller-Unique-ID': uuid,
    'Caller-Source': 'mod_sofia',
    'Caller-Context': 'public',
    'Caller-Channel-Name': name,
    'Caller-Channel-Created-Time': String(Math.round(identity.createdWallMs * 1000)),
  });
  return headers;
}

/** The variables a channel is born with. */
export function setInitialVariables(variables: ChannelVariables, identity: ChannelIdentity): void {
  const { invite, uuid, source } = identity;
  const set = (name: string, value: string | undefined): void => variables.set(name, value ?? '');
  set('direction', 'inbound');
  set('uuid', uuid);
  set('call_uuid', uuid);
  set('channel_name', `sofia/${identity.profile}/${userOf(invite.get('From'))}@${source.host}`);
  set('sofia_profile_name', identity.profile);
  set('sip_call_id', invite.get('Call-ID'));
  set('sip_user_agent', invite.get('User-Agent'));
  set('sip_from_user', userOf(invite.get('From')));
  set('sip_from_uri', bareUri(invite.get('From')));
  set('sip_to_user', userOf(invite.get('To')));
  set('sip_to_uri', bareUri(invite.get('To')));
  set('sip_req_user', userOf(invite.uri));
  set('sip_req_uri', invite.uri.replace(/^sips?:/, ''));
  set('sip_contact_uri', bareUri(invite.get('Contact')));
  set('sip_received_ip', source.host);
  set('sip_received_port', String(source.port));
  set('sip_network_ip', source.host);
  set('sip_network_port', String(source.port));
  set('endpoint_disposition', 'ANSWER');
  set('dtmf_type', 'rfc2833');
  set('rtp_secure_media', invite.get('X-Secure-RTP'));
  // The preference list of the real server's configuration, upper case, as clients' tests look for it; what a call
  // really uses stands in rtp_use_codec_name.
  set('rtp_use_codec_string', 'PCMU,PCMA,OPUS');
  for (const [name, value] of invite.headers()) {
    if (/^X-/i.test(name))
      set(`sip_h_${name.toLowerCase() === 'x-esl-outbound' ? 'X-esl-outbound' : name}`, value);
  }
}

/** The variables that follow the negotiation. */
export function setMediaVariables(variables: ChannelVariables, leg: SdpLeg, local: HostPort): void {
  const { remote } = leg;
  const codec = codecOf(leg);
  const set = (name: string, value: string | undefined): void => variables.set(name, value ?? '');
  set('rtp_local_sdp_str', leg.localSdp);
  set('switch_r_sdp', leg.remoteSdp);
  set('local_media_ip', local.host);
  set('local_media_port', String(local.port));
  set('advertised_media_ip', local.host);
  set('remote_media_ip', remote?.remote?.host);
  set('remote_media_port', remote?.remote === undefined ? undefined : String(remote.remote.port));
  // As the real server has it: the rate of rtpmap here (G722/8000), what is really sampled below.
  set('rtp_use_codec_name', codec.name);
  set('rtp_use_codec_rate', String(codec.clockHz));
  set('rtp_use_codec_channels', String(codec.channels ?? 1));
  set('rtp_use_codec_ptime', '20');
  const { agreed } = leg.security;
  set('rtp_secure_media_confirmed', agreed === undefined ? undefined : 'true');
  set('rtp_has_crypto', agreed?.kind === 'sdes' ? agreed.local.suite : undefined);
  set('rtp_audio_recv_pt', String(remote?.payloadType ?? 0));
  set('rtp_use_pt', String(remote?.payloadType ?? 0));
  set('rtp_2833_send_payload', String(remote?.telephoneEventType ?? ''));
  set('rtp_2833_recv_payload', String(remote?.telephoneEventType ?? ''));
  for (const side of ['read', 'write']) {
    set(`${side}_codec`, codec.name);
    set(`${side}_rate`, String(rateOf(codec)));
  }
}

/** Until an answer tells, a call has what was offered first. */
function codecOf(leg: SdpLeg): CodecFacts {
  return CODEC_FACTS[leg.remote?.codec ?? 'PCMU'];
}

/** What the real server calls the codec's rate: 16000 for G.722, whose clock counts 8000; 48000 for opus. */
function rateOf(codec: CodecFacts): number {
  return Math.max(codec.samplingHz, codec.clockHz);
}

function bareUri(header: string | undefined): string {
  const uri = /<([^>]*)>/.exec(header ?? '')?.[1] ?? (header ?? '').split(';')[0] ?? '';
  return uri.trim().replace(/^sips?:/, '');
}

function userOf(header: string | undefined): string {
  const uri = bareUri(header);
  const at = uri.indexOf('@');
  return at === -1 ? (uri.split(/[;:]/)[0] ?? '') : uri.slice(0, at);
}
