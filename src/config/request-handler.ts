/** One entry of `sip.requestHandlers`: who decides where new requests of a method go. */
export interface RequestHandler {
  /** `INVITE`, or `*` for every method without an entry of its own. */
  readonly sipMethod: string;
  readonly httpMethod: 'GET' | 'POST';
  readonly url: string;
}

/** How one is written, for those who wrote something else. */
export const requestHandlerForm =
  'METHOD=URL or METHOD:POST=URL, e.g. INVITE=http://127.0.0.1:8000/route; the URL http:, https:, tcp://host:port or tls://host:port';

/** Reads `INVITE=http://127.0.0.1:8000/route` or `*:POST=https://…`; undefined if it is none. */
export function parseRequestHandler(text: string): RequestHandler | undefined {
  const match = /^([A-Za-z]+|\*)(?::(GET|POST))?=((?:https?|tcp|tls):\/\/\S+)$/.exec(text.trim());
  const [, sipMethod, httpMethod, url] = match ?? [];
  if (sipMethod === undefined || url === undefined || !URL.canParse(url)) return undefined;
  if (/^t/.test(url) && new URL(url).port === '') return undefined;
  return { sipMethod: sipMethod.toUpperCase(), httpMethod: httpMethod === 'POST' ? 'POST' : 'GET', url };
}
