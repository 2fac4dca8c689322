/** How much a word says about who speaks: `strong` is enough by itself, of `weak` ones it takes two. */
export type Tells = 'nothing' | 'weak' | 'strong';

/** A word that callers of a dialect say, and what it means. */
export interface LexiconWord {
  /** In any usual writing; traditional or simplified is the same. Longest words are matched first. */
  readonly word: string;
  /** Further usual writings of the same word (`唔该`, `唔該晒`): each stands for `word` in the example. */
  readonly spellings: readonly string[];
  /** In the standard language: Mandarin for every Sinitic pack. Empty for a particle that means nothing to a bot. */
  readonly means: string;
  readonly tells: Tells;
  /** What may not follow, for it would be another word: 阿拉 not before 伯. */
  readonly notBefore: readonly string[];
  /** What may not stand right before: 系 not after 关. */
  readonly notAfter: readonly string[];
  /** A sentence with the word, and the sentence in the standard language; a test reads each. */
  readonly example: { readonly text: string; readonly canonical: string };
}

/** What a caller can answer besides content, each with the phrases that say it. */
export interface ReplyPhrases {
  readonly yes: readonly string[];
  readonly no: readonly string[];
  readonly dontKnow: readonly string[];
  readonly repeat: readonly string[];
  readonly person: readonly string[];
  readonly slower: readonly string[];
  readonly louder: readonly string[];
  readonly stopCalling: readonly string[];
}

export const replyKinds = [
  'yes',
  'no',
  'dontKnow',
  'repeat',
  'person',
  'slower',
  'louder',
  'stopCalling',
] as const satisfies readonly (keyof ReplyPhrases)[];

/** Two sounds that its speakers confuse: 0 is the same sound, 1 another one. */
export interface SoundCost {
  readonly a: string;
  readonly b: string;
  readonly cost: number;
}

/** What is known about the words of one dialect, or of what a family shares (`sinitic`, `en`). */
export interface DialectPack {
  /** An id of the catalogue, or the name of a family. */
  readonly dialect: string;
  readonly words: readonly LexiconWord[];
  /** Words of the standard language that hold a dialect word inside (关系, 阿拉伯): kept as they are. */
  readonly plain: readonly string[];
  /** What says nothing (呃, um), left out unless it is all that was said. */
  readonly fillers: readonly string[];
  readonly replies: ReplyPhrases;
  /** What comes along with an answer and changes nothing (谢谢, 那就, please). */
  readonly aroundReplies: readonly string[];
  /** What says only that one listens (嗯, uh-huh); fillers are such, too. It may be an answer where one was asked for. */
  readonly backchannels: readonly string[];
  /** Words after which a turn has ended, as the last of what was heard. */
  readonly turnFinal: readonly string[];
  /** Words after which the caller goes on. */
  readonly turnHolding: readonly string[];
  readonly soundCosts: readonly SoundCost[];
}
