/** What stands in `+flags{...}` and is more than a first setting of the member. */
export interface MemberFlags {
  readonly isModerator: boolean;
  /** Not counted. */
  readonly isGhost: boolean;
  /** The conference ends when the last member with this flag leaves. */
  readonly endsConference: boolean;
  /** Sound of a muted member is reported. */
  readonly detectsMuted: boolean;
  /** Its keys are sent to the others. */
  readonly distributesDtmf: boolean;
}

/** What a member keeps that is sent to a conference of another media worker. */
export interface SentMember {
  readonly id: number;
  readonly isHeld: boolean;
  readonly volumeIn: number;
  readonly volumeOut: number;
  readonly energyLevel: number;
  readonly tag: string;
}

/** What the argument of the `conference` application asks for. */
export interface JoinRequest {
  readonly name: string;
  readonly profile: string;
  readonly pin: string;
  readonly isMuted: boolean;
  readonly isDeaf: boolean;
  /** Only when the conference is there already. */
  readonly isJoinOnly: boolean;
  readonly waitsForModerator: boolean;
  readonly needsTwo: boolean;
  readonly flags: MemberFlags;
  /** Sent there by a command, which no lock, PIN or limit keeps out. */
  readonly sent?: SentMember;
}

/**
 * Reads `NAME[@PROFILE][+PIN][+flags{a|b}]`. drachtio-fsmrf writes two plus signs when there are flags and no PIN.
 * Undefined without a name.
 */
export function parseJoin(argument: string): JoinRequest | undefined {
  const flagged = /\+flags\{([^}]*)\}/i.exec(argument);
  const flags = new Set((flagged?.[1] ?? '').toLowerCase().split(/[|,\s]+/));
  const [target = '', pin = ''] = argument
    .replace(flagged?.[0] ?? '', '')
    .trim()
    .split('+');
  const at = target.indexOf('@');
  const name = at === -1 ? target : target.slice(0, at);
  if (name === '') return undefined;
  return {
    name,
    profile: (at === -1 ? '' : target.slice(at + 1)) || 'default',
    pin,
    isMuted: flags.has('mute'),
    isDeaf: flags.has('deaf'),
    isJoinOnly: flags.has('join-only'),
    waitsForModerator: flags.has('wait-mod'),
    needsTwo: flags.has('mintwo'),
    flags: {
      isModerator: flags.has('moderator'),
      isGhost: flags.has('ghost'),
      endsConference: flags.has('endconf'),
      detectsMuted: flags.has('mute-detect'),
      distributesDtmf: flags.has('dist-dtmf'),
    },
  };
}
