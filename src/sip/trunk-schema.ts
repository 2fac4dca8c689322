import { oneOrMore, type OneOrMore } from '../dialog/one-or-more.js';

/**
 * What `sip-config/trunks.yaml` may hold. `title` is what an admin is told that a value should be (dialog/schema-problems).
 */

const text = (title: string) => ({ type: 'string', minLength: 1, title });
const count = (title: string, minimum: number, maximum: number) => ({
  type: 'integer',
  minimum,
  maximum,
  title,
});
const flag = (title: string) => ({ type: 'boolean', title });
const section = (title: string, properties: object, required: readonly string[] = []) => ({
  type: 'object',
  title,
  additionalProperties: false,
  properties,
  required,
});
/** A header's name (RFC 3261 §25.1, token). */
const headerName = "^[A-Za-z0-9!%*_+'~.-]+$";
const headerValues = (title: string) => ({
  type: 'object',
  title,
  propertyNames: { type: 'string', pattern: headerName, title: "a header's name" },
  additionalProperties: { type: ['string', 'number'], title: "a header's value" },
});

const rewriteRules = {
  type: 'array',
  title: 'a list of rewriting rules',
  items: section(
    'a rewriting rule',
    {
      match: { type: ['string', 'number'], title: "a pattern of numbers ('00*')" },
      strip: count('how many characters are taken from the front', 0, 40),
      prefix: { type: ['string', 'number'], title: 'what is put in front' },
    },
    ['match'],
  ),
};
const rewriting = (title: string) => section(title, { called: rewriteRules, calling: rewriteRules });

const name = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
  title: 'a name of letters, digits, - and _',
};

const trunk = section(
  'a trunk',
  {
    name,
    description: text('a text'),
    enabled: flag('true or false'),
    host: oneOrMore("a host, 'HOST[:PORT]', or a list of hosts"),
    transport: { type: 'string', enum: ['udp', 'tcp', 'tls'], title: 'a transport' },
    proxy: text("a SIP URI ('sip:HOST:PORT')"),
    credentials: section(
      'the credentials',
      {
        username: { type: ['string', 'number'], title: 'the username' },
        password: { type: ['string', 'number'], title: 'the password' },
        passwordFile: text('the path of a file that holds the password'),
        secretFile: text("the path of a file with lines 'username:password'"),
      },
      ['username'],
    ),
    registration: section('the registration', {
      user: { type: ['string', 'number'], title: 'the user part of the address to register' },
      expiresSeconds: count('seconds', 60, 86_400),
      retryMs: count('milliseconds', 100, 600_000),
      retryMaxMs: count('milliseconds', 1000, 3_600_000),
    }),
    sources: oneOrMore("an address or range ('192.0.2.0/24'), or a list of them"),
    callerId: section('the caller ID', {
      number: { type: ['string', 'number'], title: 'a number' },
      allowed: oneOrMore("a number or pattern ('+4420*'), or a list of them"),
      name: text('a display name'),
      privacy: { type: 'string', enum: ['none', 'id', 'anonymous'], title: 'a kind of privacy' },
      assert: {
        type: 'string',
        enum: ['p-asserted-identity', 'p-preferred-identity', 'none'],
        title: "the header for the network's eyes",
      },
      domain: { type: 'string', pattern: '^[A-Za-z0-9.-]+$|^\\[[0-9A-Fa-f:.]+\\]$', title: 'a host' },
    }),
    headers: section('the header rules', {
      add: headerValues('headers to add'),
      replace: headerValues('headers to set'),
      remove: {
        type: 'array',
        title: "a list of headers' names",
        items: { type: 'string', pattern: headerName, title: "a header's name" },
      },
      read: {
        type: 'object',
        title: 'facts to read from headers',
        additionalProperties: { type: 'string', pattern: headerName, title: "a header's name" },
      },
    }),
    codecs: { type: 'array', minItems: 1, title: 'a list of codecs', items: text('a codec, PCMA say') },
    numbering: section(
      'the numbering',
      {
        country: {
          type: ['string', 'number'],
          pattern: '^[1-9][0-9]{0,3}$',
          title: "a country code without + ('44')",
        },
        internationalPrefix: { type: ['string', 'number'], title: 'what is dialled before a country code' },
        nationalPrefix: { type: ['string', 'number'], title: 'what is dialled before an area code' },
        send: {
          type: 'string',
          enum: ['e164', 'plain', 'national', 'untouched'],
          title: 'a form of numbers',
        },
      },
      ['country'],
    ),
    outgoing: rewriting('the rewriting of calls out'),
    incoming: rewriting('the rewriting of calls in'),
    ringMs: count('milliseconds', 1000, 180_000),
    firstResponseMs: count('milliseconds', 500, 32_000),
    maxCalls: count('a number of calls', 1, 100_000),
    callsPerSecond: { type: 'number', exclusiveMinimum: 0, maximum: 10_000, title: 'calls per second' },
    failoverOn: {
      type: 'array',
      title: "a list of statuses ('408', '5xx')",
      items: { type: ['integer', 'string'], title: "a status, '503' or '5xx'" },
    },
    coolDownMs: count('milliseconds', 0, 3_600_000),
    pingMs: count('milliseconds', 0, 3_600_000),
  },
  ['name', 'host'],
);

