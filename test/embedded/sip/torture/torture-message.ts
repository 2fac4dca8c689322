/**
 * The bytes of a message written in a template: lines end with CRLF; what the template's caller wrote as `\xNN` is that
 * byte (latin1), so that text outside ASCII has to be put in by {@link utf8}.
 */
export function wire(strings: TemplateStringsArray, ...values: readonly string[]): Buffer {
  return Buffer.from(
    String.raw({ raw: strings.raw }, ...values)
      .replace(/^\n/, '')
      .replace(/\n/g, '\r\n'),
    'latin1',
  );
}

/** Text outside ASCII, for {@link wire}: its UTF-8 bytes as latin1 characters. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Any byte, for {@link wire}. */
export function bytes(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

/**
 * The message with `rport` in its topmost Via and nothing else changed: without it the answer would go to port 5060,
 * where a test must not listen.
 */
export function answerable(message: Buffer): Buffer {
  const text = message.toString('latin1');
  return Buffer.from(
    text.replace(/^((?:via|v)[ \t]*:\s*SIP\s*\/\s*\d\.\d\s*\/\s*[A-Z]+\s+[^\s;,]+)/im, '$1;rport'),
    'latin1',
  );
}
