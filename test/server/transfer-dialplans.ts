/** Dialplans that connect with `to`. The outcomes are told apart by what is heard afterwards: short or long. */
export function transferDialplans(to: string, nowhere: string): Readonly<Record<string, string>> {
  const plan = (name: string, node: string): string => `
name: ${name}
dialects: [en-gb]
defaults: { bargeIn: key, noInputMs: 8000, retries: 1, wayOut: main.bye }
flows:
  main:
    nodes:
      connect: { type: transfer, prompt: { file: short }, ${node} }
      after:
        type: menu
        prompt: { file: long }
        choices: { one: { key: 1, goto: bye } }
      engaged: { type: goto, goto: after }
      declined: { type: goto, goto: after }
      nobody: { type: goto, goto: after }
      broken: { type: goto, goto: after }
      bye: { type: hangup, prompt: { file: short } }
`;
  const ways = 'busy: engaged, refused: declined, noAnswer: nobody, failed: broken, goto: after';
  return {
    bridge: plan('bridge', `to: '${to}', by: bridge, ringMs: 2000, ${ways}`),
    refer: plan('refer', `to: '${to}', by: refer, ringMs: 1000, ${ways}`),
    auto: plan('auto', `to: '${to}', ${ways}`),
    nowhere: plan('nowhere', `to: '${nowhere}', by: bridge, ${ways}`),
    once: `
name: once
dialects: [en-gb]
flows:
  main:
    nodes:
      connect: { type: transfer, to: '${to}', by: bridge, failed: hangup }
`,
    chosen: plan('chosen', `to: '{{calledNumber}}', by: bridge, ${ways}`),
  };
}

export const transferNumbers = `  - { called: [bridge], dialplan: bridge }
  - { called: [refer], dialplan: refer }
  - { called: [auto], dialplan: auto }
  - { called: [nowhere], dialplan: nowhere }
  - { called: [once], dialplan: once }
  - { called: ['9*'], dialplan: chosen }
`;
