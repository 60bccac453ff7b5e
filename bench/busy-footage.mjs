// The footage whose tables are longest for what it holds: small frames, no two neighbours alike. 30 pictures a second with B-frames, each up to
// 4 ms off its time, and AAC. A picture is nothing but filler, so that a day of it is soon brought in: its bytes do not matter.
import { readFile } from 'node:fs/promises'
import { MatroskaDemuxer } from '../dist/media/matroska/demuxer.js'
import { encodeElement, encodeId, encodeSize, encodeUnsigned } from '../dist/media/matroska/ebml-writer.js'
import { ELEMENT } from '../dist/media/matroska/element-ids.js'
import { withUnknownSegmentSize } from '../dist/media/matroska/muxer.js'

/** Its header says what the tracks are. */
const FIXTURE = new URL('../test/fixtures/h264-bframes-aac.mkv', import.meta.url)
const PICTURES_A_SECOND = 30
const SOUND_FRAME_MS = 1024 / 48
const JITTER_MS = 4
const FRAGMENT_MS = 2000
/** After so many fragments a frame of sound begins with a fragment again. */
const PERIOD = 4
const TIMESTAMP_OCTETS = 8
/** H.264, 7.3.2.7. */
const FILLER_UNIT = 0x0c

/** An endless recording in fragments of two seconds, with the form of `createFootage`. */
export async function createBusyFootage() {
  const { header, numbers } = await readHeader()
  const bodies = Array.from({ length: PERIOD }, (_, n) => createBody(n, numbers))
  const fragment = (n) => [toHead(n * FRAGMENT_MS, bodies[n % PERIOD]), bodies[n % PERIOD]]
  return { header, fragmentMs: FRAGMENT_MS, fragment, sampleTable: (n) => tableOf(Buffer.concat([header, ...fragment(n)])) }
}

async function readHeader() {
  const events = new MatroskaDemuxer().push(await readFile(FIXTURE))
  const { bytes, tracks } = events.find(({ kind }) => kind === 'tracks')
  const numbers = Object.fromEntries(tracks.map(({ type, number }) => [type, number]))
  return { header: Buffer.from(withUnknownSegmentSize(bytes)), numbers }
}

function createBody(n, numbers) {
  const random = createRandom(n + 1)
  const sound = soundTimes(n).map((timeMs) => ({ timeMs, block: toBlock(numbers.audio, timeMs, Buffer.alloc(5 + random(20))) }))
  const count = (PICTURES_A_SECOND * FRAGMENT_MS) / 1000
  const times = Array.from({ length: count }, (_, index) => pictureTime(index, random))
  const video = decodingOrder(count).map((index, sent) => ({
    // Muxed when it is sent, not when it is shown.
    timeMs: (sent * 1000) / PICTURES_A_SECOND,
    block: toBlock(numbers.video, times[index], createPicture(10 + random(60)), index === 0),
  }))
  return Buffer.concat([...video, ...sound].sort((a, b) => a.timeMs - b.timeMs).flatMap(({ block }) => block))
}

/** A fragment begins with its key frame, to the millisecond. */
function pictureTime(index, random) {
  const jitterMs = index === 0 ? 0 : random(2 * JITTER_MS + 1) - JITTER_MS
  return Math.round((index * 1000) / PICTURES_A_SECOND) + jitterMs
}

/** 0, 4, 2, 1, 3, 8, 6, 5, 7 … */
function decodingOrder(count) {
  const order = [0]
  for (let first = 0; first + 1 < count; first += 4)
    order.push(...[4, 2, 1, 3].map((after) => first + after).filter((index) => index < count))
  return order
}

function soundTimes(n) {
  const [startMs, endMs] = [n * FRAGMENT_MS, (n + 1) * FRAGMENT_MS]
  const times = []
  for (let frame = Math.ceil(startMs / SOUND_FRAME_MS); frame * SOUND_FRAME_MS < endMs; frame += 1)
    times.push(Math.round(frame * SOUND_FRAME_MS) - startMs)
  return times
}

/** One NAL unit behind its length. */
function createPicture(bytes) {
  const picture = Buffer.alloc(bytes, 0xff)
  picture.writeUInt32BE(bytes - 4)
  picture[4] = FILLER_UNIT
  picture[bytes - 1] = 0x80
  return picture
}

function toBlock(track, timeMs, payload, isKey = true) {
  const time = encodeUnsigned((timeMs + 0x10000) % 0x10000, 2)
  return encodeElement(ELEMENT.SimpleBlock, Buffer.concat([encodeSize(track), time, Buffer.from([isKey ? 0x80 : 0]), payload]))
}

function toHead(timestampMs, body) {
  const timestamp = encodeElement(ELEMENT.Timestamp, encodeUnsigned(timestampMs, TIMESTAMP_OCTETS))
  return Buffer.concat([encodeId(ELEMENT.Cluster), encodeSize(timestamp.byteLength + body.byteLength), timestamp])
}

function tableOf(file) {
  const demuxer = new MatroskaDemuxer()
  return [...demuxer.push(file), ...demuxer.end()].find(({ kind }) => kind === 'cluster-end').samples
}

/** The same numbers at every run (a linear congruential generator). */
function createRandom(seed) {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}
