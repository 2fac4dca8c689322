import type { CallerIdentity } from '../sip/caller-identity.js';

/**
 * Whether a caller may choose whom we telephone at our own cost, by what they dialled or keyed in: a registered user may;
 * a caller from a trunk may where the rule in numbers.yaml names the trunk, and so was written for it; a stranger never.
 */
export function mayChooseAnyone(identity: CallerIdentity, ruleNamesTrunk: boolean): boolean {
  switch (identity.kind) {
    case 'user':
      return true;
    case 'trunk':
      return ruleNamesTrunk;
    case 'stranger':
      return false;
  }
}
