/**
 * What a caller or a telephone wrote, for an operator's terminal: nothing in it moves the cursor, changes colours or
 * answers for the operator. Line ends and tabs stay. Every command that prints parts of SIP messages prints through it.
 */
export function terminalText(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\n' || character === '\t' ? character : '?',
  );
}
