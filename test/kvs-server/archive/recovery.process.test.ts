import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { footage, header } from '../../support/footage.js'
import { type LiveServerProcess, postJson, startLiveServerProcess } from '../../support/live-server-process.js'
import { Producer } from '../../support/producer.js'

const KILLS = 20
const FRAGMENT_MS = 1000

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
    const answer = await postJson(url, '/listFragments', { StreamName: 'cam', MaxResults: 1000, FragmentSelector, NextToken })
    const page: { Fragments: ListedFragment[]; NextToken: string | null } = JSON.parse(await answer.text())
    listed.push(...page.Fragments)
    NextToken = page.NextToken
  } while (NextToken !== null)
  return listed
}

/** Uploads fragments until the server is killed. Returns the numbers that it acknowledged as persisted. */
async function uploadUntilKilled(
  server: LiveServerProcess,
  startSeconds: number,
  { afterPersisted }: { readonly afterPersisted: boolean },
): Promise<string[]> {
  const producer = new Producer(server.url, { stream: 'cam', start: String(startSeconds) })
  const begun = afterPersisted ? producer.until('PERSISTED', 1) : Promise.resolve()
  const killed = begun.then(() => wait(5 + Math.random() * 150)).then(() => server.kill())
  let isAlive = true
  void killed.then(() => {
    isAlive = false
  })
  await producer.send(header()).catch(() => {})
  for (let index = 0; isAlive; index += 1) {
    // A fragment in two halves, so that a kill can happen inside it.
    const bytes = footage(index * FRAGMENT_MS, { bytes: 20_000 })
    await producer.send(bytes.subarray(0, 50_000)).catch(() => {})
    await wait(1)
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

test(`a server killed ${KILLS} times during an upload restarts with every persisted fragment, and without incomplete ones`, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-recovery-'))
  const persisted = new Set<string>()
  let server = await startLiveServerProcess(dataDir)
  try {
    await postJson(server.url, '/createStream', { StreamName: 'cam', DataRetentionInHours: 24 })
    for (let round = 0; round < KILLS; round += 1) {
      const startSeconds = 1_700_000_000 + round * 10_000
      const fresh = await uploadUntilKilled(server, startSeconds, { afterPersisted: round % 2 === 1 })
      for (const number of fresh) persisted.add(number)
      server = await startLiveServerProcess(dataDir)
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
    await server.kill()
    await rm(dataDir, { recursive: true, force: true })
  }
}, 480_000)

async function expectClip(url: string, startSeconds: number): Promise<void> {
  const TimestampRange = { StartTimestamp: startSeconds, EndTimestamp: startSeconds + 9000 }
  const ClipFragmentSelector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange }
  const clip = await postJson(url, '/getClip', { StreamName: 'cam', ClipFragmentSelector })
  expect(clip.status).toBe(200)
  expect((await clip.arrayBuffer()).byteLength).toBe(Number(clip.headers.get('content-length')))
}
