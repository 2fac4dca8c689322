import { BlockList, isIP } from 'node:net';
import { globCovers } from '../dialog/glob.js';
import { textsOf } from '../dialog/one-or-more.js';
import { sortProblems, type Path, type Problem } from '../dialog/problem.js';
import { compileSchema, schemaProblems } from '../dialog/schema-problems.js';
import { advice } from '../dialog/suggest.js';
import { parseYaml, type YamlFile } from '../dialog/yaml-file.js';
import { addAddressRange } from './address-range.js';
import { isSettableHeader } from './settable-header.js';
import {
  noTrunks,
  type Trunk,
  type TrunkGroup,
  type TrunkHost,
  type TrunkPlan,
  type TrunkRoute,
} from './trunk.js';
import { trunkSchema, type RewritingEntry, type TrunkEntry, type TrunkFile } from './trunk-schema.js';
import { tellTrunkDoubts } from './trunk-doubts.js';
import type { RewriteRule } from './trunk-numbers.js';

export type TrunkFileResult =
  | { readonly ok: true; readonly plan: TrunkPlan; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A file beside trunks.yaml that holds a secret: its text, or why it cannot be read. */
export type ReadSecret = (path: string) => { readonly text: string; readonly isOpen: boolean } | string;

const validate = compileSchema(trunkSchema);

const defaults = {
  expiresSeconds: 600,
  retryMs: 2000,
  retryMaxMs: 300_000,
  firstResponseMs: 5000,
  maxCalls: 100_000,
  callsPerSecond: 10_000,
  coolDownMs: 30_000,
};
/** RFC 3261 §21: 403 and 404 speak of the number, not of the trunk; 408 and 5xx of the trunk. */
const failoverOn: readonly string[] = ['408', '5xx'];

type Tell = (severity: Problem['severity'], path: Path, message: string) => void;

/** Compiles `sip-config/trunks.yaml`. Never throws; a file with warnings alone is used. */
export function compileTrunks(text: string, file: string, readSecret: ReadSecret): TrunkFileResult {
  const yaml = parseYaml(text, file);
  const problems = [...yaml.problems];
  const isBroken = (): boolean => problems.some(({ severity }) => severity === 'error');
  // An empty file, or one of comments alone.
  if (!isBroken() && yaml.value === null) return { ok: true, plan: noTrunks, problems };
  if (!isBroken()) problems.push(...schemaProblems(validate, yaml));
  if (isBroken()) return { ok: false, problems: sortProblems(problems) };
  const tell: Tell = (severity, path, message) => void problems.push(yaml.problem(severity, path, message));
  const plan = planOf(yaml, tell, readSecret);
  if (!isBroken()) tellTrunkDoubts(yaml.value as TrunkFile, plan.trunks, tell);
  const sorted = sortProblems(problems);
  return isBroken() ? { ok: false, problems: sorted } : { ok: true, plan, problems: sorted };
}

function planOf(yaml: YamlFile, tell: Tell, readSecret: ReadSecret): TrunkPlan {
  const source = yaml.value as TrunkFile;
  const trunks = new Map<string, Trunk>();
  for (const [index, entry] of (source.trunks ?? []).entries()) {
    const path = ['trunks', index];
    if (trunks.has(entry.name)) {
      tell(
        'error',
        [...path, 'name'],
        `there is a trunk '${entry.name}' already: give this one another name`,
      );
    }
    trunks.set(entry.name, trunkOf(entry, path, tell, readSecret));
  }
  const routes: TrunkRoute[] = [];
  for (const [index, entry] of (source.routes ?? []).entries()) {
    const path = ['routes', index];
    const route: TrunkRoute = {
      called: textsOf(entry.called),
      groups: entry.via.map((via) => groupOf(via)),
    };
    for (const [place, group] of route.groups.entries()) {
      for (const { trunk } of group) {
        if (trunks.has(trunk)) continue;
        const hint = advice(trunk, [...trunks.keys()], 'there are');
        tell('error', [...path, 'via', place], `there is no trunk '${trunk}'${hint}`);
      }
    }
    const taken = routes.find((earlier) =>
      route.called.every((called) => earlier.called.some((pattern) => globCovers(pattern, called))),
    );
    if (taken !== undefined) {
      tell(
        'warning',
        path,
        'an earlier route already takes these numbers: put this one above it, or remove it',
      );
    }
    routes.push(route);
  }
  return { trunks, routes, directHosts: source.directHosts ?? [] };
}

function trunkOf(entry: TrunkEntry, path: Path, tell: Tell, readSecret: ReadSecret): Trunk {
  const transport = entry.transport ?? 'udp';
  const hosts: TrunkHost[] = [];
  for (const given of textsOf(entry.host)) {
    const host = hostOf(given, transport);
    if (host === undefined)
      tell('error', [...path, 'host'], `'${given}' is not a host: write HOST or HOST:PORT`);
    else hosts.push(host);
  }
  if (entry.proxy !== undefined && !/^sips?:[^\s@<>,"]+$/i.test(entry.proxy)) {
    tell('error', [...path, 'proxy'], `write the proxy as 'sip:HOST:PORT', with ';transport=tcp' for TCP`);
  }
  const credentials = credentialsOf(entry, path, tell, readSecret);
  const { registration, callerId = {}, headers = {}, numbering } = entry;
  if (registration !== undefined && registration.user === undefined && credentials === undefined) {
    tell('error', [...path, 'registration'], `the registration needs 'user', or credentials with a username`);
  }
  const { retryMs = defaults.retryMs, retryMaxMs = defaults.retryMaxMs } = registration ?? {};
  if (retryMs > retryMaxMs) {
    const message = `the first pause, ${String(retryMs)} ms, is longer than the longest (retryMaxMs), ${String(retryMaxMs)} ms`;
    tell('error', [...path, 'registration', 'retryMs'], message);
  }
  for (const [name, value] of Object.entries({ ...headers.add, ...headers.replace })) {
    if (/[\r\n]/.test(String(value))) tell('error', [...path, 'headers'], `'${name}' must be one line`);
    if (!isSettableHeader(name)) {
      tell(
        'error',
        [...path, 'headers'],
        `'${name}' is written by the server and cannot be set here: remove it`,
      );
    }
  }
  return {
    name: entry.name,
    enabled: entry.enabled ?? true,
    hosts,
    proxy: entry.proxy,
    credentials,
    registration: registration && {
      user: String(registration.user ?? credentials?.username ?? ''),
      expiresSeconds: registration.expiresSeconds ?? defaults.expiresSeconds,
      retryMs,
      retryMaxMs,
    },
    sources: sourcesOf(entry, hosts, path, tell),
    callerId: {
      number: optionalText(callerId.number),
      allowed: textsOf(callerId.allowed),
      name: callerId.name,
      privacy: callerId.privacy ?? 'none',
      assert: callerId.assert ?? 'p-asserted-identity',
      domain: callerId.domain,
    },
    headers: {
      add: valuesOf(headers.add),
      replace: valuesOf(headers.replace),
      remove: headers.remove ?? [],
      read: headers.read ?? {},
    },
    codecs: entry.codecs,
    numbering: numbering && {
      country: String(numbering.country),
      internationalPrefix: String(numbering.internationalPrefix ?? '00'),
      nationalPrefix: String(numbering.nationalPrefix ?? '0'),
      send: numbering.send ?? 'e164',
    },
    outgoing: rewritingOf(entry.outgoing),
    incoming: rewritingOf(entry.incoming),
    ringMs: entry.ringMs,
    firstResponseMs: entry.firstResponseMs ?? defaults.firstResponseMs,
    maxCalls: entry.maxCalls ?? defaults.maxCalls,
    callsPerSecond: entry.callsPerSecond ?? defaults.callsPerSecond,
    failover: failoverOf(entry.failoverOn?.map(String) ?? failoverOn, path, tell),
    coolDownMs: entry.coolDownMs ?? defaults.coolDownMs,
    pingMs: entry.pingMs ?? 0,
    fingerprint: JSON.stringify([entry, credentials]),
  };
}

function credentialsOf(
  entry: TrunkEntry,
  path: Path,
  tell: Tell,
  readSecret: ReadSecret,
): Trunk['credentials'] {
  const { credentials } = entry;
  if (credentials === undefined) return undefined;
  const here = [...path, 'credentials'];
  const username = String(credentials.username);
  const { password, passwordFile, secretFile } = credentials;
  if ([password, passwordFile, secretFile].filter((given) => given !== undefined).length !== 1) {
    tell(
      'error',
      here,
      `write the password once: as 'passwordFile' or 'secretFile' (or as 'password', for a test)`,
    );
    return undefined;
  }
  if (password !== undefined) {
    const message = `the password stands in this file: put it in a file of its own and write 'passwordFile'`;
    tell('warning', [...here, 'password'], message);
    return { username, password: String(password) };
  }
  const key = passwordFile === undefined ? 'secretFile' : 'passwordFile';
  const secret = readSecret(passwordFile ?? secretFile ?? '');
  if (typeof secret === 'string') {
    tell(
      'error',
      [...here, key],
      `the file cannot be read (${secret}): create it, readable for this server alone`,
    );
    return undefined;
  }
  if (secret.isOpen) {
    tell('warning', [...here, key], `everybody on this machine can read the file: chmod 600 it`);
  }
  const lines = secret.text.split(/\r?\n/);
  const found =
    key === 'passwordFile'
      ? lines[0]
      : lines.find((line) => line.startsWith(`${username}:`))?.slice(username.length + 1);
  if (found === undefined || found === '') {
    const message =
      key === 'passwordFile' ? 'the file is empty' : `the file has no line 'username:password' for it`;
    tell('error', [...here, key], `${message}: write the password there`);
    return undefined;
  }
  return { username, password: found };
}

function sourcesOf(entry: TrunkEntry, hosts: readonly TrunkHost[], path: Path, tell: Tell): BlockList {
  const list = new BlockList();
  for (const source of textsOf(entry.sources) ?? []) {
    if (addAddressRange(list, source)) continue;
    const message = `'${source}' is no address and no range: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`;
    tell('error', [...path, 'sources'], message);
  }
  if (entry.sources !== undefined) return list;
  const addresses = hosts.filter(({ host }) => isIP(host) !== 0);
  for (const { host } of addresses) addAddressRange(list, host);
  if (addresses.length === 0) {
    tell('warning', path, `calls from this trunk are not recognised: add 'sources' with its addresses`);
  }
  return list;
}

function failoverOf(statuses: readonly string[], path: Path, tell: Tell): (status: number) => boolean {
  const wrong = statuses.find((status) => !/^[3-6](\d\d|xx)$/i.test(status));
  if (wrong !== undefined) {
    tell('error', [...path, 'failoverOn'], `'${wrong}' is no final status: write '503' or '5xx'`);
  }
  const final = statuses.find((status) => /^(486|6)/.test(status));
  if (final !== undefined) {
    const message = `${final} is the callee's own word and is never tried elsewhere: remove it`;
    tell('error', [...path, 'failoverOn'], message);
  }
  const whole = new Set(statuses.map((status) => status.toLowerCase()));
  return (status) => whole.has(String(status)) || whole.has(`${String(status).charAt(0)}xx`);
}

function groupOf(via: string | Readonly<Record<string, number>>): TrunkGroup {
  if (typeof via === 'string') return [{ trunk: via, weight: 1 }];
  return Object.entries(via).map(([trunk, weight]) => ({ trunk, weight }));
}

function hostOf(text: string, transport: TrunkHost['transport']): TrunkHost | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const bare = isIP(text.trim()) === 6 ? text.trim() : undefined;
  const host = bare ?? match?.[1] ?? match?.[2];
  const port = bare === undefined && match?.[3] !== undefined ? Number(match[3]) : undefined;
  if (host === undefined || (port !== undefined && (port < 1 || port > 65_535))) return undefined;
  return { host, port, transport };
}

function rewritingOf(entry: RewritingEntry | undefined): Trunk['outgoing'] {
  const rules = (list: RewritingEntry['called'] = []): readonly RewriteRule[] =>
    list.map(({ match, strip = 0, prefix = '' }) => ({
      match: String(match),
      strip,
      prefix: String(prefix),
    }));
  return { called: rules(entry?.called), calling: rules(entry?.calling) };
}

function valuesOf(headers: Readonly<Record<string, string | number>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function optionalText(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
