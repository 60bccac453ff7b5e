import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, startScript } from './support/cli-process.js'

const run = promisify(execFile)
const { dependencies, bin }: { dependencies: Record<string, string>; bin: { clipgate: string } } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)

let folder: string
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
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
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

  test('contains the sources that its source maps name, and no tests', async () => {
    const files = await readdir(installed, { recursive: true })
    const maps = files.filter((path) => path.endsWith('.js.map'))
    expect(maps.length).toBeGreaterThan(100)
    const lost = maps.flatMap((path) => {
      const { sources }: { sources: readonly string[] } = JSON.parse(readFileSync(join(installed, path), 'utf8'))
      return sources.map((source) => join(installed, dirname(path), source)).filter((source) => !existsSync(source))
    })
    expect(lost).toEqual([])
    expect(files.filter((path) => path.startsWith('test') || path.startsWith('bench'))).toEqual([])
  })
})
