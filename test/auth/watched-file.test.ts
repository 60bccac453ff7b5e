import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { InvalidFile } from '../../src/auth/file-fields.js'
import { WatchedFile } from '../../src/auth/watched-file.js'
import { eventually } from '../support/eventually.js'

let folder: string
let path: string
let file: WatchedFile | null
let used: string[]
let errors: unknown[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-watched-'))
  path = join(folder, 'keys.json')
  file = null
  used = []
  errors = []
})
afterEach(async () => {
  file?.close()
  await rm(folder, { recursive: true, force: true })
})

async function watch(): Promise<void> {
  const use = (text: string) => {
    if (text.startsWith('broken')) throw new InvalidFile('The file is broken.')
    used.push(text)
  }
  file = await WatchedFile.open({ path, use, onRead: (error) => errors.push(error) })
}

test('a file is read at the start and after each change', async () => {
  await writeFile(path, 'one')
  await watch()
  expect(used).toEqual(['one'])
  await writeFile(path, 'two')
  await eventually(() => expect(used).toEqual(['one', 'two']))
})

test('a file that is replaced by a rename with the same size is read', async () => {
  await writeFile(path, 'one')
  await watch()
  await writeFile(`${path}.new`, 'two')
  await rename(`${path}.new`, path)
  await eventually(() => expect(used).toEqual(['one', 'two']))
})

test('an invalid or missing file is reported once and not used, and a later version is', async () => {
  await writeFile(path, 'one')
  await watch()
  await writeFile(path, 'broken')
  await eventually(() => expect(errors).toMatchObject([null, { name: 'InvalidFile' }]))
  await rm(path)
  await eventually(() => expect(errors).toMatchObject([null, { name: 'InvalidFile' }, { code: 'ENOENT' }]))
  await new Promise((resolve) => setTimeout(resolve, 1200))
  expect(errors).toHaveLength(3)
  await writeFile(path, 'two')
  await eventually(() => expect(used).toEqual(['one', 'two']))
})

test('a file of more than 16 MiB is refused', async () => {
  await writeFile(path, 'x'.repeat(16 * 1024 * 1024 + 1))
  await expect(watch()).rejects.toThrow('must have at most 16777216 bytes')
})
