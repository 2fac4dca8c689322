import { t } from 'tap';
import { reads } from './expect-slots.js';

t.test('values are read in whole sentences of English', async (t) => {
  reads(t, 'digits', 'en-us', {
    "yeah it's three three oh nine": '3309',
    'my account number ends in one two three four': '1234',
    'twelve thirty four': '1234',
    'one oh five': '105',
    'six hundred and five': '605',
    "it's 4 5 6 7": '4567',
  });
  reads(t, 'digits', 'en-gb', {
    "it's nought two double six": '0266',
    'the meter reads oh four five treble two': '045222',
  });
  reads(t, 'digits', 'en-in', {
    'my consumer number is double nine one zero triple two': '9910222',
    'reading is four thousand five hundred and sixty seven': '4567',
  });
  reads(t, 'phone', 'en-us', {
    'you can call me at two one two five five five oh one nine nine': '2125550199',
    '212-555-0199': '2125550199',
  });
  reads(t, 'phone', 'en-in', {
    'my mobile is nine eight seven six five four three two one zero': '9876543210',
  });
  reads(t, 'phone', 'en-gb', {
    'oh seven seven double oh nine hundred one two three': '07700900123',
  });
  reads(t, 'amount', 'en-us', {
    "I'd like to pay fifty bucks": '50',
    'a hundred dollars': '100',
    'one hundred twenty five dollars and thirty cents': '125.3',
    'thirty nine ninety five': '39.95',
    'a couple of dollars': undefined,
    'half of it': undefined,
  });
  reads(t, 'amount', 'en-gb', {
    'eighty five pounds ninety nine': '85.99',
    'ten quid': '10',
    'two pounds fifty': '2.5',
    'fifty p': '0.5',
    'a fiver': '5',
  });
  reads(t, 'amount', 'en-in', {
    'five hundred rupees only': '500',
    'one thousand two hundred fifty rupees': '1250',
    'one and a half lakh': '150000',
  });
  reads(t, 'date', 'en-us', {
    'january first': '01-01',
    'on the 3rd of march': '03-03',
    'march the third': '03-03',
    'the day before yesterday': 'day-before-yesterday',
    tonight: 'today',
    'july fourth twenty twenty six': '07-04',
    '12/25': '12-25',
  });
  reads(t, 'date', 'en-gb', {
    'the twenty second of november': '11-22',
    'tomorrow morning': 'tomorrow',
    '25/12': '12-25',
  });
  reads(t, 'date', 'en-in', {
    'day after tomorrow evening': 'day-after-tomorrow',
  });
  reads(t, 'time', 'en-us', {
    'around five thirty in the afternoon': '17:30',
    'ten past seven in the morning': '07:10',
    'nine a m': '09:00',
    'seven at night': '19:00',
    'a quarter past eight tonight': '20:15',
    'five fifteen pm': '17:15',
    'eleven in the morning': '11:00',
    'two pm tomorrow': '14:00',
    'twelve thirty in the afternoon': '12:30',
  });
  reads(t, 'time', 'en-gb', {
    'half past nine in the morning': '09:30',
    'half seven in the evening': '19:30',
    'twenty to four in the afternoon': '15:40',
  });
  reads(t, 'time', 'en-in', {
    "five o'clock in the evening": '17:00',
  });
});

t.test('values are read in whole sentences of Spanish', async (t) => {
  reads(t, 'digits', 'es-mx', {
    'tres cuatro cinco seis': '3456',
  });
  reads(t, 'digits', 'es-es', {
    'dos mil trescientos cuarenta y cinco': '2345',
  });
  reads(t, 'amount', 'es-mx', {
    'quinientos pesos': '500',
    'mil quinientos': '1500',
    'ciento cincuenta pesos con cincuenta centavos': '150.5',
  });
  reads(t, 'amount', 'es-es', {
    'ochenta y cinco con treinta': '85.3',
    'cuarenta euros': '40',
    'veinticinco euros y medio': '25.5',
  });
  reads(t, 'date', 'es-mx', {
    'el veintitrés de diciembre': '12-23',
    'hoy en la tarde': 'today',
  });
  reads(t, 'date', 'es-es', {
    'antes de ayer': 'day-before-yesterday',
    mañana: 'tomorrow',
  });
  reads(t, 'time', 'es-mx', {
    'a las cinco y media de la tarde': '17:30',
    'a las ocho de la noche': '20:00',
    'al mediodía': '12:00',
  });
  reads(t, 'time', 'es-es', {
    'a las diez y cuarto de la mañana': '10:15',
    'las once menos diez de la noche': '22:50',
    'a la una de la tarde': '13:00',
  });
});

