import { InvalidArgumentError, Option, type Command } from 'commander';
import { formats } from '../config/formats.js';
import { parseRequestHandler, requestHandlerForm, type RequestHandler } from '../config/request-handler.js';
import { formatHostPort, parseHostPort, type HostPort } from '../core/address.js';
import type { LogLevel } from '../core/logger.js';
import type { DrachtioWorkerOptions } from '../embedded/drachtio-worker.js';
import { codecsNamed, type AudioCodec } from '../embedded/rtp/codec.js';
import type { FreeSwitchSettings } from '../embedded/freeswitch/freeswitch-settings.js';
import type { FreeSwitchAddresses } from '../embedded/freeswitch-worker.js';

/** Secrets that stand in everybody's documentation. */
const knownSecrets: readonly string[] = ['cymru', 'ClueCon'];
const minSecretLength = 8;

/** A control port on the network with a secret from the manual would hand the machine to anybody. */
export function openWithKnownSecret(
  option: string,
  { host }: HostPort,
  secretOption: string,
  secret: string | undefined,
): string | undefined {
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if (isLocal || secret === undefined) return undefined;
  if (!knownSecrets.includes(secret) && secret.length >= minSecretLength) return undefined;
  return `${option} listens on ${host}, beyond this machine: ${secretOption} must be at least ${minSecretLength} characters and your own`;
}

/** What the flags of the SIP server lack, in the words of the command line; undefined: nothing. */
export function sipServerComplaint(flags: SipServerFlags): string | undefined {
  const { drachtio, drachtioTls, secret } = flags;
  return (
    openWithKnownSecret('--drachtio', drachtio, '--secret', secret) ??
    (drachtioTls && openWithKnownSecret('--drachtio-tls', drachtioTls, '--secret', secret)) ??
    tlsComplaint(flags)
  );
}

function tlsComplaint(flags: SipServerFlags): string | undefined {
  const { sip, drachtioTls, tlsCertificate, tlsKey } = flags;
  const listener = sip.find((address) => /^(tls|wss):/.test(address));
  const secured = listener === undefined ? drachtioTls && '--drachtio-tls' : `--sip ${listener}`;
  if (tlsCertificate !== undefined && tlsKey !== undefined) return undefined;
  if (secured === undefined && tlsCertificate === tlsKey) return undefined;
  const both = 'give both --tls-certificate and --tls-key, PEM files';
  return secured === undefined
    ? `a certificate is of no use without its key: ${both}`
    : `${secured} needs a certificate and its key: ${both}`;
}

/** `127.0.0.1:9022`, for commander. */
export function address(text: string): HostPort {
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new InvalidArgumentError('write it as host:port, e.g. 127.0.0.1:9022');
  return parsed;
}

/** Where a daemon listens on this machine unless told otherwise. */
function listenOption(name: string, what: string, port: number): Option {
  const usual = { host: '127.0.0.1', port };
  return new Option(`${name} <host:port>`, what).argParser(address).default(usual, formatHostPort(usual));
}

function addControlPort(
  command: Command,
  name: string,
  what: string,
  port: number,
  secretName: string,
): Command {
  return command
    .addOption(listenOption(name, what, port))
    .option(`${secretName} <secret>`, 'its secret (default: random, printed)');
}

const logLevels: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug'];

/** Of what runs alone; its log goes to standard error. */
export function logLevel(): Option {
  return new Option('--log-level <level>', 'how much is logged').choices(logLevels).default('warn');
}

/** What may be said of the SIP server on every command line that starts one alone. */
export interface SipServerFlags {
  readonly drachtio: HostPort;
  readonly drachtioTls?: HostPort;
  readonly secret?: string;
  readonly sip: readonly string[];
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tlsVerifyPeer: boolean;
  readonly requestHandler?: readonly RequestHandler[];
  readonly externalAddress?: string;
  readonly logLevel: LogLevel;
  readonly json?: boolean;
}

const sipByDefault = ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'];

/** Named as the configuration's `sip.…`, where it has them. */
export function addSipServerOptions(command: Command): Command {
  return addControlPort(command, '--drachtio', 'control port of the SIP server', 9022, '--secret')
    .addOption(
      new Option(
        '--drachtio-tls <host:port>',
        'control port by TLS, with the certificate, beside the other',
      ).argParser(address),
    )
    .addOption(
      new Option('--sip <list>', 'where calls are taken, e.g. udp:0.0.0.0:5060,tls:0.0.0.0:5061')
        .argParser(sipList)
        .default(sipByDefault, sipByDefault.join(',')),
    )
    .option(
      '--tls-certificate <file>',
      'PEM file of our certificate with its chain; tls:, wss: and --drachtio-tls need it',
    )
    .option('--tls-key <file>', "PEM file of the certificate's key")
    .option('--tls-ca <file>', 'PEM file of the authorities that servers we call by TLS are checked against')
    .option('--no-tls-verify-peer', 'call servers by TLS that do not prove their name')
    .option(
      '--request-handler <method=url>',
      'who decides where new requests of that method go, instead of who is connected; may be repeated',
      requestHandlers,
    )
    .option('--external-address <address>', 'what Contact, Via and SDP say, behind a NAT')
    .addOption(logLevel())
    .option('--json', 'print where it listens as one line of JSON');
}

