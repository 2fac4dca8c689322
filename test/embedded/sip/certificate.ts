import { fileURLToPath } from 'node:url';

const folder = new URL('../../../../test/fixtures/tls/', import.meta.url);

/** Self-signed, for tests only, until 2126: localhost, sip.example.test, 127.0.0.1, ::1. */
export const testTls = {
  certificate: fileURLToPath(new URL('test-only.cert.pem', folder)),
  key: fileURLToPath(new URL('test-only.key.pem', folder)),
  ca: fileURLToPath(new URL('test-only.cert.pem', folder)),
};
