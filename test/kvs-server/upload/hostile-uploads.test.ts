import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { unsyncedFileSystem } from '../../../src/kvs-server/archive/file-system.js'
import type { Acknowledgement } from '../../../src/kvs-server/upload/acknowledgement.js'
import { openTestArchive, type TestArchive } from '../../support/archive-for-test.js'
import { readFixture } from '../../support/fixtures.js'
import { footage, recording, tags } from '../../support/footage.js'
import { bytesOf, cluster, concatBytes, simpleBlock, voidElement } from '../../support/mkv-builder.js'

const ALL = { clock: 'server', startMs: 0, endMs: Number.MAX_SAFE_INTEGER } as const

/** ContentEncodings with ContentCompAlgo 3 (RFC 9559, section 5.1.4.1.31.6). */
const HEADER_STRIPPING = bytesOf(0x6d, 0x80, 0x8a, 0x62, 0x40, 0x87, 0x50, 0x34, 0x84, 0x42, 0x54, 0x81, 3)

/** Uploads any bytes, and checks that the archive contains exactly the acknowledged fragments. */
async function uploadAnything(test: TestArchive, body: Uint8Array, chunkBytes: number): Promise<Acknowledgement[]> {
  const stream = test.streams.find({ name: 'cam', arn: null }) ?? test.createStream('cam')
  const before = test.archive.list(stream, ALL, { limit: 100_000 }).length
  const acks = await test.upload(stream, body, { chunkBytes })
  const persisted = acks.filter(({ EventType }) => EventType === 'PERSISTED')
  expect(test.archive.list(stream, ALL, { limit: 100_000 })).toHaveLength(before + persisted.length)
  expect(await readdir(join(test.dataDir, 'incoming'))).toEqual([])
  expect(acks.filter(({ EventType }) => EventType === 'ERROR').length).toBeLessThanOrEqual(1)
  return acks
}

describe('an upload of anything', () => {
  const file = concatBytes(recording([tags({ a: 'b' }), footage(0), footage(1000), tags({ c: 'd' }), footage(2000)]))

  test('that stops at any byte keeps exactly the earlier fragments', async () => {
    await using archive = await openTestArchive({ fileSystem: unsyncedFileSystem })
    let most = 0
    for (let length = 0; length <= file.byteLength; length += 7) {
      const acks = await uploadAnything(archive, file.subarray(0, length), 64)
      const persisted = acks.filter(({ EventType }) => EventType === 'PERSISTED').length
      expect(persisted).toBeGreaterThanOrEqual(most)
      most = persisted
    }
    expect(most).toBeGreaterThanOrEqual(2)
  })

  test('with changed bytes is accepted or ends in an ERROR acknowledgement, at any chunking', async () => {
    await using archive = await openTestArchive({ fileSystem: unsyncedFileSystem })
    const sources = [file, readFixture('h264-aac.mkv').subarray(0, 40_000)]
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5000 }),
        async (source, changes, chunkBytes) => {
          const body = source.slice()
          for (const [at, value] of changes) body[at % body.byteLength] = value
          await uploadAnything(archive, body, Math.max(chunkBytes, Math.ceil(body.byteLength / 500)))
        },
      ),
      { numRuns: 150 },
    )
  })

  test.each([
    ['a Cluster that says it has 10 GB', recording([cluster(0, [], { claimed: 10_000_000_000 })])],
    ['a header-stripped track', recording([footage(0)], [{ number: 1, extra: HEADER_STRIPPING }])],
    ['a Cluster without a Timestamp', recording([bytesOf(0x1f, 0x43, 0xb6, 0x75, 0x80)])],
    ['lacing that lies', recording([cluster(0, [simpleBlock({ track: 1, time: 0, flags: 0x06, payload: bytesOf(255, 255, 255) })])])],
    ['no Matroska at all', new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example\r\n\r\n')],
  ])('refuses %s with one ERROR', async (_, body) => {
    await using archive = await openTestArchive()
    const acks = await uploadAnything(archive, body, 1000)
    expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 4006 })
  })

  test('uses bounded memory for endless Void, between Clusters and in them', async () => {
    await using archive = await openTestArchive()
    const filler = Array.from({ length: 30 }, () => voidElement(1_000_000))
    const acks = await uploadAnything(archive, recording([footage(0), ...filler, footage(1000)]), 65_536)
    expect(acks.filter(({ EventType }) => EventType === 'PERSISTED')).toHaveLength(2)
  })
})
