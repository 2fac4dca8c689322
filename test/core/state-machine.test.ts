import t from 'tap';
import { StateMachine, type TransitionTable } from '../../src/core/state-machine.js';

type Light = 'red' | 'green' | 'broken';
const table: TransitionTable<Light> = { red: ['green', 'broken'], green: ['red', 'broken'], broken: [] };

t.test('only moves of the table happen, and each is told with where it came from', async (t) => {
  const moves: [Light, Light][] = [];
  const light = new StateMachine<Light>(table, 'red', (from, to) => void moves.push([from, to]));
  t.equal(light.state, 'red');
  t.equal(light.move('red'), false, 'repeating the state is nothing');
  t.equal(light.can('green'), true);
  t.equal(light.move('green'), true);
  t.equal(light.move('broken'), true);
  t.equal(light.isFinal, true);
  t.equal(light.move('red'), false, 'nothing follows a final state');
  t.equal(light.can('red'), false);
  t.equal(light.state, 'broken');
  t.same(moves, [
    ['red', 'green'],
    ['green', 'broken'],
  ]);
});

t.test('a move made while the last one is told sees the new state', async (t) => {
  const seen: Light[] = [];
  const light: StateMachine<Light> = new StateMachine<Light>(table, 'red', (_from, to) => {
    seen.push(light.state);
    if (to === 'green') light.move('broken');
  });
  light.move('green');
  t.same(seen, ['green', 'broken']);
  t.equal(light.state, 'broken');
});
