/** Keys kept for an application that starts later; the real server keeps as many. */
const MAX_DIGITS = 100;

/** Keys that were pressed while nobody collected them: `play_and_get_digits` takes them first. */
export class DigitQueue {
  #digits = '';

  get length(): number {
    return this.#digits.length;
  }

  push(digit: string): void {
    if (this.#digits.length < MAX_DIGITS) this.#digits += digit;
  }

  shift(): string | undefined {
    const digit = this.#digits[0];
    this.#digits = this.#digits.slice(1);
    return digit;
  }

  clear(): void {
    this.#digits = '';
  }
}
