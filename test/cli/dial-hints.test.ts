import t from 'tap';
import { dialHints } from '../../src/cli/dial-hints.js';
import { compileNumberRules } from '../../src/dialog/number-rules.js';

function hints(text: string): readonly string[] {
  const result = compileNumberRules(text, 'numbers.yaml');
  if (!result.ok) throw new Error('the rules are wrong');
  return dialHints(result.rules, '127.0.0.1:5060');
}

t.test('who starts the server is told numbers that its rules have', async (t) => {
  const text = `numbers:
  - { called: ['10??', '+4420', main], dialplan: north }
  - { called: 1002, dialplan: hotline, trunk: carrier }
  - { called: 1003, dialplan: hotline, calling: '+44*' }
  - { called: '5*', dialplan: inside }
  - { called: 1004, dialplan: south }
`;
  t.strictSame(hints(text), ['sip:+4420@127.0.0.1:5060 (north)', 'sip:1004@127.0.0.1:5060 (south)']);
  t.strictSame(hints("numbers: [{ called: '*', dialplan: connect }]"), []);
});
