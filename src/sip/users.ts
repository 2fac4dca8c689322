import { readFileSync, statSync } from 'node:fs';
import { chown, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../core/errors.js';
import { uuid } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { makeFolder } from '../core/make-folder.js';
import { ha1 } from './digest.js';
import { sipError } from './errors.js';

/** Somebody who may register telephones and call as a user. The password is not kept, only what digests are made of. */
export interface User {
  readonly name: string;
  /** Tells a user from one of the same name that was removed; absent of those that an older version added. */
  readonly id?: string;
  /** The hashes are good for this realm only. */
  readonly realm: string;
  /** H(name:realm:password), hexadecimal. */
  readonly md5: string;
  readonly sha256: string;
}

/** What a user's name may be: the user part of a SIP URI without escapes. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$/;
/** Who may read the hashes may register as the user. */
const ownerOnly = 0o600;

/**
 * Adds a user. Rejects SIP_USER_NAME, SIP_USER_EXISTS, SIP_PASSWORD_EMPTY, SIP_USERS_UNREADABLE, SIP_USERS_UNWRITABLE.
 */
export async function addUser(dataDir: string, name: string, realm: string, password: string): Promise<void> {
  if (!/^[^"\\\r\n:]+$/.test(realm)) throw sipError('SIP_REALM');
  const users = await usersWithout(dataDir, name);
  await write(dataDir, [...users, { ...hashed(name, realm, password), id: uuid() }]);
}

/** All users, where this name is right and free: asked before a password is. Rejects as {@link addUser}. */
export async function usersWithout(dataDir: string, name: string): Promise<readonly User[]> {
  if (!namePattern.test(name)) throw sipError('SIP_USER_NAME');
  const users = await listUsers(dataDir);
  if (users.some((user) => user.name === name)) throw sipError('SIP_USER_EXISTS', { name });
  return users;
}

/** All users, where this one is among them. Rejects SIP_NO_SUCH_USER, SIP_USERS_UNREADABLE. */
export async function usersWith(dataDir: string, name: string): Promise<readonly User[]> {
  const users = await listUsers(dataDir);
  if (!users.some((user) => user.name === name)) throw sipError('SIP_NO_SUCH_USER', { name, dataDir });
  return users;
}

/** Gives a user another password, and the realm if it is another. Rejects SIP_NO_SUCH_USER and as {@link addUser}. */
export async function changePassword(
  dataDir: string,
  name: string,
  realm: string,
  password: string,
): Promise<void> {
  const users = await usersWith(dataDir, name);
  const changed = hashed(name, realm, password);
  await write(
    dataDir,
    users.map((user) => (user.name === name ? { ...user, ...changed } : user)),
  );
}

/** Rejects SIP_NO_SUCH_USER, SIP_USERS_UNREADABLE. */
export async function removeUser(dataDir: string, name: string): Promise<void> {
  const users = await usersWith(dataDir, name);
  await write(
    dataDir,
    users.filter((user) => user.name !== name),
  );
}

/** All users by name; none if there is no file. Rejects SIP_USERS_UNREADABLE. */
export async function listUsers(dataDir: string): Promise<readonly User[]> {
  const file = fileOf(dataDir);
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw sipError('SIP_USERS_UNREADABLE', { file, reason: errorCode(error) }, error);
  }
}

/** The users as a running server asks for them: a change of the file is seen at the next question. */
export class Users {
  #users = new Map<string, User>();
  #seen = '';
  #toldOfRealm = false;

  constructor(
    private readonly dataDir: string,
    private readonly logger: Logger,
    /** Whose users can log in. Default: all are taken to. */
    private readonly realm?: string,
  ) {}

  find(name: string): User | undefined {
    this.refresh();
    return this.#users.get(name);
  }

  /** Looks at the file now. A file that cannot be read changes nothing: the users before stay. */
  refresh(): void {
    const file = fileOf(this.dataDir);
    try {
      const stat = statSync(file, { throwIfNoEntry: false });
      // Each change is a new file: its inode, with the time where inodes are used again.
      const state = stat === undefined ? 'none' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
      if (state === this.#seen) return;
      this.#seen = state;
      const users = stat === undefined ? [] : parse(readFileSync(file, 'utf8'));
      this.#users = new Map(users.map((user) => [user.name, user]));
      this.#tellOfRealm(users);
    } catch (error) {
      this.logger.error({ file, code: errorCode(error) }, 'the users could not be read; those before stay');
    }
  }

  /** Told once: a realm that was changed shuts all of them out, and their telephones say only that the password is wrong. */
  #tellOfRealm(users: readonly User[]): void {
    const { realm } = this;
    const others = users.filter((user) => realm !== undefined && user.realm !== realm).length;
    if (others === 0 || this.#toldOfRealm) return;
    this.#toldOfRealm = true;
    this.logger.warn(
      { users: others, realm },
      'users of another realm cannot log in: `xiangyin user list` marks them, `user passwd` gives them this one',
    );
  }
}

function hashed(name: string, realm: string, password: string): User {
  if (password === '') throw sipError('SIP_PASSWORD_EMPTY');
  return {
    name,
    realm,
    md5: ha1('MD5', name, realm, password),
    sha256: ha1('SHA-256', name, realm, password),
  };
}

function fileOf(dataDir: string): string {
  return join(dataDir, 'users.json');
}

function parse(text: string): User[] {
  const { users } = JSON.parse(text) as { users: User[] };
  for (const { name, realm, md5, sha256 } of users) {
    if (![name, realm, md5, sha256].every((field) => typeof field === 'string')) {
      throw new SyntaxError('a user lacks a field');
    }
  }
  return users;
}

/** In one step: a server that reads at the same time sees the users before or after. */
async function write(dataDir: string, users: readonly User[]): Promise<void> {
  const file = fileOf(dataDir);
  const fresh = `${file}.${process.pid}`;
  const sorted = [...users].sort((a, b) => (a.name < b.name ? -1 : 1));
  await makeFolder(dataDir, 0o750);
  try {
    await rm(fresh, { force: true });
    await writeFile(fresh, `${JSON.stringify({ version: 1, users: sorted }, null, 2)}\n`, {
      mode: ownerOnly,
      flag: 'wx',
    });
    await leaveToOwner(dataDir, fresh);
    await rename(fresh, file);
  } catch (error) {
    throw sipError('SIP_USERS_UNWRITABLE', { file, reason: errorCode(error) }, error);
  }
}

/** What root writes must stay readable for the user that the server runs as: the folder's. */
async function leaveToOwner(folder: string, file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  if (uid !== 0) await chown(file, uid, gid);
}
