/** One Contact of a REGISTER. */
export interface ContactValue {
  readonly uri: string;
  /** 0 to 1. */
  readonly q: number;
  /** Seconds; undefined: as the Expires header says. */
  readonly expires: number | undefined;
}

/** No blanks, brackets or quotes, and no headers (`?`), which a request URI may not have. */
const registrable = /^sips?:[^\s<>"?]{1,500}$/i;

/**
 * The Contacts of a REGISTER, several joined by commas (RFC 3261 §20.10): a parameter without brackets belongs to the
 * header, not to the URI. Undefined if one of them is no SIP URI.
 */
export function parseContacts(header: string): ContactValue[] | undefined {
  const found: ContactValue[] = [];
  for (const value of header.match(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<])+/g) ?? []) {
    const [, inBrackets, bare = '', parameters = ''] =
      /^\s*(?:(?:"(?:[^"\\]|\\.)*"\s*|[^<"]*)<\s*([^>]*?)\s*>|([^\s;]+))\s*(.*)$/s.exec(value) ?? [];
    const uri = inBrackets ?? bare;
    if (!registrable.test(uri)) return undefined;
    const q = Number(/;\s*q\s*=\s*([01](?:\.\d{0,3})?)\b/i.exec(parameters)?.[1] ?? 1);
    const expires = /;\s*expires\s*=\s*(\d+)/i.exec(parameters)?.[1];
    found.push({ uri, q: Math.min(q, 1), expires: expires === undefined ? undefined : Number(expires) });
  }
  return found.length === 0 ? undefined : found;
}
