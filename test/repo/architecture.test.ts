import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Which nodes each node imports. */
type Graph = ReadonlyMap<string, ReadonlySet<string>>

function toGraph(edges: readonly (readonly [from: string, to: string])[]): Graph {
  const groups = Map.groupBy(edges, ([from]) => from)
  return new Map([...groups].map(([from, group]) => [from, new Set(group.map(([, to]) => to))]))
}

function fileGraph(imports: readonly SourceImport[]): Graph {
  return toGraph(imports.filter(({ isOwn }) => isOwn).map(({ from, target }) => [from.replace(/\.tsx?$/, ''), target]))
}

/** The imports between the children of a folder: its files, and its subfolders as a whole. */
function childGraph(files: Graph, folder: string): Graph {
  const childOf = (path: string) => (path.startsWith(folder) ? folder + path.slice(folder.length).split('/')[0] : null)
  const edges = [...files].flatMap(([from, targets]) => [...targets].map((to) => [childOf(from), childOf(to)] as const))
  return toGraph(edges.flatMap(([from, to]) => (from !== null && to !== null && from !== to ? [[from, to]] : [])))
}

/** Each folder that has files, with a slash at its end; the top is ''. */
function foldersOf(files: Graph): string[] {
  const parents = [...files.keys()].flatMap((path) => path.split('/').map((_, depth, names) => names.slice(0, depth).join('/')))
  return [...new Set(parents)].sort().map((folder) => (folder === '' ? '' : `${folder}/`))
}

function findCycle(graph: Graph): string[] | null {
  const done = new Set<string>()
  const visit = (node: string, above: string[]): string[] | null => {
    if (above.includes(node)) return [...above.slice(above.indexOf(node)), node]
    if (done.has(node)) return null
    for (const target of graph.get(node) ?? []) {
      const cycle = visit(target, [...above, node])
      if (cycle) return cycle
    }
    done.add(node)
    return null
  }
  for (const node of graph.keys()) {
    const cycle = visit(node, [])
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
    expect(findCycle(fileGraph(imports))).toBeNull()
  })

  test('have no import cycles between folders, at any depth', () => {
    const files = fileGraph(imports)
    const folders = foldersOf(files)
    expect(folders).toContain('')
    expect(folders.map((folder) => findCycle(childGraph(files, folder))).filter((cycle) => cycle !== null)).toEqual([])
  })

  test('name Fastify only at the HTTP edges, and the AWS SDK only in its adapters', () => {
    const fastify = imports.filter((line) => /^(fastify|@fastify\/)/.test(line.target)).map((line) => line.from)
    expect(fastify.filter((path) => !/^(http\/|gateway\.ts|kvs-server\/(server\.ts|edge\/))/.test(path))).toEqual([])
    const sdk = imports.filter((line) => line.target.startsWith('@aws-sdk/')).map((line) => line.from)
    expect(sdk.filter((path) => !path.startsWith('kvs/aws-'))).toEqual([])
  })
})

describe('access', () => {
  const texts = listSources(ROOT).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

  test('cannot be bypassed by graphql/ and http/, which name no service that takes a signal instead of a caller', () => {
    const unguarded =
      /\b(StreamCatalog|EndpointDirectory|FragmentLister|HlsSessionSource|QuotaBook|ClipSource|FragmentMediaSource|FootageService)\b/
    const naming = texts.filter(
      ({ path, text }) => /^(graphql|http)\//.test(path) && unguarded.test(text.replace(/^\s*(\*|\/\/|\/\*).*$/gm, '')),
    )
    expect(naming.map(({ path }) => path)).toEqual([])
  })

  test('is decided for callers that only the context of an operation makes', () => {
    expect(texts.filter(({ text }) => /new Caller\(/.test(text)).map(({ path }) => path)).toEqual(['graphql/context.ts', 'index.ts'])
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
    expect(findCycle(fileGraph(ring))).toEqual(['lib/a', 'lib/b', 'lib/a'])
  })

  test('notices a cycle between two folders of a folder', () => {
    const files = fileGraph([
      ...importsOf('media/mp4/a.ts', "import '../codec/b.js'"),
      ...importsOf('media/codec/c.ts', "import type { D } from '../mp4/d.js'"),
    ])
    expect(findCycle(files)).toBeNull()
    expect(foldersOf(files)).toEqual(['', 'media/', 'media/codec/', 'media/mp4/'])
    expect(findCycle(childGraph(files, 'media/'))).toEqual(['media/mp4', 'media/codec', 'media/mp4'])
  })

  test('reads every source', () => {
    expect(listSources(ROOT)).toContain('lib/clock.ts')
  })
})
