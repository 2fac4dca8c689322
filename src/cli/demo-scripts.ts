/** What the demo's two callers do (`xiangyin caller --script` takes the same files). Voices differ from the bot's. */
export const demoScripts: readonly {
  readonly number: string;
  readonly title: string;
  readonly script: string;
}[] = [
  {
    number: '1001',
    title: 'a call to the clinic, by speech',
    script: `
name: clinic
dialect: en-gb
steps:
  - expectAnswer
  - expect: { phrases: [Riverside Clinic.], withinMs: 6000 }
  - wait: 1500
  - say: { text: opening hours, voice: +f3 }
  - expect:
      phrases: ['We are open Monday to Friday, from eight in the morning until half past six.']
      withinMs: 15000
  - expect: { phrases: ['Is there anything else?'], withinMs: 20000 }
  - expect: { silence: { forMs: 700 }, withinMs: 10000 }
  - say: { text: 'no thank you', voice: +f3 }
  - expect: { phrases: [Thank you for calling. Goodbye.], withinMs: 8000 }
  - expectHangup: { withinMs: 5000 }
`,
  },
  {
    number: '1002',
    title: 'a call to the hotline, by keys',
    script: `
name: hotline
dialect: cmn
steps:
  - expectAnswer
  - expect: { phrases: [普通话请按1。], withinMs: 8000 }
  - press: "1"
  - expect: { phrases: ['查询电费请按1，停电报修请按2，营业时间请按3，投诉请按4，交电费请按5，报电表读数请按6，人工服务请按0。'], withinMs: 20000 }
  - press: "3"
  - expect: { phrases: ['营业厅周一到周六上午八点半到下午五点半营业，星期天休息。停电报修二十四小时受理。'], withinMs: 20000 }
  - expect: { phrases: ['还需要别的服务吗？需要请按1，不需要请按2。'], withinMs: 12000 }
  - press: "2"
  - expect: { phrases: [感谢您的来电，再见。], withinMs: 8000 }
  - expectHangup: { withinMs: 5000 }
`,
  },
];
