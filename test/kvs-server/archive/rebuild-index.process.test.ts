import { appendFile, copyFile, cp, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { rebuildIndex } from '../../../src/kvs-server/archive/rebuild-index.js'
import { buildKvsServer } from '../../../src/kvs-server/server.js'
import { readFixture } from '../../support/fixtures.js'
import { footage, recording } from '../../support/footage.js'
import { postJson, startLiveServerProcess } from '../../support/live-server-process.js'
import { upload } from '../../support/producer.js'

const START = Math.floor(Date.now() / 1000) - 600
const INDEX = 'index.sqlite'

const selector = { FragmentSelectorType: 'PRODUCER_TIMESTAMP', TimestampRange: { StartTimestamp: START - 60, EndTimestamp: START + 600 } }

/** Everything that a client can ask about the footage. */
async function look(url: string): Promise<unknown> {
  const seen: unknown[] = []
  const streams: { StreamInfoList: { StreamName: string }[] } = JSON.parse(await (await postJson(url, '/listStreams', {})).text())
  for (const info of streams.StreamInfoList) {
    const StreamName = info.StreamName
    const tags = await (await postJson(url, '/listTagsForStream', { StreamName })).text()
    const { Fragments }: { Fragments: { FragmentNumber: string }[] } = JSON.parse(
      await (await postJson(url, '/listFragments', { StreamName, FragmentSelector: selector })).text(),
    )
    const numbers = Fragments.map(({ FragmentNumber }) => FragmentNumber)
    const media = await postJson(url, '/getMediaForFragmentList', { StreamName, Fragments: numbers })
    const clip = await postJson(url, '/getClip', { StreamName, ClipFragmentSelector: selector })
    // The head of the clip contains the time of the request.
    const bytes = Buffer.from(await clip.arrayBuffer())
    seen.push({
      info,
      tags,
      Fragments,
      media: Buffer.from(await media.arrayBuffer()).toString('base64'),
      clip: [clip.status, bytes.toString('base64')],
    })
  }
  return seen
}

async function withServer<Result>(dataDir: string, work: (url: string) => Promise<Result>): Promise<Result> {
  await using kvs = await buildKvsServer({ dataDir, port: 0, quotas: false })
  // Awaited here, because the server closes when this function returns.
  return await work(await kvs.listen())
}

async function fill(url: string): Promise<void> {
  await postJson(url, '/createStream', { StreamName: 'front', DataRetentionInHours: 24, MediaType: 'video/h264', Tags: { site: 'berlin' } })
  await postJson(url, '/createStream', { StreamName: 'back', DataRetentionInHours: 48 })
  await postJson(url, '/createStream', { StreamName: 'empty', DataRetentionInHours: 1 })
  for (const [index, file] of ['h264-aac.mkv', 'h264-bframes-aac.mkv'].entries()) {
    await upload(url, readFixture(file), { stream: 'front', start: String(START + 10 * index) })
  }
  await upload(url, recording(Array.from({ length: 30 }, (_, second) => footage(second * 1000))), { stream: 'back', start: String(START) })
  await postJson(url, '/tagStream', { StreamName: 'back', Tags: { floor: '2' } })
}

let template = ''
let before: unknown
beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), 'clipgate-rebuild-'))
  const server = await startLiveServerProcess(template)
  await fill(server.url)
  before = await look(server.url)
  // The file of streams is written half a second after the last change.
  for (;;) {
    const written = await readFile(join(template, 'streams'), 'utf8').catch(() => '')
    if (written.includes('"floor"')) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await server.kill()
}, 60_000)
afterAll(() => rm(template, { recursive: true, force: true }))

/** A copy of the files that the killed process left. */
async function copyOfTemplate(): Promise<AsyncDisposable & { readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-rebuilt-'))
  await cp(template, dataDir, { recursive: true })
  return { dataDir, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) }
}

async function overwrite(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.byteLength, at)
  await file.close()
}

const noise = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7919 + 13) % 256)

const DAMAGES: Readonly<Record<string, (dataDir: string) => Promise<void>>> = {
  'a log that is gone': (dataDir) => rm(join(dataDir, `${INDEX}-wal`)),
  'a log that is empty': (dataDir) => truncate(join(dataDir, `${INDEX}-wal`), 0),
  'a log that is cut off': (dataDir) => truncate(join(dataDir, `${INDEX}-wal`), 8192),
  'a log that is overwritten': async (dataDir) => {
    const path = join(dataDir, `${INDEX}-wal`)
    await overwrite(path, 0, noise((await stat(path)).size))
  },
  'an index that is gone': async (dataDir) => {
    for (const suffix of ['', '-wal', '-shm']) await rm(join(dataDir, INDEX + suffix), { force: true })
  },
  'an index that is empty, without its log': async (dataDir) => {
    await rm(join(dataDir, `${INDEX}-wal`))
    await truncate(join(dataDir, INDEX), 0)
  },
  'an index whose first page is overwritten': async (dataDir) => {
    await settle(dataDir)
    await overwrite(join(dataDir, INDEX), 0, noise(4096))
  },
  'an index whose middle is overwritten': async (dataDir) => {
    await settle(dataDir)
    const { size } = await stat(join(dataDir, INDEX))
    await overwrite(join(dataDir, INDEX), 4096, noise(size - 8192))
  },
}

