import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Command } from 'commander'
import { parseConfig } from '../config/config.js'
import { readEnv } from '../config/env.js'
import { parseAccessKeys } from '../config/secrets.js'
import type { KvsTarget } from '../kvs/kvs-target.js'
import type { EpochMs } from '../lib/clock.js'
import { toUrlHost } from '../lib/http-server.js'
import { WrongArgument } from './failure.js'
import { ProgressLine } from './progress-line.js'
import { createStopSignal } from './stop-signal.js'
import { openUploadMedia } from './upload-media.js'

interface PutMediaOptions {
  readonly streamName: string
  readonly live?: boolean
  readonly keepClusters?: boolean
  readonly verbose?: boolean
  readonly producerStart?: string
  readonly retentionHours: string
}

export function putMediaCommand(): Command {
  return new Command('put-media')
    .description('Upload Matroska (MKV) to a stream with PutMedia. Creates the stream if it does not exist.')
    .argument('<file>', 'the MKV file, or - for standard input: ffmpeg … -f matroska - | clipgate put-media - --stream-name camera')
    .requiredOption('--stream-name <name>', 'name of the stream')
    .option('--live', 'send in real time, as a camera does')
    .option('--keep-clusters', 'send Clusters unchanged: each becomes a fragment, with or without a key frame at its start')
    .option('--verbose', 'print each acknowledgement')
    .option('--producer-start <instant>', 'start time of the media (RFC 3339). Default: now. Ignored if timecodes count from 1970')
    .option('--retention-hours <hours>', 'retention period of a stream that the command creates', '24')
    .addHelpText('after', HELP)
    .action(putMedia)
}

const HELP = `
put-media starts a fragment at the first key frame at least 1 s after the start of the previous fragment. It rejects footage without a key
frame for more than 20 s. Other producers send Clusters unchanged. For them, use these ffmpeg options to start a Cluster at each key frame:

  ffmpeg … -g 50 -cluster_time_limit 20000 -cluster_size_limit 50M -f matroska -`

async function putMedia(file: string, options: PutMediaOptions): Promise<void> {
  const stop = createStopSignal()
  const producerStartMs = options.producerStart === undefined ? Date.now() : parseProducerStart(options.producerStart)
  const dataRetentionInHours = parseHours(options.retentionHours)
  const source = file === '-' ? process.stdin : await openFile(file)
  stop.addEventListener('abort', () => source.destroy(), { once: true })
  const media = await openUploadMedia(source, { isLive: options.live === true, keepsClusters: options.keepClusters === true, stop })
  const target = findTarget()
  // Loaded here, so that help and argument errors do not wait for the AWS SDK.
  const { PutMediaClient } = await import('../kvs/put-media-client.js')
  const client = new PutMediaClient(target)
  const progress = new ProgressLine(process.stderr)
  let persisted = 0
  let sentBytes = 0
  const showProgress = () => progress.show(`${toMegabytes(sentBytes)} sent, ${persisted} fragments kept`)
  try {
    const summary = await client.upload(
      {
        streamName: options.streamName,
        media: Readable.from(media.chunks, { objectMode: false }),
        timecodeType: media.timecodeType,
        producerStartMs,
        createStream: { dataRetentionInHours },
        onAcknowledgement: (acknowledgement) => {
          if (acknowledgement.eventType === 'PERSISTED') persisted += 1
          if (options.verbose === true) progress.above(JSON.stringify(acknowledgement))
          showProgress()
        },
        onBytes: (bytes) => {
          sentBytes = bytes
          showProgress()
        },
      },
      // The first stop ends the media, so that sent fragments are still acknowledged. A second one ends the process.
      new AbortController().signal,
    )
    progress.clear()
    console.log(`${toMegabytes(summary.sentBytes)} sent to ${options.streamName}, ${summary.persistedFragments} fragments kept.`)
    const shifted = media.shiftedFiles()
    if (shifted > 0)
      console.log(
        `${shifted} Matroska file(s) of the input started over at an earlier time. Each was placed right after the file before it.`,
      )
    const failure = media.failure()
    if (failure !== null) throw failure
  } finally {
    progress.clear()
    client.close()
  }
}

async function openFile(file: string): Promise<Readable> {
  const found = await stat(file)
  if (found.isDirectory()) throw new WrongArgument(`${file} is a folder, but must be an MKV file, or - for standard input.`)
  return createReadStream(file, { highWaterMark: 256 * 1024 })
}

/** Reads only the settings of the target: an upload creates no data folder and no secrets. */
function findTarget(): KvsTarget {
  const env = readEnv()
  const { kvs, embeddedKvs } = parseConfig(env)
  if (kvs.backend === 'aws') return kvs
  const { host, port } = embeddedKvs
  return { backend: 'embedded', endpoint: `http://${toUrlHost(host)}:${port}`, accessKey: parseAccessKeys(env)[0] ?? null }
}

function parseHours(text: string): number {
  const hours = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (hours <= 87_600) return hours
  throw new WrongArgument(`--retention-hours is ${JSON.stringify(text)}, but must be a whole number from 0 to 87600.`)
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** RFC 3339, section 5.6, with the lower-case letters that its notes allow. Without a zone it would mean another instant on every machine. */
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** The instant that `--producer-start` names. @throws WrongArgument, also for a day that no calendar has and for one before 1970 */
export function parseProducerStart(text: string): EpochMs {
  const instant = text.toUpperCase()
  const day = RFC_3339.exec(instant)?.[1]
  const ms = day !== undefined && isDay(day) ? Date.parse(instant) : Number.NaN
  if (ms >= 0) return ms
  throw new WrongArgument(
    `--producer-start is ${JSON.stringify(text)}, but must be an RFC 3339 instant with a zone, such as 2026-01-31T12:00:00Z.`,
  )
}

/** `Date` reads 31 February as 3 March. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`)
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(day)
}
