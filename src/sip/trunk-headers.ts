import { globMatches } from '../dialog/glob.js';
import { toCarrier, rewrite } from './trunk-numbers.js';
import { sipUser } from './sip-user.js';
import type { Trunk } from './trunk.js';

export interface CallerShown {
  /** Number or name that the call brings; undefined: none. */
  readonly from: string | undefined;
  readonly displayName: string | undefined;
}

/** The called number as the trunk wants it. */
export function numberFor(trunk: Trunk, called: string): string {
  const carrier = trunk.numbering === undefined ? called : toCarrier(called, trunk.numbering);
  return rewrite(carrier, trunk.outgoing.called);
}

/**
 * Headers of an INVITE to a trunk: who calls, as its caller ID allows (RFC 3261 §20.20, RFC 3323, RFC 3325), the call's own
 * headers, and the trunk's rules over them.
 */
export function headersFor(
  trunk: Trunk,
  shown: CallerShown,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const { callerId, numbering, outgoing } = trunk;
  const { from } = shown;
  const isAllowed =
    from !== undefined && (callerId.allowed?.some((pattern) => globMatches(pattern, from)) ?? true);
  const chosen = isAllowed ? from : callerId.number;
  const carrier = chosen === undefined || numbering === undefined ? chosen : toCarrier(chosen, numbering);
  const number = carrier === undefined ? undefined : rewrite(carrier, outgoing.calling);
  const name = shown.displayName ?? callerId.name;
  const host = callerId.domain ?? 'localhost';
  const address = `${quoted(name)}<sip:${number === undefined ? 'anonymous' : sipUser(number)}@${host}>`;
  const isAnonymous = callerId.privacy === 'anonymous';
  const transport = trunk.hosts[0]?.transport ?? 'udp';
  const suffix = transport === 'udp' ? '' : `;transport=${transport}`;
  const contactUser = trunk.registration?.user ?? (isAnonymous ? 'anonymous' : (number ?? 'anonymous'));
  const headers: Record<string, string> = {
    ...own,
    // RFC 3323 §4.1.1.3.
    From: isAnonymous ? '"Anonymous" <sip:anonymous@anonymous.invalid>' : address,
    // The daemon puts its own address for localhost.
    Contact: `<sip:${sipUser(contactUser)}@localhost${suffix}>`,
  };
  if (number !== undefined && callerId.assert !== 'none') {
    headers[callerId.assert === 'p-asserted-identity' ? 'P-Asserted-Identity' : 'P-Preferred-Identity'] =
      address;
  }
  // RFC 3323 §4.2, RFC 3325 §9.3: `id` keeps the asserted identity inside the network.
  if (callerId.privacy !== 'none') headers['Privacy'] = isAnonymous ? 'header;id' : 'id';
  return withRules(headers, trunk);
}

/** The trunk's own: remove, then set, then add what is missing. Names are compared without regard to case. */
function withRules(headers: Record<string, string>, { headers: rules }: Trunk): Record<string, string> {
  const gone = new Set([...rules.remove, ...Object.keys(rules.replace)].map((name) => name.toLowerCase()));
  const kept = Object.fromEntries(
    Object.entries(headers).filter(([name]) => isNeeded(name) || !gone.has(name.toLowerCase())),
  );
  const there = new Set(Object.keys(kept).map((name) => name.toLowerCase()));
  const added = Object.entries(rules.add).filter(([name]) => !there.has(name.toLowerCase()));
  return { ...kept, ...Object.fromEntries(added), ...rules.replace };
}

/** Removed they would come back as the daemon's own. */
function isNeeded(name: string): boolean {
  return /^(from|contact)$/i.test(name);
}

/** A display name as quoted-string (RFC 3261 §25.1), with the blank that follows it. */
export function quoted(name: string | undefined): string {
  if (name === undefined) return '';
  const printable = name.replace(/[\u0000-\u001f\u007f]/g, ' ').trim();
  return printable === '' ? '' : `"${printable.replace(/[\\"]/g, '\\$&')}" `;
}
