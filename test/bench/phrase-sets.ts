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

/** What is not in the menu: a hundred ordinary phrases. No homophone of the menu's is among them. */
export const outside: Readonly<Record<'sharedWord' | 'similarLength' | 'other', readonly string[]>> = {
  /** They share a word with a phrase of the menu. */
  sharedWord:
    split(`not now|make it on Monday|cancel my order|cancel the doctor|press ten|test drive|the tests were late|
    evening hours|speak to her|speak up please`),
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
    strawberry jam|how much does it cost|the red car|hold on|goodbye|I lost my card|I would like to speak English|
    next Thursday|my husband called yesterday|just a second|can you hear me|operator|customer service|
    I need help|what time is it|my name is Robert|twenty five|the second of April|nothing|excuse me|
    can you call me back|headache|I have a question|a blood sample|who am I talking to|pharmacy|
    this is terrible|wait|okay|please|my back hurts|it is raining|somebody else|stop|human being|that was wrong`),
};

/**
 * Words made to be taken for a phrase of the menu: they share nearly all their sounds with it. Hardly a caller says
 * them; how many are accepted is reported by itself (`acceptedNear`).
 */
export const near: readonly string[] =
  split(`yet|guess|yeah|chess|dress|less|note|nope|snow|low|maybe|make an apple pie|take an ointment|
  candle my department|description|subscription|transcription|best results|building|filling|billion|bill him|
  willing|open flowers|often hours|speak to a horse|sneak to a nurse|repeat cat|retreat that|recipe for fat`);

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
