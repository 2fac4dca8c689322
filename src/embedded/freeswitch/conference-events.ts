import type { ConferenceFacts, ConferenceMember } from './conference-member.js';
import type { EventBus } from './event-bus.js';
import type { MediaPeers } from './media-peers.js';

export const CONFERENCE_EVENT = 'conference::maintenance';

/**
 * Tells clients what happens in conferences: CUSTOM conference::maintenance with an Action. What concerns a member carries
 * its channel's headers too, so that the member's own control connection hears it.
 */
export class ConferenceEvents {
  constructor(
    private readonly bus: EventBus,
    private readonly peers: Pick<MediaPeers, 'tell'> | undefined,
  ) {}

  conference(
    conference: ConferenceFacts,
    action: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const { factory } = this.bus;
    // Channels are named by uuids: none is called as nothing.
    const isWanted = this.bus.isWanted('CUSTOM', CONFERENCE_EVENT, '');
    if (!isWanted) factory.skip();
    if (!isWanted && conference.peers.size === 0) return;
    const all = { ...conferenceHeaders(conference), Action: action, ...headers };
    this.#tell(conference, undefined, all);
    if (isWanted) this.bus.publish(factory.make('CUSTOM', all, { subclass: CONFERENCE_EVENT }));
  }

  member(member: ConferenceMember, action: string, headers: Readonly<Record<string, string>> = {}): void {
    const { conference } = member;
    const all = { ...conferenceHeaders(conference), ...memberHeaders(member), Action: action, ...headers };
    member.host.publish('CUSTOM', all, { subclass: CONFERENCE_EVENT });
    this.#tell(conference, member.host.uuid, all);
  }

  /** The clients of other media workers that have a part in it. */
  #tell(
    conference: ConferenceFacts,
    channel: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): void {
    for (const peer of conference.peers) this.peers?.tell(peer, { about: 'event', channel, headers });
  }
}

function conferenceHeaders(conference: ConferenceFacts): Record<string, string> {
  return {
    'Conference-Name': conference.name,
    'Conference-Domain': conference.domain,
    'Conference-Size': String(conference.size),
    'Conference-Ghosts': String(conference.ghosts),
    'Conference-Profile-Name': conference.profile,
    'Conference-Unique-ID': conference.uuid,
    ...Object.fromEntries(conference.variables),
  };
}

function memberHeaders(member: ConferenceMember): Record<string, string> {
  return {
    Floor: String(member.conference.floor === member),
    Video: 'false',
    Hear: String(member.mayHear),
    See: 'false',
    Speak: String(!member.isMuted),
    Talking: String(member.isTalking),
    'Mute-Detect': String(member.flags.detectsMuted),
    Hold: String(member.isHeld),
    'Member-ID': String(member.id),
    'Member-Type': member.flags.isModerator ? 'moderator' : 'member',
    'Member-Ghost': String(member.flags.isGhost),
    'Energy-Level': String(member.energyLevel),
    'Current-Energy': '0',
  };
}
