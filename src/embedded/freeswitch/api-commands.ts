import type { Clock } from '../../core/clock.js';
import { errorCode } from '../../core/errors.js';
import { uuid as newUuid } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';
import { parseForkCommand } from './audio-fork-command.js';
import type { Channel } from './channel.js';
import { conferenceApi } from './conference-commands.js';
import type { Conferences } from './conferences.js';
import { hangupCause } from './hangup-causes.js';
import { channelVolumeApi } from './channel-volume.js';
import { dubApi } from './dubbing.js';
import { partFromBridge, prepareBridge, publishBridge, type FarBridges } from './far-bridges.js';
import { changeRecording, startRecording, stopRecording } from './recording.js';
import { voiceDetectionApi } from './voice-detection.js';
import { splitArguments, UNDEFINED_VALUE } from './variables.js';

/** What API commands see of the server. */
export interface ApiHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly conferences: Conferences;
  /** To calls of other media workers; undefined: there are none. */
  readonly farBridges: FarBridges | undefined;
  readonly coreUuid: string;
  readonly hostname: string;
  readonly globals: Map<string, string>;
  readonly startedMs: number;
  /** The body of `sofia status`. */
  sofiaStatus(): string;
}

type Api = (host: ApiHost, argument: string) => string | Promise<string>;
type ChannelApi = (channel: Channel, words: readonly string[], host: ApiHost) => string;

const OK = '+OK\n';
/** What the real server says for a command that said nothing, an unset global variable for one. */
const NO_REPLY = '-ERR no reply\n';
const NO_CHANNEL = '-ERR No such channel!\n';
const INVALID_UUID = '-ERR Invalid uuid\n';
/** Two of mod_commands say it in other words. */
const NO_SESSION = new Set(['uuid_send_dtmf', 'uuid_record']);
const NO_SESSION_TEXT = '-ERR Cannot locate session!\n';
const FORK_USAGE =
  '-USAGE: <uuid> [start | stop | send_text | pause | resume | graceful-shutdown | stop_play ] [wss-url | path] ' +
  '[mono | mixed | stereo] [8k | 16k] [bugname] [metadata]\n';
const VERSION = '1.10.12-release+xiangyin';

/** The commands of mod_commands, mod_sofia and mod_audio_fork that this server knows. */
const COMMANDS: Readonly<Record<string, Api>> = {
  status: (host) => {
    const upSecs = Math.floor((host.clock.nowMs() - host.startedMs) / 1000);
    const days = Math.floor(upSecs / 86400);
    return (
      `UP 0 years, ${days} days, ${Math.floor(upSecs / 3600) % 24} hours, ${Math.floor(upSecs / 60) % 60} minutes, ` +
      `${upSecs % 60} seconds\nFreeSWITCH (Version ${VERSION}) is ready\n${host.channels.size} session(s) - active\n`
    );
  },
  version: () => `FreeSWITCH Version ${VERSION}\n`,
  hostname: (host) => host.hostname,
  create_uuid: () => newUuid(),
  echo: (_host, argument) => argument,
  strepoch: (host, argument) =>
    argument === '' ? String(Math.floor(host.clock.wallMs() / 1000)) : '-ERR only without a date\n',
  sofia: (host, argument) =>
    argument.startsWith('status') ? host.sofiaStatus() : '-ERR only sofia status is known\n',
  global_getvar: (host, argument) =>
    argument === ''
      ? [...host.globals].map(([name, value]) => `${name}=${value}\n`).join('')
      : (host.globals.get(argument) ?? ''),
  global_setvar: (host, argument) => {
    const equals = argument.indexOf('=');
    if (equals < 1) return '-USAGE: <var>=<value> [=<value2>]\n';
    host.globals.set(argument.slice(0, equals), argument.slice(equals + 1));
    return '+OK';
  },
  module_exists: (_host, argument) => String(MODULES.has(argument)),
  show: (host, argument) => show(host, argument),
  hupall: (host, argument) => {
    const cause = hangupCause(argument === '' ? 'MANAGER_REQUEST' : argument.split(' ')[0]);
    const channels = [...host.channels.values()];
    for (const channel of channels) channel.hangup(cause);
    return `+OK hangup all channels with cause ${cause}\n`;
  },
  conference: (host, argument) => {
    const { conferences, logger } = host;
    const { elsewhere } = conferences;
    const [name = ''] = splitArguments(argument);
    const isHere = name === '' || conferences.find(name) !== undefined;
    return elsewhere === undefined || isHere
      ? conferenceApi(conferences, logger, argument)
      : elsewhere.api(argument);
  },
  uuid_exists: (host, argument) => String(host.channels.has(argument)),
  uuid_audio_fork: (host, argument) => {
    if (splitArguments(argument).length < 2) return FORK_USAGE;
    const command = parseForkCommand(argument);
    const channel = command === undefined ? undefined : host.channels.get(command.uuid);
    if (command === undefined || channel === undefined) return '-ERR Operation Failed\n';
    return channel.fork(command) ? '+OK Success\n' : '-ERR Operation Failed\n';
  },
  uuid_dub: (host, argument) => {
    const [uuid = '', ...words] = splitArguments(argument);
    if (words.length < 2) return '-ERR Operation Failed\n';
    const channel = host.channels.get(uuid);
    return channel === undefined ? '-ERR Invalid session\n' : dubApi(channel, words);
  },
  uuid_vad_detect: (host, argument) => {
    const [uuid = '', ...words] = splitArguments(argument);
    const channel = host.channels.get(uuid);
    return channel === undefined ? '-ERR Operation Failed\n' : voiceDetectionApi(channel, words);
  },
  uuid_broadcast: (host, argument) => broadcast(host, argument.split(/\s+/)),
  uuid_flush_dtmf: (host, argument) => {
    const channel = host.channels.get(argument);
    channel?.digits.clear();
    return channel === undefined ? '-ERR no such session\n' : OK;
  },
  uuid_bridge: (host, argument) => bridge(host, argument.split(/\s+/)),
};

