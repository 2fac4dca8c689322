/** A number or name as the user part of a SIP URI: what may not stand there is escaped (RFC 3261 §25.1, user). */
export function sipUser(text: string): string {
  return [...text]
    .map((character) => (/[A-Za-z0-9\-_.!~*'()&=+$,;?/]/.test(character) ? character : escaped(character)))
    .join('');
}

function escaped(character: string): string {
  return [...Buffer.from(character, 'utf8')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
