import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { nodeFileSystem } from '../../../src/kvs-server/archive/file-system.js'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-file-system-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('A closed file', () => {
  test('is no longer read, although the next file has the same descriptor', async () => {
    for (const name of ['a', 'b']) await writeFile(join(folder, name), `file ${name}`)
    const closed = await nodeFileSystem.open(join(folder, 'a'))
    await closed.close()
    const next = await nodeFileSystem.open(join(folder, 'b'))
    await expect(closed.read(Buffer.alloc(6), 0)).rejects.toThrow('closed')
    await closed.close()
    await next.close()
  })

  test('is no longer written or synced, and the next file stays unchanged', async () => {
    const closed = await nodeFileSystem.create(join(folder, 'a'))
    await closed.close()
    const next = await nodeFileSystem.create(join(folder, 'b'))
    await next.write([Buffer.from('file b')], 0)
    await expect(closed.write([Buffer.from('FILE A')], 0)).rejects.toThrow('closed')
    await expect(closed.sync()).rejects.toThrow('closed')
    await next.close()
    expect(await readFile(join(folder, 'b'), 'latin1')).toBe('file b')
    const directory = await nodeFileSystem.openToSync(folder, 'directory')
    await directory.sync()
    await directory.close()
    await expect(directory.sync()).rejects.toThrow('closed')
  })

  test('completes the operations that were requested before it was closed', async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024, 7)
    const order: string[] = []
    const file = await nodeFileSystem.create(join(folder, 'a'))
    const done = [
      file.write([bytes], 0).then(() => order.push('written')),
      file.sync().then(() => order.push('synced')),
      file.close().then(() => order.push('closed')),
    ]
    await Promise.all(done)
    expect(order.at(-1)).toBe('closed')
    expect((await readFile(join(folder, 'a'))).equals(bytes)).toBe(true)
  })
})
