import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, startScript } from './support/cli-process.js'

const run = promisify(execFile)
const { dependencies, bin }: { dependencies: Record<string, string>; bin: { clipgate: string } } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)

let folder: string
let tarball: string
let installed: string
beforeAll(async () => {
  await buildDist()
  folder = await realpath(await mkdtemp(join(tmpdir(), 'clipgate-package-')))
  installed = join(folder, 'node_modules', 'clipgate')
  await install()
}, 240_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Unpacks the tarball as npm does, and links only the run-time dependencies, so that the test needs no registry. */
async function install(): Promise<void> {
  await mkdir(installed, { recursive: true })
  const isWindows = process.platform === 'win32'
  await run(isWindows ? 'npm.cmd' : 'npm', ['pack', '--pack-destination', folder], { shell: isWindows })
  const packed = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (packed === undefined) throw new Error('npm pack made no tarball')
  tarball = join(folder, packed)
  await run('tar', ['-xzf', tarball, '-C', join('node_modules', 'clipgate'), '--strip-components', '1'], { cwd: folder })
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(await realpath(join('node_modules', name)), link, 'junction')
  }
}

describe('the packed package, installed in an empty folder', () => {
  test('has a command that prints its help', async () => {
    const { stdout } = await run(process.execPath, [join(installed, bin.clipgate), '--help'], { cwd: folder })
    expect(stdout).toContain('Usage: clipgate')
  })

  test('serves and answers a query', async () => {
    await using serve = await startScript([join(installed, bin.clipgate), 'serve'], { KVS_DEMO: 'true' })
    const [, url = ''] = await serve.until(/GraphQL +(\S+)\/graphql/)
    const body = JSON.stringify({ query: '{ streams { nodes { name } } }' })
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const names = ['car-park', 'front-door', 'loading-dock']
    expect(await answer.json()).toMatchObject({ data: { streams: { nodes: names.map((name) => ({ name })) } } })
  })

  test('can be imported, with types', async () => {
    const program = "const { buildGateway, loadSettings } = await import('clipgate'); console.log(typeof buildGateway, typeof loadSettings)"
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder })
    expect(stdout.trim()).toBe('function function')
    expect(existsSync(join(installed, 'dist', 'index.d.ts'))).toBe(true)
  })

  test('gives frontends typed operations', async () => {
    const program =
      "const { RequestClipDocument } = await import('clipgate/client'); console.log(RequestClipDocument.definitions[0].name.value)"
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder })
    expect(stdout.trim()).toBe('RequestClip')
  })

  test('has entry points that publint accepts', async () => {
    const { stdout } = await run(process.execPath, [join('node_modules', 'publint', 'src', 'cli.js'), 'run', tarball, '--strict'])
    expect(stdout).toContain('All good!')
  })

  test('has types that each module resolution of ESM finds (@arethetypeswrong/cli)', async () => {
    const attw = join('node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js')
    const { stdout } = await run(process.execPath, [
      attw,
      tarball,
      '--profile',
      'esm-only',
      '--exclude-entrypoints',
      'schema.graphql',
      '--no-color',
    ])
    // A problem also ends the program with an error code. CommonJS is out of scope.
    for (const resolution of ['node16 (from ESM)', 'bundler']) {
      const [, , ...cells] =
        stdout
          .split('\n')
          .find((line) => line.includes(`│ ${resolution}`))
          ?.split('│') ?? []
      expect(cells.map((cell) => cell.trim().slice(0, 2)).filter((mark) => mark !== '')).toEqual(['🟢', '🟢', '🟢'])
    }
  })

  test('contains the sources that its source maps name, and no tests', async () => {
    const files = await readdir(installed, { recursive: true })
    const maps = files.filter((path) => path.endsWith('.js.map'))
    expect(maps.length).toBeGreaterThan(100)
    const lost = maps.flatMap((path) => {
      const { sources }: { sources: readonly string[] } = JSON.parse(readFileSync(join(installed, path), 'utf8'))
      return sources.map((source) => join(installed, dirname(path), source)).filter((source) => !existsSync(source))
    })
    expect(lost).toEqual([])
    const tops = new Set(files.map((path) => path.split(sep)[0]))
    expect([...tops].toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'example.env',
      'package.json',
      'schema.graphql',
      'src',
    ])
    const others = files.filter((path) => /\.\w+$/.test(path) && !/\.(ts|js|map|md|json|graphql|env|mkv)$/.test(path))
    expect(others.filter((path) => !path.endsWith('LICENSE'))).toEqual([])
    // Footage of the demo cameras is read from dist.
    expect(files.filter((path) => path.startsWith('src') && !path.endsWith('.ts') && path.includes('.'))).toEqual([])
  })
})
