// What the disk itself takes meanwhile: where the slowest answer of a server is told, this tells how much of it no server could help.
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 100
const BYTES = 262_144

/** Does `work`, and meanwhile writes and syncs a small file over and over. */
export async function besideSyncs(folder, work) {
  const path = join(folder, 'disk-probe')
  const bytes = Buffer.alloc(BYTES, 1)
  const state = { isOver: false, slowestSyncMs: 0 }
  const probing = (async () => {
    await using file = await open(path, 'w')
    while (!state.isOver) {
      const began = performance.now()
      await file.write(bytes, 0, BYTES, 0)
      await file.datasync()
      state.slowestSyncMs = Math.max(state.slowestSyncMs, performance.now() - began)
      await sleep(PAUSE_MS)
    }
  })()
  const result = await work().finally(() => {
    state.isOver = true
  })
  await probing
  await rm(path, { force: true })
  return { result, slowestSyncMs: state.slowestSyncMs }
}
