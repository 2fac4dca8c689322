/** Something wrong in a file of words, said so that who speaks the dialect can put it right. */
export interface PackProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}
