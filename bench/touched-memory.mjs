// A virtual machine may get its memory page by page, as it is first written to: five times as slow as writing to pages it has (measured: 0.4
// and 2 to 5 GB/s into a new file). Whoever writes a file first would pay for that, once in the life of the machine, and call it the cost
// of writing. So a file of the size to come is written and removed beforehand: its pages are the next that the kernel hands out.
import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'

const PIECE = Buffer.alloc(1_048_576, 1)

export async function touchMemory(folder, bytes) {
  const path = join(folder, randomUUID())
  const file = await open(path, 'wx')
  try {
    for (let at = 0; at < bytes; at += PIECE.byteLength) await file.write(PIECE, 0, PIECE.byteLength, at)
  } finally {
    await file.close()
    await rm(path)
  }
}