const weighted = {
  type: ['string', 'object'],
  title: "a trunk's name, or trunks with weights ('{ a: 3, b: 1 }')",
  minProperties: 1,
  additionalProperties: { type: 'integer', minimum: 1, maximum: 1000, title: 'a weight' },
};

/** A key whose entries are all comments has no value. */
const emptyToo = ['array', 'null'];

export const trunkSchema = section('the file', {
  trunks: { type: emptyToo, title: 'a list of trunks', items: trunk },
  routes: {
    type: emptyToo,
    title: 'a list of routes',
    items: section(
      'a route',
      {
        called: oneOrMore("a number or pattern ('+44*'), or a list of them"),
        via: { type: 'array', minItems: 1, title: 'a list of trunks, in order', items: weighted },
        description: text('a text'),
      },
      ['called', 'via'],
    ),
  },
  directHosts: {
    type: emptyToo,
    title: 'a list of hosts',
    items: text("a host, or a pattern ('*.example.com')"),
  },
});

type Text = string | number;

/** The file's value once the schema has passed it. */
export interface TrunkFile {
  readonly trunks?: readonly TrunkEntry[] | null;
  readonly routes?: readonly RouteEntry[] | null;
  readonly directHosts?: readonly string[] | null;
}

export interface RewriteEntry {
  readonly match: Text;
  readonly strip?: number;
  readonly prefix?: Text;
}

export interface RewritingEntry {
  readonly called?: readonly RewriteEntry[];
  readonly calling?: readonly RewriteEntry[];
}

export interface RouteEntry {
  readonly called: OneOrMore;
  readonly via: readonly (string | Readonly<Record<string, number>>)[];
}

export interface TrunkEntry {
  readonly name: string;
  readonly enabled?: boolean;
  readonly host: OneOrMore;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  readonly proxy?: string;
  readonly credentials?: {
    readonly username: Text;
    readonly password?: Text;
    readonly passwordFile?: string;
    readonly secretFile?: string;
  };
  readonly registration?: {
    readonly user?: Text;
    readonly expiresSeconds?: number;
    readonly retryMs?: number;
    readonly retryMaxMs?: number;
  };
  readonly sources?: OneOrMore;
  readonly callerId?: {
    readonly number?: Text;
    readonly allowed?: OneOrMore;
    readonly name?: string;
    readonly privacy?: 'none' | 'id' | 'anonymous';
    readonly assert?: 'p-asserted-identity' | 'p-preferred-identity' | 'none';
    readonly domain?: string;
  };
  readonly headers?: {
    readonly add?: Readonly<Record<string, Text>>;
    readonly replace?: Readonly<Record<string, Text>>;
    readonly remove?: readonly string[];
    readonly read?: Readonly<Record<string, string>>;
  };
  readonly codecs?: readonly string[];
  readonly numbering?: {
    readonly country: Text;
    readonly internationalPrefix?: Text;
    readonly nationalPrefix?: Text;
    readonly send?: 'e164' | 'plain' | 'national' | 'untouched';
  };
  readonly outgoing?: RewritingEntry;
  readonly incoming?: RewritingEntry;
  readonly ringMs?: number;
  readonly firstResponseMs?: number;
  readonly maxCalls?: number;
  readonly callsPerSecond?: number;
  readonly failoverOn?: readonly Text[];
  readonly coolDownMs?: number;
  readonly pingMs?: number;
}
