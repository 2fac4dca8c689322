import { createHmac, randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { storeError } from './errors.js';

/** Who has the key and the database can tell whether a number called; who has one of them cannot. */
const ownerOnly = 0o600;

const keyBytes = 32;

/** What telephones and carriers write where there is no number (RFC 3323 §4.1). */
const anonymousNames: ReadonlySet<string> = new Set([
  ...['anonymous', 'unknown', 'unavailable', 'restricted', 'private', 'withheld', 'blocked', 'nonumber'],
  ...['coinlinecharge', 'payphone', 'asserted', 'invalid', 'none', 'null', 'undefined'],
]);

/**
 * The number without how it was written: separators, `tel:`, parameters, 00 for +. Undefined for who has none to show:
 * nobody may be remembered under a name that many share.
 */
export function callerNumber(written: string): string | undefined {
  const plain = written
    .normalize('NFKC')
    .trim()
    .toLowerCase()
    .replace(/^(tel|sips?):/, '')
    .replace(/[;?@].*$/s, '');
  const digits = plain.replace(/[\s().\-/]/g, '');
  if (/^\+?\d+$/.test(digits)) {
    const number = digits.replace(/^00/, '+');
    // Zeros alone are what some exchanges send for nobody.
    return /[1-9]/.test(number) ? number : undefined;
  }
  const name = plain.replace(/[\s._-]/g, '');
  return name === '' || anonymousNames.has(name) ? undefined : plain;
}

/** Makes the keys under which callers are remembered: HMAC-SHA-256 of the number, with a secret of the data folder. */
export class CallerKeys {
  private constructor(private readonly secret: Buffer) {}

  /** Reads the secret, or makes one at the first use. Rejects STORE_CALLER_KEY_UNUSABLE. */
  static async open(dataDir: string): Promise<CallerKeys> {
    const file = fileOf(dataDir);
    return (await CallerKeys.find(dataDir)) ?? new CallerKeys(await made(file));
  }

  /** Like {@link open}, but makes none: undefined where nobody was ever remembered. */
  static async find(dataDir: string): Promise<CallerKeys | undefined> {
    const secret = await read(fileOf(dataDir));
    return secret === undefined ? undefined : new CallerKeys(secret);
  }

  /** Undefined for a caller without a number. */
  keyOf(written: string): string | undefined {
    const number = callerNumber(written);
    return number === undefined ? undefined : createHmac('sha256', this.secret).update(number).digest('hex');
  }
}

function fileOf(dataDir: string): string {
  return join(dataDir, 'caller-memory.key');
}

async function read(file: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw storeError('STORE_CALLER_KEY_UNUSABLE', { file, reason: errorCode(error) }, error);
  }
  const secret = Buffer.from(text.trim(), 'hex');
  // A shorter one was cut off while it was written: what is kept under the whole one would never be found again.
  if (secret.length !== keyBytes)
    throw storeError('STORE_CALLER_KEY_UNUSABLE', { file, reason: 'it is cut short' });
  return secret;
}

/** In one step: of two processes that make one at the same time, the first wins and the other takes its. */
async function made(file: string): Promise<Buffer> {
  const fresh = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    await rm(fresh, { force: true });
    await writeFile(fresh, `${randomBytes(keyBytes).toString('hex')}\n`, { mode: ownerOnly, flag: 'wx' });
    await link(fresh, file).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    await rm(fresh, { force: true });
  } catch (error) {
    throw storeError('STORE_CALLER_KEY_UNUSABLE', { file, reason: errorCode(error) }, error);
  }
  const secret = await read(file);
  if (secret === undefined) throw storeError('STORE_CALLER_KEY_UNUSABLE', { file, reason: 'it vanished' });
  return secret;
}
