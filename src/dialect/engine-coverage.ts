import { dialectIds, findDialect, type Autonomy } from './catalogue.js';

/**
 * What a speech engine can do for one dialect, as its maker's tables and published measurements say
 * (reference/dialect.md, sections 1.1 to 1.5). An engine that runs tells more by its capabilities.
 */
export interface EngineCoverage {
  readonly engine: string;
  readonly dialect: string;
  /** How callers are heard; undefined: not at all. */
  readonly hears: EngineHearing | undefined;
  /** How callers are spoken to; undefined: not in this dialect. */
  readonly speaks: EngineVoice | undefined;
}

export interface EngineHearing {
  /** The engine's own code for it; undefined: it finds the dialect by itself, or one model hears one. */
  readonly code: string | undefined;
  /** Published character error rate, percent, of the worst set of the dialect; undefined: none was found. */
  readonly errorRate: number | undefined;
  /** Whether the dialect's own words are written; undefined: nobody says, the engine's capabilities decide. */
  readonly keepsWords: boolean | undefined;
  readonly autonomy: Autonomy;
}

export interface EngineVoice {
  /** The engine's own code, to go with a voice. */
  readonly code: string;
  readonly voices: readonly string[];
}

interface HearingFacts {
  readonly code?: string;
  readonly errorRate?: number;
  readonly keepsWords?: boolean;
  readonly closedSet?: boolean;
}

/** Hearing by engine and dialect. A number is the error rate of an engine that finds the dialect by itself. */
const hearing: Readonly<Record<string, Readonly<Record<string, string | number | HearingFacts>>>> = {
  azure: {
    cmn: 'zh-CN',
    'cmn-sichuan': 'zh-CN-sichuan',
    'cmn-shandong': 'zh-CN-shandong',
    yue: 'yue-CN',
    wuu: 'wuu-CN',
    'en-us': 'en-US',
    'en-gb': 'en-GB',
    'en-in': 'en-IN',
    'es-mx': 'es-MX',
    'es-es': 'es-ES',
    'pt-br': 'pt-BR',
    'pt-pt': 'pt-PT',
    'ar-gulf': 'ar-AE',
    'ar-eg': 'ar-EG',
    'de-de': 'de-DE',
    'de-at': 'de-AT',
    'de-ch': { code: 'de-CH', keepsWords: false },
    'fr-fr': 'fr-FR',
    'fr-ch': 'fr-CH',
  },
  google: { cmn: 'cmn-Hans-CN', yue: 'yue-Hant-HK', 'en-us': 'en-US', 'en-in': 'en-IN' },
  tencent: {
    cmn: '8k_zh',
    yue: '16k_yue',
    'cmn-sichuan': '16k_zh_dialect',
    'cmn-dongbei': '16k_zh_dialect',
    'cmn-shandong': '16k_zh_dialect',
    'cmn-henan': '16k_zh_dialect',
    'cmn-shaanxi': '16k_zh_dialect',
    'cmn-hubei': '16k_zh_dialect',
    'cmn-hunan': '16k_zh_dialect',
    hsn: '16k_zh_dialect',
    gan: '16k_zh_dialect',
    cjy: '16k_zh_dialect',
    wuu: { code: '16k_zh_dialect', errorRate: 29.5 },
    'en-us': '8k_en',
  },
  dashscope: {
    cmn: 5.36,
    'cmn-sichuan': 22.5,
    'cmn-dongbei': 5.36,
    'cmn-shandong': 5.36,
    'cmn-henan': 10.9,
    'cmn-shaanxi': 5.36,
    'cmn-hubei': 4.3,
    'cmn-hunan': 25.7,
    hsn: 25.7,
    yue: 10.1,
    wuu: 25.5,
    nan: {},
    hak: {},
    gan: {},
    cjy: {},
  },
  'fun-asr-nano': {
    cmn: 7.66,
    'cmn-sichuan': 25.3,
    'cmn-dongbei': 7.66,
    'cmn-shandong': 7.66,
    'cmn-henan': 13.1,
    'cmn-shaanxi': 7.66,
    'cmn-hubei': 8.7,
    'cmn-hunan': 29.2,
    hsn: 29.2,
    yue: 11.4,
    wuu: 37.1,
    nan: {},
    hak: {},
    gan: {},
    cjy: {},
  },
  sensevoice: {
    cmn: 'zh',
    yue: { code: 'yue', errorRate: 10 },
    'cmn-sichuan': 28.4,
    wuu: 46.9,
    'en-us': 'en',
  },
  paraformer: { cmn: {}, 'cmn-sichuan': 24.6, yue: 89, wuu: 64.9 },
  whisper: { cmn: 'zh', yue: { code: 'yue', errorRate: 26.9 }, 'cmn-sichuan': 64, wuu: 78.2, 'en-us': 'en' },
  iflytek: { cmn: 'zh_cn' },
  baidu: { cmn: '15376', yue: '15376', 'cmn-sichuan': '15376', 'cmn-dongbei': '15376' },
  huawei: { cmn: 'chinese_8k_common', 'cmn-sichuan': 'sichuan_16k_common' },
  vosk: { cmn: 'cn', 'en-in': 'en-in' },
  phrasebook: Object.fromEntries(
    ['cmn', 'yue', ...dialectIds.filter((id) => !isSinitic(id))].map((id) => [
      id,
      { keepsWords: true, closedSet: true },
    ]),
  ),
};

