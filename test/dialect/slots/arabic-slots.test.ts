import { t } from 'tap';
import { reads } from './expect-slots.js';

t.test('days have their own words in Egypt and the Gulf', async (t) => {
  reads(t, 'date', 'ar-eg', {
    بكرة: 'tomorrow',
    امبارح: 'yesterday',
    'بعد بكرة': 'day-after-tomorrow',
    'أول امبارح': 'day-before-yesterday',
    النهارده: 'today',
  });
  reads(t, 'date', 'ar-gulf', {
    باكر: 'tomorrow',
    'عقب باكر': 'day-after-tomorrow',
    البارحة: 'yesterday',
  });
});

t.test('numbers in Arabic-Indic digits are read', async (t) => {
  reads(t, 'digits', 'ar-eg', {
    '٤٠٧٢٢': '40722',
  });
  reads(t, 'amount', 'ar-eg', {
    '٥٠ جنيه': '50',
  });
  reads(t, 'date', 'ar-gulf', {
    '٥ مايو': '05-05',
  });
  reads(t, 'time', 'ar-gulf', {
    'الساعة ٣ ونص العصر': '15:30',
  });
});

t.test('Arabic digits and telephone numbers are found in a sentence', async (t) => {
  reads(t, 'digits', 'ar-eg', {
    'العداد مكتوب عليه أربعة صفر سبعة اتنين اتنين': '40722',
  });
  reads(t, 'digits', 'ar-gulf', {
    'رقمي خمسة خمسة ثلاثة': '553',
    'أربعة آلاف واثنين وسبعين': '4072',
  });
  reads(t, 'phone', 'ar-eg', {
    'صفر عشرة خمسة وعشرين ستة وتلاتين سبعة تمانية تسعة': '0102536789',
  });
  reads(t, 'phone', 'ar-gulf', {
    'صفر خمسة صفر واحد اثنين ثلاثة أربعة خمسة ستة سبعة': '0501234567',
  });
});

t.test('Arabic amounts are found with their units and parts', async (t) => {
  reads(t, 'amount', 'ar-eg', {
    'مية وعشرين جنيه': '120',
    'خمسة جنيه ونص': '5.5',
    'جنيه ونص': '1.5',
    'عايز أدفع خمسة وعشرين جنيه': '25',
    'ألفين جنيه': '2000',
  });
  reads(t, 'amount', 'ar-gulf', {
    'مئة وعشرين درهم': '120',
    'ثلاثمية وخمسين ريال': '350',
    'ألف ومئتين وخمسين': '1250',
    'عشرة دينار وخمسمية فلس': '10.5',
  });
});

t.test('Arabic days are found', async (t) => {
  reads(t, 'date', 'ar-eg', {
    'خمسة وعشرين ديسمبر': '12-25',
  });
  reads(t, 'date', 'ar-gulf', {
    'يوم الخميس': '11-26',
  });
});

t.test('Arabic times of day are found, and the part of the day decides', async (t) => {
  reads(t, 'time', 'ar-eg', {
    'الساعة تلاتة ونص': '03:30',
    'الساعة ستة إلا ربع': '05:45',
    'الساعة تلاتة العصر': '15:00',
    'الساعة تسعة بالليل': '21:00',
    'تلاتة وتلت': '03:20',
    'صباح الخير الساعة أربعة العصر': '16:00',
  });
  reads(t, 'time', 'ar-gulf', {
    'الساعة ثمانية الصبح': '08:00',
    'بكرة الساعة عشر الصبح': '10:00',
  });
});

t.test('in Arabic what is taken back does not count', async (t) => {
  reads(t, 'digits', 'ar-eg', {
    'خمسة مش أربعة': '5',
    'أربعة، لا معلش، خمسة': '5',
  });
  reads(t, 'date', 'ar-eg', {
    'مش بكرة، بعد بكرة': 'day-after-tomorrow',
  });
});

t.test('the forms of alif and ta marbuta do not matter', async (t) => {
  reads(t, 'digits', 'ar-eg', { 'اربعه خمسه': '45', 'أربعة خمسة': '45' });
});
