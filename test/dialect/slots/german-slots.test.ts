import { t } from 'tap';
import { reads } from './expect-slots.js';

t.test('halb drei is 02:30, viertel drei 02:15, dreiviertel acht 07:45', async (t) => {
  reads(t, 'amount', 'de-de', {
    'anderthalb Euro': '1.5',
  });
  reads(t, 'time', 'de-de', {
    'halb drei': '02:30',
    'viertel nach drei': '03:15',
    'fünf vor halb drei': '02:25',
    'halb eins mittags': '12:30',
  });
  reads(t, 'time', 'de-at', {
    'dreiviertel acht': '07:45',
    'viertel drei': '02:15',
  });
  reads(t, 'time', 'de-ch', {
    'am halbi drü': '02:30',
    'viertel ab drü': '03:15',
  });
});

t.test('guten Morgen and am Morgen are no tomorrow', async (t) => {
  reads(t, 'date', 'de-de', {
    'guten Morgen, heute bitte': 'today',
    'am Dienstag am Morgen': '11-24',
  });
});

t.test('Swiss words are read: morn, geschter, zwänzg', async (t) => {
  reads(t, 'digits', 'de-ch', {
    'vier null sibe zwöi zwöi': '40722',
  });
  reads(t, 'amount', 'de-ch', {
    'CHF 1234.50': '1234.5',
    'zwänzg franke': '20',
    'foifezwänzg Franke': '25',
  });
  reads(t, 'date', 'de-ch', {
    morn: 'tomorrow',
    geschter: 'yesterday',
    'übermorn am Namittag': 'day-after-tomorrow',
    'am ziischtig': '11-24',
  });
});

t.test('zwo is two, and numbers are taken out of long words', async (t) => {
  reads(t, 'digits', 'de-de', {
    'vier null sieben zwo zwo': '40722',
    'der Zählerstand ist viertausendzweiundsiebzig': '4072',
    'null eins sieben zwei, dreiundzwanzig, fünfundvierzig': '01722345',
    einhundertdreiundzwanzig: '123',
  });
  reads(t, 'phone', 'de-de', {
    'null drei null, eins zwo drei vier fünf sechs sieben': '0301234567',
  });
  reads(t, 'amount', 'de-de', {
    'einhundertzwanzig Euro': '120',
    'hundertzwanzig Euro und fünfzig Cent': '120.5',
    zweitausenddreihundertfünfzig: '2350',
  });
});

t.test('German digits and telephone numbers are found in a sentence', async (t) => {
  reads(t, 'digits', 'de-de', {
    'dreimal die sieben': '777',
    'doppel fünf': '55',
  });
});

t.test('German amounts are found with their units and parts', async (t) => {
  reads(t, 'amount', 'de-de', {
    'zwölf Euro fünfzig': '12.5',
    '1.234,50 €': '1234.5',
    'drei Komma fünf Euro': '3.5',
    'ich möchte fünfundachtzig Euro bezahlen': '85',
  });
});

t.test('German days are found', async (t) => {
  reads(t, 'date', 'de-de', {
    übermorgen: 'day-after-tomorrow',
    vorgestern: 'day-before-yesterday',
    'morgen früh': 'tomorrow',
    'am fünften Mai': '05-05',
    'am einunddreißigsten Dezember': '12-31',
    'am ersten März': '03-01',
    'am 15. August': '08-15',
    '5.5.': '05-05',
    'morgen geht nicht, übermorgen': 'day-after-tomorrow',
  });
  reads(t, 'date', 'de-at', {
    'am fünften Jänner': '01-05',
  });
});

t.test('German times of day are found, and the part of the day decides', async (t) => {
  reads(t, 'time', 'de-de', {
    'fünfzehn Uhr dreißig': '15:30',
    'um drei Uhr nachmittags': '15:00',
    'morgen um acht': '08:00',
    'morgen Nachmittag um drei': '15:00',
    Mitternacht: '00:00',
    'guten Abend, um neun Uhr': '09:00',
    'zehn vor acht abends': '19:50',
  });
});

t.test('in German what is taken back does not count', async (t) => {
  reads(t, 'digits', 'de-de', {
    'fünf nicht vier': '5',
    'vier, nein Entschuldigung, fünf': '5',
  });
  reads(t, 'date', 'de-de', {
    'nicht morgen sondern übermorgen': 'day-after-tomorrow',
  });
});

t.test('Jänner is January', async (t) => {
  reads(t, 'date', 'de-at', { 'am siebenundzwanzigsten Jänner': '01-27' });
});

t.test('dreißig eins are two numbers, einunddreißig is one', async (t) => {
  reads(t, 'phone', 'de-de', { 'null dreißig eins zwei drei vier fünf': '03012345' });
  reads(t, 'digits', 'de-de', { 'einunddreißig vierundzwanzig': '3124' });
});
