import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Acknowledgement } from '../../../src/kvs-server/upload/acknowledgement.js'
import { UploadSession } from '../../../src/kvs-server/upload/upload-session.js'
import { NOW, openTestArchive, type TestArchive } from '../../support/archive-for-test.js'
import { FIXTURES, readFixture } from '../../support/fixtures.js'
import { footage, frame, header, recording, tags, VIDEO } from '../../support/footage.js'
import { bytesOf, cluster, concatBytes, simpleBlock, voidElement } from '../../support/mkv-builder.js'

const LIST_ALL = { clock: 'producer', startMs: 0, endMs: Number.MAX_SAFE_INTEGER } as const

async function ackKinds(archive: TestArchive, body: Uint8Array): Promise<string[]> {
  const acks = await archive.upload(archive.createStream('cam'), body)
  return acks.map(({ EventType, FragmentTimecode, ErrorId }) =>
    [EventType, FragmentTimecode, ErrorId].filter((part) => part !== undefined).join(' '),
  )
}

const persistedOf = (acks: readonly Acknowledgement[]) => acks.filter(({ EventType }) => EventType === 'PERSISTED')
const errorsOf = (acks: readonly Acknowledgement[]) => acks.filter(({ EventType }) => EventType === 'ERROR')

function manyTags(count: number): Uint8Array {
  return tags(Object.fromEntries(Array.from({ length: count }, (_, index) => [`name-${index}`, 'value'])))
}

