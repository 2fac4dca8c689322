import { isIP, type BlockList } from 'node:net';

/**
 * Adds `192.0.2.0/24`, `2001:db8::/32` or a single address to a list. Returns whether it was one; an address with bits
 * behind its prefix is not (`192.0.2.7/24`: what was meant?).
 */
export function addAddressRange(list: BlockList, text: string): boolean {
  const [address = '', length, ...rest] = text.trim().split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const bits = version === 4 ? 32 : 128;
  if (length === undefined) {
    list.addAddress(address, family);
    return true;
  }
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return false;
  if (!isNetwork(address, Number(length), version)) return false;
  list.addSubnet(address, Number(length), family);
  return true;
}

/** Whether an address as it comes from the network (also `::ffff:192.0.2.1`) is in the list. */
export function inAddressRange(list: BlockList, address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  const version = isIP(bare);
  if (version === 0) return false;
  return list.check(bare, version === 4 ? 'ipv4' : 'ipv6');
}

function isNetwork(address: string, length: number, version: number): boolean {
  const bytes = version === 4 ? address.split('.').map(Number) : bytesOfIpv6(address);
  return bytes.every((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, length - index * 8)))) === 0);
}

function bytesOfIpv6(address: string): number[] {
  // `::ffff:1.2.3.4`: the dotted tail as two groups.
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((g) => parseInt(g, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return [...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff]);
}
