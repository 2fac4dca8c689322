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
  /** As {@link Conferences.joinHere}, wherever the conference is. */
  join(request: JoinRequest, host: ApplicationHost, execution: Execution): Promise<JoinRequest | undefined>;
  /** As {@link Conferences.release}. */
  release(channelUuid: string): void;
  /** `api conference ...` for one that is not here, or for all. */
  api(argument: string): Promise<string>;
  /** Calls `act` when it is known which other worker has a conference of this name; undefined: the name is ours meanwhile. */
  withOwner<T>(name: string, act: (owner: number | undefined) => T | Promise<T>): Promise<T>;
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

  /** Puts a call into a conference; resolves when it has left that or the last that it was sent to, at once when it may not enter. */
  async join(request: JoinRequest, host: ApplicationHost, execution: Execution): Promise<void> {
    let next: JoinRequest | undefined = request;
    while (next !== undefined) {
      const joined: Promise<JoinRequest | undefined> =
        this.elsewhere === undefined || this.find(next.name) !== undefined
          ? this.joinHere(next, host, execution)
          : this.elsewhere.join(next, host, execution);
      next = await joined;
    }
  }

  /** Into a conference that is here or begins here. Resolves with where it is to go on, if that is on another media worker. */
  joinHere(
    request: JoinRequest,
    host: ApplicationHost,
    execution: Execution,
  ): Promise<JoinRequest | undefined> {
    return new Promise((resolve) => {
      const isOver = execution.interruption === 'hangup';
      if (isOver || this.admit(request, host, execution, resolve) === undefined) resolve(undefined);
    });
  }

  /**
   * Takes a member in, wherever its call is; `left` is called when it is out, with where it is to go on. Returns what takes it
   * out, if it may enter.
   */
  admit(
    request: JoinRequest,
    host: MemberHost,
    execution: MemberExecution,
    left: (next?: JoinRequest) => void,
  ): (() => void) | undefined {
    const conference = this.#enter(request, host);
    if (conference === undefined) return undefined;
    const { isMuted, isDeaf, flags, sent } = request;
    const { id, ...kept } = sent ?? {};
    const member = new ConferenceMember(this.#number(id), host, execution, flags, conference, left);
    Object.assign(member, { isMuted, isDeaf, ...kept });
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

  /** Who comes from another media worker keeps his number unless somebody here has it. */
  #number(wanted: number | undefined): number {
    const isTaken = (id: number): boolean => [...this.all].some(({ members }) => members.has(id));
    if (wanted !== undefined && !isTaken(wanted)) return wanted;
    do this.#lastMember += 1;
    while (isTaken(this.#lastMember));
    return this.#lastMember;
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
    if (request.sent === undefined && (existing.isLocked || isFull || !hasPin)) {
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