/** The flags as the SIP server takes them. */
export function sipServerOptions(flags: SipServerFlags, secret: string): DrachtioWorkerOptions {
  return {
    admin: flags.drachtio,
    adminTls: flags.drachtioTls,
    secret,
    sip: flags.sip,
    tls: {
      certificate: flags.tlsCertificate,
      key: flags.tlsKey,
      ca: flags.tlsCa,
      verifyPeer: flags.tlsVerifyPeer,
    },
    requestHandlers: flags.requestHandler ?? [],
    externalAddress: flags.externalAddress,
  };
}

/** What may be said of the media server on every command line that starts one alone. */
export interface MediaServerFlags {
  readonly esl: HostPort;
  readonly eslSecret?: string;
  readonly mediaSip: HostPort;
  readonly mediaWorkers: number;
  readonly rtp: { readonly host: string; readonly min: number; readonly max: number };
  readonly codecs?: readonly AudioCodec[];
  readonly sounds?: string;
  readonly externalAddress?: string;
}

export function addMediaServerOptions(command: Command): Command {
  return addControlPort(command, '--esl', 'control port of the media server', 8021, '--esl-secret')
    .addOption(listenOption('--media-sip', 'where the media server takes its leg of a call', 5080))
    .option(
      '--media-workers <n>',
      'threads of the media server, each with the control and SIP ports after the last one',
      workers,
      1,
    )
    .addOption(
      new Option('--rtp <host:min-max>', 'address and ports of sound')
        .argParser(rtpRange)
        .default({ host: '127.0.0.1', min: 20000, max: 30000 }, '127.0.0.1:20000-30000'),
    )
    .option(
      '--codecs <names>',
      'of PCMU,PCMA,G722,opus,L16: what is offered, in this order, and taken',
      codecs,
    )
    .option('--sounds <dir>', 'where relative sound files begin');
}

/** The flags as the media server takes them. */
export function mediaServerOptions(flags: MediaServerFlags, secret: string): FreeSwitchSettings {
  const sip = formatHostPort(flags.mediaSip);
  return {
    eventSocket: flags.esl,
    secret,
    sip: `udp:${sip},tcp:${sip}`,
    rtpAddress: flags.rtp.host,
    rtpPorts: { min: flags.rtp.min, max: flags.rtp.max },
    externalAddress: flags.externalAddress,
    ...(flags.codecs === undefined ? {} : { codecs: flags.codecs }),
    ...(flags.sounds === undefined ? {} : { soundsDir: flags.sounds }),
  };
}

/** Where its workers listen, as `--json` and people read it. */
export function mediaServerLines(
  media: readonly FreeSwitchAddresses[],
  flags: MediaServerFlags,
  secret: string,
): { readonly json: object; readonly text: readonly string[] } {
  const esl = media.map(({ eventSocketAddress }) => formatHostPort(eventSocketAddress));
  const sip = media.map(({ sipAddress }) => formatHostPort(sipAddress));
  const { eslSecret, rtp } = flags;
  return {
    json: {
      esl: esl[0],
      ...(eslSecret === undefined && { eslSecret: secret }),
      mediaSip: sip[0],
      rtp,
      ...(media.length > 1 && { workers: esl.map((at, index) => ({ esl: at, mediaSip: sip[index] })) }),
    },
    text: [
      `Event Socket  ${esl.join(' ')}  secret: ${eslSecret === undefined ? secret : 'as given'}`,
      `media SIP     ${sip.join(' ')}`,
      `RTP           ${rtp.host}, ports ${rtp.min} to ${rtp.max}`,
    ],
  };
}

function workers(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new InvalidArgumentError('write 1 to 64');
  return count;
}

function codecs(text: string): AudioCodec[] {
  return text.split(',').flatMap((name) => {
    const named = codecsNamed(name.trim());
    if (named.length === 0) throw new InvalidArgumentError('write some of PCMU,PCMA,G722,opus,L16');
    return named;
  });
}

function rtpRange(text: string): { host: string; min: number; max: number } {
  const match = /^(.+):(\d{1,5})-(\d{1,5})$/.exec(text);
  const [host, min, max] = [match?.[1], Number(match?.[2]), Number(match?.[3])];
  if (host === undefined || max > 65535 || min > max) {
    throw new InvalidArgumentError('write it as host:first-last, e.g. 127.0.0.1:20000-30000');
  }
  return { host, min, max };
}

/** `udp:127.0.0.1:5060,tls:127.0.0.1:5061`, for commander. */
function sipList(text: string): string[] {
  const addresses = text.split(',').map((part) => part.trim());
  const form = formats['sip-address'];
  if (form !== undefined && !addresses.every((part) => form.test(part))) {
    throw new InvalidArgumentError(`write ${form.write}; several with commas`);
  }
  return addresses;
}

function requestHandlers(text: string, before: readonly RequestHandler[] = []): readonly RequestHandler[] {
  const handler = parseRequestHandler(text);
  if (handler === undefined) throw new InvalidArgumentError(`write ${requestHandlerForm}`);
  return [...before, handler];
}
