import { errorCode } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Channel } from './channel.js';
import type { FarBridges } from './far-bridges.js';
import type { FarConferences } from './far-conferences.js';
import type { PeerNote, PeerQuestion, PeerService } from './media-peers.js';

/** What this media worker does for the others. */
export class FarService implements PeerService {
  constructor(
    private readonly channels: ReadonlyMap<string, Channel>,
    private readonly bridges: FarBridges,
    private readonly conferences: FarConferences,
    private readonly logger: Logger,
  ) {}

  answer(peer: number, question: PeerQuestion): unknown {
    return question.about === 'bridge'
      ? this.bridges.answer(peer, question)
      : this.conferences.answer(peer, question);
  }

  note(_peer: number, note: PeerNote): void {
    switch (note.about) {
      case 'unbridge':
        this.bridges.ended(note.bridge, note.isParted);
        return;
      case 'hangup':
        this.channels.get(note.channel)?.hangup(note.cause);
        return;
      case 'keys':
        this.channels
          .get(note.channel)
          ?.session.sendDtmf(note.digits, note.durationMs)
          .catch((error: unknown) => {
            this.logger.debug({ code: errorCode(error) }, 'a key could not be passed on');
          });
        return;
      case 'event':
        this.conferences.note(note, note.channel === undefined ? undefined : this.channels.get(note.channel));
        return;
      case 'left':
      case 'leave':
      case 'digit':
        this.conferences.note(note);
    }
  }

  gone(peer: number): void {
    this.bridges.gone(peer);
    this.conferences.gone(peer);
  }
}
