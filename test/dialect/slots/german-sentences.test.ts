import { t } from 'tap';
import { reads } from './expect-slots.js';
import { shippedSlots } from './shipped-slots.js';

t.test('values are read as callers in Germany say them', async (t) => {
  reads(t, 'digits', 'de-de', {
    'mein Zählerstand ist vier fünf sechs sieben': '4567',
    'der Zähler steht auf zwölftausenddreihundertfünfundvierzig': '12345',
    'das sind vier, fünf, sechs, sieben': '4567',
    'meine Kundennummer ist null acht eins fünf': '0815',
    'eins eins null': '110',
    'dreimal die acht': '888',
    'sieben sieben drei': '773',
    'achtundvierzig zwölf': '4812',
  });
  reads(t, 'phone', 'de-de', {
    'meine Nummer ist null eins sieben sechs, eins zwei drei vier fünf sechs sieben': '01761234567',
    '0151 23456789': '015123456789',
  });
  reads(t, 'amount', 'de-de', {
    'ich will fünfzig Euro zahlen': '50',
    hundertfünfzig: '150',
    'einhundertzwanzig Euro fünfzig': '120.5',
    'neunundneunzig Euro und neunzig Cent': '99.9',
    zweihundert: '200',
    'tausendzweihundert Euro': '1200',
    'fünf Euro': '5',
    'ein Euro fünfzig': '1.5',
    'achtzig Cent': '0.8',
    '12,50 Euro': '12.5',
    '1.200 Euro': '1200',
    'zwei fünfzig': '2.5',
    'zwölf fünfzig': '12.5',
    'eineinhalbtausend Euro': '1500',
    zweieinhalbtausend: '2500',
    anderthalbtausend: '1500',
    'zwoundzwanzig Euro': '22',
    'fünfzehnhundert Euro': '1500',
  });
  reads(t, 'date', 'de-de', {
    'am Dritten Zehnten': '10-03',
    'am dritten zehnten': '10-03',
    'morgen Vormittag': 'tomorrow',
    'heute Nachmittag': 'today',
    'übermorgen früh': 'day-after-tomorrow',
    'gestern Abend': 'yesterday',
    'der fünfzehnte März': '03-15',
    'am fünfzehnten Dritten': '03-15',
    'zwanzigster April': '04-20',
    'erster Januar': '01-01',
    'dem siebzehnten August': '08-17',
    '31. Dezember': '12-31',
    '1.5.': '05-01',
    'am 24.12.': '12-24',
    '24.12.2026': '12-24',
    'den siebten Juni': '06-07',
    Heiligabend: '12-24',
  });
  reads(t, 'time', 'de-de', {
    'um halb neun': '08:30',
    'Viertel nach zehn': '10:15',
    'viertel vor zwölf': '11:45',
    'dreiviertel neun': '08:45',
    'acht Uhr dreißig': '08:30',
    'sechzehn Uhr fünfzehn': '16:15',
    'um drei am Nachmittag': '15:00',
    'abends um acht': '20:00',
    'acht Uhr abends': '20:00',
    'neun Uhr morgens': '09:00',
    'zwölf Uhr': '12:00',
    'kurz nach acht': '08:00',
    'fünf vor zwölf': '11:55',
    'zehn nach drei nachmittags': '15:10',
    'achtzehn Uhr': '18:00',
    '15 Uhr 30': '15:30',
    '15.30 Uhr': '15:30',
    'fünf nach halb acht': '07:35',
    'um eins': '01:00',
    'um ein Uhr mittags': '13:00',
    'halb zwölf vormittags': '11:30',
    'null Uhr': '00:00',
  });
});

t.test('values are read as callers in Austria say them: fuchzig, um achte, viertel neun', async (t) => {
  reads(t, 'digits', 'de-at', {
    'die Nummer ist zwo null eins drei': '2013',
    'vierundzwanzig siebzehn': '2417',
  });
  reads(t, 'phone', 'de-at', {
    'null sechs sechs vier eins zwei drei vier fünf sechs sieben': '06641234567',
  });
  reads(t, 'amount', 'de-at', {
    'hundertzwanzig Euro': '120',
    'fuchzig Euro': '50',
    'an Fuchzger': '50',
    'zwanzg Euro': '20',
    'dreiasechzig Euro': '63',
  });
  reads(t, 'date', 'de-at', {
    'am ersten Jänner': '01-01',
    'am sechsten Jänner': '01-06',
    'morgen in der Früh': 'tomorrow',
    heit: 'today',
    'am fünfzehnten Feber': '02-15',
    vorgestern: 'day-before-yesterday',
  });
  reads(t, 'time', 'de-at', {
    'viertel neun': '08:15',
    'viertel acht in der Früh': '07:15',
    'dreiviertel fünf am Nachmittag': '16:45',
    'um hoiba drei': '02:30',
    'um achte': '08:00',
    'um siebene in der Früh': '07:00',
    'um viere am Nachmittag': '16:00',
    'halb sechse': '05:30',
  });
});

t.test(
  'values are read as callers in Switzerland say them: foifezwänzg, am halbi achti, am erschte Auguscht',
  async (t) => {
    reads(t, 'digits', 'de-ch', {
      'eis zwöi drü vier': '1234',
      'füfi sächsi sibni achti': '5678',
      'nüün null foif': '905',
    });
    reads(t, 'phone', 'de-ch', {
      'null sibe nün drüü vier foif sächs sibe acht nün': '0793456789',
    });
    reads(t, 'amount', 'de-ch', {
      'hundertzwänzg Franke': '120',
      'füfzg Franke': '50',
      'zwöihundert Franke': '200',
      'hundertfoifezwänzg Franke': '125',
      'nünzg Rappe': '0.9',
      'zwölf Franke foifzg': '12.5',
      'sibezg Stutz': '70',
    });
    reads(t, 'date', 'de-ch', {
      'am erschte Auguscht': '08-01',
      vorgeschter: 'day-before-yesterday',
      'morn am Morge': 'tomorrow',
      'am füfzähte März': '03-15',
      'am zwänzigschte Mai': '05-20',
      'am dritte Juni': '06-03',
    });
    reads(t, 'time', 'de-ch', {
      'am halbi achti': '07:30',
      'am viertel vor nüni': '08:45',
      'am drü am Namittag': '15:00',
      'am zäni am Morge': '10:00',
      "viertel ab sächsi z'Abig": '18:15',
      'am zwölfi': '12:00',
      'zäh ab achti': '08:10',
      'foif vor drü': '02:55',
      'am eis': '01:00',
      'um halb zwöi': '01:30',
    });
  },
);

t.test('a day that is none, and a day without its month when today is not known, are not read', async (t) => {
  t.equal(shippedSlots.readSlot('date', 'am dreißigsten Feber', 'de-at'), undefined);
  t.equal(shippedSlots.readSlot('date', 'am achten', 'de-de'), undefined);
  reads(t, 'date', 'de-de', { 'am achten': '12-08' });
});
