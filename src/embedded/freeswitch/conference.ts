import { mixInto } from '../../audio/pcm.js';
import { uuid as newUuid } from '../../core/ids.js';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/logger.js';
import type { MediaTicker, TickListener } from '../rtp/media-ticker.js';
import type { AudioSource } from './audio-source.js';
import type { ConferenceEvents } from './conference-events.js';
import { outlivesConference, type ConferenceMember, type MembersConference } from './conference-member.js';
import { ConferenceMix } from './conference-mix.js';
import { ConferenceRecordings } from './conference-recordings.js';
import { playedHeaders, SoundQueue } from './conference-sounds.js';
import type { SoundLibrary } from './sound-library.js';
import { volumeFactor } from './volume-steps.js';

export interface ConferenceOptions {
  readonly name: string;
  readonly profile: string;
  readonly domain: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: MediaTicker;
  readonly sounds: SoundLibrary;
  readonly events: ConferenceEvents;
  /** Called once, when it is over. */
  readonly ended: (conference: Conference) => void;
}

/**
 * One conference: its members, its floor, its sounds and recordings, and the mix in which each hears all but itself. It
 * begins with its first member and ends with its last, or by {@link end}, which hangs the members up.
 */
export class Conference implements MembersConference {
  readonly uuid = newUuid();
  readonly members = new Map<number, ConferenceMember>();
  readonly variables = new Map<string, string>();
  readonly peers = new Set<number>();
  readonly events: ConferenceEvents;
  /** Sounds that all hear. */
  readonly sounds: SoundQueue;
  readonly recordings: ConferenceRecordings;
  readonly startedMs: number;
  isLocked = false;
  /** 0: no limit. */
  maxMembers = 0;
  pin = '';
  soundPrefix: string | undefined;
  callerIdName = '';
  callerIdNumber = '';
  endGraceSecs = 0;
  /** Until a moderator is there, members hear nobody. */
  waitsForModerator = false;
  /** Ends when it falls below two members after it had them. */
  needsTwo = false;
  floor: ConferenceMember | undefined;
  readonly #mix = new ConferenceMix();
  readonly #listener: TickListener = () => this.#tick();
  #rounds = 0;
  #roundsAtTick = 0;
  #hadTwo = false;
  #isEnding = false;
  #isOver = false;
  #graceTimer: { cancel(): void } | undefined;

