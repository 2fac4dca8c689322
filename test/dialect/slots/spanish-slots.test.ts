import { t } from 'tap';
import { reads } from './expect-slots.js';

t.test('mañana is tomorrow and the morning', async (t) => {
  reads(t, 'date', 'es-es', {
    'mañana por la mañana': 'tomorrow',
    'el lunes por la mañana': '11-23',
  });
  reads(t, 'time', 'es-mx', {
    'mañana a las diez de la mañana': '10:00',
  });
});

t.test('cuarto para las seis and seis menos cuarto are the same time', async (t) => {
  reads(t, 'time', 'es-es', {
    'a las seis menos cuarto': '05:45',
  });
  reads(t, 'time', 'es-mx', {
    'cuarto para las seis': '05:45',
  });
});

t.test('Spanish digits and telephone numbers are found in a sentence', async (t) => {
  reads(t, 'digits', 'es-mx', {
    'el medidor marca cuatro cero siete veintidós': '40722',
    'cuatro mil setenta y dos': '4072',
  });
  reads(t, 'digits', 'es-es', {
    'doble cinco tres': '553',
  });
  reads(t, 'phone', 'es-es', {
    'seis uno dos, treinta y cuatro, cincuenta y seis, setenta y ocho': '612345678',
  });
  reads(t, 'phone', 'es-mx', {
    'cincuenta y cinco doce treinta y cuatro cincuenta y seis setenta y ocho': '5512345678',
  });
});

t.test('Spanish amounts are found with their units and parts', async (t) => {
  reads(t, 'amount', 'es-mx', {
    'quiero pagar ciento veinte pesos': '120',
    'mil doscientos treinta y cuatro pesos': '1234',
    '$1,234.50': '1234.5',
    'son veintiún pesos': '21',
    'dos mil': '2000',
  });
  reads(t, 'amount', 'es-es', {
    'ciento veinte euros con cincuenta': '120.5',
    'doce euros y cincuenta céntimos': '12.5',
    'doce y medio': '12.5',
    '1.234,50 €': '1234.5',
  });
});

t.test('Spanish days are found', async (t) => {
  reads(t, 'date', 'es-mx', {
    'pasado mañana': 'day-after-tomorrow',
    antier: 'day-before-yesterday',
    'el primero de mayo': '05-01',
  });
  reads(t, 'date', 'es-es', {
    anteayer: 'day-before-yesterday',
    'el cinco de mayo': '05-05',
    'el uno de mayo': '05-01',
    'buenos días, el quince de agosto': '08-15',
  });
});

t.test('Spanish times of day are found, and the part of the day decides', async (t) => {
  reads(t, 'time', 'es-es', {
    'las tres y media': '03:30',
    'a mediodía': '12:00',
    'las quince treinta': '15:30',
    'a la una y media de la tarde': '13:30',
    'buenas tardes, a las nueve de la mañana': '09:00',
  });
  reads(t, 'time', 'es-mx', {
    'a las tres de la tarde': '15:00',
  });
});

t.test('in Spanish what is taken back does not count', async (t) => {
  reads(t, 'digits', 'es-es', {
    'cinco, no cuatro': '5',
    'cuatro, no, perdón, cinco': '5',
    'no cuatro sino cinco': '5',
  });
  reads(t, 'digits', 'es-mx', {
    'cuatro cero siete, no perdón, cuatro cero ocho': '408',
  });
  reads(t, 'date', 'es-es', {
    'mañana no, el martes': '11-24',
  });
});

t.test('1.234,50 in Spain is 1,234.50 in Mexico', async (t) => {
  reads(t, 'amount', 'es-es', { '1.234 euros': '1234' });
  reads(t, 'amount', 'es-mx', { '1,234 pesos': '1234' });
});
