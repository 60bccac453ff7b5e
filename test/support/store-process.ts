// A process that fills a store until it is killed or told to stop, several parts at a time. It prints the key of each part once it is
// stored (`kept <key>`) and each refusal (`refused <name>`). Run by disk-part-store.process.test.ts.
import { readdir } from 'node:fs/promises'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import { inChunks, patternBytes } from './part-bodies.js'

const [, , folder = '', partBytes = '0', partCount = '0'] = process.argv
const signal = new AbortController().signal
const store = await DiskPartStore.open({ folder, capBytes: 1_000_000_000 })
console.log('open')

async function fill(lane: number): Promise<void> {
  for (let part = lane; part < Number(partCount); part += 3) {
    const bytes = patternBytes(Number(partBytes), part)
    try {
      const handle = await store.open(`part-${part}`, async () => ({ sizeBytes: bytes.byteLength, bytes: inChunks(bytes, 50_000) }))
      await handle.whole(signal)
      handle.release()
      console.log(`kept ${part}`)
    } catch (error) {
      console.log(`refused ${error instanceof Error ? error.name : 'by nobody'}`)
    }
  }
}

await Promise.all([fill(0), fill(1), fill(2)])
await store.close()
console.log(`closed ${(await readdir(folder)).length} ${store.sizeBytes}`)
