import type { ConferenceMember } from './conference-member.js';
import { changeVolume } from './volume-steps.js';

/** What a command says of one member; undefined: nothing. */
export type MemberCommand = (member: ConferenceMember, argument: string | undefined) => string | undefined;

/** Commands for one member, `all`, `last` or `non_moderator`. Video is not there: its commands agree and change nothing. */
export const MEMBER_COMMANDS: Readonly<Record<string, MemberCommand>> = {
  mute: (member) => mute(member, true),
  unmute: (member) => mute(member, false),
  tmute: (member) => mute(member, !member.isMuted),
  vmute: ({ id }) => `+OK vmute ${id}\n`,
  unvmute: ({ id }) => `+OK unvmute ${id}\n`,
  tvmute: ({ id }) => `+OK vmute ${id}\n`,
  'vmute-snap': ({ id }) => `+OK vmute image snapped ${id}\n`,
  deaf: (member) => deaf(member, true),
  undeaf: (member) => deaf(member, false),
  hold: (member) => hold(member, true),
  unhold: (member) => hold(member, false),
  kick: (member) => {
    const { id, conference } = member;
    conference.report(member, 'kick-member');
    conference.leave(member);
    return `+OK kicked ${id}\n`;
  },
  hup: (member) => {
    const { id, conference } = member;
    conference.report(member, 'hup-member');
    conference.leave(member);
    return `+OK hup ${id}\n`;
  },
  dtmf: (member, digits) => {
    if (digits === undefined || !/^[0-9A-Da-d*#wW]+$/.test(digits)) return '-ERR Invalid input!\n';
    member.host.session.sendDtmf(digits.replace(/w/gi, ''), 250).catch(() => undefined);
    member.conference.report(member, 'dtmf-member', { Digits: digits });
    return `+OK sent ${digits} to ${member.id}\n`;
  },
  energy: (member, value) => {
    if (value !== undefined) {
      member.energyLevel = Math.max(0, Math.trunc(Number(value)) || 0);
      member.conference.report(member, 'energy-level-member', { 'Energy-Level': String(member.energyLevel) });
    }
    return `Energy ${member.id} = ${member.energyLevel}\n`;
  },
  volume_in: (member, value) => {
    if (value !== undefined) {
      member.volumeIn = changeVolume(member.volumeIn, value);
      member.conference.report(member, 'volume-in-member', { 'Volume-Level': String(member.volumeIn) });
    }
    return `+OK Volume IN ${member.id} = ${member.volumeIn}\n`;
  },
  volume_out: (member, value) => {
    if (value !== undefined) {
      member.volumeOut = changeVolume(member.volumeOut, value);
      member.conference.report(member, 'volume-out-member', { 'Volume-Level': String(member.volumeOut) });
    }
    return `+OK Volume OUT ${member.id} = ${member.volumeOut}\n`;
  },
  // jambonz' own command: who has which tag.
  tag: (member, tag) => {
    member.tag = tag ?? '';
    return `+OK tag ${member.id}\n`;
  },
  'get-uuid': (member) => member.host.uuid,
};

function mute(member: ConferenceMember, isMuted: boolean): string {
  member.isMuted = isMuted;
  if (isMuted) member.isTalking = false;
  const word = isMuted ? 'mute' : 'unmute';
  member.conference.report(member, `${word}-member`);
  return `+OK ${word} ${member.id}\n`;
}

function deaf(member: ConferenceMember, isDeaf: boolean): string {
  member.isDeaf = isDeaf;
  const word = isDeaf ? 'deaf' : 'undeaf';
  member.conference.report(member, `${word}-member`);
  return `+OK ${word} ${member.id}\n`;
}

function hold(member: ConferenceMember, isHeld: boolean): string {
  member.isHeld = isHeld;
  const word = isHeld ? 'hold' : 'unhold';
  member.conference.report(member, `${word}-member`);
  return `+OK ${word} ${member.id}\n`;
}