  constructor(private readonly options: ConferenceOptions) {
    this.events = options.events;
    this.startedMs = options.clock.nowMs();
    this.sounds = new SoundQueue((file, source) =>
      this.events.conference(this, 'play-file-done', playedHeaders(file, source)),
    );
    this.recordings = new ConferenceRecordings(
      (action, headers) => this.events.conference(this, action, headers),
      options.logger,
    );
    options.ticker.add(this.#listener);
    this.events.conference(this, 'conference-create');
  }

  get name(): string {
    return this.options.name;
  }

  get profile(): string {
    return this.options.profile;
  }

  get domain(): string {
    return this.options.domain;
  }

  /** Members without ghosts. */
  get size(): number {
    return this.members.size - this.ghosts;
  }

  get ghosts(): number {
    let ghosts = 0;
    for (const { flags } of this.members.values()) if (flags.isGhost) ghosts += 1;
    return ghosts;
  }

  get runSecs(): number {
    return Math.floor((this.options.clock.nowMs() - this.startedMs) / 1000);
  }

  report(member: ConferenceMember, action: string, headers: Readonly<Record<string, string>> = {}): void {
    this.events.member(member, action, headers);
  }

  /** Opens a sound as the conference's members would: with its prefix. Rejects when there is none. */
  openSound(file: string): Promise<AudioSource> {
    return this.options.sounds.open(file, { prefix: this.soundPrefix, voice: undefined, offsetSamples: 0 });
  }

  get canSpeak(): boolean {
    return this.options.sounds.canSpeak;
  }

  synthesize(text: string): Promise<Int16Array> {
    return this.options.sounds.speak(text, undefined);
  }

  add(member: ConferenceMember): void {
    this.#graceTimer?.cancel();
    member.conference = this;
    this.members.set(member.id, member);
    if (member.host.peer !== undefined) this.peers.add(member.host.peer);
    if (member.flags.isModerator) this.waitsForModerator = false;
    if (this.size >= 2) this.#hadTwo = true;
    this.events.member(member, 'add-member');
    if (this.floor === undefined && member.maySpeak) this.#giveFloor(member);
  }

  /** The member is out and its application over. Without effect when it is not in. */
  leave(member: ConferenceMember): void {
    if (!this.#remove(member)) return;
    member.close();
    this.#afterLeaving(member);
  }

  /** Takes a member out without ending its application: it goes to another conference. */
  moveTo(other: Conference, member: ConferenceMember): void {
    if (!this.#remove(member)) return;
    this.#tellOfTransfer(member, other.name);
    other.add(member);
    this.#afterLeaving(member);
  }

  /** The same, to a conference of another media worker. */
  sendTo(name: string, member: ConferenceMember): void {
    if (!this.#remove(member)) return;
    this.#tellOfTransfer(member, name);
    member.close(member.requestFor(name));
    this.#afterLeaving(member);
  }

  /** Hangs everybody up, unless a member's `hangup_after_conference` says false; the conference is over. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    for (const member of [...this.members.values()]) {
      this.leave(member);
      if (!outlivesConference(member.host)) member.host.hangup('NORMAL_CLEARING');
    }
    this.close();
  }

  /** Frees everything; safe to call twice. Members that are still in are left to their channels. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#graceTimer?.cancel();
    this.options.ticker.remove(this.#listener);
    this.sounds.stop('all');
    this.recordings.stop('all');
    this.events.conference(this, 'conference-destroy');
    this.options.ended(this);
  }

  /** Hot: adds to `out` what the member hears in this tick; false when that is nothing. */
  mixFor(member: ConferenceMember, out: Int16Array): boolean {
    // Who asks first in a tick has heard the last round: the next one begins with it.
    if (member.round === this.#rounds) this.#round();
    member.round = this.#rounds;
    const own = member.sounds.read();
    if (own !== undefined) mixInto(out, own);
    if (!member.mayHear) return own !== undefined;
    const mix = this.#mix;
    mix.hear();
    for (const other of this.members.values()) {
      const { said } = other;
      if (said !== undefined && !this.#hears(member, other)) mix.without(said);
    }
    mix.addTo(out, volumeFactor(member.volumeOut));
    return true;
  }

  /** A key of a member. */
  digit(member: ConferenceMember, digit: string): void {
    this.events.member(member, 'dtmf', { 'DTMF-Key': digit });
    if (!member.flags.distributesDtmf) return;
    for (const other of this.members.values()) {
      if (other !== member) other.host.session.sendDtmf(digit, 250).catch(() => undefined);
    }
  }

  memberSoundPlayed(member: ConferenceMember, file: string, source: AudioSource): void {
    if (this.members.has(member.id)) {
      this.events.member(member, 'play-file-member-done', playedHeaders(file, source));
    }
  }

  /** What a relation between two says, both ways; a member never hears itself. */
  #hears(listener: ConferenceMember, speaker: ConferenceMember): boolean {
    if (listener === speaker || this.waitsForModerator) return false;
    if (listener.relations.size === 0 && speaker.relations.size === 0) return true;
    if (listener.relations.get(speaker.id)?.noHear === true) return false;
    return speaker.relations.get(listener.id)?.noSpeak !== true;
  }

  /** Hot: one frame of the conference: what all say, and its sounds. */
  #round(): void {
    this.#rounds += 1;
    const mix = this.#mix;
    mix.begin();
    for (const member of this.members.values()) {
      const change = member.listen();
      if (change !== undefined) this.#talking(member, change === 'begin');
      if (member.said !== undefined) mix.add(member.said);
    }
    const sound = this.sounds.read();
    if (sound !== undefined) mix.add(sound);
    if (this.recordings.size > 0) {
      mix.hear();
      this.recordings.frame(mix);
    }
  }

  /** Sounds and recordings go on while every member is busy with an application of its own. */
  #tick(): void {
    if (this.#rounds === this.#roundsAtTick) this.#round();
    this.#roundsAtTick = this.#rounds;
  }

  #talking(member: ConferenceMember, isTalking: boolean): void {
    if (!member.maySpeak) {
      member.isTalking = false;
      if (isTalking && member.flags.detectsMuted) this.events.member(member, 'mute-detect');
      return;
    }
    member.isTalking = isTalking;
    this.events.member(member, isTalking ? 'start-talking' : 'stop-talking');
    if (isTalking && this.floor?.isTalking !== true) this.#giveFloor(member);
  }

  #giveFloor(member: ConferenceMember | undefined): void {
    if (this.floor === member) return;
    const headers = { 'Old-ID': this.floor === undefined ? 'none' : String(this.floor.id) };
    this.floor = member;
    if (member === undefined) this.events.conference(this, 'floor-change', { ...headers, 'New-ID': 'none' });
    else this.events.member(member, 'floor-change', { ...headers, 'New-ID': String(member.id) });
  }

  #tellOfTransfer(member: ConferenceMember, name: string): void {
    const names = { 'Old-Conference-Name': this.name, 'New-Conference-Name': name };
    this.events.member(member, 'transfer', names);
  }

  #remove(member: ConferenceMember): boolean {
    if (this.members.get(member.id) !== member) return false;
    this.members.delete(member.id);
    for (const other of this.members.values()) other.relations.delete(member.id);
    member.relations.clear();
    if (this.floor === member) this.#giveFloor(undefined);
    member.isTalking = false;
    this.events.member(member, 'del-member');
    return true;
  }

  #afterLeaving(member: ConferenceMember): void {
    if (this.#isEnding) return;
    if (this.members.size === 0) {
      this.close();
      return;
    }
    const endsWithHim =
      member.flags.endsConference && ![...this.members.values()].some(({ flags }) => flags.endsConference);
    if (endsWithHim && this.endGraceSecs > 0) {
      this.#graceTimer = this.options.clock.after(this.endGraceSecs * 1000, () => this.end());
    } else if (endsWithHim || (this.needsTwo && this.#hadTwo && this.size < 2)) {
      this.end();
    }
  }
}
