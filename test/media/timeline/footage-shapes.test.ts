import { describe, expect, test } from '@jest/globals'
import { encodeElement } from '../../../src/media/matroska/ebml-writer.js'
import { ELEMENT } from '../../../src/media/matroska/element-ids.js'
import { MatroskaRecutter } from '../../../src/media/matroska/recut/recutter.js'
import { buildFragmentMovie } from '../../../src/media/timeline/fragment-movie.js'
import { demux, eventsOf } from '../../support/demux.js'
import { readFixture } from '../../support/fixtures.js'
import { fragmentsOf, readSlices } from '../../support/fragments.js'
import { clusterFramesOf } from '../../support/matroska-frames.js'
import { bytesOf, concatBytes, elementsOf, encodeElements, type TrackElement } from '../../support/mkv-builder.js'
import { layOutNow } from '../../support/mp4-movies.js'
import { readPackets, readTables } from '../../support/mp4-readers.js'

// Less common forms of Matroska.

function clipOf(upload: Uint8Array): Uint8Array {
  return readSlices(layOutNow(buildFragmentMovie(fragmentsOf(upload))), [upload])
}

function recut(upload: Uint8Array): Uint8Array {
  const recutter = new MatroskaRecutter()
  const pieces = [...recutter.push(upload), ...recutter.end()]
  expect(recutter.failure).toBeNull()
  return concatBytes(...pieces)
}

describe('footage whose first track is the sound', () => {
  const upload = readFixture('sound-first.mkv')

  test('becomes a clip with the video first, and all frames at their times', async () => {
    const [tracks] = eventsOf(demux(upload), 'tracks')
    expect(tracks?.tracks.map(({ number, type }) => [number, type])).toEqual([
      [1, 'audio'],
      [2, 'video'],
    ])
    const clip = clipOf(upload)
    expect(readTables(clip).map(({ codec }) => codec.slice(0, 4))).toEqual(['avc1', 'mp4a'])
    const startMs = buildFragmentMovie(fragmentsOf(upload)).startMs ?? Number.NaN
    for (const [kind, withinMs] of [
      ['video', 0.001],
      ['audio', 1],
    ] as const) {
      const [seen, source] = [await readPackets(clip, kind), await readPackets(upload, kind)]
      expect(seen.map(({ md5, isKey }) => [md5, isKey])).toEqual(source.map(({ md5, isKey }) => [md5, isKey]))
      const errors = seen.map(({ at }, index) => Math.abs(at * 1000 + startMs - (source[index]?.at ?? Number.NaN) * 1000))
      expect(Math.max(...errors)).toBeLessThanOrEqual(withinMs)
    }
  })

  test('is cut at the key frames of its video', () => {
    const made = recut(upload)
    expect(clusterFramesOf(made).flat()).toEqual(clusterFramesOf(upload).flat())
    for (const { samples } of eventsOf(demux(made), 'cluster-end')) expect(samples.keys[samples.tracks.indexOf(2)]).toBe(1)
    expect(eventsOf(demux(made), 'cluster-end')).toHaveLength(2)
  })
})

/** A DiscardPadding of 10 ms (RFC 9559, section 5.1.3.5.7). */
const DISCARD_PADDING: TrackElement = { id: 0x75a2, data: bytesOf(0x00, 0x98, 0x96, 0x80) }

/** The footage with the last block of sound in a BlockGroup that declares its padding. */
function withDiscardPadding(upload: Uint8Array): Uint8Array {
  const { range, samples } = eventsOf(demux(upload), 'cluster-end').at(-1) ?? never()
  const cluster = elementsOf(upload.subarray(range.start, range.end))[0] ?? never()
  const children = elementsOf(cluster.data)
  const row = samples.tracks.lastIndexOf(2)
  const payload = upload.subarray(
    range.start + (samples.offsets[row] ?? 0),
    range.start + (samples.offsets[row] ?? 0) + (samples.sizes[row] ?? 0),
  )
  const changed = children.flatMap((child): TrackElement[] => {
    if (child.id === ELEMENT.CRC32) return []
    if (child.id !== ELEMENT.SimpleBlock || Buffer.compare(child.data.subarray(4), payload) !== 0) return [child]
    return [{ id: ELEMENT.BlockGroup, data: encodeElements([{ id: ELEMENT.Block, data: child.data }, DISCARD_PADDING]) }]
  })
  expect(changed.filter(({ id }) => id === ELEMENT.BlockGroup)).toHaveLength(1)
  const document = upload.slice(0, range.start)
  return concatBytes(withUnknownSizes(document), encodeElement(cluster.id, encodeElements(changed)))
}

/** A Segment of unknown size, because the bytes after its start have changed. */
function withUnknownSizes(document: Uint8Array): Uint8Array {
  const at = Buffer.from(document).indexOf(Buffer.from('18538067', 'hex')) + 4
  const octets = Math.clz32(document[at] ?? 0) - 23
  return concatBytes(document.subarray(0, at), bytesOf(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), document.subarray(at + octets))
}

function never(): never {
  throw new Error('the fixture has sound')
}

describe('sound with DiscardPadding', () => {
  const plain = readFixture('h264-aac.mkv')
  const padded = withDiscardPadding(plain)

  test('keeps all of its frames and their times', async () => {
    for (const kind of ['video', 'audio'] as const) {
      const timesOf = async (upload: Uint8Array) => (await readPackets(clipOf(upload), kind)).map(({ md5, at }) => [md5, at])
      expect(await timesOf(padded)).toEqual(await timesOf(plain))
    }
  })

  test('keeps the element when it is recut', () => {
    const element = Buffer.from(encodeElements([DISCARD_PADDING]))
    expect(Buffer.from(recut(padded)).includes(element)).toBe(true)
  })
})
