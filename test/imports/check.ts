/** Compares the imports of source files, type imports included, with the table. */
import { dirname, join, normalize } from "node:path/posix";
import { parseSync, Visitor } from "oxc-parser";
import { packages, table, type Unit } from "./table.ts";

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly source: string;
}

interface Import {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
}

/** One line for each import that the table does not allow and for each cycle between its folders. */
export function findViolations(files: readonly SourceFile[]): readonly string[] {
  const imports = withoutTests(files.flatMap(importsOf));
  return [...imports.flatMap(judge), ...findCycles(imports)];
}

/**
 * One line for each set of files that import each other in a cycle, directly or through others. Type imports and lazy
 * `import()` count: they cost nothing at run time, but files that need each other's types have to be read together.
 */
export function findFileCycles(files: readonly SourceFile[]): readonly string[] {
  const edges = new Map<string, string[]>(files.map(({ path }) => [path, []]));
  for (const { from, to } of files.flatMap(importsOf)) if (edges.has(to)) edges.get(from)?.push(to);
  return componentsOf(edges)
    .filter((paths) => paths.length > 1)
    .map((paths) => `cycle: ${paths.sort().join(", ")}`);
}

/** Tarjan's strongly connected components (SIAM J. Comput. 1, 1972). */
function componentsOf(edges: ReadonlyMap<string, readonly string[]>): readonly string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const components: string[][] = [];
  const visit = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    lowest.set(node, index);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) lowest.set(node, Math.min(lowest.get(node) ?? index, visit(next)));
      else if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node) ?? index, order.get(next) ?? index));
    }
    if (lowest.get(node) === index) components.push(stack.splice(stack.indexOf(node)));
    return lowest.get(node) ?? index;
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return components;
}

/** Tests, and files that only tests import, may use concrete classes from any folder. */
function withoutTests(all: readonly Import[]): readonly Import[] {
  const imported = new Set(all.map(({ to }) => to));
  let left = all.filter(({ from }) => !isTest(from));
  for (;;) {
    const used = new Set(left.map(({ to }) => to));
    const next = left.filter(({ from }) => used.has(from) || !imported.has(from));
    if (next.length === left.length) return left;
    left = next;
  }
}

export function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$/.test(path);
}

export function importsOf({ path, source }: SourceFile): readonly Import[] {
  const specifiers: string[] = [];
  const add = ({ source: node }: { readonly source: unknown }): void => {
    if (typeof node === "object" && node !== null && "value" in node) specifiers.push(String(node.value));
  };
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
    TSImportType: add,
  }).visit(program);
  return specifiers.map((specifier) => resolve(path, specifier));
}

function resolve(from: string, specifier: string): Import {
  if (specifier.startsWith(".")) return { from, to: normalize(join(dirname(from), specifier)), isPackage: false };
  const ours = packages[specifier];
  if (ours !== undefined) return { from, to: ours, isPackage: false };
  return { from, to: specifier, isPackage: true };
}

function judge({ from, to, isPackage }: Import): readonly string[] {
  const unit = unitOf(from);
  if (unit === undefined) return [`${from} is in no folder of the table`];
  const isAllowed = isPackage ? mayUse(unit, to) : mayImport(unit, to) || unit.also?.[from] === to;
  return isAllowed ? [] : [`${from} may not import ${to}`];
}

function mayImport(unit: Unit, to: string): boolean {
  const target = unitOf(to);
  if (target === undefined) return false;
  if (target === unit || (target.importableFrom !== undefined && unit.path.startsWith(`${target.importableFrom}/`)))
    return true;
  return unit.mayImport.some((path) => path === "*" || path === target.path || path === to);
}

function mayUse(unit: Unit, name: string): boolean {
  return unit.packages === undefined || unit.packages.includes(name);
}

function unitOf(path: string): Unit | undefined {
  return table.find((unit) => path === unit.path || path.startsWith(`${unit.path}/`));
}

function findCycles(imports: readonly Import[]): readonly string[] {
  const edges = new Map<string, Set<string>>();
  for (const { from, to, isPackage } of imports) {
    const [a, b] = [unitOf(from)?.path, isPackage ? undefined : unitOf(to)?.path];
    if (a === undefined || b === undefined || a === b) continue;
    edges.set(a, (edges.get(a) ?? new Set()).add(b));
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (unit: string, path: readonly string[]): void => {
    if (path.includes(unit)) cycles.push(`cycle: ${[...path.slice(path.indexOf(unit)), unit].join(" > ")}`);
    if (done.has(unit)) return;
    done.add(unit);
    for (const next of edges.get(unit) ?? []) visit(next, [...path, unit]);
  };
  for (const unit of edges.keys()) visit(unit, []);
  return cycles;
}
