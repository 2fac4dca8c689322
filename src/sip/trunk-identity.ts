import type Srf from 'drachtio-srf';
import type { CallerIdentity } from './caller-identity.js';
import { rewrite, toE164 } from './trunk-numbers.js';
import type { Trunk } from './trunk.js';

/** A request that came from an address of the trunk: the trunk's, whatever it claims to be, with numbers as we write them. */
export function trunkIdentity(trunk: Trunk, request: Srf.SrfRequest): CallerIdentity {
  const { name, incoming, numbering, headers } = trunk;
  const ours = (number: string): string => (numbering === undefined ? number : toE164(number, numbering));
  const facts = Object.entries(headers.read)
    .filter(([, header]) => request.has(header))
    .map(([fact, header]) => [fact, request.get(header)]);
  return {
    kind: 'trunk',
    trunk: name,
    callingNumber: ours(rewrite(request.callingNumber, incoming.calling)),
    calledNumber: ours(rewrite(request.calledNumber, incoming.called)),
    facts: Object.fromEntries(facts) as Record<string, string>,
  };
}
