/** DESIGN.md §2 as tables. A change here is a change of the design: change the document with it. */

const pure = ['audio', 'dialect', 'dialog'];
const services = ['speech', 'sip', 'media', 'audio-stream', 'store', 'bot', 'service'];

/** For each room, the rooms it may import from (and itself). */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],

  audio: ['core'],
  dialect: ['core'],
  dialog: ['core', 'dialect'],

  ...Object.fromEntries(services.map((room) => [room, ['core', ...pure]])),

  call: ['core', ...pure, ...services],
  quality: ['core', ...pure, 'store', 'speech'],
  campaign: ['core', ...pure, ...services, 'call'],

  http: ['core', ...pure, ...services, 'call', 'quality', 'campaign'],
  console: ['http'],

  embedded: ['core', 'audio'],
  caller: ['core', 'audio', 'speech', 'embedded'],

  server: [
    ...['core', 'config', ...pure, ...services, 'call', 'quality', 'campaign', 'http', 'console'],
    ...['embedded', 'caller'],
  ],
  cli: [
    ...['core', 'config', ...pure, ...services, 'call', 'quality', 'campaign', 'http', 'console'],
    ...['embedded', 'caller', 'server'],
  ],
  main: [
    ...['core', 'config', ...pure, ...services, 'call', 'quality', 'campaign', 'http', 'console'],
    ...['embedded', 'caller', 'server', 'cli'],
  ],
};

/** Imports between rooms that may bring types only. */
export const typesOnly: readonly (readonly [from: string, to: string])[] = [
  ['quality', 'speech'],
  ['console', 'http'],
];

/** For each outside package, the rooms that may import it. */
export const packageRooms: Readonly<Record<string, readonly string[]>> = {
  'drachtio-srf': ['sip'],
  'drachtio-fsmrf': ['media'],
  'drachtio-modesl': ['media'],
  'sdp-transform': ['embedded', 'sip', 'media'],
  werift: ['embedded'],
  ws: ['audio-stream', 'http', 'embedded', 'speech'],
  yaml: ['dialect', 'dialog', 'config', 'caller', 'sip'],
  ajv: ['dialect', 'dialog', 'config', 'caller', 'sip'],
  'ajv-formats': ['dialog', 'config', 'caller'],
  // Tables, no vendor: how characters sound, and traditional to simplified writing.
  'pinyin-pro': ['dialect'],
  'opencc-js': ['dialect'],
  commander: ['cli', 'main'],
  pino: ['core'],
  fastify: ['http'],
  'prom-client': ['http'],
  kysely: ['store'],
  'better-sqlite3': ['store'],
  '@echogarden/espeak-ng-emscripten': ['speech'],
  '@echogarden/fvad-wasm': ['audio'],
  '@echogarden/speex-resampler-wasm': ['audio'],
};

/** Rooms that may import a package's types, besides: drachtio-fsmrf is handed the connection that sip owns. */
export const packageTypeRooms: Readonly<Record<string, readonly string[]>> = {
  'drachtio-srf': ['media'],
};

/** Rooms without sockets, timers and files, and the Node modules that are none of these. */
export const pureRooms: readonly string[] = pure;
export const pureNodeModules: readonly string[] = ['node:crypto', 'node:path', 'node:buffer', 'node:assert'];

/** Who may read the environment, and who may end the process. */
export const environmentRooms: readonly string[] = ['main', 'cli', 'config'];
export const exitRooms: readonly string[] = ['main', 'cli'];

/** Words that say nothing about what a file holds. */
export const emptyWords: readonly string[] = [
  'util',
  'utils',
  'helper',
  'helpers',
  'manager',
  'index',
  'common',
];

export const maxLines = 450;