/** Voices by engine and dialect. The dialect voices of Azure take no phonemes: numbers and names must be written as said. */
const voices: Readonly<
  Record<string, Readonly<Record<string, readonly [code: string, ...voices: string[]]>>>
> = {
  azure: {
    cmn: ['zh-CN', 'zh-CN-XiaoxiaoNeural', 'zh-CN-YunxiNeural'],
    'cmn-sichuan': ['zh-CN-sichuan', 'zh-CN-sichuan-YunxiNeural'],
    'cmn-shandong': ['zh-CN-shandong', 'zh-CN-shandong-YunxiangNeural'],
    'cmn-henan': ['zh-CN-henan', 'zh-CN-henan-YundengNeural'],
    'cmn-dongbei': ['zh-CN-liaoning', 'zh-CN-liaoning-XiaobeiNeural', 'zh-CN-liaoning-YunbiaoNeural'],
    'cmn-shaanxi': ['zh-CN-shaanxi', 'zh-CN-shaanxi-XiaoniNeural'],
    yue: ['yue-CN', 'yue-CN-XiaoMinNeural', 'yue-CN-YunSongNeural'],
    wuu: ['wuu-CN', 'wuu-CN-XiaotongNeural', 'wuu-CN-YunzheNeural'],
    nan: ['nan-CN', 'zh-CN-XiaoxiaoDialectsNeural'],
    'cmn-hunan': ['zh-CN-hunan', 'zh-CN-XiaoxiaoDialectsNeural'],
  },
  'espeak-ng': Object.fromEntries(
    ['cmn', 'yue', ...dialectIds.filter((id) => !isSinitic(id))].map((id) => [id, [id] as const]),
  ),
};

/** Every other word of them is right at the worst: phrases are to be confirmed; beyond that keys are surer. */
const openErrorRate = 23;
const confirmErrorRate = 40;

/** All that is known of a dialect, engine by engine; the same order for each. */
export function coverageOf(dialect: string): readonly EngineCoverage[] {
  return [...new Set([...Object.keys(hearing), ...Object.keys(voices)])].flatMap(
    (engine) => coverageBy(engine, dialect) ?? [],
  );
}

/** What one engine can do for a dialect; undefined if nothing, or if nobody has written it down. */
export function coverageBy(engine: string, dialect: string): EngineCoverage | undefined {
  const facts = hearing[engine]?.[dialect];
  const voice = voices[engine]?.[dialect];
  if (facts === undefined && voice === undefined) return undefined;
  const [code, ...names] = voice ?? [''];
  return {
    engine,
    dialect,
    hears: facts === undefined ? undefined : hearingOf(facts, dialect),
    speaks: voice === undefined ? undefined : { code, voices: names },
  };
}

/**
 * How far a caller of this dialect may be let speak to an engine. `openSpeech` and `dialects` are the engine's own
 * capabilities; what is written down of an engine of this name goes before them.
 */
export function autonomyOf(
  dialect: string,
  engine: { readonly name?: string; readonly openSpeech: boolean; readonly dialects?: readonly string[] },
): Autonomy {
  if (!engine.openSpeech) return 'closed';
  const known = engine.name === undefined ? undefined : coverageBy(engine.name, dialect)?.hears;
  if (known !== undefined) return known.autonomy;
  const usual = findDialect(dialect)?.autonomy ?? 'confirm';
  if (engine.dialects === undefined || engine.dialects.includes(dialect)) return usual;
  // Heard as another accent of the language, if at all.
  const language = findDialect(dialect)?.language;
  const alike = engine.dialects.some((id) => findDialect(id)?.language === language);
  if (!alike) return 'keys';
  return usual === 'open' ? 'confirm' : usual;
}

function hearingOf(facts: string | number | HearingFacts, dialect: string): EngineHearing {
  const all: HearingFacts =
    typeof facts === 'string' ? { code: facts } : typeof facts === 'number' ? { errorRate: facts } : facts;
  const { code, errorRate, keepsWords, closedSet = false } = all;
  return { code, errorRate, keepsWords, autonomy: closedSet ? 'closed' : trusted(errorRate, dialect) };
}

/** By what was measured; without a figure by what engines do with the dialect on the whole. */
function trusted(errorRate: number | undefined, dialect: string): Autonomy {
  if (errorRate === undefined) return findDialect(dialect)?.autonomy ?? 'confirm';
  if (errorRate <= openErrorRate) return 'open';
  return errorRate <= confirmErrorRate ? 'confirm' : 'keys';
}

function isSinitic(id: string): boolean {
  const dialect = findDialect(id);
  return dialect?.language === 'cmn' || dialect?.fallback.includes('cmn') === true;
}
