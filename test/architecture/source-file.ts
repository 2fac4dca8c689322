import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

/** What the rules need to know of one TypeScript file. */
export interface SourceFile {
  /** From the project's root, with slashes: `src/media/media-pool.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Codes declared in it with `defineErrors`. */
  readonly errorCodes: readonly string[];
  readonly readsEnvironment: boolean;
  readonly exitsProcess: boolean;
  readonly startsTimers: boolean;
  /** Whether it only re-exports what others declare. */
  readonly isBarrel: boolean;
}

export interface Import {
  /** As written: `../core/clock.js`, `ws`, `node:fs`. */
  readonly specifier: string;
  /** Whether only types come over: nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

/** Every TypeScript file under the folders, sorted by path. */
export async function readSources(root: string, folders: readonly string[]): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const folder of folders) {
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!/\.tsx?$/.test(name)) continue;
      const path = `${folder}/${name.replaceAll('\\', '/')}`;
      files.push(parseSource(path, await readFile(join(root, path), 'utf8')));
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads one file's text. Imports are static, `export from`, `import()`, `import('x').T` and `new URL('./x.js', import.meta.url)`. */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const imports: Import[] = [];
  const errorCodes: string[] = [];
  let readsEnvironment = false;
  let exitsProcess = false;
  let startsTimers = false;

  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== undefined) imports.push(found);
    if (found?.specifier === 'node:process') {
      const names = namedImports(node);
      readsEnvironment ||= names.includes('env');
      exitsProcess ||= names.includes('exit');
    }
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const access = `${node.expression.text}.${node.name.text}`;
      readsEnvironment ||= access === 'process.env';
      exitsProcess ||= access === 'process.exit' || access === 'process.reallyExit';
    }
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      if (node.expression.text === 'defineErrors') errorCodes.push(...keysOf(node.arguments[0]));
      startsTimers ||= ['setTimeout', 'setInterval', 'setImmediate'].includes(node.expression.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);

  const statements = tree.statements;
  const isBarrel =
    statements.length > 0 &&
    statements.every((s) => ts.isExportDeclaration(s) && s.moduleSpecifier !== undefined);
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { path, lines, imports, errorCodes, readsEnvironment, exitsProcess, startsTimers, isBarrel };
}

function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: bringsOnlyTypes(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const literal = node.argument.literal;
    if (ts.isStringLiteral(literal)) return { specifier: literal.text, typeOnly: true };
  }
  if (ts.isCallExpression(node)) {
    const [argument] = node.arguments;
    const isImport =
      node.expression.kind === ts.SyntaxKind.ImportKeyword ||
      (ts.isIdentifier(node.expression) && node.expression.text === 'require') ||
      node.expression.getText().endsWith('import.meta.resolve');
    if (isImport && argument !== undefined && ts.isStringLiteralLike(argument)) {
      return { specifier: argument.text, typeOnly: false };
    }
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL') {
    const [path, base] = node.arguments ?? [];
    if (path !== undefined && ts.isStringLiteralLike(path) && base?.getText() === 'import.meta.url') {
      if (/\.[jt]s$/.test(path.text)) return { specifier: path.text, typeOnly: false };
    }
  }
  return undefined;
}

/** `import type ...`, or braces with nothing but `type` names in them. */
function bringsOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const bindings = clause.namedBindings;
  if (clause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function namedImports(node: ts.Node): string[] {
  if (!ts.isImportDeclaration(node)) return [];
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).getText());
}

function keysOf(node: ts.Node | undefined): string[] {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return [];
  return node.properties.flatMap((property) =>
    property.name !== undefined && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name))
      ? [property.name.text]
      : [],
  );
}
