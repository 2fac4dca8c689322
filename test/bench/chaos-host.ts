/** Name of the bench's engines, which only chaos-dns.ts knows. */
export const chaosHost = 'engines.bench.invalid';
