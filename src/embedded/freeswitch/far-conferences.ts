import { mixInto } from '../../audio/pcm.js';
import { uuid as newUuid } from '../../core/ids.js';
import type { MediaTicker, TickListener } from '../rtp/media-ticker.js';
import type { ApplicationHost } from './application-host.js';
import type { Execution } from './application-stack.js';
import { conferenceApi, isOfAllConferences } from './conference-commands.js';
import { CONFERENCE_EVENT } from './conference-events.js';
import { outlivesConference } from './conference-member.js';
import type { JoinRequest } from './conference-join.js';
import { joinedLists } from './conference-list.js';
import type { Conferences, ConferencesElsewhere } from './conferences.js';
import type { EventBus } from './event-bus.js';
import { FarMember } from './far-member.js';
import { FrameRing, frameRingMemory } from './frame-ring.js';
import type { JoinAnswer, MediaPeers, PeerNote, PeerQuestion } from './media-peers.js';
import { splitArguments } from './variables.js';
import type { Logger } from '../../core/logger.js';

export interface FarConferencesOptions {
  readonly peers: MediaPeers;
  readonly conferences: Conferences;
  readonly bus: EventBus;
  readonly ticker: MediaTicker;
  readonly logger: Logger;
}

/** How often a conference is looked for that ends just when a call wants to join. */
const TRIES = 5;

/** What a conference looks at of a call's variables. */
const VARIABLES = ['hangup_after_conference', 'channel_name', 'sip_from_user'] as const;

/** A call of ours that is in a conference of another worker. */
interface Membership {
  readonly owner: number;
  readonly host: ApplicationHost;
  /** Frees what the membership has here; its application completes, or goes on in the next conference. */
  readonly close: (next?: JoinRequest) => void;
}

/** What became of a call that wanted to join. */
interface Membered {
  readonly answer?: JoinAnswer | undefined;
  /** Where it is to go on. */
  readonly next?: JoinRequest | undefined;
}

/**
 * Conferences whose members are on different media workers. One worker has the conference and mixes; calls of the others are
 * {@link FarMember}s there and memberships here. Commands for a conference of another worker are answered there.
 */
export class FarConferences implements ConferencesElsewhere {
  /** Our calls in conferences elsewhere, by membership. */
  readonly #memberships = new Map<string, Membership>();
  /** How to take calls from elsewhere out of our conferences, by membership. */
  readonly #guests = new Map<string, { readonly member: FarMember; readonly leave: () => void }>();

  constructor(private readonly options: FarConferencesOptions) {}

  /** Our calls in conferences elsewhere. */
  get memberCount(): number {
    return this.#memberships.size;
  }

  /**
   * Puts a call of ours into a conference, wherever that is; resolves when it has left, with where it is to go on; at once when
   * it may not enter.
   */
  async join(
    request: JoinRequest,
    host: ApplicationHost,
    execution: Execution,
  ): Promise<JoinRequest | undefined> {
    const { peers, conferences } = this.options;
    const enter = async (owner: number | undefined): Promise<Membered> => {
      // The call may have ended meanwhile: nobody would take it out again.
      if (execution.interruption === 'hangup') return {};
      if (owner === undefined) return { next: await conferences.joinHere(request, host, execution) };
      return this.#joinAt(owner, request, host, execution);
    };
    for (let tries = 0; tries < TRIES; tries += 1) {
      // Nobody takes the name of one that may not be made.
      const { answer, next } = request.isJoinOnly
        ? await peers.ownerOf(request.name.toLowerCase()).then(enter)
        : await this.withOwner(request.name, enter);
      if (answer !== 'gone') return next;
    }
    return undefined;
  }

  /** Takes a call of ours out of the conference elsewhere that it is in, if it is in one. */
  release(channel: string): void {
    for (const [member, { owner, host }] of this.#memberships) {
      if (host.uuid === channel) this.options.peers.tell(owner, { about: 'leave', member });
    }
  }

  async withOwner<T>(name: string, act: (owner: number | undefined) => T | Promise<T>): Promise<T> {
    const { peers, conferences } = this.options;
    const key = name.toLowerCase();
    const owner = await peers.claim(key);
    const result = act(owner);
    if (owner === undefined && conferences.find(name) === undefined) peers.release(key);
    return result;
  }

  /** `api conference ...` for a conference that is not here, or for all. */
  async api(argument: string): Promise<string> {
    const { peers, conferences, logger } = this.options;
    const words = splitArguments(argument);
    const here = (): string | Promise<string> => conferenceApi(conferences, logger, argument);
    const [name = ''] = words;
    if (isOfAllConferences(words)) {
      const asked = peers.others.map((peer) => peers.ask(peer, { about: 'conference', argument }));
      const all = [await here(), ...(await Promise.all(asked))];
      return joinedLists(
        words,
        all.filter((answer) => typeof answer === 'string'),
      );
    }
    const owner = await peers.ownerOf(name.toLowerCase());
    const answer =
      owner === undefined ? undefined : await peers.ask(owner, { about: 'conference', argument });
    return typeof answer === 'string' ? answer : here();
  }

