import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'

/** One import line of a source file; `target` is a path below src/ (without its ending) or a package's name. */
export interface SourceImport {
  readonly from: string
  readonly target: string
  readonly isOwn: boolean
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g

/** Every TypeScript file below `root`, as paths with forward slashes; generated ones are left out. */
export function listSources(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.includes('generated/'))
    .sort()
}

/** Every import of every source below `root`, type imports included. */
export function readImports(root: string): SourceImport[] {
  return listSources(root).flatMap((path) => importsOf(path, readFileSync(join(root, path), 'utf8')))
}

export function importsOf(path: string, text: string): SourceImport[] {
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? ''
    if (!specifier.startsWith('.')) return { from: path, target: specifier, isOwn: false }
    const target = join(dirname(path), specifier).split(sep).join('/')
    return { from: path, target: target.replace(/\.js$/, ''), isOwn: true }
  })
}
