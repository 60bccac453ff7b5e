import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import {
  lookAtClips,
  lookAtDownload,
  type OldClipsGateway,
  REQUESTED_CLIPS,
  type SeenClip,
  startOldClipsGateway,
} from './support/old-clips.js'

const FIXTURE = 'test/fixtures/clips/97dda0d'
const recorded: Readonly<Record<string, SeenClip>> = JSON.parse(readFileSync(join(FIXTURE, 'answers.json'), 'utf8'))

interface OpenedDataDir extends AsyncDisposable {
  readonly gateway: OldClipsGateway
}

/** A gateway over a copy of the recorded DATA_DIR, with or without its clip store. */
async function openDataDir({ hasClipStore }: { readonly hasClipStore: boolean }): Promise<OpenedDataDir> {
  await using undo = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'clipgate-old-clips-'))
  undo.defer(() => rm(dataDir, { recursive: true, force: true }))
  await cp(join(FIXTURE, 'data'), dataDir, { recursive: true })
  if (!hasClipStore) await rm(join(dataDir, 'clips'), { recursive: true })
  const gateway = undo.use(await startOldClipsGateway(dataDir))
  const disposal = undo.move()
  return { gateway, [Symbol.asyncDispose]: () => disposal.disposeAsync() }
}

async function countGetClipCalls({ url }: OldClipsGateway): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const calls = [...metrics.matchAll(/^clipgate_kvs_requests_total\{.*operation="GetClip".*\} (\d+)$/gm)]
  return calls.reduce((sum, [, count]) => sum + Number(count), 0)
}

describe.each([
  ['and its clip store', true],
  ['without its clip store', false],
])('a DATA_DIR that commit 97dda0d wrote, %s', (_, hasClipStore) => {
  test('opens every old URL with the same bytes, ETag and headers', async () => {
    await using opened = await openDataDir({ hasClipStore })
    const { gateway } = opened
    for (const [name, { path, download }] of Object.entries(recorded)) {
      expect({ name, ...(await lookAtDownload(gateway.url + path)) }).toEqual({ name, ...download })
    }
    expect((await countGetClipCalls(gateway)) > 0).toBe(!hasClipStore)
  })

  test('answers equal requests with equal IDs, URLs, fields, ETags and bytes', async () => {
    await using opened = await openDataDir({ hasClipStore })
    expect(await lookAtClips(opened.gateway)).toEqual(recorded)
  })

  test('validates an old ETag and resumes an old download', async () => {
    await using opened = await openDataDir({ hasClipStore })
    for (const { path, download } of Object.values(recorded)) {
      const url = opened.gateway.url + path
      const etag = download.etag ?? ''
      expect(await lookAtDownload(url, { 'if-none-match': etag })).toMatchObject({ status: 304, etag })
      const range = await fetch(url, { headers: { range: 'bytes=100-', 'if-range': etag } })
      expect(range.status).toBe(206)
      const rest = Buffer.from(await range.arrayBuffer())
      const start = Buffer.from(await (await fetch(url, { headers: { range: 'bytes=0-99' } })).arrayBuffer())
      expect(createHash('sha256').update(start).update(rest).digest('hex')).toBe(download.sha256)
    }
  })
})

test('the recorded clips cover both cuts, both fragment selectors, and clips of one and of several parts', () => {
  expect(Object.keys(recorded)).toEqual(Object.keys(REQUESTED_CLIPS))
  expect(new Set(Object.values(recorded).map(({ download }) => download.sha256)).size).toBe(Object.keys(recorded).length)
})
