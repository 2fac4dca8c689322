/**
 * Phrases that every question understands beside its own. Their ids can be no choice's: a choice is named by letters,
 * digits and -.
 */
export const turnWordIds = {
  repeat: '#repeat',
  slower: '#slower',
  louder: '#louder',
  /** 嗯, uh-huh: the caller listens, and says nothing by it. */
  backchannel: '#backchannel',
} as const;

/** What a caller can ask of the bot's voice. */
export type VoiceWish = 'repeat' | 'slower' | 'louder';

export const voiceWishes: readonly VoiceWish[] = ['repeat', 'slower', 'louder'];

/** The wish that a phrase is; undefined for any other. */
export function voiceWishOf(phraseId: string | undefined): VoiceWish | undefined {
  switch (phraseId) {
    case turnWordIds.repeat:
      return 'repeat';
    case turnWordIds.slower:
      return 'slower';
    case turnWordIds.louder:
      return 'louder';
    default:
      return undefined;
  }
}
