import { t } from 'tap';
import { dialects } from '../../../src/dialect/catalogue.js';
import { saturday, shippedSlots } from './shipped-slots.js';
import { reads } from './expect-slots.js';

const mandarin = dialects.filter(({ language }) => language === 'cmn').map(({ id }) => id);
const sinitic = ['cmn', 'yue', 'wuu', 'nan', 'hak', 'gan', 'hsn', 'cjy'];

t.test('四个八 after other digits is 8888, 双 and 孖 are two', async (t) => {
  reads(t, 'digits', 'cmn', { 幺三八四个八: '1388888', 尾号是三个八: '888', 双五六: '556' });
  reads(t, 'digits', 'yue', { 孖八六六: '8866' });
});

t.test('洞 拐 勾 are digits among digits, and words elsewhere', async (t) => {
  reads(t, 'digits', 'cmn', {
    我的户号是幺三八洞洞拐两勾: '13800729',
    洞幺洞: '010',
    墙上有个洞: undefined,
    我拐个弯: undefined,
  });
});

t.test('the same words are a number of digits or an amount, by what was asked', async (t) => {
  for (const dialect of mandarin) {
    reads(t, 'digits', dialect, { 一百一: '110', 一一零: '110', 四千零七十二: '4072' });
    reads(t, 'amount', dialect, { 一百一: '110', 一百零一: '101', 一百二: '120', 一百一十: '110' });
  }
});

t.test('digits are read one by one, as a number, in other writing, with pauses', async (t) => {
  reads(t, 'digits', 'cmn', {
    电表读数是三千四百五十六度: '3456',
    '我家有三个表,读数是四零七二': '4072',
    '１２３４五六': '123456',
    '一三八呃一二三四，然后五六七八': '13812345678',
    電錶讀數係三零七兩: '3072',
    '4072': '4072',
    三四十五: '345',
    我想问一下: undefined,
  });
  reads(t, 'digits', 'wuu', { 两只号头是一百念五: '125' });
  reads(t, 'digits', 'nan', { 空三九: '039' });
});

t.test('telephone numbers are found with their groups and country code, and 110 with doubt', async (t) => {
  reads(t, 'phone', 'cmn', {
    '我的电话是幺三八 零零幺三 八零零零': '13800138000',
    '+86 138-1234-5678': '8613812345678',
    一三九一二三四五六七八: '13912345678',
    我要交一百块: '100',
    十二: undefined,
  });
  reads(t, 'phone', 'yue', { 我电话系九八七六五四三二: '98765432' });
  const short = shippedSlots.readSlot('phone', '打幺幺零', 'cmn');
  t.equal(short?.value, '110');
  t.ok((short?.confidence ?? 1) < 0.7, 'three digits are a number to confirm');
});

t.test('百二 is 120, 千三 1300, 万五 15000, in every Sinitic language', async (t) => {
  for (const dialect of sinitic) {
    reads(t, 'amount', dialect, {
      百二: '120',
      千三: '1300',
      万五: '15000',
      两千五: '2500',
      一万二: '12000',
      二百五: '250',
      一百零五: '105',
      一百单五块: '105',
      三万零五百: '30500',
      一千零五十: '1050',
    });
  }
});

t.test('money is read with its parts: 三块二毛五, 三块零五, 两毛五', async (t) => {
  reads(t, 'amount', 'cmn', {
    三块五: '3.5',
    三块二毛五: '3.25',
    三块零五分: '3.05',
    三块零五: '3.05',
    五毛: '0.5',
    两毛五: '0.25',
    一百二十块五毛钱: '120.5',
    两万三千四百五十六块七毛八分: '23456.78',
    贰佰伍拾元整: '250',
    '120.50元': '120.5',
    '12,000元': '12000',
    '1.2万': '12000',
    '3千5': '3500',
    一点五: '1.5',
    三块半: '3.5',
    块半: '1.5',
  });
});

t.test('Cantonese counts money by 蚊, 毫, 个半, 嚿水, and 三呀五 is 35', async (t) => {
  reads(t, 'amount', 'yue', {
    个半: '1.5',
    三个半: '3.5',
    三个六: '3.6',
    十二蚊半: '12.5',
    廿蚊: '20',
    廿呀五蚊: '25',
    三呀五蚊: '35',
    我想交百二蚊: '120',
    两嚿水: '200',
    五毫子: '0.5',
    三毫半: '0.35',
    俾咗二百三十蚊: '230',
    个半钟: undefined,
  });
});

