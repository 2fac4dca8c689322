import type { Conference } from './conference.js';
import type { ConferenceMember } from './conference-member.js';

const NONE = '+OK No active conferences.\n';
const XML_HEAD = '<?xml version="1.0"?>\n<conferences>';
const XML_END = '</conferences>';

/** `conference NAME list [delim D]`: a line for each member, as the real server writes it. */
export function listConference(conference: Conference, delim: string): string {
  return [...conference.members.values()].map((member) => memberLine(member, delim)).join('');
}

/** `conference list [delim D|summary|count]`. */
export function listConferences(conferences: readonly Conference[], words: readonly string[]): string {
  if (conferences.length === 0) return NONE;
  if (words.includes('count')) return String(conferences.length);
  const at = words.indexOf('delim');
  const delim = at === -1 ? ';' : (words[at + 1] ?? ';');
  return conferences
    .map((conference) => {
      const { name, size, isLocked, recordings, waitsForModerator } = conference;
      const flags = [
        isLocked && 'locked',
        waitsForModerator && 'wait_mod',
        'audio_always',
        'running',
        'answered',
        recordings.size > 0 && 'recording',
      ].filter((flag) => flag !== false);
      const head = `+OK Conference ${name} (${size} member${size === 1 ? '' : 's'} rate: 8000 flags: ${flags.join('|')})\n`;
      return words.includes('summary') ? head : head + listConference(conference, delim);
    })
    .join('');
}

/** What several media workers answer to the same of these commands, as one answer. */
export function joinedLists(words: readonly string[], answers: readonly string[]): string {
  const [name = ''] = words.map((word) => word.toLowerCase());
  const told = answers.filter((answer) => answer !== NONE);
  if (name === 'json_list') return JSON.stringify(told.flatMap((answer) => JSON.parse(answer) as unknown[]));
  if (name === 'xml_list') return told.join('').replaceAll(`${XML_END}\n${XML_HEAD}\n`, '');
  if (told.length === 0) return NONE;
  if (name === 'count' || words.includes('count'))
    return String(told.reduce((sum, answer) => sum + Number(answer), 0));
  return told.join('');
}

/** `json_list`. */
export function listJson(conferences: readonly Conference[]): string {
  return JSON.stringify(
    conferences.map((conference) => ({
      conference_name: conference.name,
      member_count: conference.size,
      ghost_count: conference.ghosts,
      rate: 8000,
      run_time: conference.runSecs,
      conference_uuid: conference.uuid,
      locked: conference.isLocked,
      wait_mod: conference.waitsForModerator,
      running: true,
      recording: conference.recordings.size > 0,
      ...(conference.maxMembers > 0 && { max_members: conference.maxMembers }),
      variables: Object.fromEntries(conference.variables),
      members: [...conference.members.values()].map((member) => ({
        type: 'caller',
        id: member.id,
        flags: {
          can_hear: member.mayHear,
          can_speak: member.maySpeak,
          hold: member.isHeld,
          mute_detect: member.flags.detectsMuted,
          talking: member.isTalking,
          has_floor: conference.floor === member,
          is_moderator: member.flags.isModerator,
          end_conference: member.flags.endsConference,
          pass_digits: member.flags.distributesDtmf,
        },
        uuid: member.host.uuid,
        caller_id_name: callerId(member),
        caller_id_number: callerId(member),
        energy: member.energyLevel,
        volume_in: member.volumeIn,
        volume_out: member.volumeOut,
      })),
    })),
  );
}

/** `xml_list`. */
export function listXml(conferences: readonly Conference[]): string {
  const lines = [XML_HEAD];
  for (const conference of conferences) {
    const attributes = {
      name: conference.name,
      'member-count': conference.size,
      'ghost-count': conference.ghosts,
      rate: 8000,
      uuid: conference.uuid,
      ...(conference.isLocked && { locked: true }),
      ...(conference.waitsForModerator && { wait_mod: true }),
      running: true,
      answered: true,
      ...(conference.maxMembers > 0 && { max_members: conference.maxMembers }),
      ...(conference.recordings.size > 0 && { recording: true }),
      run_time: conference.runSecs,
    };
    const text = Object.entries(attributes).map(([name, value]) => `${name}="${escapeXml(String(value))}"`);
    lines.push(`  <conference ${text.join(' ')}>`, '    <members>');
    for (const member of conference.members.values()) lines.push(...xmlMember(conference, member));
    lines.push('    </members>', '  </conference>');
  }
  return `${[...lines, XML_END].join('\n')}\n`;
}

function xmlMember(conference: Conference, member: ConferenceMember): string[] {
  const flags = {
    can_hear: member.mayHear,
    can_speak: member.maySpeak,
    mute_detect: member.flags.detectsMuted,
    talking: member.isTalking,
    has_video: false,
    has_floor: conference.floor === member,
    is_moderator: member.flags.isModerator,
    end_conference: member.flags.endsConference,
  };
  const tags = Object.entries(flags).map(([name, value]) => `<${name}>${String(value)}</${name}>`);
  const caller = escapeXml(callerId(member));
  return [
    '      <member type="caller">',
    `        <id>${member.id}</id><uuid>${member.host.uuid}</uuid>`,
    `        <caller_id_name>${caller}</caller_id_name><caller_id_number>${caller}</caller_id_number>`,
    `        <volume_in>${member.volumeIn}</volume_in><volume_out>${member.volumeOut}</volume_out>`,
    `        <flags>${tags.join('')}</flags>`,
    '      </member>',
  ];
}

function memberLine(member: ConferenceMember, delim: string): string {
  const flags = [
    member.mayHear && 'hear',
    member.maySpeak && 'speak',
    member.isTalking && !member.isHeld && 'talking',
    member.isHeld && 'hold',
    member.conference.floor === member && 'floor',
    member.flags.isModerator && 'moderator',
    member.flags.isGhost && 'ghost',
  ].filter((flag) => flag !== false);
  const caller = callerId(member);
  return `${[
    member.id,
    member.host.variables.get('channel_name') ?? '',
    member.host.uuid,
    caller,
    caller,
    flags.join('|'),
    member.volumeIn,
    member.volumeOut,
    member.energyLevel,
  ].join(delim)}\n`;
}

function callerId(member: ConferenceMember): string {
  return member.host.variables.get('sip_from_user') ?? '';
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (c) =>
    c === '<' ? '&lt;' : c === '>' ? '&gt;' : c === '&' ? '&amp;' : '&quot;',
  );
}
