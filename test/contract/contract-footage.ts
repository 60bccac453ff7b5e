import { withUnknownSegmentSize } from '../../src/media/matroska/muxer.js'
import { demux, eventsOf } from '../support/demux.js'
import { readFixture } from '../support/fixtures.js'
import { cluster, concatBytes, simpleBlock } from '../support/mkv-builder.js'

const FIXTURE = readFixture('h264-only.mkv')
const DEMUXED = demux(FIXTURE)

/** The payloads of one real second of H.264. */
const FRAMES = eventsOf(DEMUXED, 'cluster-end')
  .slice(0, 1)
  .flatMap(({ range, samples }) =>
    Array.from({ length: samples.count }, (_, row) => {
      const at = range.start + (samples.offsets[row] ?? 0)
      return {
        time: samples.times[row] ?? 0,
        isKey: samples.keys[row] === 1,
        payload: FIXTURE.subarray(at, at + (samples.sizes[row] ?? 0)),
      }
    }),
  )
const HEADER = withUnknownSegmentSize(eventsOf(DEMUXED, 'tracks')[0]?.bytes ?? new Uint8Array(0))

export const FRAMES_IN_FRAGMENT = FRAMES.length

export interface FragmentFields {
  readonly ticks: number
  /** Filler data (NAL unit type 12) behind the payload of the first frame. */
  readonly fillerBytes?: number
  /** The time of the last frame in its fragment. */
  readonly lengthMs?: number
}

/** An upload of real frames. Each fragment is one second that can be decoded independently. */
export function contractFootage(fragments: readonly FragmentFields[]): Uint8Array {
  return concatBytes(HEADER, ...fragments.map(toCluster))
}

function toCluster({ ticks, fillerBytes = 0, lengthMs }: FragmentFields): Uint8Array {
  const blocks = FRAMES.map(({ time, isKey, payload }, index) => {
    const isLast = index === FRAMES.length - 1
    const filled = index === 0 && fillerBytes > 0 ? concatBytes(payload, filler(fillerBytes)) : payload
    return simpleBlock({ track: 1, time: isLast && lengthMs !== undefined ? lengthMs : time, isKey, payload: filled })
  })
  return cluster(ticks, blocks)
}

function filler(bytes: number): Uint8Array {
  const nal = new Uint8Array(bytes).fill(0xff)
  new DataView(nal.buffer).setUint32(0, bytes - 4)
  nal[4] = 12
  nal[bytes - 1] = 0x80
  return nal
}
