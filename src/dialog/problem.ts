/** Something wrong in a file that an admin edits, said so that it can be put right. */
export interface Problem {
  /** A warning does not keep the file from being used. */
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** What is wrong, and what to write instead. */
  readonly message: string;
  /** Where in the document, e.g. `flows.main.nodes.menu.goto`; empty for the whole file. */
  readonly path: string;
}

/** Steps from the document's root to a value. */
export type Path = readonly (string | number)[];

export function pathText(path: Path): string {
  return path.join('.');
}

/** In the order of the file, each once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter((problem) => {
      const key = `${problem.file}:${String(problem.line)}:${String(problem.column)}:${problem.message}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/** `file:line:column error message`, the line itself and a caret under the place. */
export function renderProblem(problem: Problem, text: string | undefined): string {
  const place = `${problem.file}:${String(problem.line)}:${String(problem.column)}`;
  const head = `${place} ${problem.severity}: ${problem.message}`;
  const line = text?.split(/\r?\n/)[problem.line - 1];
  if (line === undefined || line.trim() === '') return head;
  const number = String(problem.line);
  // A tab stays a tab and a Chinese character takes two cells, so that the caret stands under the place.
  const pad = [...line.slice(0, problem.column - 1)]
    .map((character) => (character === '\t' ? '\t' : isWide(character) ? '  ' : ' '))
    .join('');
  return `${head}\n  ${number} | ${line}\n  ${' '.repeat(number.length)} | ${pad}^`;
}

function isWide(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xffdc && !(code >= 0xd800 && code <= 0xf8ff))
  );
}
