import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

const run = promisify(execFile)
let root: string

/** A project of two files with the real build script: its own dist/ and cache, the compiler of this one. */
beforeAll(async () => {
  root = await mkdtemp(join(await realpath(tmpdir()), 'clipgate-build-'))
  for (const folder of ['src', 'scripts', 'node_modules']) await mkdir(join(root, folder))
  await cp('scripts/build.mjs', join(root, 'scripts', 'build.mjs'))
  await cp('tsconfig.json', join(root, 'tsconfig.json'))
  await writeFile(join(root, 'package.json'), '{ "type": "module" }')
  for (const name of ['typescript', '@typescript', '@types']) {
    await symlink(await realpath(join('node_modules', name)), join(root, 'node_modules', name), 'junction').catch(() => undefined)
  }
  await write('one')
  await writeFile(join(root, 'src', 'page.txt'), 'as it is')
})
afterAll(() => rm(root, { recursive: true, force: true }))

function write(value: string): Promise<void> {
  return writeFile(join(root, 'src', 'value.ts'), `export const value: string = ${JSON.stringify(value)}\n`)
}

const build = () => run(process.execPath, [join(root, 'scripts', 'build.mjs')])
const leftovers = async () => (await readdir(root)).filter((name) => name.startsWith('.dist-'))
const built = () => readFile(join(root, 'dist', 'value.js'), 'utf8')

describe('the build', () => {
  test('may run several times at once', async () => {
    await Promise.all(Array.from({ length: 4 }, build))
    expect(await built()).toContain('"one"')
    expect(await readFile(join(root, 'dist', 'page.txt'), 'utf8')).toBe('as it is')
    expect(await leftovers()).toEqual([])
  })

  test('writes source maps that name existing files', async () => {
    const map: { sources: string[] } = JSON.parse(await readFile(join(root, 'dist', 'value.js.map'), 'utf8'))
    const sources = map.sources.map((source) => join(root, 'dist', source))
    expect(sources).toEqual([join(root, 'src', 'value.ts')])
    for (const source of sources) await expect(stat(source)).resolves.toBeDefined()
  })

  test('leaves alone what is fresh', async () => {
    const before = await stat(join(root, 'dist', 'value.js'))
    await build()
    expect(await stat(join(root, 'dist', 'value.js'))).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs })
  })

  test('replaces what is stale, whoever does it first', async () => {
    await write('two')
    await Promise.all([build(), build(), build()])
    expect(await built()).toContain('"two"')
    expect(await leftovers()).toEqual([])
  })

  test('that fails says why, and leaves the last good one', async () => {
    await writeFile(join(root, 'src', 'broken.ts'), 'export const count: number = "three"\n')
    await expect(build()).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('TS2322'),
      stderr: 'The sources do not compile.\n',
    })
    expect(await built()).toContain('"two"')
  })
})
