import { recording } from './footage.js'
import { bytesOf, cluster, concatBytes, simpleBlock } from './mkv-builder.js'

/** Milliseconds between two pictures. Each fragment of a second has five. */
export const OPEN_GOP_FRAME_MS = 200
const RECOVERY_POINT = bytesOf(0, 0, 0, 5, 6, 6, 1, 0xc4, 0x80)
const slice = (header: number, number: number) => bytesOf(0, 0, 0, 5, header, 0x88, number >> 8, number & 0xff, 1)

/**
 * H.264 with a fragment each second. Each starts with a key frame: an IDR picture in the given fragments, and the I-frame of an open GOP
 * in the others.
 */
export function openGopFootage(fragments: number, idrs: readonly number[]): Uint8Array {
  const clusters = Array.from({ length: fragments }, (_, fragment) => {
    const key = idrs.includes(fragment) ? slice(0x65, fragment) : concatBytes(RECOVERY_POINT, slice(0x61, fragment))
    const blocks = Array.from({ length: 5 }, (__, index) =>
      simpleBlock({
        ...{ track: 1, time: index * OPEN_GOP_FRAME_MS, isKey: index === 0 },
        payload: index === 0 ? key : slice(0x41, 5 * fragment + index),
      }),
    )
    return cluster(1000 * fragment, blocks)
  })
  return recording(clusters)
}