t.test('Wu 洋钿 and 念, Minnan 箍, Hakka 银 are money', async (t) => {
  reads(t, 'amount', 'wuu', {
    五十块洋钿: '50',
    廿五块: '25',
    一百念五块洋钿: '125',
    三角洋钿: '0.3',
    两块八角: '2.8',
  });
  reads(t, 'amount', 'nan', { 一百箍: '100', 百二箍: '120' });
  reads(t, 'amount', 'hak', { 三个银: '3', 三十蚊: '30' });
});

t.test('months, houses and moments are no money', async (t) => {
  reads(t, 'amount', 'cmn', {
    三月份的电费一百二: '120',
    两个月一共二百四: '240',
    '我是3栋2单元的,交88块': '88',
    个半月: undefined,
    我想问一下电费: undefined,
    千万别停电: undefined,
    万一停电呢: undefined,
  });
});

t.test('a rough amount is unsure and tells its other end', async (t) => {
  const rough = shippedSlots.readSlot('amount', '三五百块', 'cmn');
  t.match(rough, { value: '300', ambiguous: ['500'] });
  t.ok((rough?.confidence ?? 1) < 0.5);
  t.match(shippedSlots.readSlot('amount', '一百五六', 'cmn'), { value: '150', ambiguous: ['160'] });
  const about = shippedSlots.readSlot('amount', '一百来块钱', 'cmn');
  t.equal(about?.value, '100');
  t.ok((about?.confidence ?? 1) < 0.5);
});

t.test('yesterday, today and tomorrow have their own words in each dialect', async (t) => {
  reads(t, 'date', 'yue', {
    听日: 'tomorrow',
    聽日得唔得: 'tomorrow',
    琴日停咗电: 'yesterday',
    寻日: 'yesterday',
    后日: 'day-after-tomorrow',
    前日: 'day-before-yesterday',
    今朝: 'today',
  });
  reads(t, 'date', 'wuu', {
    明朝来好伐: 'tomorrow',
    今朝: 'today',
    昨日: 'yesterday',
    前日: 'day-before-yesterday',
  });
  reads(t, 'date', 'cmn-dongbei', { 后个儿: 'day-after-tomorrow', 昨个: 'yesterday', 明儿个: 'tomorrow' });
  reads(t, 'date', 'cmn-shandong', { 夜来: 'yesterday', 明儿: 'tomorrow' });
  reads(t, 'date', 'cmn-henan', { 夜个: 'yesterday' });
  reads(t, 'date', 'nan', { 今仔日: 'today', 明仔载: 'tomorrow', 昨昏: 'yesterday' });
  reads(t, 'date', 'hak', { 今晡日: 'today', 天光日: 'tomorrow', 昨晡日: 'yesterday' });
  reads(t, 'date', 'cjy', { 夜来: 'yesterday', 明儿: 'tomorrow' });
  reads(t, 'date', 'cmn', { 夜来香: undefined, 明儿后晌: 'tomorrow', 今晚八点: 'today' });
});

t.test('昨日 in Minnan is the day before yesterday, or yesterday: both are told', async (t) => {
  t.match(shippedSlots.readSlot('date', '昨日', 'nan'), {
    value: 'day-before-yesterday',
    ambiguous: ['yesterday'],
  });
  t.match(shippedSlots.readSlot('date', '明后天', 'cmn'), {
    value: 'tomorrow',
    ambiguous: ['day-after-tomorrow'],
  });
});

t.test('大后天, 礼拜三 and 下个月五号 need today, and are nothing without it', async (t) => {
  reads(t, 'date', 'cmn', {
    大后天: '11-24',
    大前天: '11-18',
    礼拜三: '11-25',
    下周三: '11-25',
    上周五: '11-13',
    三天后: '11-24',
    下个月五号: '12-05',
    二十号: '12-20',
  });
  for (const said of ['大后天', '礼拜三', '下个月五号', '二十号']) {
    t.equal(shippedSlots.readSlot('date', said, 'cmn'), undefined, said);
  }
  t.equal(shippedSlots.readSlot('date', '三天后', 'cmn', new Date(2026, 11, 30))?.value, '01-02');
});

t.test('month and day are read in any writing; what is no day is none', async (t) => {
  reads(t, 'date', 'cmn', {
    '8月15号': '08-15',
    '８月１５日': '08-15',
    八月十五: '08-15',
    十二月廿五: '12-25',
    二零二五年三月十号: '03-10',
    五一: '05-01',
    国庆节: '10-01',
    二月三十号: undefined,
    我住15号楼: undefined,
  });
  reads(t, 'date', 'yue', { 十月廿呀五号: '10-25' });
});

