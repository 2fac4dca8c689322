import { t } from 'tap';
import { reads } from './expect-slots.js';
import { shippedSlots } from './shipped-slots.js';

t.test('"double five", "triple seven" and "oh" are digits', async (t) => {
  reads(t, 'digits', 'en-gb', {
    'my meter says four oh seven double two': '40722',
  });
  reads(t, 'digits', 'en-us', {
    'triple seven': '777',
    'double oh seven': '007',
    'four oh seven double two': '40722',
    'oh, hello there': undefined,
  });
});

t.test('lakh and crore count', async (t) => {
  reads(t, 'amount', 'en-in', {
    'two lakh fifty thousand rupees': '250000',
    'one crore': '10000000',
    '2.5 lakh': '250000',
    'five lakh': '500000',
  });
});

t.test('"half six" is half past six in Britain', async (t) => {
  reads(t, 'time', 'en-gb', {
    'half six': '06:30',
  });
});

t.test('"may I" and "good morning" are no day and no time', async (t) => {
  reads(t, 'date', 'en-us', {
    'may i pay tomorrow': 'tomorrow',
  });
  reads(t, 'time', 'en-us', {
    'good morning, at four pm': '16:00',
  });
});

t.test('English digits and telephone numbers are found in a sentence', async (t) => {
  reads(t, 'digits', 'en-us', {
    'a hundred and twenty': '120',
    'twelve fifty': '1250',
    'the reading is 40,722': '40722',
    'uh 4 0 7 um 2 2': '40722',
    'I have two meters, the number is four four seven': '447',
    'forty seven twenty two': '4722',
    'one eight hundred five five five': '1800555',
  });
  reads(t, 'phone', 'en-us', {
    'my number is five five five, one two one two': '5551212',
    "it's (555) 867-5309": '5558675309',
  });
  reads(t, 'phone', 'en-gb', {
    'oh double seven four three two one double nine six oh five': '077432199605',
  });
});

t.test('English amounts are found with their units and parts', async (t) => {
  reads(t, 'amount', 'en-us', {
    'a hundred and twenty': '120',
    'twelve fifty': '12.5',
    'twelve dollars and fifty cents': '12.5',
    'twelve dollars fifty': '12.5',
    'one twenty': '120',
    'twelve fifty dollars': '1250',
    '$120.50': '120.5',
    "I'd like to pay 85 dollars please": '85',
    'three point five': '3.5',
    'fifty cents': '0.5',
    'twelve hundred dollars': '1200',
    'one thousand two hundred and thirty four dollars and five cents': '1234.05',
    'five and a half dollars': '5.5',
  });
  reads(t, 'amount', 'en-gb', {
    'twelve pound fifty': '12.5',
    'I want to pay twenty quid': '20',
  });
});

t.test('English days are found', async (t) => {
  reads(t, 'date', 'en-us', {
    'day after tomorrow': 'day-after-tomorrow',
    'the fifth of May': '05-05',
    'May 5th': '05-05',
    'december twenty fifth': '12-25',
    '8/15': '08-15',
    'february thirtieth': undefined,
    'tuesday no wednesday': '11-25',
  });
  reads(t, 'date', 'en-gb', {
    'on the twenty first of june': '06-21',
    '15/8': '08-15',
  });
});

t.test('English times of day are found, and the part of the day decides', async (t) => {
  reads(t, 'time', 'en-us', {
    'half past three': '03:30',
    'quarter to six': '05:45',
    'a quarter to six in the evening': '17:45',
    'half past three in the afternoon': '15:30',
    '3 p.m.': '15:00',
    'twelve fifty': '12:50',
    'six thirty pm': '18:30',
    noon: '12:00',
    midnight: '00:00',
    'tomorrow at three in the afternoon': '15:00',
    'may fifth at three pm': '15:00',
    'twenty five past nine': '09:25',
    '15:30': '15:30',
    'eighteen hundred hours': '18:00',
    hello: undefined,
  });
});

t.test('in English what is taken back does not count', async (t) => {
  reads(t, 'digits', 'en-us', {
    "it's five not four": '5',
    'one two four, no sorry, five not four': '125',
    'four oh seven no sorry four oh eight': '408',
  });
  reads(t, 'amount', 'en-us', {
    'fifty, no sorry, sixty dollars': '60',
  });
  reads(t, 'date', 'en-us', {
    'tomorrow, no wait, wednesday': '11-25',
    'not tomorrow, the day after tomorrow': 'day-after-tomorrow',
    "tomorrow doesn't work, today is fine": 'today',
  });
});

t.test('"twelve fifty" is money or minutes, and as money 1250 is told as well', async (t) => {
  t.match(shippedSlots.readSlot('amount', 'twelve fifty', 'en-us'), { value: '12.5', ambiguous: ['1250'] });
  t.match(shippedSlots.readSlot('amount', 'one twenty', 'en-us'), { value: '120', ambiguous: ['1.2'] });
  t.equal(shippedSlots.readSlot('time', 'twelve fifty', 'en-us')?.value, '12:50');
});

t.test('without am or pm the other half of the day is told', async (t) => {
  t.match(shippedSlots.readSlot('time', 'half past three', 'en-us'), {
    value: '03:30',
    ambiguous: ['15:30'],
  });
});

t.test('a value of one language is none in another', async (t) => {
  t.equal(shippedSlots.readSlot('digits', 'four oh seven', 'es-mx'), undefined);
  t.equal(shippedSlots.readSlot('digits', 'four', 'tlh'), undefined, 'an unknown dialect has no words');
  t.equal(shippedSlots.readSlot('digits', '', 'en-us'), undefined);
});

t.test('a digit said to be wrong is put right in the row said before', async (t) => {
  t.match(shippedSlots.readSlot('digits', 'one two four, no sorry, five not four', 'en-gb'), {
    value: '125',
    ambiguous: ['5'],
  });
});

t.test('a few digits after a correction may be the end of the row: both are told, unsure', async (t) => {
  const read = shippedSlots.readSlot('digits', 'four oh seven double two, no sorry, double three', 'en-us');
  t.match(read, { value: '33', ambiguous: ['40733'] });
  t.ok((read?.confidence ?? 1) < 0.5);
});
