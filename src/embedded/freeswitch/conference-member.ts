import { EnergyVad, type VadChange } from '../../audio/vad.js';
import { scale } from '../../audio/pcm.js';
import type { EventOptions } from './application-host.js';
import type { FrameWriter, Interruption } from './application-stack.js';
import { FRAME_SAMPLES, type AudioSource } from './audio-source.js';
import type { JoinRequest, MemberFlags } from './conference-join.js';
import { SoundQueue } from './conference-sounds.js';
import type { LiveListener } from './media-path.js';
import { volumeFactor } from './volume-steps.js';

/** What a conference needs of a call in it, on whichever media worker the call is. */
export interface MemberHost {
  readonly uuid: string;
  /** The other media worker that has the call; left out: this one has it. */
  readonly peer?: number;
  readonly variables: { get(name: string): string | undefined };
  readonly media: { listen(): Pick<LiveListener, 'take' | 'close'> };
  readonly session: { sendDtmf(digits: string, durationMs?: number): Promise<void> };
  publish(name: string, headers?: Readonly<Record<string, string>>, options?: EventOptions): void;
  hangup(cause: string): void;
}

/** Whether the end of a conference leaves the call up: `hangup_after_conference` says false. */
export function outlivesConference({ variables }: Pick<MemberHost, 'variables'>): boolean {
  return /^(false|no|off|0)$/i.test(variables.get('hangup_after_conference') ?? '');
}

/** The application by which a call is in a conference. */
export interface MemberExecution {
  writer: FrameWriter | undefined;
  onDigit: ((digit: string) => boolean) | undefined;
  set onInterrupt(fn: ((why: Interruption) => void) | undefined);
}

/** How one member stands to another: whom it does not hear, or who does not hear it. */
export interface Relation {
  readonly noSpeak: boolean;
  readonly noHear: boolean;
}

/** What events say of a conference. */
export interface ConferenceFacts {
  readonly name: string;
  readonly domain: string;
  readonly profile: string;
  readonly uuid: string;
  /** Members without ghosts. */
  readonly size: number;
  readonly ghosts: number;
  readonly variables: ReadonlyMap<string, string>;
  readonly floor: ConferenceMember | undefined;
  /** Other media workers whose clients hear of it: those that have or had a member in it. */
  readonly peers: ReadonlySet<number>;
}

/** What a member needs of its conference. */
export interface MembersConference extends ConferenceFacts {
  /** Hot: adds to `out` what the member hears in this tick; false when that is nothing. */
  mixFor(member: ConferenceMember, out: Int16Array): boolean;
  digit(member: ConferenceMember, digit: string): void;
  leave(member: ConferenceMember): void;
  /** Tells clients what was done with the member. */
  report(member: ConferenceMember, action: string, headers?: Readonly<Record<string, string>>): void;
  memberSoundPlayed(member: ConferenceMember, file: string, source: AudioSource): void;
}

/** One call in a conference: what it says, what it may hear, and its own sounds. Made when it joins, closed when it leaves. */
export class ConferenceMember {
  isMuted = false;
  isDeaf = false;
  isHeld = false;
  isTalking = false;
  /** Steps of -4 to 4: what the conference hears of the member, and the member of the conference. */
  volumeIn = 0;
  volumeOut = 0;
  energyLevel = 0;
  tag = '';
  readonly relations = new Map<number, Relation>();
  /** Sounds for this member alone. */
  readonly sounds: SoundQueue;
  /** The round of the conference's mix that the member heard last. */
  round = -1;
  readonly #vad = new EnergyVad();
  readonly #heard: Pick<LiveListener, 'take' | 'close'>;
  readonly #said = new Int16Array(FRAME_SAMPLES);
  #isSaying = false;
  #isClosed = false;

  constructor(
    readonly id: number,
    readonly host: MemberHost,
    readonly execution: MemberExecution,
    readonly flags: MemberFlags,
    public conference: MembersConference,
    /** The member has left: its application is over, or goes on in the next conference. */
    private readonly left: (next?: JoinRequest) => void,
  ) {
    this.sounds = new SoundQueue((file, source) => this.conference.memberSoundPlayed(this, file, source));
    this.#heard = host.media.listen();
    execution.writer = { mix: (out) => this.conference.mixFor(this, out) };
    execution.onDigit = (digit) => {
      this.conference.digit(this, digit);
      // What nobody in the conference takes stays for the applications after it.
      return false;
    };
    // A break is for what plays; only the end of the call takes a member out.
    execution.onInterrupt = (why) => {
      if (why === 'hangup') this.conference.leave(this);
    };
  }

  /** Whether the others hear it. */
  get maySpeak(): boolean {
    return !this.isMuted && !this.isHeld;
  }

  get mayHear(): boolean {
    return !this.isDeaf && !this.isHeld;
  }

  /** Hot: takes the next frame of what the member says, once per round; what that changes of its talking. */
  listen(): VadChange {
    const frame = this.#heard.take();
    this.#isSaying = frame !== undefined;
    // A telephone that sends nothing while its owner is silent has stopped talking all the same.
    if (frame === undefined) this.#said.fill(0);
    else this.#said.set(frame);
    const change = this.#vad.push(this.#said);
    if (this.volumeIn !== 0) scale(this.#said, volumeFactor(this.volumeIn));
    return change;
  }

  /** Hot: what the member says in this round, undefined when it is silent or muted. Valid until the next round. */
  get said(): Int16Array | undefined {
    return this.#isSaying && this.maySpeak ? this.#said : undefined;
  }

  /** By which it joins a conference of another media worker as the same. */
  requestFor(name: string): JoinRequest {
    const { id, isMuted, isDeaf, isHeld, volumeIn, volumeOut, energyLevel, tag, flags } = this;
    return {
      name,
      profile: this.conference.profile,
      pin: '',
      isMuted,
      isDeaf,
      isJoinOnly: false,
      waitsForModerator: false,
      needsTwo: false,
      flags,
      sent: { id, isHeld, volumeIn, volumeOut, energyLevel, tag },
    };
  }

  /** Ends the member's application, or sends it on; the conference calls it when it has let the member go. */
  close(next?: JoinRequest): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#heard.close();
    this.sounds.stop('all');
    this.execution.writer = undefined;
    this.execution.onDigit = undefined;
    this.execution.onInterrupt = undefined;
    this.left(next);
  }
}
