import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { DiskPartStore } from '../../../src/delivery/parts/disk-part-store.js'
import { fileBytes } from '../../../src/delivery/parts/part-footer.js'
import { until } from '../../support/clip-client.js'
import { collect, countingFetch, HandFedSource, patternBytes } from '../../support/part-bodies.js'

// Several processes over one folder. In containers, each of them is process 1. The tests reproduce this where PID namespaces can be
// created.

const SIGNAL = new AbortController().signal
const SUPPORT = join(import.meta.dirname, '../../support')
const NAMESPACE = ['-p', '-f', '--mount-proc', '--kill-child']
const mayUnshare = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0
const PART_BYTES = 200_000
let folder = ''
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-shared-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly lines: string[]
  readonly ended: Promise<void>
}

function run({ parts, capBytes = 1e9, pace = 'free' }: { parts: number; capBytes?: number; pace?: 'free' | 'hold' }): Run {
  const script = [join(SUPPORT, 'source-loader.mjs'), join(SUPPORT, 'sharing-process.ts')] as const
  const node = [process.execPath, '--import', ...script, folder, PART_BYTES, parts, capBytes, pace].map(String)
  const [command = '', ...args] = mayUnshare ? ['unshare', ...NAMESPACE, ...node] : node
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  if (child.stdout === null) throw new Error('the child has no output')
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  return { child, lines, ended: new Promise((resolve) => child.once('close', () => resolve())) }
}

const wrongOf = ({ lines }: Run) => lines.filter((line) => line.startsWith('wrong'))
const temporaries = async () => (await readdir(folder)).filter((name) => name.endsWith('.tmp'))

async function folderBytes(): Promise<number> {
  const sizes = (await readdir(folder)).map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

describe('processes that fill one store at the same time', () => {
  test('read every part correctly, and keep only whole parts', async () => {
    const runs = [run({ parts: 24 }), run({ parts: 24 }), run({ parts: 24 })]
    await Promise.all(runs.map(({ ended }) => ended))
    expect(runs.flatMap(wrongOf)).toEqual([])
    for (const { lines } of runs) expect(lines.at(-1)).toMatch(mayUnshare ? /^done 1$/ : /^done/)
    const names = await readdir(folder)
    expect(names.filter((name) => !name.endsWith('.part'))).toEqual([])
    expect(names).toHaveLength(24)
    const store = await DiskPartStore.open({ folder, capBytes: 1e9 })
    for (let part = 0; part < 24; part += 1) {
      const { fetch, calls } = countingFetch(patternBytes(PART_BYTES, part))
      const handle = await store.open(`part-${part}`, fetch)
      expect((await collect(handle.read({ start: 0, end: PART_BYTES }, SIGNAL))).equals(patternBytes(PART_BYTES, part))).toBe(true)
      expect(calls()).toBe(0)
      handle.release()
    }
    await store.close()
  }, 240_000)

  test('share one limit', async () => {
    const capBytes = 20 * fileBytes(PART_BYTES)
    const runs = [run({ parts: 60, capBytes }), run({ parts: 60, capBytes })]
    await Promise.all(runs.map(({ ended }) => ended))
    expect(runs.flatMap(wrongOf)).toEqual([])
    expect(await folderBytes()).toBeLessThanOrEqual(capBytes)
  }, 240_000)
})

describe('a part that is being written', () => {
  test('is not touched by a process that starts, and outlives that process', async () => {
    const slow = run({ parts: 3, pace: 'hold' })
    await until(async () => (await temporaries()).length === 3)
    const before = await temporaries()
    const quick = run({ parts: 3 })
    await quick.ended
    expect(wrongOf(quick)).toEqual([])
    expect(await temporaries()).toEqual(expect.arrayContaining(before))
    slow.child.stdin?.write('go on\n')
    await slow.ended
    expect(wrongOf(slow)).toEqual([])
    expect(await temporaries()).toEqual([])
  }, 60_000)

  test('is removed once its process has died: at once when the death can be detected, otherwise when its lease has expired', async () => {
    const killed = run({ parts: 3, pace: 'hold' })
    await until(async () => (await temporaries()).length === 3)
    killed.child.kill('SIGKILL')
    await killed.ended
    const old = Date.now() / 1000 - 121
    if (mayUnshare) for (const name of await temporaries()) await utimes(join(folder, name), old, old)
    const store = await DiskPartStore.open({ folder, capBytes: 1e9 })
    expect(await temporaries()).toEqual([])
    await store.close()
  }, 60_000)
})

test('a part that another process has used is not the next to be evicted', async () => {
  const room = { folder, capBytes: 3 * fileBytes(PART_BYTES) }
  const fill = async (store: DiskPartStore, key: string) => {
    const handle = await store.open(key, countingFetch(patternBytes(PART_BYTES)).fetch)
    await handle.whole(SIGNAL)
    handle.release()
    await until(async () => (await temporaries()).length === 0)
  }
  const one = await DiskPartStore.open(room)
  for (const key of ['a', 'b', 'c']) await fill(one, key)
  const past = Date.now() / 1000 - 1000
  for (const name of await readdir(folder)) await utimes(join(folder, name), past, past)
  const other = await DiskPartStore.open(room)
  const third = await DiskPartStore.open(room)
  const used = await third.open('a', countingFetch(Buffer.alloc(0)).fetch)
  used.release()
  await fill(other, 'd')
  const fetches = { a: countingFetch(patternBytes(PART_BYTES)), b: countingFetch(patternBytes(PART_BYTES)) }
  ;(await other.open('a', fetches.a.fetch)).release()
  expect(fetches.a.calls()).toBe(0)
  expect((await readdir(folder)).length).toBe(3)
  for (const store of [one, other, third]) await store.close()
})

test('an arriving part occupies its full size from the start', async () => {
  const one = await DiskPartStore.open({ folder, capBytes: 1e9 })
  const source = new HandFedSource(2 * PART_BYTES)
  const arriving = await one.open('large', source.fetch)
  expect(await folderBytes()).toBe(2 * PART_BYTES)
  arriving.release()
  await until(async () => (await temporaries()).length === 0)
  await one.close()
})
