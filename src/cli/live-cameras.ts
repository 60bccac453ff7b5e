import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { KvsTarget } from '../kvs/kvs-target.js'
import { PutMediaClient } from '../kvs/put-media-client.js'
import { DEMO_CAMERAS, type DemoCamera, loadFootage } from '../kvs-server/demo/demo-camera.js'
import { liveFootage } from '../kvs-server/demo/live-footage.js'
import type { KvsServer } from '../kvs-server/server.js'
import { systemClock } from '../lib/clock.js'

/** Producers change their connection before the service does it for them (45 minutes). */
const CONNECTION_MS = 40 * 60_000
const RETRY_MS = 5_000

export interface LiveCamerasOptions {
  readonly target: KvsTarget
  readonly streams: KvsServer['streams']
  readonly logger: Logger
}

/**
 * The demo camera that goes on: a producer like any other, over the embedded server's own PutMedia, until it is disposed of. Where its
 * stream is not there (somebody else's archive, or deleted), it does not film.
 */
export function startLiveCameras({ target, streams, logger }: LiveCamerasOptions): AsyncDisposable {
  const stop = new AbortController()
  const client = new PutMediaClient(target)
  const cameras = DEMO_CAMERAS.filter(({ isLive, streamName }) => isLive && streams.find({ name: streamName, arn: null }) !== undefined)
  const filming = Promise.all(cameras.map((camera) => film(camera, { client, logger, signal: stop.signal })))
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await filming
      client.close()
    },
  }
}

interface Filming {
  readonly client: PutMediaClient
  readonly logger: Logger
  readonly signal: AbortSignal
}

async function film(camera: DemoCamera, { client, logger, signal }: Filming): Promise<void> {
  const footage = await loadFootage(camera)
  const clock = systemClock
  while (!signal.aborted) {
    const fromMs = clock.now()
    const media = Readable.from(liveFootage(footage, { clock, fromMs, untilMs: fromMs + CONNECTION_MS, signal }), { objectMode: false })
    try {
      // The media ends with the signal, so that what was sent is still acknowledged; the upload itself is not cut.
      await client.upload(
        { streamName: camera.streamName, media, timecodeType: 'ABSOLUTE', producerStartMs: fromMs },
        new AbortController().signal,
      )
    } catch (error) {
      if (signal.aborted) return
      logger.warn({ err: error, streamName: camera.streamName }, 'the demo camera lost its connection; it tries again')
      await wait(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }
}
