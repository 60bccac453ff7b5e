// 64 cameras at 2 Mbit/s that film for some time: how long a fragment takes from its last byte to PERSISTED.
import { join } from 'node:path'
import { besideSyncs } from '../disk-probe.mjs'
import { createFootage } from '../footage.mjs'
import { createStream, openUpload } from '../kvs-client.mjs'
import { startKvs } from '../processes.mjs'
import { median } from '../rounds.mjs'

const PRODUCERS = 64
const BYTES_PER_SECOND = 250_000
const SECONDS = 20
const SLICES = 10

export async function measureProducers({ folder, scale }) {
  const seconds = Math.max(5, Math.round(SECONDS * scale))
  const footage = await createFootage({ seconds: 1, bytes: BYTES_PER_SECOND })
  await using kvs = await startKvs({ dataDir: join(folder, 'kvs') })
  const film64 = () =>
    Promise.all(
      Array.from({ length: PRODUCERS }, (_, index) =>
        film(kvs.url, { name: `camera-${index}`, footage, seconds, delayMs: (index / PRODUCERS) * 1000 }),
      ),
    )
  const { result: spent, slowestSyncMs } = await besideSyncs(folder, () => kvs.spentOn(film64))
  const { ms, cpuSeconds, result } = spent
  const lateMs = result.flat()
  if (lateMs.length !== PRODUCERS * seconds) throw new Error(`${lateMs.length} of ${PRODUCERS * seconds} fragments were persisted`)
  return [
    {
      name: '64 producers at 2 Mbit/s, slowest fragment to PERSISTED',
      ours: Math.max(...lateMs),
      unit: 'ms',
      rival: { what: 'slowest sync of a file meanwhile', value: slowestSyncMs },
      target: { of: 'ours', atMost: 1000 },
    },
    { name: '64 producers at 2 Mbit/s, median fragment to PERSISTED', ours: median(lateMs), unit: 'ms' },
    { name: '64 producers at 2 Mbit/s, share of a core', ours: (100 * cpuSeconds) / (ms / 1000), unit: '%' },
  ]
}

/** A camera: bytes leave as they are filmed. Answers with how late each fragment was. */
async function film(kvsUrl, { name, footage, seconds, delayMs }) {
  await createStream(kvsUrl, name)
  const sentAt = []
  const lateMs = []
  const upload = openUpload(kvsUrl, name, {
    startMs: Date.now(),
    onPersisted: ({ FragmentTimecode }) => lateMs.push(performance.now() - sentAt[FragmentTimecode / footage.fragmentMs]),
  })
  const began = performance.now() + delayMs
  await upload.send([footage.header])
  for (let n = 0; n < seconds; n += 1) {
    const bytes = Buffer.concat(footage.fragment(n))
    for (let slice = 0; slice < SLICES; slice += 1) {
      await until(began + (n + (slice + 1) / SLICES) * 1000)
      await upload.send([bytes.subarray((bytes.byteLength * slice) / SLICES, (bytes.byteLength * (slice + 1)) / SLICES)])
    }
    sentAt.push(performance.now())
  }
  await upload.finish()
  return lateMs
}

function until(instant) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, instant - performance.now())))
}
