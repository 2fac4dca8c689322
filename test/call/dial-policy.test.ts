import t from 'tap';
import { mayChooseAnyone } from '../../src/call/dial-policy.js';

t.test(
  'who may choose whom we telephone: users, trunks that a rule names, and never a stranger',
  async (t) => {
    const trunk = { kind: 'trunk', trunk: 'carrier-a' } as const;
    for (const [identity, ruleNamesTrunk, may] of [
      [{ kind: 'user', user: 'alice' }, false, true],
      [{ kind: 'user', user: 'alice' }, true, true],
      [trunk, true, true],
      [trunk, false, false],
      [{ kind: 'stranger' }, false, false],
      // A rule for a trunk is found for no stranger; if it were, it would not help them.
      [{ kind: 'stranger' }, true, false],
    ] as const) {
      t.equal(mayChooseAnyone(identity, ruleNamesTrunk), may, `${identity.kind}, ${String(ruleNamesTrunk)}`);
    }
  },
);
