import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { MediaTicker } from '../rtp/media-ticker.js';
import type { ApplicationHost } from './application-host.js';
import type { Execution } from './application-stack.js';
import { Conference } from './conference.js';
import { ConferenceEvents } from './conference-events.js';
import type { JoinRequest } from './conference-join.js';
import { ConferenceMember, type MemberExecution, type MemberHost } from './conference-member.js';
import type { EventBus } from './event-bus.js';
import type { MediaPeers } from './media-peers.js';
import type { SoundLibrary } from './sound-library.js';

export interface ConferencesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: MediaTicker;
  readonly sounds: SoundLibrary;
  readonly bus: EventBus;
  /** Conference-Domain of events. */
  readonly domain: string;
  readonly peers?: MediaPeers | undefined;
}

/** Conferences of other media workers. */
export interface ConferencesElsewhere {
  /** Our calls in them. */
  readonly memberCount: number;
  /** As {@link Conferences.join}, wherever the conference is. */
  join(request: JoinRequest, host: ApplicationHost, execution: Execution): Promise<void>;
  /** As {@link Conferences.release}. */
  release(channelUuid: string): void;
  /** `api conference ...` for one that is not here, or for all. */
  api(argument: string): Promise<string>;
  /** Whether another worker has a conference of this name; else this one has the name from now on. */
  hasTaken(name: string): Promise<boolean>;
}

/** All conferences of this media server, by name. A conference lives here as long as somebody is in it. */
export class Conferences {
  readonly #byName = new Map<string, Conference>();
  readonly #events: ConferenceEvents;
  /** Members are numbered across conferences: one who moves keeps his number. */
  #lastMember = 0;
  /** Set when there are other media workers. */
  elsewhere: ConferencesElsewhere | undefined;

  constructor(private readonly options: ConferencesOptions) {
    this.#events = new ConferenceEvents(options.bus, options.peers);
  }

  get all(): Iterable<Conference> {
    return this.#byName.values();
  }

  /** Names differ by case in nothing, as on the real server. */
  find(name: string): Conference | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  get memberCount(): number {
    let count = this.elsewhere?.memberCount ?? 0;
    for (const { members } of this.#byName.values()) count += members.size;
    return count;
  }

  findOrCreate(name: string, profile = 'default'): Conference {
    const existing = this.find(name);
    if (existing !== undefined) return existing;
    const { peers } = this.options;
    const key = name.toLowerCase();
    const conference = new Conference({
      ...this.options,
      name,
      profile,
      events: this.#events,
      ended: () => {
        this.#byName.delete(key);
        peers?.release(key);
      },
    });
    this.#byName.set(key, conference);
    // The name was ours when it was asked for; another conference of it may have ended since, and let it go.
    void peers?.claim(key);
    return conference;
  }

  /** Puts a call into a conference; resolves when it has left, at once when it may not enter. */
  join(request: JoinRequest, host: ApplicationHost, execution: Execution): Promise<void> {
    return this.elsewhere === undefined || this.find(request.name) !== undefined
      ? this.joinHere(request, host, execution)
      : this.elsewhere.join(request, host, execution);
  }

  /** The same, into a conference that is here or begins here. */
  joinHere(request: JoinRequest, host: ApplicationHost, execution: Execution): Promise<void> {
    return new Promise((resolve) => {
      const isOver = execution.interruption === 'hangup';
      if (isOver || this.admit(request, host, execution, resolve) === undefined) resolve();
    });
  }

  /** Takes a member in, wherever its call is; `left` is called when it is out. Returns what takes it out, if it may enter. */
  admit(
    request: JoinRequest,
    host: MemberHost,
    execution: MemberExecution,
    left: () => void,
  ): (() => void) | undefined {
    const conference = this.#enter(request, host);
    if (conference === undefined) return undefined;
    this.#lastMember += 1;
    const member = new ConferenceMember(this.#lastMember, host, execution, request.flags, conference, left);
    member.isMuted = request.isMuted;
    member.isDeaf = request.isDeaf;
    conference.add(member);
    return () => member.conference.leave(member);
  }

  /** Takes a call out of the conference it is in, if it is in one: something else is to be done with it. */
  release(channelUuid: string): void {
    this.elsewhere?.release(channelUuid);
    for (const conference of this.#byName.values()) {
      for (const member of conference.members.values()) {
        if (member.host.uuid !== channelUuid) continue;
        conference.leave(member);
        return;
      }
    }
  }

  /** Ends them all without hanging anybody up. */
  close(): void {
    for (const conference of [...this.#byName.values()]) {
      for (const member of [...conference.members.values()]) conference.leave(member);
      conference.close();
    }
  }

  /** The conference, made if need be; undefined when it may not be entered. */
  #enter(request: JoinRequest, host: MemberHost): Conference | undefined {
    const { logger } = this.options;
    const existing = this.find(request.name);
    if (existing === undefined) {
      if (request.isJoinOnly) {
        logger.info({ channel: host.uuid }, 'a conference to be joined only does not exist');
        return undefined;
      }
      const made = this.findOrCreate(request.name, request.profile);
      made.pin = request.pin;
      made.waitsForModerator = request.waitsForModerator && !request.flags.isModerator;
      made.needsTwo = request.needsTwo;
      return made;
    }
    const isFull = existing.maxMembers > 0 && existing.size >= existing.maxMembers;
    const hasPin = existing.pin === '' || existing.pin === request.pin;
    if (existing.isLocked || isFull || !hasPin) {
      logger.info(
        { channel: host.uuid, isLocked: existing.isLocked, isFull, hasPin },
        'a call was not let into a conference',
      );
      return undefined;
    }
    if (request.needsTwo) existing.needsTwo = true;
    return existing;
  }
}
