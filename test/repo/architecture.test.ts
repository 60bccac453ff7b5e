import { describe, expect, test } from '@jest/globals'
import { IMPORT_RULES, type ImportRule } from './import-rules.js'
import { importsOf, listSources, readImports, type SourceImport } from './source-imports.js'

const ROOT = 'src'
/** The one barrel: it may name whatever the public surface offers. */
const PUBLIC_SURFACE = 'index.ts'

function isWithin(path: string, place: string): boolean {
  const bare = place.replace(/\.ts$/, '')
  return path === bare || path === `${bare}.ts` || path.startsWith(`${bare}/`)
}

function findRule(path: string): ImportRule | undefined {
  return IMPORT_RULES.find((rule) => isWithin(path, rule.folder))
}

/** Why an import is not allowed, or null when it is. */
function breachOf({ from, target, isOwn }: SourceImport): string | null {
  if (from === PUBLIC_SURFACE) return null
  const rule = findRule(from)
  if (!rule) return `${from} stands in no folder that has a rule`
  const isAllowed = isOwn
    ? isWithin(target, rule.folder) || rule.own.some((place) => isWithin(target, place))
    : rule.libraries.some(
        (library) => target === library || target.startsWith(library.endsWith('/') || library.endsWith(':') ? library : `${library}/`),
      )
  return isAllowed ? null : `${from} may not import ${target}`
}

function findCycle(imports: readonly SourceImport[]): string[] | null {
  const edges = Map.groupBy(
    imports.filter((line) => line.isOwn),
    (line) => line.from.replace(/\.tsx?$/, ''),
  )
  const done = new Set<string>()
  const visit = (file: string, above: string[]): string[] | null => {
    if (above.includes(file)) return [...above.slice(above.indexOf(file)), file]
    if (done.has(file)) return null
    for (const { target } of edges.get(file) ?? []) {
      const cycle = visit(target, [...above, file])
      if (cycle) return cycle
    }
    done.add(file)
    return null
  }
  for (const file of edges.keys()) {
    const cycle = visit(file, [])
    if (cycle) return cycle
  }
  return null
}

describe('the sources', () => {
  const imports = readImports(ROOT)

  test('import only what their folder may', () => {
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.map(breachOf).filter((breach) => breach !== null)).toEqual([])
  })

  test('stand each in a folder that has a rule, those that import nothing too', () => {
    expect(listSources(ROOT).filter((path) => path !== PUBLIC_SURFACE && !findRule(path))).toEqual([])
  })

  test('have no import cycles, type imports included', () => {
    expect(findCycle(imports)).toBeNull()
  })

  test('name Fastify only at the HTTP edges, and the AWS SDK only in its adapters', () => {
    const fastify = imports.filter((line) => /^(fastify|@fastify\/)/.test(line.target)).map((line) => line.from)
    expect(fastify.filter((path) => !/^(http\/|gateway\.ts|kvs-server\/(server\.ts|edge\/))/.test(path))).toEqual([])
    const sdk = imports.filter((line) => line.target.startsWith('@aws-sdk/')).map((line) => line.from)
    expect(sdk.filter((path) => !path.startsWith('kvs/aws-'))).toEqual([])
  })
})

describe('the check itself', () => {
  test('notices a forbidden import', () => {
    const [line] = importsOf('media/mp4/box.ts', "import { readFile } from 'node:fs/promises'\n")
    expect(line && breachOf(line)).toBe('media/mp4/box.ts may not import node:fs/promises')
  })

  test('notices a forbidden type import between folders', () => {
    const [line] = importsOf('domain/clip.ts', "import type { ClipService } from '../delivery/clip-service.js'\n")
    expect(line && breachOf(line)).toBe('domain/clip.ts may not import delivery/clip-service')
  })

  test('notices a cycle', () => {
    const ring = [...importsOf('lib/a.ts', "import './b.js'"), ...importsOf('lib/b.ts', "export { a } from './a.js'")]
    expect(findCycle(ring)).toEqual(['lib/a', 'lib/b', 'lib/a'])
  })

  test('reads every source', () => {
    expect(listSources(ROOT)).toContain('lib/clock.ts')
  })
})
