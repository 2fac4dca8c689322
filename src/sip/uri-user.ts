/** The user part of the URI in a From, To or P-Asserted-Identity; undefined if it has none. */
export function uriUser(header: string): string | undefined {
  // A display name may look like a URI: what stands in brackets counts.
  const uri = /^\s*(?:"(?:[^"\\]|\\.)*"\s*|[^<"]*)<\s*([^>]*)>/.exec(header)?.[1] ?? header;
  return /^\s*sips?:([^@;:>]+)(?:[:;][^@>]*)?@/i.exec(uri)?.[1];
}
