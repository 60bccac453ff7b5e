import { parseSync } from '@swc/core'

export interface FunctionLength {
  /** The line on which the function starts, from 1. */
  readonly line: number
  readonly lines: number
}

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
  'GetterProperty',
  'SetterProperty',
])
/** The positions of swc count from the first statement on. This one is at the start of the text. */
const FIRST_STATEMENT = '0\n'

/** Every function of a source, also the methods of classes and the functions inside other functions. */
export function functionLengths(source: string): FunctionLength[] {
  const bytes = Buffer.from(FIRST_STATEMENT + source.replace(/^#!/, '//'))
  const program = parseSync(bytes.toString(), { syntax: 'typescript', decorators: true, target: 'es2022' })
  const lineAt = (position: number) =>
    bytes
      .subarray(0, position - program.span.start)
      .toString()
      .split('\n').length - 1
  const lengths: FunctionLength[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if (isFunction(node)) {
      const [first, last] = [lineAt(node.span.start), lineAt(node.span.end)]
      lengths.push({ line: first, lines: last - first + 1 })
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(program)
  return lengths
}

function isFunction(node: object): node is { readonly span: { readonly start: number; readonly end: number } } {
  return 'type' in node && FUNCTIONS.has(String(node.type)) && 'span' in node
}
