// Loaded into a measured process (`node --import`): tells over IPC what the process itself knows best. It listens for questions only,
// and keeps nothing alive.
import { subscribe } from 'node:diagnostics_channel'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 5
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delays.enable()

/** When the headers of each GetClip answer came, on the clock that all processes of a machine share. */
const clipAnswersMs = []
subscribe('http.client.response.finish', ({ request }) => {
  if (request.path === '/getClip') clipAnswersMs.push(Number(process.hrtime.bigint()) / 1e6)
})

process.on('message', ({ id, collect, reset }) => {
  // Twice: what finalizers of the first free goes with the second.
  if (collect) for (let i = 0; i < 2; i += 1) globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const cpuSeconds = (user + system) / 1e6
  process.send?.({ id, cpuSeconds, rssBytes: process.memoryUsage.rss(), loopMaxMs: delays.max / 1e6, clipAnswersMs })
  clipAnswersMs.length = 0
  if (reset) delays.reset()
})
process.channel?.unref()
