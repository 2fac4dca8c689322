import type { Dialplan, DialplanNode, DialplanPrompt, SlotNode, Template } from './dialplan.js';

/** A dialplan in a few lines per node: what is asked, and where each answer leads. */
export function outline(dialplan: Dialplan): string {
  const lines = [
    `${dialplan.title} (${dialplan.name}, version ${dialplan.version}, ${dialplan.file})`,
    `dialects ${dialplan.dialects.join(', ')}; starts at ${dialplan.start}`,
  ];
  let flow = '';
  for (const [name, node] of Object.entries(dialplan.nodes)) {
    const own = name.slice(0, name.indexOf('.'));
    if (own !== flow) lines.push('', own);
    flow = own;
    lines.push(...nodeLines(name.slice(own.length + 1), node, dialplan).map((line) => `  ${line}`));
  }
  return lines.join('\n');
}

function nodeLines(name: string, node: DialplanNode, dialplan: Dialplan): string[] {
  const head = `${name}: ${node.type}`;
  const said = (prompts: readonly DialplanPrompt[]): string =>
    prompts.length === 0 ? '' : ` "${shorten(prompts.map((p) => words(p, dialplan)).join(' '))}"`;
  switch (node.type) {
    case 'say':
      return [`${head}${said(node.prompts)} -> ${node.next}`];
    case 'hangup':
      return [`${head}${said(node.prompts)}`];
    case 'transfer': {
      const outcomes = Object.entries(node.next).map(([outcome, next]) => `${outcome} -> ${next}`);
      return [
        `${head}${said(node.prompts)} to ${templateText(node.to)} by ${node.by}`,
        `  ${outcomes.join(', ')}`,
      ];
    }
    case 'goto':
      return [`${head} -> ${node.next}`];
    case 'set': {
      const set = node.assignments.map((a) => `${a.variable}=${templateText(a.value)}`).join(', ');
      return [`${head} ${set} -> ${node.next}`];
    }
    case 'branch':
      return [
        head,
        ...node.cases.map((c, i) => `  case ${String(i + 1)} -> ${c.next}`),
        `  else -> ${node.otherwise}`,
      ];
    case 'agenda':
      return [`${head}: what is left over, else -> ${node.otherwise}`];
    case 'menu':
    case 'digits':
    case 'ask': {
      const range =
        node.type === 'digits'
          ? ` ${String(node.minDigits)}-${String(node.maxDigits)}`
          : node.type === 'ask'
            ? ` ${slotText(node)}`
            : '';
      const lines = [`${head}${range}${said(node.prompts)}`];
      for (const { id, key, phrases, intents, replies, next } of node.choices) {
        const spoken = Object.values(phrases).flat()[0];
        const by = [key, spoken === undefined ? undefined : `"${spoken}"`, ...intents, ...replies]
          .filter((x) => x !== undefined)
          .join(' ');
        lines.push(`  ${by} (${id}) -> ${next}`);
      }
      if (node.type === 'digits') lines.push(`  digits -> ${node.next}`);
      if (node.type === 'ask') lines.push(`  ${node.slot.type} -> ${node.next}`);
      const silence = `noInput x${String(node.noInput.retries + 1)} -> ${node.noInput.next}`;
      lines.push(`  ${silence}, noMatch x${String(node.noMatch.retries + 1)} -> ${node.noMatch.next}`);
      return lines;
    }
  }
}

function slotText({ slot, confirm }: SlotNode): string {
  const { type, minDigits, maxDigits, min, max } = slot;
  const range =
    type === 'digits' || type === 'phone'
      ? ` ${String(minDigits)}-${String(maxDigits)}`
      : min === undefined && max === undefined
        ? ''
        : ` ${String(min ?? '')}..${String(max ?? '')}`;
  return `${type}${range}, confirm ${confirm}`;
}

function words(prompt: DialplanPrompt, dialplan: Dialplan): string {
  const there = Object.keys(prompt.byDialect);
  const dialect = dialplan.dialects.find((d) => there.includes(d)) ?? there[0] ?? '';
  const wording = prompt.byDialect[dialect];
  if (wording === undefined) return '';
  const text = templateText(wording.words);
  return wording.recorded === undefined ? text : `<${wording.recorded}>${text === '' ? '' : ` ${text}`}`;
}

function templateText(template: Template): string {
  return template.map((part) => (part.kind === 'text' ? part.text : `{{${part.name}}}`)).join('');
}

function shorten(text: string): string {
  const characters = [...text.trim()];
  return characters.length > 70 ? `${characters.slice(0, 67).join('')}...` : characters.join('');
}
