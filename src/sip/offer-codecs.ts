import { parse, write } from 'sdp-transform';

/** What is no codec of its own and goes with whichever is left (RFC 4733, RFC 3389). */
const companions: readonly string[] = ['telephone-event', 'cn'];

/** Payload types that need no rtpmap (RFC 3551 §6). */
const staticNames: ReadonlyMap<number, string> = new Map([
  [0, 'pcmu'],
  [3, 'gsm'],
  [8, 'pcma'],
  [9, 'g722'],
  [13, 'cn'],
  [18, 'g729'],
]);

/**
 * Our offer with only these codecs, in this order; telephone events and comfort noise stay, behind them. An offer that has
 * none of them is left as it is: the callee decides, rather than getting an offer without a codec.
 */
export function withCodecs(sdp: string, codecs: readonly string[] | undefined): string {
  if (codecs === undefined) return sdp;
  const wanted = codecs.map((name) => name.toLowerCase());
  const session = parse(sdp);
  let changed = false;
  for (const media of session.media) {
    if (media.type !== 'audio' || media.payloads === undefined) continue;
    const types = String(media.payloads).split(' ').map(Number);
    const nameOf = (type: number): string =>
      media.rtp.find(({ payload }) => payload === type)?.codec.toLowerCase() ?? staticNames.get(type) ?? '';
    const chosen = wanted.flatMap((name) => types.filter((type) => nameOf(type) === name));
    if (chosen.length === 0) continue;
    const kept = [...chosen, ...types.filter((type) => companions.includes(nameOf(type)))];
    const isKept = ({ payload }: { payload: number | string }): boolean => kept.includes(Number(payload));
    media.payloads = [...new Set(kept)].join(' ');
    media.rtp = media.rtp.filter(isKept);
    media.fmtp = media.fmtp.filter(isKept);
    changed = true;
  }
  return changed ? write(session) : sdp;
}
