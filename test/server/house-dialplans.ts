/** Recorded prompts and keys only. `long` and `short` are the two sounds of house.ts. */
export const dialplans: Readonly<Record<string, string>> = {
  // A question that can be cut, an answer that leads back, a way out.
  desk: `
name: desk
dialects: [en-gb]
defaults: { bargeIn: key, noInputMs: 8000, retries: 1, wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: { file: long }
        noInput: { reprompts: [{ file: short }] }
        noMatch: { reprompts: [{ file: short }] }
        choices:
          one: { key: 1, goto: note }
          two: { key: 2, goto: bye }
          three: { key: 3, goto: again }
      note:
        type: say
        prompt: { file: short }
        goto: ask
      bye:
        type: hangup
        prompt: { file: short }
`,
  // Silence: what is heard is what the callers say.
  quiet: `
name: quiet
dialects: [en-gb]
defaults: { bargeIn: key, noInputMs: 60000, wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: { file: short }
        noInput: { reprompts: [{ file: short }] }
        noMatch: { reprompts: [{ file: short }] }
        choices:
          one: { key: 1, goto: bye }
      bye:
        type: hangup
        prompt: { file: short }
`,
  impatient: `
name: impatient
dialects: [en-gb]
defaults: { bargeIn: key, noInputMs: 500, retries: 1, wayOut: main.bye }
flows:
  main:
    nodes:
      ask:
        type: menu
        prompt: { file: short }
        noInput: { reprompts: [{ file: short }] }
        noMatch: { reprompts: [{ file: short }] }
        choices:
          one: { key: 1, goto: bye }
      bye:
        type: hangup
        prompt: { file: short }
`,
  secret: `
name: secret
dialects: [en-gb]
defaults: { bargeIn: key, noInputMs: 8000, wayOut: main.bye }
flows:
  main:
    nodes:
      pin:
        type: digits
        prompt: { file: short }
        noInput: { reprompts: [{ file: short }] }
        noMatch: { reprompts: [{ file: short }] }
        saveAs: pin
        minDigits: 4
        maxDigits: 4
        sensitive: true
        goto: bye
      bye:
        type: hangup
        prompt: { file: short }
`,
};

/** Rules of numbers.yaml. */
export const numbers = `  - called: [1]
    dialplan: desk
  - called: [2]
    dialplan: quiet
  - called: [3]
    dialplan: secret
  - called: [4]
    dialplan: impatient
`;
