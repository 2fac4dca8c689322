/** A value of a YAML file that is written alone or as a list of several; numbers may stand without quotes. */
export type OneOrMore = string | number | readonly (string | number)[];

/** Its schema. `title`: what is to be written, for who wrote something else. */
export function oneOrMore(title: string): object {
  return {
    title,
    anyOf: [
      { type: ['string', 'number'] },
      { type: 'array', minItems: 1, items: { type: ['string', 'number'] } },
    ],
  };
}

/** What stands there, as texts; undefined where nothing does. */
export function textsOf(value: OneOrMore): readonly string[];
export function textsOf(value: OneOrMore | undefined): readonly string[] | undefined;
export function textsOf(value: OneOrMore | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value]).map((item) => String(item).trim());
}

/** What stands there as a list, empty where nothing does. */
export function listOf<T extends string>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
