/** The least that a frame takes in a Cluster: a SimpleBlock's id, size, track number, time and flags (RFC 9559, 10.2), and the frame. */
export function leastBlockBytes(frameBytes: number): number {
  const contentBytes = 4 + frameBytes
  return 1 + leastSizeBytes(contentBytes) + contentBytes
}

/** All ones stand for a size that is not known (RFC 8794, 6.2). */
function leastSizeBytes(size: number): number {
  let bytes = 1
  for (let limit = 127; size >= limit; limit = (limit + 1) * 128 - 1) bytes += 1
  return bytes
}
