import { t } from 'tap';
import { reads } from './expect-slots.js';

t.test('septante, huitante, nonante and quatre-vingt-dix are the same numbers', async (t) => {
  reads(t, 'digits', 'fr-fr', {
    'zéro six douze trente-quatre cinquante-six soixante-dix-huit': '0612345678',
    'quatre-vingt-dix-sept': '97',
    'quatre mille soixante-douze': '4072',
  });
  reads(t, 'digits', 'fr-ch', {
    'nonante-sept': '97',
    'septante huitante nonante': '708090',
  });
  reads(t, 'phone', 'fr-fr', {
    'zéro un quarante-deux soixante-huit cinquante-trois zéro zéro': '0142685300',
  });
  reads(t, 'amount', 'fr-ch', {
    'nonante-cinq francs': '95',
  });
  reads(t, 'amount', 'fr-fr', {
    'quatre-vingt-onze euros et cinquante centimes': '91.5',
    'soixante et onze euros': '71',
  });
});

t.test('midi et demi is half past twelve', async (t) => {
  reads(t, 'time', 'fr-fr', {
    'midi et demi': '12:30',
  });
});

t.test('French digits and telephone numbers are found in a sentence', async (t) => {
  reads(t, 'digits', 'fr-fr', {
    'le compteur indique quatre zéro sept vingt-deux': '40722',
  });
});

t.test('French amounts are found with their units and parts', async (t) => {
  reads(t, 'amount', 'fr-fr', {
    'cent vingt euros': '120',
    'douze euros cinquante': '12.5',
    '1.234,50 €': '1234.5',
    'deux mille cinq cents euros': '2500',
    'cent vingt virgule cinq': '120.5',
    "j'ai une facture à payer": undefined,
  });
});

t.test('French days are found', async (t) => {
  reads(t, 'date', 'fr-fr', {
    'après-demain': 'day-after-tomorrow',
    'avant-hier': 'day-before-yesterday',
    'aujourd’hui': 'today',
    'le premier mai': '05-01',
    'le quinze août': '08-15',
  });
});

t.test('French times of day are found, and the part of the day decides', async (t) => {
  reads(t, 'time', 'fr-fr', {
    'trois heures et demie': '03:30',
    'six heures moins le quart': '05:45',
    "à trois heures de l'après-midi": '15:00',
    '15h30': '15:30',
    minuit: '00:00',
    'demain à quinze heures trente': '15:30',
    'vingt et une heures': '21:00',
    'à huit heures du soir': '20:00',
  });
});

t.test('in French what is taken back does not count', async (t) => {
  reads(t, 'digits', 'fr-fr', {
    'cinq, pas quatre': '5',
    'quatre, non pardon, cinq': '5',
  });
  reads(t, 'date', 'fr-fr', {
    'demain, non, jeudi': '11-26',
    'pas demain, après-demain': 'day-after-tomorrow',
  });
});

t.test('telephone numbers are said in pairs', async (t) => {
  reads(t, 'phone', 'fr-fr', {
    'zéro six, quatre-vingts, quatre-vingt-onze, vingt, vingt et un': '0680912021',
  });
});