  /** What another worker asks about our conferences. */
  answer(peer: number, question: Exclude<PeerQuestion, { about: 'bridge' }>): unknown {
    const { conferences, logger } = this.options;
    if (question.about === 'conference') return conferenceApi(conferences, logger, question.argument);
    return this.#admit(peer, question);
  }

  /** What another worker tells about conferences. */
  note(
    note: Extract<PeerNote, { about: 'left' | 'leave' | 'digit' | 'event' }>,
    host?: ApplicationHost,
  ): void {
    switch (note.about) {
      case 'left':
        this.#memberships.get(note.member)?.close(note.next);
        return;
      case 'leave':
        this.#guests.get(note.member)?.leave();
        return;
      case 'digit':
        this.#guests.get(note.member)?.member.onDigit?.(note.digit);
        return;
      case 'event':
        this.#event(note.channel, note.headers, host);
    }
  }

  /** A worker has crashed: its conferences are over, its calls have left ours. */
  gone(peer: number): void {
    for (const { owner, host, close } of [...this.#memberships.values()]) {
      if (owner !== peer) continue;
      close();
      if (!outlivesConference(host)) host.hangup('NORMAL_CLEARING');
    }
    for (const { member, leave } of [...this.#guests.values()]) if (member.peer === peer) leave();
  }

  async #joinAt(
    owner: number,
    request: JoinRequest,
    host: ApplicationHost,
    execution: Execution,
  ): Promise<Membered> {
    const { peers } = this.options;
    const [hears, says] = [frameRingMemory(), frameRingMemory()];
    const member = newUuid();
    const left = this.#enter(member, owner, host, execution, hears, says);
    const variables: Record<string, string> = {};
    for (const name of VARIABLES) {
      const value = host.variables.get(name);
      if (value !== undefined) variables[name] = value;
    }
    const answer = (await peers.ask(owner, {
      about: 'join',
      member,
      request,
      channel: host.uuid,
      variables,
      hears: says,
      says: hears,
    })) as JoinAnswer | undefined;
    if (answer !== 'joined') this.#memberships.get(member)?.close();
    return { answer, next: await left };
  }

  /** Our half of a membership: says what the caller says in each tick, and is the application's writer. Resolves at its end. */
  #enter(
    member: string,
    owner: number,
    host: ApplicationHost,
    execution: Execution,
    hears: SharedArrayBuffer,
    says: SharedArrayBuffer,
  ): Promise<JoinRequest | undefined> {
    const { peers, ticker } = this.options;
    const [incoming, outgoing] = [new FrameRing(hears), new FrameRing(says)];
    const heard = host.media.listen();
    const listener: TickListener = () => {
      const frame = heard.take();
      if (frame !== undefined) outgoing.put(frame);
    };
    ticker.add(listener);
    execution.writer = {
      mix: (out) => {
        const frame = incoming.take();
        if (frame === undefined) return false;
        mixInto(out, frame);
        return true;
      },
    };
    execution.onDigit = (digit) => {
      peers.tell(owner, { about: 'digit', member, digit });
      return false;
    };
    execution.onInterrupt = (why) => {
      if (why === 'hangup') peers.tell(owner, { about: 'leave', member });
    };
    return new Promise((resolve) => {
      const close = (next?: JoinRequest): void => {
        if (!this.#memberships.delete(member)) return;
        ticker.remove(listener);
        heard.close();
        execution.writer = undefined;
        execution.onDigit = undefined;
        execution.onInterrupt = undefined;
        resolve(next);
      };
      this.#memberships.set(member, { owner, host, close });
    });
  }

  #admit(peer: number, question: Extract<PeerQuestion, { about: 'join' }>): JoinAnswer {
    const { peers, conferences } = this.options;
    if (conferences.find(question.request.name) === undefined) return 'gone';
    const guest = new FarMember(peer, question, this.options);
    const leave = conferences.admit(question.request, guest, guest, (next) => {
      this.#guests.delete(question.member);
      guest.close();
      peers.tell(peer, { about: 'left', member: question.member, next });
    });
    if (leave === undefined) {
      guest.close();
      return 'refused';
    }
    this.#guests.set(question.member, { member: guest, leave });
    return 'joined';
  }

  /** An event of a conference elsewhere, for our clients. */
  #event(
    channel: string | undefined,
    headers: Readonly<Record<string, string>>,
    host: ApplicationHost | undefined,
  ): void {
    const options = { subclass: CONFERENCE_EVENT };
    if (host !== undefined) {
      host.publish('CUSTOM', headers, options);
      return;
    }
    const { bus } = this.options;
    if (!bus.isWanted('CUSTOM', CONFERENCE_EVENT, channel ?? '')) return;
    const own = channel === undefined ? headers : { 'Unique-ID': channel, ...headers };
    bus.publish(bus.factory.make('CUSTOM', own, options));
  }
}
