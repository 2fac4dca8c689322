import type { Condition } from './dialplan.js';
import { globMatches } from './glob.js';
import { fillPlain, valueOf } from './template.js';

/** Whether a condition holds. A variable that was never set is the empty text. */
export function holds(condition: Condition, variables: Readonly<Record<string, string>>): boolean {
  switch (condition.kind) {
    case 'equals':
      return valueOf(variables, condition.variable) === fillPlain(condition.value, variables);
    case 'in': {
      const value = valueOf(variables, condition.variable);
      return condition.values.some((candidate) => fillPlain(candidate, variables) === value);
    }
    case 'matches': {
      const value = valueOf(variables, condition.variable);
      return condition.patterns.some((pattern) => globMatches(pattern, value));
    }
    case 'isSet':
      return (valueOf(variables, condition.variable) !== '') === condition.isSet;
    case 'all':
      return condition.conditions.every((c) => holds(c, variables));
    case 'any':
      return condition.conditions.some((c) => holds(c, variables));
    case 'not':
      return !holds(condition.condition, variables);
  }
}
