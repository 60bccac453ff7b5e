import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { KvsTarget } from '../kvs/kvs-target.js'
import { PutMediaClient } from '../kvs/put-media-client.js'
import type { DemoStream } from '../kvs-server/demo/fill-archive.js'
import { liveFootage } from '../kvs-server/demo/live-footage.js'
import { LoopedFootage } from '../kvs-server/demo/looped-footage.js'
import { catchUp } from '../kvs-server/demo/past-footage.js'
import type { KvsServer } from '../kvs-server/server.js'
import { systemClock } from '../lib/clock.js'

/** Producers reconnect before the service ends the connection (45 minutes). */
const CONNECTION_MS = 40 * 60_000
const RETRY_MS = 5_000

export interface LiveCamerasOptions {
  readonly target: KvsTarget
  readonly server: Pick<KvsServer, 'archive' | 'streams'>
  /** The streams that the demo created. It writes to no other stream. */
  readonly demoStreams: readonly DemoStream[]
  readonly logger: Logger
}

export interface LiveCameras extends AsyncDisposable {
  readonly ended: Promise<void>
}

/**
 * The live demo cameras: ordinary producers that use PutMedia of the embedded server until they are disposed of. A camera ends with its
 * stream: a later stream of the same name belongs to the user.
 */
export function startLiveCameras({ target, server, demoStreams, logger }: LiveCamerasOptions): LiveCameras {
  const stop = new AbortController()
  const client = new PutMediaClient(target)
  const live = demoStreams.filter(({ camera }) => camera.isLive)
  const filming = Promise.all(live.map((stream) => film(stream, { client, server, logger, signal: stop.signal })))
  return {
    ended: filming.then(() => undefined),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await filming
      client.close()
    },
  }
}

interface Filming extends Pick<LiveCamerasOptions, 'server' | 'logger'> {
  readonly client: PutMediaClient
  readonly signal: AbortSignal
}

async function film({ camera, streamId }: DemoStream, { client, server, logger, signal }: Filming): Promise<void> {
  const footage = await LoopedFootage.load(camera.footage)
  const { archive, streams } = server
  const clock = systemClock
  const findStream = () => streams.findById(streamId)
  let failures = 0
  for (let stream = findStream(); stream !== undefined && !signal.aborted; stream = findStream()) {
    try {
      const fromMs = await catchUp({ archive, streams, stream, footage, clock })
      const media = liveFootage(footage, { clock, fromMs, untilMs: fromMs + CONNECTION_MS, signal })
      await upload(client, stream.name, whileThere(media, findStream))
      failures = 0
    } catch (error) {
      if (signal.aborted || findStream() === undefined) continue
      // Warn once: another producer may use the stream for hours.
      logger[failures === 0 ? 'warn' : 'debug'](
        { err: error, streamName: stream.name },
        'the demo camera lost its connection; it tries again',
      )
      failures += 1
      await wait(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }
  if (!signal.aborted) logger.info({ streamName: camera.streamName }, 'the stream of the demo camera is gone; the camera ends')
}

/** PutMedia selects the stream by name. A new stream with the same name must not get a frame. */
async function* whileThere(media: AsyncIterable<Uint8Array>, findStream: () => object | undefined): AsyncGenerator<Uint8Array> {
  for await (const piece of media) {
    if (findStream() === undefined) return
    yield piece
  }
}

async function upload(client: PutMediaClient, streamName: string, media: AsyncIterable<Uint8Array>): Promise<void> {
  // The signal ends the media, not the upload, so that the service still acknowledges what was sent.
  await client.upload(
    { streamName, media: Readable.from(media, { objectMode: false }), timecodeType: 'ABSOLUTE', producerStartMs: systemClock.now() },
    new AbortController().signal,
  )
}
