import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { MediaTicker } from '../rtp/media-ticker.js';
import type { ApplicationHost } from './application-host.js';
import type { Execution } from './application-stack.js';
import { Conference } from './conference.js';
import { ConferenceEvents } from './conference-events.js';
import type { JoinRequest } from './conference-join.js';
import { ConferenceMember } from './conference-member.js';
import type { EventBus } from './event-bus.js';
import type { SoundLibrary } from './sound-library.js';

export interface ConferencesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: MediaTicker;
  readonly sounds: SoundLibrary;
  readonly bus: EventBus;
  /** Conference-Domain of events. */
  readonly domain: string;
}

/** All conferences of this media server, by name. A conference lives here as long as somebody is in it. */
export class Conferences {
  readonly #byName = new Map<string, Conference>();
  readonly #events: ConferenceEvents;
  /** Members are numbered across conferences: one who moves keeps his number. */
  #lastMember = 0;

  constructor(private readonly options: ConferencesOptions) {
    this.#events = new ConferenceEvents(options.bus);
  }

  get all(): Iterable<Conference> {
    return this.#byName.values();
  }

  /** Names differ by case in nothing, as on the real server. */
  find(name: string): Conference | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  get memberCount(): number {
    let count = 0;
    for (const { members } of this.#byName.values()) count += members.size;
    return count;
  }

  findOrCreate(name: string, profile = 'default'): Conference {
    const existing = this.find(name);
    if (existing !== undefined) return existing;
    const conference = new Conference({
      ...this.options,
      name,
      profile,
      events: this.#events,
      ended: () => this.#byName.delete(name.toLowerCase()),
    });
    this.#byName.set(name.toLowerCase(), conference);
    return conference;
  }

  /** Puts a call into a conference; resolves when it has left, at once when it may not enter. */
  join(request: JoinRequest, host: ApplicationHost, execution: Execution): Promise<void> {
    return new Promise((resolve) => {
      const conference = this.#enter(request, host);
      if (conference === undefined || execution.interruption === 'hangup') {
        if (conference?.members.size === 0) conference.close();
        resolve();
        return;
      }
      this.#lastMember += 1;
      const member = new ConferenceMember(
        this.#lastMember,
        host,
        execution,
        request.flags,
        conference,
        resolve,
      );
      member.isMuted = request.isMuted;
      member.isDeaf = request.isDeaf;
      conference.add(member);
    });
  }

  /** Takes a call out of the conference it is in, if it is in one: something else is to be done with it. */
  release(channelUuid: string): void {
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
  #enter(request: JoinRequest, host: ApplicationHost): Conference | undefined {
    const existing = this.find(request.name);
    if (existing === undefined) {
      if (request.isJoinOnly) {
        host.logger.info({ channel: host.uuid }, 'a conference to be joined only does not exist');
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
      host.logger.info(
        { isLocked: existing.isLocked, isFull, hasPin },
        'a call was not let into a conference',
      );
      return undefined;
    }
    if (request.needsTwo) existing.needsTwo = true;
    return existing;
  }
}
