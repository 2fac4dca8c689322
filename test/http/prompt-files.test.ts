import { t } from 'tap';
import { PromptFiles } from '../../src/http/prompt-files.js';

const partsOf = (url: string): [string, string] => {
  const [, , token = '', name = ''] = new URL(url).pathname.split('/');
  return [token, name];
};

t.test('a file keeps its URL, and each file has its own token', async (t) => {
  const prompts = new PromptFiles({ advertise: 'http://10.0.0.5:8080/' });
  const url = prompts.urlFor('/a/welcome.wav');
  t.match(url, /^http:\/\/10\.0\.0\.5:8080\/prompts\/[\w-]{32}\/welcome\.wav$/);
  t.equal(prompts.urlFor('/a/welcome.wav'), url);
  t.not(partsOf(prompts.urlFor('/b/welcome.wav'))[0], partsOf(url)[0]);
  t.equal(prompts.pathOf(...partsOf(url)), '/a/welcome.wav');
});

t.test('an advertised base goes before the listener address', async (t) => {
  const prompts = new PromptFiles({ advertise: 'http://media.example' });
  prompts.listeningOn('http://127.0.0.1:1');
  t.match(prompts.urlFor('/x.wav'), /^http:\/\/media\.example\//);
});

t.test('there is no URL before the listener is up, and none for a relative path', async (t) => {
  const prompts = new PromptFiles();
  t.throws(() => prompts.urlFor('/x.wav'), { code: 'HTTP_NOT_LISTENING' });
  prompts.listeningOn('http://127.0.0.1:1');
  t.match(prompts.urlFor('/x.wav'), /^http:\/\/127\.0\.0\.1:1\/prompts\//);
  t.throws(() => prompts.urlFor('x.wav'), TypeError);
});

t.test('past the limit, the file asked for longest ago loses its URL', async (t) => {
  const prompts = new PromptFiles({ advertise: 'http://x', limit: 2 });
  const one = partsOf(prompts.urlFor('/1.wav'));
  const two = partsOf(prompts.urlFor('/2.wav'));
  prompts.urlFor('/1.wav');
  const three = partsOf(prompts.urlFor('/3.wav'));
  t.equal(prompts.pathOf(...two), undefined);
  t.equal(prompts.pathOf(...one), '/1.wav');
  t.equal(prompts.pathOf(...three), '/3.wav');
});
