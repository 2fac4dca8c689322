import { createServer } from 'node:net';

/** Where tests have their ports of RTP, and how many a process has: 200 calls. */
const all = { min: 24_000, max: 27_999 };
const width = 400;

let claimed: Promise<string> | undefined;

/**
 * Ports of RTP for the servers of this process, which no other test process has meanwhile: every server begins at its first
 * port, and what another's calls send late would be taken for the sound of ours. A listener on the first of them says that
 * they are taken, until the process ends. All of them when everything is taken.
 */
export function ownRtpPorts(): Promise<string> {
  claimed ??= claim();
  return claimed;
}

async function claim(): Promise<string> {
  for (let min = all.min; min + width - 1 <= all.max; min += width) {
    if (await isFree(min)) return `${min}-${min + width - 1}`;
  }
  return `${all.min}-${all.max}`;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().unref();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(true));
  });
}