describe('an upload session', () => {
  test('acknowledges each step of each fragment, in order', async () => {
    await using archive = await openTestArchive()
    const kinds = await ackKinds(archive, recording([footage(0), footage(1000)]))
    expect(kinds.filter((kind) => kind.startsWith('BUFFERING') || kind.startsWith('RECEIVED'))).toEqual([
      'BUFFERING 0',
      'RECEIVED 0',
      'BUFFERING 1000',
      'RECEIVED 1000',
    ])
    expect(kinds.filter((kind) => kind.startsWith('PERSISTED'))).toEqual(['PERSISTED 0', 'PERSISTED 1000'])
  })

  test('sends BUFFERING as soon as the timecode is known, and RECEIVED while the body continues', async () => {
    await using archive = await openTestArchive()
    const acks: Acknowledgement[] = []
    const session = archive.session(archive.createStream('cam'), acks)
    const first = footage(7)
    await session.receive(concatBytes(header(), first.subarray(0, 20)))
    expect(acks).toEqual([{ EventType: 'BUFFERING', FragmentTimecode: 7, FragmentNumber: expect.stringMatching(/^\d{47}$/) }])
    await session.receive(first.subarray(20))
    await session.pause()
    expect(acks.map(({ EventType }) => EventType).slice(0, 2)).toEqual(['BUFFERING', 'RECEIVED'])
    await session.abort()
    expect(acks.at(-1)?.EventType).toBe('PERSISTED')
  })

  test('reports a fragment longer than 20 s as soon as it exceeds the limit, not when it ends', async () => {
    await using archive = await openTestArchive()
    const acks: Acknowledgement[] = []
    const session = archive.session(archive.createStream('cam'), acks)
    const endless = footage(1000, { frames: 101, frameMs: 201, form: 'unknown-1' })
    await session.receive(concatBytes(recording([footage(0)]), endless.subarray(0, endless.byteLength - 100)))
    expect(session.isOver).toBe(false)
    await session.receive(endless.subarray(endless.byteLength - 100))
    expect(persistedOf(acks)).toMatchObject([{ FragmentTimecode: 0 }])
    expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 4002, FragmentTimecode: 1000 })
  })

  test.each(FIXTURES)('keeps each Cluster of %s byte for byte, at any chunking', async (name) => {
    const file = readFixture(name)
    const stored: string[][] = []
    for (const chunkBytes of [file.byteLength, 1000, 11]) {
      await using test = await openTestArchive()
      const stream = test.createStream('cam')
      const acks = await test.upload(stream, file, { chunkBytes })
      expect(errorsOf(acks)).toEqual([])
      const rows = test.archive.list(stream, LIST_ALL, { limit: 100 })
      expect(rows).toHaveLength(persistedOf(acks).length)
      stored.push(await Promise.all(rows.map((row) => readCluster(test, row))))
    }
    expect(stored[1]).toEqual(stored[0])
    expect(stored[2]).toEqual(stored[0])
    const bodies = stored[0] ?? []
    expect(bodies.every((body) => Buffer.from(file).includes(Buffer.from(body, 'base64')))).toBe(true)
  })

  const cases: readonly (readonly [string, number, Uint8Array])[] = [
    ['a fragment longer than 20 s', 4002, footage(1000, { frames: 2, frameMs: 20_001 })],
    ['malformed Matroska', 4006, concatBytes(cluster(1000, [], { claimed: 60 }), bytesOf(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))],
    ['a frame of a track that was not declared', 4010, footage(1000, { track: 2 })],
    ['a fragment without a frame', 4011, cluster(1000, [])],
    ['eleven tags', 4009, concatBytes(manyTags(11), footage(1000))],
    ['a tag with a long name', 4009, concatBytes(tags({ ['n'.repeat(129)]: 'v' }), footage(1000))],
    ['a tag with a long value', 4009, concatBytes(tags({ n: 'v'.repeat(257) }), footage(1000))],
    ['a tag that begins with AWS', 4009, concatBytes(tags({ AWS_MINE: 'v' }), footage(1000))],
  ]

  test.each(cases.filter(([, id]) => id !== 4009))(
    'reports %s with ErrorId %i, and keeps the previous fragment',
    async (_, errorId, bad) => {
      await using test = await openTestArchive()
      const stream = test.createStream('cam')
      const acks = await test.upload(stream, recording([footage(0), bad, footage(9000)]))
      expect(errorsOf(acks)).toMatchObject([{ ErrorId: errorId, FragmentTimecode: 1000 }])
      expect(acks.at(-1)?.EventType).toBe('ERROR')
      expect(persistedOf(acks)).toMatchObject([{ FragmentTimecode: 0 }])
      expect(errorsOf(acks)[0]?.FragmentNumber).not.toBe(persistedOf(acks)[0]?.FragmentNumber)
      expect(test.archive.list(stream, LIST_ALL, { limit: 10 })).toHaveLength(1)
      expect(await readdir(join(test.dataDir, 'incoming'))).toEqual([])
    },
  )

  test.each(cases.filter(([, id]) => id === 4009))('reports %s with ErrorId %i', async (_, errorId, bad) => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    const acks = await test.upload(stream, recording([footage(0), footage(500), bad]))
    expect(errorsOf(acks)).toMatchObject([{ ErrorId: errorId, ErrorCode: 'FRAGMENT_METADATA_LIMIT_REACHED', FragmentTimecode: 500 }])
    expect(persistedOf(acks)).toMatchObject([{ FragmentTimecode: 0 }])
  })

  test('reports a fragment without a frame with ErrorId 4006 when no declared track could lack one', async () => {
    await using archive = await openTestArchive()
    expect(await ackKinds(archive, recording([cluster(0, [])], []))).toEqual(['BUFFERING 0', 'ERROR 0 4006'])
  })

  test('reports a fault of neither the producer nor the disk with ErrorId 5000', async () => {
    await using test = await openTestArchive()
    const acks: Acknowledgement[] = []
    const session = new UploadSession({
      ...{ archive: test.archive.writer, clock: test.clock, streamId: test.createStream('cam').id, producerStartMs: NOW },
      findStream: () => {
        throw new TypeError('a fault of the server')
      },
      acknowledge: (acknowledgement) => acks.push(acknowledgement),
    })
    await session.receive(recording([footage(0)]))
    expect(acks).toMatchObject([{ EventType: 'ERROR', ErrorId: 5000, ErrorCode: 'INTERNAL_ERROR' }])
  })

  test('reports a timecode smaller than the previous one with ErrorId 4004', async () => {
    await using archive = await openTestArchive()
    const kinds = await ackKinds(archive, recording([footage(5000), footage(4999)]))
    expect(kinds.at(-1)).toBe('ERROR 4999 4004')
    expect(kinds).toContain('PERSISTED 5000')
  })

  test('accepts blocks that reach back over a Cluster border, and a timecode equal to the previous one', async () => {
    await using archive = await openTestArchive()
    const kinds = await ackKinds(
      archive,
      recording([footage(0), cluster(1000, [simpleBlock({ track: 1, time: -300, payload: frame(9) })]), footage(1000)]),
    )
    expect(kinds.filter((kind) => kind.startsWith('PERSISTED'))).toHaveLength(3)
  })

  test('reports more than three tracks with ErrorId 4012, and a fragment over 50 MB with 4001', async () => {
    await using test = await openTestArchive()
    const four = [1, 2, 3, 4].map((number) => ({ ...VIDEO, number }))
    expect(errorsOf(await test.upload(test.createStream('a'), recording([footage(0)], four)))).toMatchObject([{ ErrorId: 4012 }])
    const large = cluster(1, [simpleBlock({ track: 1, time: 0, payload: frame(50_000_000) })])
    expect(errorsOf(await test.upload(test.createStream('b'), recording([large]), { chunkBytes: 1_000_000 }))).toMatchObject([
      { ErrorId: 4001, FragmentTimecode: 1 },
    ])
    expect(await readdir(join(test.dataDir, 'incoming'))).toEqual([])
  })

  test('reports an impossible producer timestamp with ErrorId 4007', async () => {
    await using test = await openTestArchive()
    const acks = await test.upload(test.createStream('cam'), recording([footage(1000)]), { producerStartMs: 253_402_300_799_000 + 900 })
    expect(errorsOf(acks)).toMatchObject([{ ErrorId: 4007 }])
  })

  test('ends a connection older than 45 minutes with ErrorId 4003 at the next fragment', async () => {
    await using test = await openTestArchive()
    const acks: Acknowledgement[] = []
    const session = test.session(test.createStream('cam'), acks)
    await session.receive(recording([footage(0)]))
    test.clock.at += 45 * 60_000 + 1
    await session.receive(footage(1000))
    expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 4003 })
    expect(session.isOver).toBe(true)
    expect(persistedOf(acks)).toHaveLength(1)
  })

  test('ends with ErrorId 4008 when the stream is deleted during the upload', async () => {
    await using test = await openTestArchive()
    const acks: Acknowledgement[] = []
    const stream = test.createStream('cam')
    const session = test.session(stream, acks)
    await session.receive(recording([footage(0)]))
    test.streams.delete(stream)
    await session.receive(footage(1000))
    expect(acks.at(-1)).toMatchObject({ EventType: 'ERROR', ErrorId: 4008 })
  })

  test('drops the fragment that a broken connection cut off, and keeps the complete ones', async () => {
    await using test = await openTestArchive()
    const acks: Acknowledgement[] = []
    const stream = test.createStream('cam')
    const session = test.session(stream, acks)
    await session.receive(recording([footage(0), footage(1000).subarray(0, 60)]))
    await session.abort()
    expect(persistedOf(acks)).toMatchObject([{ FragmentTimecode: 0 }])
    expect(test.archive.list(stream, LIST_ALL, { limit: 10 })).toHaveLength(1)
    expect(await readdir(join(test.dataDir, 'incoming'))).toEqual([])
  })

  test('begins a new session at a new EBML header, whose timecodes may start over', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    const acks = await test.upload(stream, concatBytes(recording([footage(5000)]), recording([voidElement(9), footage(0)])))
    expect(persistedOf(acks)).toMatchObject([{ FragmentTimecode: 5000 }, { FragmentTimecode: 0 }])
    const sessions = test.archive.list(stream, { ...LIST_ALL, clock: 'server' }, { limit: 9 }).map(({ sessionId }) => sessionId)
    expect(new Set(sessions).size).toBe(2)
  })

  test('keeps tags around a Cluster with their fragment, and accepts but does not keep tags that the service writes itself', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    const [before, behind, own] = [tags({ a: '1' }), tags({ b: '2' }), tags({ AWS_KINESISVIDEO_FRAGMENT_NUMBER: '3' })]
    const body = recording([before, footage(0), behind, own, footage(1000)])
    const acks = await test.upload(stream, body, { chunkBytes: 13 })
    expect(errorsOf(acks)).toEqual([])
    const [first] = test.archive.list(stream, LIST_ALL, { limit: 2 })
    if (first === undefined) throw new Error('nothing was listed')
    expect(Buffer.from(test.archive.details(first)?.trailingTags ?? [])).toEqual(Buffer.from(behind))
    expect(Buffer.from(test.archive.session(first.sessionId)?.header ?? []).includes(Buffer.from(before))).toBe(true)
  })

  test.each(['END_OF_FRAGMENT', 'IMAGE_GENERATION', 'IMAGE_PREFIX', 'NOTIFICATION'])(
    'keeps AWS_KINESISVIDEO_%s, which AWS’s producers write, and counts it among the ten',
    async (suffix) => {
      await using test = await openTestArchive()
      const stream = test.createStream('cam')
      const behind = tags({ [`AWS_KINESISVIDEO_${suffix}`]: '1' })
      const acks = await test.upload(stream, recording([footage(0), behind]))
      expect(errorsOf(acks)).toEqual([])
      const [first] = test.archive.list(stream, LIST_ALL, { limit: 1 })
      if (first === undefined) throw new Error('nothing was listed')
      expect(Buffer.from(test.archive.details(first)?.trailingTags ?? [])).toEqual(Buffer.from(behind))
      const tooMany = await test.upload(stream, recording([footage(5000), manyTags(10), behind]))
      expect(errorsOf(tooMany)).toMatchObject([{ ErrorId: 4009 }])
    },
  )

  test('does not attribute the per-track statistics of a muxer to the last fragment', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    const acks = await test.upload(stream, readFixture('hard/mkvmerge-default-tags.mkv'))
    expect(errorsOf(acks)).toEqual([])
    const rows = test.archive.list(stream, LIST_ALL, { limit: 100 })
    expect(rows).toHaveLength(acks.filter(({ EventType }) => EventType === 'BUFFERING').length)
    expect(rows.map((row) => test.archive.details(row)?.trailingTags.byteLength)).toEqual(rows.map(() => 0))
  })

  test('persists nothing for a stream without retention, which can still be followed live', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam', 0)
    const acks = await test.upload(stream, recording([footage(0), footage(1000)]))
    expect(acks.map(({ EventType }) => EventType)).toEqual(['BUFFERING', 'RECEIVED', 'BUFFERING', 'RECEIVED'])
    expect(test.archive.list(stream, LIST_ALL, { limit: 9 })).toEqual([])
    const first = test.archive.findNext(stream, 0)
    expect(first?.producerTimestampMs).toBe(test.clock.at)
    test.clock.at += 5 * 60_000 + 1
    await test.archive.sweep()
    expect(test.archive.findNext(stream, 0)).toBeNull()
  })

  test('records with a fragment that a frame is invalid for its codec', async () => {
    await using test = await openTestArchive()
    const stream = test.createStream('cam')
    const annexB = simpleBlock({ track: 1, time: 0, isKey: true, payload: bytesOf(0, 0, 0, 1, 0x65, 1, 2, 3) })
    await test.upload(stream, recording([footage(0), cluster(1000, [annexB])]))
    const rows = test.archive.list(stream, LIST_ALL, { limit: 9 })
    expect(rows.map(({ frameFault }) => frameFault === null)).toEqual([true, false])
  })
})

async function readCluster(test: TestArchive, row: Parameters<TestArchive['archive']['open']>[0]): Promise<string> {
  const file = await test.archive.open(row)
  const bytes = new Uint8Array(row.clusterBytes + 1)
  const read = await file.read(bytes, 0)
  await file.close()
  expect(read).toBe(row.clusterBytes)
  return Buffer.from(bytes.subarray(0, read)).toString('base64')
}
