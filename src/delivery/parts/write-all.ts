import type { FileHandle } from 'node:fs/promises'

/** Writes all of the chunks at a position. A disk that fills up writes a part of them before it refuses the rest. */
export async function writeAll(file: FileHandle, chunks: readonly Uint8Array[], position: number): Promise<number> {
  let rest = chunks.filter((chunk) => chunk.byteLength > 0)
  let writtenBytes = 0
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, position + writtenBytes)
    writtenBytes += bytesWritten
    rest = dropBytes(rest, bytesWritten)
  }
  return writtenBytes
}

function dropBytes(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let left = count
  for (const chunk of chunks) {
    if (left < chunk.byteLength) rest.push(chunk.subarray(left))
    left = Math.max(0, left - chunk.byteLength)
  }
  return rest
}
