import type { EpochMs } from '../lib/clock.js'

export interface Welcome {
  readonly gatewayUrl: string
  /** Null when Kinesis Video is AWS's. */
  readonly kvsUrl: string | null
  readonly dataDir: string
  /** A stream to ask a clip of; null when none is known. */
  readonly streamName: string | null
  readonly nowMs: EpochMs
}

/** How far from now the last fragments may be unlisted or on their way. */
const NEWEST_MS = 15_000
const CLIP_MS = 60_000

/** What `clipgate serve` says when it is ready: where things are, and one query to paste. */
export function toWelcome({ gatewayUrl, kvsUrl, dataDir, streamName, nowMs }: Welcome): string {
  const query = streamName === null ? 'query { streams { nodes { name status retainedFrom } } }' : toClipQuery(streamName, nowMs)
  const kvs = kvsUrl === null ? 'AWS' : `${kvsUrl} (embedded, data in ${dataDir})`
  return `
clipgate is ready.

  GraphQL        ${gatewayUrl}/graphql
  Kinesis Video  ${kvs}

Paste this into another shell${streamName === null ? '' : ', and open the downloadUrl of the answer'}:

curl -s ${gatewayUrl}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query })}'

Ctrl-C stops it.
`
}

function toClipQuery(streamName: string, nowMs: EpochMs): string {
  const end = Math.floor((nowMs - NEWEST_MS) / 1000) * 1000
  const input = [
    `streamName: ${JSON.stringify(streamName)}`,
    `startTimestamp: "${new Date(end - CLIP_MS).toISOString()}"`,
    `endTimestamp: "${new Date(end).toISOString()}"`,
  ].join(', ')
  return `mutation { requestClip(input: { ${input} }) { clip { downloadUrl state delivered { startTimestamp endTimestamp } } issues { message hint } } }`
}
