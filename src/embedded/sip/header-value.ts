/**
 * Splits a multi-value header at its commas, leaving those inside quotes and angle brackets
 * (RFC 3261 §7.3.1: `Route: <sip:a>, <sip:b>` is two values).
 */
export function splitValues(value: string): string[] {
  if (!value.includes(',')) return [value.trim()];
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '<') bracketed = true;
    else if (c === '>') bracketed = false;
    else if (c === ',' && !bracketed) {
      parts.push(value.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts.filter((part) => part !== '');
}

/**
 * The value of `;name=value` in a parameter list; '' when the parameter has no value, undefined when it is not there.
 * Names compare without case; quotes around the value are removed.
 */
export function paramOf(params: string, name: string): string | undefined {
  let at = 0;
  while (at < params.length) {
    const semicolon = params.indexOf(';', at);
    if (semicolon < 0) return undefined;
    let end = semicolon + 1;
    let quoted = false;
    while (end < params.length) {
      const c = params[end];
      if (quoted && c === '\\') end++;
      else if (c === '"') quoted = !quoted;
      else if (c === ';' && !quoted) break;
      end++;
    }
    const param = params.slice(semicolon + 1, end);
    const equals = param.indexOf('=');
    const key = (equals < 0 ? param : param.slice(0, equals)).trim();
    if (key.length === name.length && key.toLowerCase() === name) {
      if (equals < 0) return '';
      const value = param.slice(equals + 1).trim();
      return value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
    }
    at = end;
  }
  return undefined;
}