/** Commands whose first word is a channel's id. */
const CHANNEL_COMMANDS: Readonly<Record<string, ChannelApi>> = {
  uuid_dump: (channel, [format = 'plain']) => {
    const event = channel.channelDataEvent();
    const wanted = format.toLowerCase();
    return event.serialize(wanted === 'json' || wanted === 'xml' ? wanted : 'plain');
  },
  uuid_audio: channelVolumeApi,
  uuid_getvar: (channel, [name = '']) => channel.getVariable(name) ?? UNDEFINED_VALUE,
  uuid_setvar: (channel, [name, ...value]) => {
    if (name === undefined) return '-USAGE: <uuid> <var> [value]\n';
    channel.setVariable(name, value.join(' '));
    return OK;
  },
  uuid_setvar_multi: (channel, words) => {
    for (const part of words.join(' ').split(';')) {
      const equals = part.indexOf('=');
      if (equals > 0) channel.setVariable(part.slice(0, equals), part.slice(equals + 1));
    }
    return OK;
  },
  uuid_set_media_stats: (channel) => {
    channel.setMediaStats();
    return '+OK:\n';
  },
  uuid_break: (channel, [scope]) => {
    channel.breakApplications(scope === 'all');
    return OK;
  },
  uuid_kill: (channel, [cause]) => {
    channel.hangup(cause ?? 'NORMAL_CLEARING');
    return OK;
  },
  uuid_send_dtmf: (channel, [argument = '']) => {
    const [digits = '', duration] = argument.split('@');
    if (!/^[0-9A-Da-d*#wW]+$/.test(digits)) return '-USAGE: <uuid> <dtmf_data>\n';
    // w is a pause of half a second, which the RTP session does not make: the keys around it are sent one after another.
    channel.sendDtmf(digits.replace(/w/gi, ''), Number(duration) || 250);
    return `+OK ${channel.uuid} sent DTMF ${digits}.\n`;
  },
  uuid_transfer: (channel, words, host) => transfer(channel, words, host),
  uuid_record: record,
};

const MODULES = new Set([
  'mod_commands',
  'mod_event_socket',
  'mod_sofia',
  'mod_dptools',
  'mod_conference',
  'mod_avmd',
  'mod_vad_detect',
  'mod_dub',
  'mod_audio_fork',
  'mod_sndfile',
  'mod_tone_stream',
  'mod_httapi',
]);

/** What is no `-ERR ... Command not found!`. */
export const API_NAMES: readonly string[] = [...Object.keys(COMMANDS), ...Object.keys(CHANNEL_COMMANDS)];

/** Runs one API command as the client wrote it, and returns what the client reads. Never rejects. */
export function runApiCommand(host: ApiHost, line: string): string | Promise<string> {
  const answer = dispatch(host, line);
  return typeof answer === 'string' ? answer || NO_REPLY : answer.then((body) => body || NO_REPLY);
}

function dispatch(host: ApiHost, line: string): string | Promise<string> {
  const [name = '', ...words] = line.split(' ');
  const argument = words.join(' ').trim();
  const failed = (error: unknown): string => {
    host.logger.error({ command: name, code: errorCode(error) }, 'an API command failed');
    return '-ERR internal error\n';
  };
  try {
    if (Object.hasOwn(CHANNEL_COMMANDS, name)) {
      const [uuid, ...rest] = argument.split(/\s+/);
      const channel = host.channels.get(uuid ?? '');
      if (channel === undefined) return NO_SESSION.has(name) ? NO_SESSION_TEXT : NO_CHANNEL;
      return (CHANNEL_COMMANDS[name] as ChannelApi)(channel, rest, host);
    }
    if (!Object.hasOwn(COMMANDS, name)) return `-ERR ${name} Command not found!\n`;
    const answer = (COMMANDS[name] as Api)(host, argument);
    return typeof answer === 'string' ? answer : answer.catch(failed);
  } catch (error) {
    return failed(error);
  }
}

function show(host: ApiHost, argument: string): string {
  const [what, ...options] = argument.split(/\s+/);
  if (what !== 'channels' && what !== 'calls') return `-ERR show ${what ?? ''} is not known\n`;
  if (options[0] === 'count') return `\n${host.channels.size} total.\n`;
  const rows = [...host.channels.values()].map((channel) => {
    const data = channel.channelDataEvent().headers;
    return {
      uuid: channel.uuid,
      direction: 'inbound',
      created_epoch: String(Math.floor(Number(data['Caller-Channel-Created-Time']) / 1_000_000)),
      name: data['Channel-Name'] ?? '',
      state: data['Channel-State'] ?? '',
      callstate: data['Channel-Call-State'] ?? '',
      cid_num: data['Caller-Caller-ID-Number'] ?? '',
      ip_addr: data['Caller-Network-Addr'] ?? '',
      dest: data['Caller-Destination-Number'] ?? '',
      application: data['variable_current_application'] ?? '',
      read_codec: data['Channel-Read-Codec-Name'] ?? '',
    };
  });
  if (options[0] === 'as' && options[1] === 'json') {
    return JSON.stringify(rows.length === 0 ? { row_count: 0 } : { row_count: rows.length, rows });
  }
  const [first] = rows;
  const lines = rows.map((row) => Object.values(row).join(','));
  const head = first === undefined ? [] : [Object.keys(first).join(',')];
  return `${[...head, ...lines].join('\n')}\n\n${rows.length} total.\n`;
}

function bridge(host: ApiHost, [first = '', second = '']: readonly string[]): string | Promise<string> {
  const [one, other] = [host.channels.get(first), host.channels.get(second)];
  if (one === undefined || other === undefined) return bridgeFar(host, first, second);
  if (one === other) return INVALID_UUID;
  prepareBridge(one, second, host.conferences);
  prepareBridge(other, first, host.conferences);
  one.media.bridge(other.media);
  for (const channel of [one, other]) publishBridge(channel, first, second);
  return `+OK ${second}\n`;
}

/** One of the two may be on another media worker. */
async function bridgeFar(host: ApiHost, first: string, second: string): Promise<string> {
  const channel = host.channels.get(first) ?? host.channels.get(second);
  if (channel === undefined || host.farBridges === undefined) return INVALID_UUID;
  const isFirst = channel.uuid === first;
  const isBridged = await host.farBridges.bridge(channel, isFirst ? second : first, isFirst);
  return isBridged ? `+OK ${second}\n` : INVALID_UUID;
}

/** `uuid_broadcast U PATH [aleg|bleg|both]`; PATH may be `APPLICATION::ARGUMENT`. Says the same whether there is such a call. */
function broadcast(host: ApiHost, [uuid = '', path, legs = 'aleg']: readonly string[]): string {
  if (path === undefined) return '-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n';
  const channel = host.channels.get(uuid);
  const partner = host.channels.get(channel?.getVariable('bridge_uuid') ?? '');
  const [, application = 'playback', argument = path] = /^(\w+)::(.*)$/s.exec(path) ?? [];
  const isBoth = legs.includes('both');
  if (isBoth || !legs.includes('bleg')) channel?.execute({ application, argument });
  if (isBoth || legs.includes('bleg')) partner?.execute({ application, argument });
  return '+OK Message Sent\n';
}

const RECORD_USAGE = '-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n';

function record(channel: Channel, [action = '', file = '']: readonly string[]): string {
  if (file === '') return RECORD_USAGE;
  const done = '+OK Success\n';
  switch (action) {
    case 'start':
      return startRecording(channel, file) ? done : '-ERR Cannot record session!\n';
    case 'stop':
      return stopRecording(channel, file) ? done : '-ERR Cannot stop record session!\n';
    case 'pause':
    case 'resume':
      return changeRecording(channel, file, { isPaused: action === 'pause' })
        ? done
        : `-ERR Cannot ${action} recording session!\n`;
    case 'mask':
    case 'unmask':
      return changeRecording(channel, file, { isMasked: action === 'mask' })
        ? done
        : `-ERR Cannot ${action} recording session!\n`;
    default:
      return RECORD_USAGE;
  }
}

/** `uuid_transfer U [-both|-bleg] park inline` ends a bridge; there is no dialplan to transfer anywhere else. */
function transfer(channel: Channel, words: readonly string[], host: ApiHost): string {
  const [target] = words.filter((word) => !word.startsWith('-'));
  if (target === undefined) return '-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n';
  if (target !== 'park' && !target.startsWith('park:'))
    return '-ERR only park is known, there is no dialplan\n';
  const other = host.channels.get(channel.getVariable('bridge_uuid') ?? '');
  // Who was bridged to somebody else since is none.
  const partner = other?.getVariable('bridge_uuid') === channel.uuid ? other : undefined;
  if (host.farBridges?.part(channel) !== true) channel.media.unbridge();
  for (const leg of [channel, partner]) if (leg !== undefined) partFromBridge(leg, host.conferences);
  return OK;
}
