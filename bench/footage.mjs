// Footage for the measurements, made without ffmpeg: real frames of a fixture in a loop, each video frame filled up to the size wanted
// with a filler NAL unit (H.264 7.3.2.7, H.265 7.3.2.13), so that every reader still finds a stream that it can decode.
import { readFile } from 'node:fs/promises'
import { parseCodecPrivate } from '../dist/media/codec/codec-private.js'
import { MatroskaDemuxer } from '../dist/media/matroska/demuxer.js'
import { encodeElement, encodeId, encodeSize, encodeUnsigned } from '../dist/media/matroska/ebml-writer.js'
import { ELEMENT } from '../dist/media/matroska/element-ids.js'
import { withUnknownSegmentSize } from '../dist/media/matroska/muxer.js'

/** Clusters of the fixtures are a second long. */
const CLUSTER_MS = 1000
const FILLER_HEADERS = { h264: [0x0c], h265: [0x4c, 0x01] }
/** Length, header, and at least one byte. */
const SMALLEST_FILLER = 8
const TIMESTAMP_OCTETS = 8
const FIXTURES = {
  h264: new URL('../test/fixtures/h264-aac-live.mkv', import.meta.url),
  hevc: new URL('../test/fixtures/hevc-aac.mkv', import.meta.url),
}

/**
 * An endless recording. `fragment(n)` are the bytes of the Cluster n, as buffers that may be sent any number of times.
 *
 * @param {{ codec?: 'h264' | 'hevc', seconds?: number, bytes?: number }} options length and size of a fragment; 0 bytes leave frames as they are
 */
export async function createFootage({ codec = 'h264', seconds = 1, bytes = 0 } = {}) {
  const { header, tracks, clusters } = demux(await readFile(FIXTURES[codec]))
  const period = clusters.length / gcd(clusters.length, seconds)
  const templates = Array.from({ length: period }, (_, index) =>
    createTemplate({ clusters, tracks, first: index * seconds, seconds, bytes }),
  )
  const fragmentMs = seconds * CLUSTER_MS
  return {
    header,
    fragmentMs,
    samplesPerFragment: templates.reduce((sum, { samples }) => sum + samples, 0) / period,
    fragment: (n) => toFragment(templates[n % period].body, n * fragmentMs),
    /** Offsets, sizes and times of the samples of fragment n, as the archive keeps them. */
    sampleTable: (n) => tableOf(toFragment(templates[n % period].body, n * fragmentMs), header),
  }
}

function toFragment(body, timestampMs) {
  const timestamp = encodeElement(ELEMENT.Timestamp, encodeUnsigned(timestampMs, TIMESTAMP_OCTETS))
  const head = Buffer.concat([encodeId(ELEMENT.Cluster), encodeSize(timestamp.byteLength + body.byteLength), timestamp])
  return [head, body]
}

function demux(file) {
  const demuxer = new MatroskaDemuxer()
  const events = [...demuxer.push(file), ...demuxer.end()]
  const { bytes, tracks } = events.find(({ kind }) => kind === 'tracks')
  const clusters = events
    .filter(({ kind }) => kind === 'cluster-end')
    .map(({ range, timestampMs, samples }, index) => ({
      ...toBlocks(file.subarray(range.start, range.end), samples, timestampMs - index * CLUSTER_MS),
    }))
  return { header: Buffer.from(withUnknownSegmentSize(bytes)), tracks, clusters }
}

/** Frames with their times from the start of the second that the Cluster stands for. */
function toBlocks(cluster, samples, delayMs) {
  const blocks = Array.from({ length: samples.count }, (_, row) => ({
    track: samples.tracks[row],
    timeMs: samples.times[row] + delayMs,
    isKey: samples.keys[row] === 1,
    payload: cluster.subarray(samples.offsets[row], samples.offsets[row] + samples.sizes[row]),
  }))
  return { blocks }
}

function createTemplate({ clusters, tracks, first, seconds, bytes }) {
  const blocks = Array.from({ length: seconds }, (_, second) =>
    clusters[(first + second) % clusters.length].blocks.map((block) => ({ ...block, timeMs: block.timeMs + second * CLUSTER_MS })),
  ).flat()
  const video = tracks.find(({ type }) => type === 'video')
  const fill = createFill(video, blocks, bytes)
  return {
    samples: blocks.length,
    body: Buffer.concat(blocks.flatMap((block) => toSimpleBlock(block, block.track === video.number ? fill : []))),
  }
}

/** What each video frame is filled up with, so that the fragment has about `bytes`. */
function createFill(video, blocks, bytes) {
  const taken = blocks.reduce((sum, { payload }) => sum + payload.byteLength + 10, 0)
  const frames = blocks.filter(({ track }) => track === video.number).length
  const size = Math.floor((bytes - taken) / frames)
  if (size < SMALLEST_FILLER) return []
  const { codec, lengthSize } = parseCodecPrivate(video).config
  const unit = Buffer.alloc(size - lengthSize, 0xff)
  unit.set(FILLER_HEADERS[codec])
  unit[unit.byteLength - 1] = 0x80
  return [encodeUnsigned(unit.byteLength, lengthSize), unit]
}

function toSimpleBlock({ track, timeMs, isKey, payload }, fill) {
  const time = encodeUnsigned((timeMs + 0x10000) % 0x10000, 2)
  const head = Buffer.concat([encodeSize(track), time, Buffer.from([isKey ? 0x80 : 0])])
  const size = [head, payload, ...fill].reduce((sum, part) => sum + part.byteLength, 0)
  return [encodeId(ELEMENT.SimpleBlock), encodeSize(size), head, payload, ...fill]
}

function tableOf(fragment, header) {
  const demuxer = new MatroskaDemuxer()
  const events = [header, ...fragment].flatMap((bytes) => demuxer.push(bytes))
  return [...events, ...demuxer.end()].find(({ kind }) => kind === 'cluster-end').samples
}

function gcd(a, b) {
  return b === 0 ? a : gcd(b, a % b)
}
