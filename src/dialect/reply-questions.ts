/**
 * Whether a short text without punctuation asks something of yes and no. A-not-A is a question, however much it looks
 * like an answer: 中不中, 系唔系, 要不要得, 可唔可以, 好勿好.
 */
export function isQuestion(text: string, marked: boolean): boolean {
  return (
    marked ||
    aNotA.test(text) ||
    halfAsked.test(text) ||
    particle.test(text) ||
    fused.test(text) ||
    prefixed.test(text)
  );
}

/** 不不不 and 不行不行 are no questions: no negation may be repeated, nor stand before. */
const aNotA = /(?<![不唔勿弗没毋冇未])([^不唔勿弗没毋冇未一]{1,2})(?:不|唔|勿|弗|没|毋|冇|未)\1/u;

/** The second half left out: 中不, 要得不, 有没, 好未, 会使无. 说不 and 从来没 are none. */
const halfAsked =
  /(?:^|[^不没])(?:中|行|好|对|是|成|要|可以|能成|要得|得行|晓得|有|系|得|会使|会当|做得|对着)(?:不|没|未|无|冇|冒|没得)$/u;

/** 么 and 嘛 end statements in Shaanxi and Sichuan. */
const particle = /(?:吗|伐|咩|啵|好无|有无)[呀啊啦]?$/u;

/** 系咪, 有冇, 要勿要 in one word. */
const fused = /^(?:系咪|有冇|有无|得是|是唔是|阿是|敢是|敢有)/u;

/** Suzhou asks with 阿, Minnan with 敢. */
const prefixed = /^(?:阿|敢)(?:好|要|对|行|可以|会|来三|着)/u;
