import type { Path, Problem } from '../dialog/problem.js';
import { textsOf } from '../dialog/one-or-more.js';
import { inAddressRange } from './address-range.js';
import { isSettableHeader } from './settable-header.js';
import type { Trunk } from './trunk.js';
import type { TrunkEntry, TrunkFile } from './trunk-schema.js';

type Tell = (severity: Problem['severity'], path: Path, message: string) => void;

/** Names of RTP payload formats (IANA) that a media server may have; ours has the first five. */
const codecNames: readonly string[] = [
  ...['PCMU', 'PCMA', 'G722', 'opus', 'L16'],
  ...['G729', 'G723', 'GSM', 'iLBC', 'speex', 'AMR', 'AMR-WB', 'EVS', 'SILK', 'BV16', 'BV32', 'G7221'],
  ...['G726-16', 'G726-24', 'G726-32', 'G726-40', 'AAL2-G726-32', 'LPC', 'DVI4'],
].map((name) => name.toLowerCase());

/** Warns of what trunks.yaml may say and hardly means: it would be found out by calls that go astray. */
export function tellTrunkDoubts(file: TrunkFile, trunks: ReadonlyMap<string, Trunk>, tell: Tell): void {
  const earlier: Trunk[] = [];
  for (const [index, entry] of (file.trunks ?? []).entries()) {
    const path = ['trunks', index];
    tellOfEntry(entry, path, tell);
    const trunk = trunks.get(entry.name);
    if (trunk?.enabled !== true) continue;
    tellOfSharedSources(entry, path, earlier, tell);
    earlier.push(trunk);
  }
  for (const [index, { via }] of (file.routes ?? []).entries()) {
    for (const [place, group] of via.entries()) {
      for (const name of typeof group === 'string' ? [group] : Object.keys(group)) {
        if (trunks.get(name)?.enabled === false) {
          const message = `trunk '${name}' is not enabled: no call goes there`;
          tell('warning', ['routes', index, 'via', place], message);
        }
      }
    }
  }
}

function tellOfEntry({ codecs = [], headers = {} }: TrunkEntry, path: Path, tell: Tell): void {
  for (const [place, name] of codecs.entries()) {
    if (codecNames.includes(name.toLowerCase())) continue;
    const message = `no codec '${name}' is known: write its name as offers have it, PCMA say`;
    tell('warning', [...path, 'codecs', place], message);
  }
  for (const [place, name] of (headers.remove ?? []).entries()) {
    if (isSettableHeader(name)) continue;
    const message = `'${name}' is written by the server and stays: 'callerId' says what it shows`;
    tell('warning', [...path, 'headers', 'remove', place], message);
  }
}

/** The first trunk that has an address gets its calls. */
function tellOfSharedSources(entry: TrunkEntry, path: Path, earlier: readonly Trunk[], tell: Tell): void {
  const given = textsOf(entry.sources ?? entry.host) ?? [];
  for (const source of given) {
    const [address = ''] = source.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1').split('/');
    const owner = earlier.find(({ sources }) => inAddressRange(sources, address));
    if (owner === undefined) continue;
    const message = `calls from ${source} are taken for trunk '${owner.name}', which stands above: only one can have them`;
    tell('warning', [...path, entry.sources === undefined ? 'host' : 'sources'], message);
  }
}
