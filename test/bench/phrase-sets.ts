/** What the phrases bench says: a reception's menu, and what callers say that is not in it. */
export const menu = [
  'yes',
  'no',
  'make an appointment',
  'cancel my appointment',
  'prescription',
  'test results',
  'billing',
  'opening hours',
  'speak to a nurse',
  'repeat that',
];

const split = (list: string): string[] => list.split('|').map((phrase) => phrase.trim());

/** What is not in the menu, a hundred phrases. No homophone of the menu's is among them. */
export const outside: Readonly<Record<'near' | 'similarLength' | 'other', readonly string[]>> = {
  /** They share most of their sounds, or a word, with a phrase of the menu. */
  near: split(`yet|guess|yeah|chess|dress|less|note|nope|snow|low|not now|maybe|make an apple pie|make it on Monday|
    take an ointment|cancel my order|cancel the doctor|candle my department|description|subscription|transcription|
    press ten|test drive|best results|the tests were late|building|filling|billion|bill him|willing|open flowers|
    often hours|evening hours|speak to a horse|speak to her|sneak to a nurse|speak up please|repeat cat|retreat that|
    recipe for fat`),
  /** As many syllables as a phrase of the menu, other sounds. */
  similarLength:
    split(`hat|go|find my apartment key|change the old password|good afternoon|closing the account|
    talk with a driver|follow me|winter|garden party|send it back today|umbrella|a pound of butter|twelve euros|
    look at the river|kitchen|blue|it was raining all week|delivery|hotel bookings|seven thirty|the left shoulder|
    where is my luggage|morning paper|camera|wrong number|who is this|yellow bicycle|one moment|thank you`),
  /** What people say on telephones. */
  other:
    split(`pizza|good morning|hello|thank you very much|I don't know|what did you say|the weather is nice today|
    telephone|I am calling from Chicago|Tuesday|seventeen|four two seven|where are you located|parking|insurance|
    emergency|children|my foot hurts|vaccination|is the doctor in|can I bring my dog|sorry|Elizabeth|football|
    strawberry jam|how much does it cost|the red car|hold on|goodbye|I lost my card`),
};

/** Menus of a utility's hotline for the voices that only espeak-ng has. */
export const hotlines = {
  cmn: {
    menu: [
      '是的',
      '不是',
      '电费账单',
      '停电报修',
      '营业时间',
      '人工服务',
      '缴费',
      '用户编号',
      '再说一遍',
      '投诉建议',
    ],
    outside: [
      '天气很好',
      '你好',
      '电话号码',
      '水费账单',
      '电视节目',
      '停车收费',
      '营业大厅',
      '人工智能',
      '交通',
      '用户名称',
      '再见',
      '投资建议',
      '今天星期几',
      '我不知道',
      '谢谢你',
      '火车站',
      '三百五十块',
      '报纸',
      '时间不早了',
      '是谁',
      '不对劲',
      '账户',
      '电影票',
      '停一下',
      '服务员',
      '编号多少',
      '说一下',
      '建设银行',
      '吃饭',
      '明天下午',
    ],
  },
  yue: {
    menu: [
      '係呀',
      '唔係',
      '電費單',
      '停電報修',
      '營業時間',
      '客戶服務',
      '交費',
      '用戶編號',
      '再講一次',
      '投訴',
    ],
    outside: [
      '天氣好好',
      '你好',
      '電話號碼',
      '水費單',
      '電視節目',
      '停車收費',
      '營業大廳',
      '客人好多',
      '交通',
      '用戶名稱',
      '再見',
      '投資',
      '今日星期幾',
      '我唔知',
      '多謝你',
      '火車站',
      '三百五十蚊',
      '報紙',
      '時間唔早',
      '係邊個',
      '唔該',
      '戶口',
      '電影飛',
      '停一停',
      '服務員',
      '編號幾多',
      '講多次',
      '銀行',
      '食飯',
      '聽日下晝',
    ],
  },
} as const;
