// Loaded into a measured process (`node --import`): tells over IPC what the process itself knows best. It listens for questions only,
// and keeps nothing alive.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delays.enable()

process.on('message', ({ id, collect, reset }) => {
  // Twice: what finalizers of the first free goes with the second.
  if (collect) for (let i = 0; i < 2; i += 1) globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  process.send?.({ id, cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss(), loopMaxMs: delays.max / 1e6 })
  if (reset) delays.reset()
})
process.channel?.unref()