t.test('values are read in whole sentences of Portuguese', async (t) => {
  reads(t, 'digits', 'pt-br', {
    'nove oito sete meia': '9876',
  });
  reads(t, 'amount', 'pt-br', {
    'cento e cinquenta reais': '150',
    'oitenta e nove e noventa': '89.9',
    'dois e cinquenta': '2.5',
  });
  reads(t, 'amount', 'pt-pt', {
    'quarenta euros e vinte cêntimos': '40.2',
  });
  reads(t, 'date', 'pt-br', {
    'vinte e três de dezembro': '12-23',
    'hoje à tarde': 'today',
  });
  reads(t, 'date', 'pt-pt', {
    'depois de amanhã à tarde': 'day-after-tomorrow',
  });
  reads(t, 'time', 'pt-br', {
    'cinco e meia da tarde': '17:30',
    'às oito da noite': '20:00',
    'às dez e quinze da manhã': '10:15',
  });
  reads(t, 'time', 'pt-pt', {
    'às dez e um quarto': '10:15',
  });
});

t.test('values are read in whole sentences of German', async (t) => {
  reads(t, 'digits', 'de-de', {
    'eins zwei drei vier': '1234',
  });
  reads(t, 'digits', 'de-at', {
    'zwo drei vier fünf': '2345',
  });
  reads(t, 'amount', 'de-de', {
    'fünfzig Euro': '50',
    'neunundneunzig Euro neunundneunzig': '99.99',
  });
  reads(t, 'amount', 'de-at', {
    'hundert Euro': '100',
  });
  reads(t, 'amount', 'de-ch', {
    'hundertzwanzig Franken': '120',
    'zwänzg Franke foifzg': '20.5',
  });
  reads(t, 'date', 'de-de', {
    'am dritten Oktober': '10-03',
    'heute Abend': 'today',
    'am 3. Oktober': '10-03',
  });
  reads(t, 'date', 'de-at', {
    'am zehnten Feber': '02-10',
  });
  reads(t, 'date', 'de-ch', {
    hüt: 'today',
  });
  reads(t, 'time', 'de-de', {
    'halb acht abends': '19:30',
    'um Viertel vor neun': '08:45',
    'um siebzehn Uhr': '17:00',
    'zwölf Uhr mittags': '12:00',
  });
  reads(t, 'time', 'de-at', {
    'um dreiviertel vier am Nachmittag': '15:45',
  });
  reads(t, 'time', 'de-ch', {
    'am achti am Abig': '20:00',
    'halbi drü am Namittag': '14:30',
  });
});

t.test('values are read in whole sentences of French', async (t) => {
  reads(t, 'digits', 'fr-fr', {
    'un deux trois quatre': '1234',
    'trente-quatre cinquante-six': '3456',
  });
  reads(t, 'amount', 'fr-fr', {
    'quatre-vingts euros': '80',
    'quatre-vingt-dix-neuf euros quatre-vingt-dix': '99.9',
    'cinquante euros': '50',
  });
  reads(t, 'amount', 'fr-ch', {
    'septante-deux francs cinquante': '72.5',
    'huitante-trois francs': '83',
  });
  reads(t, 'date', 'fr-fr', {
    'le vingt-trois décembre': '12-23',
    'demain matin': 'tomorrow',
  });
  reads(t, 'date', 'fr-ch', {
    'le premier août': '08-01',
  });
  reads(t, 'time', 'fr-fr', {
    "cinq heures et demie de l'après-midi": '17:30',
    'huit heures et quart': '08:15',
    'vingt heures': '20:00',
    'dix heures du matin': '10:00',
    'neuf heures moins dix du soir': '20:50',
  });
  reads(t, 'time', 'fr-ch', {
    midi: '12:00',
  });
});

t.test('values are read in whole sentences of Arabic', async (t) => {
  reads(t, 'digits', 'ar-gulf', {
    'واحد اثنين ثلاثة أربعة': '1234',
  });
  reads(t, 'digits', 'ar-eg', {
    'تلاتة أربعة خمسة ستة': '3456',
  });
  reads(t, 'amount', 'ar-gulf', {
    'خمسمية درهم': '500',
    'ميتين ريال': '200',
    'ألف ريال': '1000',
    'مية وخمسين': '150',
  });
  reads(t, 'amount', 'ar-eg', {
    'ميتين وخمسين جنيه': '250',
    'خمسة وسبعين جنيه ونص': '75.5',
    'خمسين قرش': '0.5',
  });
  reads(t, 'date', 'ar-gulf', {
    أمس: 'yesterday',
    'بكرة الصبح': 'tomorrow',
    'عشرة عشرة': '10-10',
  });
  reads(t, 'date', 'ar-eg', {
    'النهاردة بالليل': 'today',
    'عشرين مارس': '03-20',
  });
  reads(t, 'time', 'ar-gulf', {
    'الساعة خمس العصر': '17:00',
    'الساعة ثمان ونص الصبح': '08:30',
    'الساعة تسع بالليل': '21:00',
  });
  reads(t, 'time', 'ar-eg', {
    'الساعة خمسة ونص المغرب': '17:30',
    'اتناشر الظهر': '12:00',
    'الساعة حداشر الصبح': '11:00',
    'الساعة واحدة ونص': '01:30',
  });
});
