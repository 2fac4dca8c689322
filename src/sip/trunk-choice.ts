import { globMatches } from '../dialog/glob.js';
import type { TrunkGroup, TrunkRoute } from './trunk.js';

/** The trunks for a called number in the order in which they are tried; empty where no route takes it. */
export function trunkOrder(
  routes: readonly TrunkRoute[],
  called: string,
  random: () => number,
): readonly string[] {
  const route = routes.find((candidate) => candidate.called.some((pattern) => globMatches(pattern, called)));
  if (route === undefined) return [];
  return [...new Set(route.groups.flatMap((group) => shuffled(group, random)))];
}

/** Drawn one after the other, each time by the weights of those that are left. */
function shuffled(group: TrunkGroup, random: () => number): string[] {
  const left = [...group];
  const order: string[] = [];
  while (left.length > 0) {
    let point = random() * left.reduce((sum, { weight }) => sum + weight, 0);
    const index = left.findIndex(({ weight }) => (point -= weight) < 0);
    const [drawn] = left.splice(Math.max(0, index), 1);
    if (drawn !== undefined) order.push(drawn.trunk);
  }
  return order;
}
