/**
 * What a caller of a failing function must be able to decide on, without reading the message.
 * Each room declares its own codes with {@link defineErrors} in its `errors.ts`; the codes are listed nowhere else.
 */
export interface ErrorTraits {
  /** Message template; `{name}` is replaced by the detail of that name. Never holds digits, numbers or transcripts. */
  readonly message: string;
  /** Whether the same call may succeed if made again later. */
  readonly retryable: boolean;
  /** Final SIP status for a call that ends because of it. */
  readonly sipStatus: number;
  /** HTTP status for a request that fails because of it. */
  readonly httpStatus: number;
}

export class XiangyinError extends Error {
  override readonly name = 'XiangyinError';
  readonly retryable: boolean;
  readonly sipStatus: number;
  readonly httpStatus: number;

  constructor(
    /** Stable, e.g. `MEDIA_NO_SERVER`: begins with the room's name. */
    readonly code: string,
    traits: ErrorTraits,
    readonly details: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(fill(traits.message, details), cause === undefined ? undefined : { cause });
    this.retryable = traits.retryable;
    this.sipStatus = traits.sipStatus;
    this.httpStatus = traits.httpStatus;
  }
}

/** Makes one error of a room's table. `details` fill the template, `cause` is what was caught. */
export type ErrorFactory<Code extends string> = (
  code: Code,
  details?: Readonly<Record<string, string | number>>,
  cause?: unknown,
) => XiangyinError;

/**
 * Declares a room's errors:
 * `export const mediaError = defineErrors({ MEDIA_NO_SERVER: { message: '...', retryable: true, sipStatus: 503, httpStatus: 503 } })`
 * and `throw mediaError('MEDIA_NO_SERVER', { address })`.
 */
export function defineErrors<const T extends Record<string, ErrorTraits>>(
  table: T,
): ErrorFactory<keyof T & string> {
  return (code, details, cause) => {
    const traits = table[code];
    if (traits === undefined) throw new TypeError(`unknown error code ${code}`);
    return new XiangyinError(code, traits, details, cause);
  };
}

/** The error's code if it has one (ours or Node's), else its class name: what may be written to a log. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    return typeof code === 'string' ? code : error.name;
  }
  return typeof error;
}

function fill(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => String(details[key] ?? whole));
}
