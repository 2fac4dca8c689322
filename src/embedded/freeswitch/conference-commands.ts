import type { Logger } from '../../core/logger.js';
import type { Conference } from './conference.js';
import { listConference, listConferences, listJson, listXml } from './conference-list.js';
import type { ConferenceCommand } from './conference-command.js';
import type { ConferenceMember } from './conference-member.js';
import { MEMBER_COMMANDS, type MemberCommand } from './conference-member-commands.js';
import { RECORDING_COMMANDS } from './conference-recording-commands.js';
import { SOUND_COMMANDS } from './conference-sound-commands.js';
import type { Conferences } from './conferences.js';
import { splitArguments } from './variables.js';

const COMMANDS: Readonly<Record<string, ConferenceCommand>> = {
  ...RECORDING_COMMANDS,
  ...SOUND_COMMANDS,
  list: (conference, words) => {
    if (words.includes('count')) return String(conference.size);
    const delim = words.indexOf('delim');
    return listConference(conference, delim === -1 ? ';' : (words[delim + 1] ?? ';'));
  },
  count: (conference) => String(conference.size),
  xml_list: (conference) => listXml([conference]),
  json_list: (conference) => listJson([conference]),
  lock: (conference) => lock(conference, true),
  unlock: (conference) => lock(conference, false),
  get: (conference, [name = '']) => parameter(conference, name.toLowerCase()),
  set: (conference, [name = '', value]) =>
    value === undefined ? undefined : setParameter(conference, name.toLowerCase(), value),
  getvar: (conference, [name]) => (name === undefined ? undefined : (conference.variables.get(name) ?? '')),
  setvar: (conference, [name, ...value]) => {
    if (name === undefined || value.length === 0) return undefined;
    conference.variables.set(name, value.join(' '));
    return '+OK\n';
  },
  pin: (conference, [pin]) => {
    if (pin === undefined) return '-ERR Invalid parameters:\n';
    conference.pin = pin;
    return `+OK Pin for conference ${conference.name} set: ${pin}\n`;
  },
  nopin: (conference) => {
    conference.pin = '';
    return `+OK Pin for conference ${conference.name} deleted\n`;
  },
  transfer: (conference, [target, ...ids], { conferences }) => {
    if (target === undefined || ids.length === 0) return undefined;
    const { elsewhere } = conferences;
    const all = (owner?: number): string =>
      ids.map((id) => transfer(conference, target, id, conferences, owner !== undefined)).join('');
    return elsewhere === undefined || conferences.find(target) !== undefined
      ? all()
      : elsewhere.withOwner(target, all);
  },
  relate: (conference, [members = '', others = '', action]) =>
    action === undefined ? undefined : relate(conference, members, others, action),
  agc: (conference, [target, value]) => {
    const member = conference.members.get(Number(target));
    // Levels are left as they are: there is no gain control here, and the real server says no more than this.
    return member === undefined ? undefined : `Agc ${member.id} = ${Number(value) || 0}\n`;
  },
  // jambonz' own command: whose tag is that, or with `nomatch` is another.
  gettag: (conference, [tag = '', nomatch]) =>
    `${[...conference.members.values()]
      .filter((member) => (member.tag === tag) !== (nomatch === 'nomatch'))
      .map(({ id }) => id)
      .join(',')}\n`,
};

/** What the real server says a command is to look like. */
const USAGE: Readonly<Record<string, string>> = {
  agc: '<member_id|all|last|non_moderator> [<newval>]',
  get: '<parameter-name>',
  set: '<max_members|sound_prefix|caller_id_name|caller_id_number|endconference_grace_time> <value>',
  play: '<file_path> [async|<member_id> [nomux]]',
  stop: '<[current|all|async|last]> [<member_id>]',
  getvar: '<varname>',
  setvar: '<varname> <value>',
  transfer: '<conference_name> <member id> [...<member id>]',
  relate: '<member_id>[,<member_id>] <other_member_id>[,<other_member_id>] [nospeak|nohear|clear]',
  record: '<filename>',
  norecord: '<[filename|all]>',
  pause: '<filename>',
  resume: '<filename>',
  recording: '[start|stop|check|pause|resume] [<filename>|all]',
};
const MEMBER_USAGE = '<[member_id|all|last|non_moderator]>';

/** Whether the words after `api conference` ask about all conferences rather than one. */
export function isOfAllConferences([name = '']: readonly string[]): boolean {
  return ['list', 'count', 'xml_list', 'json_list'].includes(name.toLowerCase());
}

/** `api conference ...`: answers as mod_conference does, for the conferences of this media worker. */
export function conferenceApi(
  conferences: Conferences,
  logger: Logger,
  argument: string,
): string | Promise<string> {
  const words = splitArguments(argument);
  const [name, command = ''] = words;
  if (name === undefined) return usages();
  const conference = conferences.find(name);
  if (conference === undefined) return withoutConference(conferences, name, words);
  if (words.length === 1) return "Conference command, not specified.\nTry 'help'\n";
  const key = command.toLowerCase();
  const rest = words.slice(2);
  // fsmrf's Conference mutes everybody without saying whom: the real server answers with the usage, which it refuses.
  if (Object.hasOwn(MEMBER_COMMANDS, key)) {
    return forMembers(conference, key, MEMBER_COMMANDS[key] as MemberCommand, rest);
  }
  if (!Object.hasOwn(COMMANDS, key)) return `-ERR Conference command '${command}' not found.\n`;
  const text = argument
    .trim()
    .replace(/^\S+\s+\S+\s*/, '')
    .trim();
  const answer = (COMMANDS[key] as ConferenceCommand)(conference, rest, { conferences, logger, text });
  const usage = `${key} ${USAGE[key] ?? ''}`;
  return answer instanceof Promise ? answer.then((body) => body ?? usage) : (answer ?? usage);
}