t.test(
  'a day of the Chinese calendar becomes the day it falls on, and is unsure where today is not known',
  async (t) => {
    t.match(shippedSlots.readSlot('date', '三月初八', 'cmn', saturday), {
      value: '04-14',
      ambiguous: ['03-08'],
    });
    const unknown = shippedSlots.readSlot('date', '三月初八', 'cmn');
    t.equal(unknown?.value, '03-08');
    t.ok((unknown?.confidence ?? 1) < 0.5);
  },
);

t.test('三点三个字 and 三点三刻 are no 3.3, 三点三 in Cantonese is a quarter past', async (t) => {
  reads(t, 'time', 'cmn', { 三点三个字: '03:15', 三点三刻: '03:45', 两点半: '02:30', 三点一刻: '03:15' });
  reads(t, 'time', 'yue', { 三点三: '03:15', 晏昼三点三个骨: '15:45', 下昼三点搭四: '15:20' });
});

t.test('minutes to the hour are said before or after it', async (t) => {
  reads(t, 'time', 'cmn', {
    差五分六点: '05:55',
    六点差五分: '05:55',
    差一刻八点: '07:45',
    下午差一刻三点: '14:45',
  });
  reads(t, 'time', 'wuu', { 缺五分三点: '02:55' });
});

t.test('the part of the day decides, in the words of each dialect', async (t) => {
  reads(t, 'time', 'yue', { 下昼三点: '15:00', 晏昼一点: '13:00', 听日朝早九点半: '09:30' });
  reads(t, 'time', 'cmn', {
    夜里头十一点: '23:00',
    晚上十二点: '00:00',
    中午十二点半: '12:30',
    半夜两点: '02:00',
    凌晨一点: '01:00',
    早上八点零五: '08:05',
    '下午3:05': '15:05',
    晚上九点来钟: '21:00',
    中午: '12:00',
  });
  reads(t, 'time', 'cmn-shaanxi', { 后晌三点: '15:00' });
  reads(t, 'time', 'wuu', { 夜里向八点钟: '20:00' });
  reads(t, 'time', 'nan', { 下晡三点半: '15:30' });
  reads(t, 'time', 'hak', { 暗晡夜八点: '20:00' });
});

t.test('without a part of the day a time is as said on 24 hours, and the other half is told', async (t) => {
  const open = shippedSlots.readSlot('time', '三点', 'cmn');
  t.match(open, { value: '03:00', ambiguous: ['15:00'] });
  t.ok((open?.confidence ?? 1) < (shippedSlots.readSlot('time', '下午三点', 'cmn')?.confidence ?? 0));
  t.equal(shippedSlots.readSlot('time', '十五点三十', 'cmn')?.ambiguous, undefined);
});

t.test('the number of a weekday or a day is not the hour', async (t) => {
  reads(t, 'time', 'cmn', {
    礼拜一三点: '03:00',
    礼拜一下午三点: '15:00',
    八月十五号下午两点: '14:00',
    明天上午十点: '10:00',
  });
});

t.test('一点 is one o’clock only where it can be: louder by 一点 is none', async (t) => {
  reads(t, 'time', 'cmn', { 声音大一点: undefined, 快一点: undefined, 下午一点: '13:00', 一点半: '01:30' });
});

t.test('what is taken back does not count', async (t) => {
  reads(t, 'digits', 'cmn', { '三四五,不对,三四六': '346', '一二四,不是四,是五': '125' });
  reads(t, 'amount', 'cmn', { '给我充二百块钱,不,三百': '300', '一百二，说错了，一百三': '130' });
  reads(t, 'time', 'cmn', { '三点,不对,四点': '04:00' });
  reads(t, 'date', 'cmn', {
    '明天不行,后天可以': 'day-after-tomorrow',
    不是明天是后天: 'day-after-tomorrow',
    '后天,不是明天': 'day-after-tomorrow',
  });
  reads(t, 'date', 'yue', { 唔系听日系后日: 'day-after-tomorrow' });
  reads(t, 'date', 'wuu', { '勿是今朝,是明朝': 'tomorrow' });
});

t.test('two values with nothing to choose by are told both, unsure', async (t) => {
  const both = shippedSlots.readSlot('date', '昨天停电了,明天来吗', 'cmn');
  t.match(both, { value: 'tomorrow', ambiguous: ['yesterday'] });
  t.ok((both?.confidence ?? 1) < 0.7);
});