/** Checkpoints the log into the index. */
async function settle(dataDir: string): Promise<void> {
  await withServer(dataDir, async () => {})
}

describe('an archive with', () => {
  test.each(Object.entries(DAMAGES))('%s does not start, and is complete again after its index is rebuilt', async (_, damage) => {
    await using copy = await copyOfTemplate()
    const { dataDir } = copy
    await damage(dataDir)
    await expect(buildKvsServer({ dataDir, port: 0 })).rejects.toMatchObject({
      name: 'ArchiveError',
      reason: 'INDEX_DAMAGED',
      message: expect.stringMatching(
        /^The index of the archive in \S+ is damaged \([^\n]+\)\. [^\n]*"clipgate kvs --rebuild-index"[^\n]*\.$/,
      ),
    })
    expect(await rebuildIndex(dataDir)).toEqual({ streams: 3, fragments: 38, aside: 0 })
    expect(await withServer(dataDir, look)).toEqual(before)
    // It continues as before and assigns no number, file or session twice.
    await withServer(dataDir, (url) => upload(url, readFixture('h264-only.mkv'), { stream: 'front', start: String(START + 100) }))
    expect(await rebuildIndex(dataDir)).toEqual({ streams: 3, fragments: 41, aside: 0 })
  })

  test('no damage is unchanged after its index is rebuilt', async () => {
    await using copy = await copyOfTemplate()
    expect(await withServer(copy.dataDir, look)).toEqual(before)
    expect(await rebuildIndex(copy.dataDir)).toEqual({ streams: 3, fragments: 38, aside: 0 })
    expect(await withServer(copy.dataDir, look)).toEqual(before)
  })

  test('a missing file of streams recovers the streams with footage from their sessions', async () => {
    await using copy = await copyOfTemplate()
    await rm(join(copy.dataDir, 'streams'))
    await rm(join(copy.dataDir, INDEX))
    expect(await rebuildIndex(copy.dataDir)).toEqual({ streams: 2, fragments: 38, aside: 0 })
  })

  test('media that no record explains sets it aside and deletes none of it', async () => {
    await using copy = await copyOfTemplate()
    const { dataDir } = copy
    await writeFile(join(dataDir, 'fragments/0/900'), 'media of somebody')
    const counts: unknown[] = []
    await withServer(dataDir, async (url) => counts.push(await look(url)))
    expect(counts).toEqual([before])
    const [moved] = await readdir(join(dataDir, 'aside'))
    expect(await readFile(join(dataDir, 'aside', moved ?? ''), 'utf8')).toBe('media of somebody')
    const records = (await readdir(join(dataDir, 'records'))).map((name) => join(dataDir, 'records', name))
    for (const path of records) await truncate(path, Math.floor((await stat(path)).size / 2))
    const rebuilt = await rebuildIndex(dataDir)
    expect(rebuilt.fragments).toBeGreaterThan(0)
    expect(rebuilt.fragments + rebuilt.aside).toBe(38)
    expect(await readdir(join(dataDir, 'aside'))).toHaveLength(rebuilt.aside + 1)
  })

  test('a truncated line and noise loses no other record', async () => {
    await using copy = await copyOfTemplate()
    const [name = ''] = await readdir(join(copy.dataDir, 'records'))
    await appendFile(join(copy.dataDir, 'records', name), '0badc0de {"kind":"fragment","fileId":1')
    await copyFile(join(copy.dataDir, INDEX), join(copy.dataDir, 'records', 'notes'))
    expect(await rebuildIndex(copy.dataDir)).toEqual({ streams: 3, fragments: 38, aside: 0 })
  })

  test('streams without footage and a missing index keeps the streams', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-streams-'))
    try {
      await withServer(dataDir, (url) => postJson(url, '/createStream', { StreamName: 'cam', DataRetentionInHours: 24 }))
      await rm(join(dataDir, INDEX))
      await expect(buildKvsServer({ dataDir, port: 0 })).rejects.toMatchObject({ reason: 'INDEX_DAMAGED' })
      expect(await rebuildIndex(dataDir)).toEqual({ streams: 1, fragments: 0, aside: 0 })
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  })

  test('no records, as older versions left it, opens as before', async () => {
    await using copy = await copyOfTemplate()
    await settle(copy.dataDir)
    await rm(join(copy.dataDir, 'records'), { recursive: true })
    await rm(join(copy.dataDir, 'streams'))
    expect(await withServer(copy.dataDir, look)).toEqual(before)
  })
})
