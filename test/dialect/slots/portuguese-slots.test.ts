import { t } from 'tap';
import { reads } from './expect-slots.js';

t.test('meia is six among Brazilian digits and half past in a time', async (t) => {
  reads(t, 'digits', 'pt-br', {
    'três meia quatro meia': '3646',
    'meia meia': '66',
  });
  reads(t, 'phone', 'pt-br', {
    'onze nove oito sete meia cinco quatro três dois um zero': '119876543210',
  });
  reads(t, 'amount', 'pt-br', {
    'trinta e meia': '30.5',
  });
  reads(t, 'time', 'pt-br', {
    'três e meia da tarde': '15:30',
    'meio-dia e meia': '12:30',
    'três e meia': '03:30',
  });
});

t.test('segunda is Monday and no second copy', async (t) => {
  reads(t, 'date', 'pt-br', {
    'segunda via do boleto': undefined,
    'segunda-feira': '11-23',
  });
});

t.test('Portuguese digits and telephone numbers are found in a sentence', async (t) => {
  reads(t, 'digits', 'pt-pt', {
    'três seis quatro': '364',
  });
  reads(t, 'digits', 'pt-br', {
    'o medidor marca quatro zero sete vinte e dois': '40722',
  });
  reads(t, 'phone', 'pt-pt', {
    'nove um dois três quatro cinco seis sete oito': '912345678',
  });
});

t.test('Portuguese amounts are found with their units and parts', async (t) => {
  reads(t, 'amount', 'pt-br', {
    'trinta e cinco reais e cinquenta centavos': '35.5',
    'cento e vinte reais': '120',
    'R$ 1.234,50': '1234.5',
    'mil duzentos e trinta e quatro reais': '1234',
    'quero pagar dois mil reais': '2000',
  });
  reads(t, 'amount', 'pt-pt', {
    'doze euros e meio': '12.5',
  });
});

t.test('Portuguese days are found', async (t) => {
  reads(t, 'date', 'pt-br', {
    'depois de amanhã': 'day-after-tomorrow',
    'amanhã de manhã': 'tomorrow',
    'primeiro de maio': '05-01',
    'dia quinze de agosto': '08-15',
  });
  reads(t, 'date', 'pt-pt', {
    anteontem: 'day-before-yesterday',
  });
});

t.test('Portuguese times of day are found, and the part of the day decides', async (t) => {
  reads(t, 'time', 'pt-br', {
    'às quinze para as seis': '05:45',
    'dezoito horas': '18:00',
    'às quinze e trinta': '15:30',
    'boa tarde, às nove da manhã': '09:00',
  });
  reads(t, 'time', 'pt-pt', {
    'seis menos um quarto': '05:45',
  });
});

t.test('in Portuguese what is taken back does not count', async (t) => {
  reads(t, 'digits', 'pt-br', {
    'cinco, não quatro': '5',
    'quatro, não, desculpe, cinco': '5',
  });
});

t.test('meia is no digit in Portugal', async (t) => {
  reads(t, 'digits', 'pt-pt', { 'três meia quatro': '4' });
});
