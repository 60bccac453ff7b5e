import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { footage, header } from '../../support/footage.js'
import { Producer } from '../../support/producer.js'

const KILLS = 20
const FRAGMENT_MS = 1000

interface ServerProcess {
  readonly child: ChildProcess
  readonly url: string
}

async function start(dataDir: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--import', './test/support/source-loader.mjs', 'test/support/live-server.ts', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('the server has no stdout')
  const [url] = await once(createInterface(child.stdout), 'line')
  return { child, url: String(url) }
}

async function kill({ child }: ServerProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function post(url: string, path: string, body: object): Promise<Response> {
  return fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
}

interface ListedFragment {
  readonly FragmentNumber: string
  readonly FragmentSizeInBytes: number
}

async function listAll(url: string): Promise<ListedFragment[]> {
  const listed: ListedFragment[] = []
  let NextToken: string | null = null
  do {
    const TimestampRange = { StartTimestamp: 0, EndTimestamp: 4_000_000_000 }
    const FragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
    const answer = await post(url, '/listFragments', { StreamName: 'cam', MaxResults: 1000, FragmentSelector, NextToken })
    const page: { Fragments: ListedFragment[]; NextToken: string | null } = JSON.parse(await answer.text())
    listed.push(...page.Fragments)
    NextToken = page.NextToken
  } while (NextToken !== null)
  return listed
}

/** Uploads fragment after fragment until the server is killed under it; answers with the numbers that it said are persisted. */
async function uploadUntilKilled(server: ServerProcess, startSeconds: number, killAfterMs: number): Promise<string[]> {
  const producer = new Producer(server.url, { stream: 'cam', start: String(startSeconds) })
  const killed = new Promise((resolve) => setTimeout(resolve, killAfterMs)).then(() => kill(server))
  let isAlive = true
  void killed.then(() => {
    isAlive = false
  })
  await producer.send(header()).catch(() => {})
  for (let index = 0; isAlive; index += 1) {
    // A fragment in two halves, so that a kill may come within it.
    const bytes = footage(index * FRAGMENT_MS, { bytes: 20_000 })
    await producer.send(bytes.subarray(0, 50_000)).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1))
    await producer.send(bytes.subarray(50_000)).catch(() => {})
  }
  await killed
  await producer.answer.catch(() => {})
  return producer.acks.flatMap(({ EventType, FragmentNumber = '' }) => (EventType === 'PERSISTED' ? [FragmentNumber] : []))
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

test(`a server killed ${KILLS} times during an upload comes back with every persisted fragment, and with no half one`, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-recovery-'))
  const persisted = new Set<string>()
  let server = await start(dataDir)
  try {
    await post(server.url, '/createStream', { StreamName: 'cam', DataRetentionInHours: 24 })
    for (let round = 0; round < KILLS; round += 1) {
      const startSeconds = 1_700_000_000 + round * 10_000
      const fresh = await uploadUntilKilled(server, startSeconds, 5 + Math.random() * 150)
      for (const number of fresh) persisted.add(number)
      server = await start(dataDir)
      const listed = await listAll(server.url)
      const numbers = new Set(listed.map(({ FragmentNumber }) => FragmentNumber))
      expect([...persisted].filter((number) => !numbers.has(number))).toEqual([])
      const files = await filesUnder(join(dataDir, 'fragments'))
      expect(files).toHaveLength(listed.length)
      expect(await filesUnder(join(dataDir, 'incoming'))).toEqual([])
      if (fresh.length > 0) await expectClip(server.url, startSeconds)
    }
    const sizes = await Promise.all((await filesUnder(join(dataDir, 'fragments'))).map(async (file) => (await stat(file)).size))
    expect(new Set(sizes.map((size) => Math.round(size / 100)))).toEqual(
      new Set([Math.round(footage(0, { bytes: 20_000 }).byteLength / 100)]),
    )
    expect(persisted.size).toBeGreaterThan(0)
  } finally {
    await kill(server)
    await rm(dataDir, { recursive: true, force: true })
  }
}, 480_000)

async function expectClip(url: string, startSeconds: number): Promise<void> {
  const TimestampRange = { StartTimestamp: startSeconds, EndTimestamp: startSeconds + 9000 }
  const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
  const clip = await post(url, '/getClip', { StreamName: 'cam', ClipFragmentSelector })
  expect(clip.status).toBe(200)
  expect((await clip.arrayBuffer()).byteLength).toBe(Number(clip.headers.get('content-length')))
}