function withoutConference(conferences: Conferences, name: string, words: readonly string[]): string {
  const all = [...conferences.all];
  switch (name.toLowerCase()) {
    case 'list':
      return listConferences(all, words);
    case 'count':
      return String(all.length);
    case 'xml_list':
      return listXml(all);
    case 'json_list':
      return listJson(all);
    case 'help':
    case 'commands':
      return usages();
    default:
      return `-ERR Conference ${name} not found\n`;
  }
}

function usages(): string {
  const names = [...Object.keys(COMMANDS), ...Object.keys(MEMBER_COMMANDS)].sort();
  return names
    .map((name) => `<conf name> ${name} ${USAGE[name] ?? (name in MEMBER_COMMANDS ? MEMBER_USAGE : '')}\n`)
    .join('');
}

function forMembers(
  conference: Conference,
  name: string,
  command: MemberCommand,
  [target, argument]: readonly string[],
): string {
  const members = [...conference.members.values()];
  // One kicked member may end the conference for the others.
  const one = (member: ConferenceMember): string =>
    conference.members.has(member.id) ? (command(member, argument) ?? '') : '';
  if (target?.toLowerCase() === 'all') return members.map(one).join('');
  if (target?.toLowerCase() === 'non_moderator') {
    return members
      .map((member) =>
        member.flags.isModerator ? `Skipping moderator (member id ${member.id}).\n` : one(member),
      )
      .join('');
  }
  if (target?.toLowerCase() === 'last') {
    const last = members.at(-1);
    return last === undefined ? '' : one(last);
  }
  const id = Number.parseInt(target ?? '', 10);
  if (!(id > 0)) return `${name} ${USAGE[name] ?? MEMBER_USAGE}`;
  const member = conference.members.get(id);
  return member === undefined ? `-ERR Non-Existant ID ${id}\n` : one(member);
}

function lock(conference: Conference, isLocked: boolean): string {
  conference.isLocked = isLocked;
  conference.events.conference(conference, isLocked ? 'lock' : 'unlock');
  return `+OK ${conference.name} ${isLocked ? 'locked' : 'unlocked'}\n`;
}

function transfer(
  conference: Conference,
  target: string,
  id: string,
  conferences: Conferences,
  isElsewhere: boolean,
): string {
  const member = conference.members.get(Number(id));
  if (member === undefined) return `-ERR No Member ${id} in conference ${conference.name}.\n`;
  const other = isElsewhere ? undefined : conferences.findOrCreate(target, conference.profile);
  if (other === undefined) conference.sendTo(target, member);
  else if (other !== conference) conference.moveTo(other, member);
  return `+OK Member '${member.id}' sent to conference ${target}.\n`;
}

function relate(conference: Conference, members: string, others: string, action: string): string | undefined {
  const [noSpeak, noHear] = [action.includes('nospeak'), action.includes('nohear')];
  const isClear = action.toLowerCase() === 'clear';
  if (!isClear && !noSpeak && !noHear) return undefined;
  let answer = '';
  for (const id of members.split(',').map(Number)) {
    const member = conference.members.get(id);
    for (const other of others.split(',').map(Number)) {
      if (isClear && member?.relations.delete(other) === true) {
        answer += `+OK relationship ${id}->${other} cleared.\n`;
      } else if (isClear || member === undefined || !conference.members.has(other)) {
        answer += `-ERR relationship ${id}->${other} not found.\n`;
      } else {
        member.relations.set(other, { noSpeak, noHear });
        answer += `+OK ${id}->${other} ${action} set\n`;
      }
    }
  }
  return answer;
}

function parameter(conference: Conference, name: string): string | undefined {
  switch (name) {
    case 'run_time':
      return String(conference.runSecs);
    case 'count':
      return String(conference.size);
    case 'count_ghosts':
      return String(conference.ghosts);
    case 'max_members':
      return String(conference.maxMembers);
    case 'rate':
      return '8000';
    case 'profile_name':
      return conference.profile;
    case 'sound_prefix':
      return conference.soundPrefix ?? '';
    case 'caller_id_name':
      return conference.callerIdName;
    case 'caller_id_number':
      return conference.callerIdNumber;
    case 'is_locked':
      return conference.isLocked ? 'locked' : '';
    case 'endconference_grace_time':
      return String(conference.endGraceSecs);
    case 'uuid':
      return conference.uuid;
    case 'wait_mod':
      return conference.waitsForModerator ? 'true' : '';
    default:
      return undefined;
  }
}

/** The answer is the value before. */
function setParameter(conference: Conference, name: string, value: string): string | undefined {
  const before = parameter(conference, name);
  const number = Number.parseInt(value, 10);
  switch (name) {
    case 'max_members':
      if (!(number >= 0)) return undefined;
      conference.maxMembers = number;
      return before;
    case 'endconference_grace_time':
      if (!(number >= 0)) return undefined;
      conference.endGraceSecs = number;
      return before;
    case 'sound_prefix':
      conference.soundPrefix = value;
      return before;
    case 'caller_id_name':
      conference.callerIdName = value;
      return before;
    case 'caller_id_number':
      conference.callerIdNumber = value;
      return before;
    default:
      return undefined;
  }
}
