// A process that fills a store at the same time as others. It reads each whole part when it arrives and again later, and prints errors
// (`wrong …`). At the end it prints `done` with its process ID. When it is told to hold, each part waits after its first chunk for a line
// of input. Run by shared-store.process.test.ts.
import { once } from 'node:events'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import { collect, inChunks, patternBytes } from './part-bodies.js'

const [, , folder = '', partBytes = '0', partCount = '0', capBytes = '1000000000', pace = 'free'] = process.argv
const signal = new AbortController().signal
const size = Number(partBytes)
const released = pace === 'hold' ? once(process.stdin, 'data') : Promise.resolve()
const onProblem = (message: string, error: unknown) => console.log(`wrong ${message}: ${error}`)
const store = await DiskPartStore.open({ folder, capBytes: Number(capBytes), onProblem })
console.log('open')

async function* held(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for await (const chunk of inChunks(bytes, 50_000)) {
    yield chunk
    await released
  }
}

async function check(part: number): Promise<void> {
  const bytes = patternBytes(size, part)
  try {
    const handle = await store.open(`part-${part}`, async () => ({ sizeBytes: size, bytes: held(bytes) }))
    const read = await collect(handle.read({ start: 0, end: size }, signal))
    if (!read.equals(bytes)) console.log(`wrong bytes in part ${part}`)
    handle.release()
    console.log(`read ${part}`)
  } catch (error) {
    console.log(`wrong part ${part}: ${error}`)
  }
}

async function fill(lane: number): Promise<void> {
  for (let part = lane; part < Number(partCount); part += 3) {
    await check(part)
    await check(Math.floor(part / 2))
  }
}

await Promise.all([fill(0), fill(1), fill(2)])
await store.close()
process.stdin.destroy()
console.log(`done ${process.pid}`)
