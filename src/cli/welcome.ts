import type { EpochMs } from '../lib/clock.js'

export interface Welcome {
  readonly gatewayUrl: string
  /** Null if the main address serves metrics and health details. */
  readonly adminUrl: string | null
  readonly kinesisVideo: string
  readonly isAuthenticated: boolean
  /** Footage for the example query; null if there is none. */
  readonly newest: { readonly streamName: string; readonly timestampMs: EpochMs } | null
}

/** The text that `clipgate serve` prints when it is ready: the URLs, and one query to paste. */
export function toWelcome({ gatewayUrl, adminUrl, kinesisVideo, isAuthenticated, newest }: Welcome): string {
  const query =
    newest === null ? 'query { streams { nodes { name status retainedFrom } } }' : toClipQuery(newest.streamName, newest.timestampMs)
  const credential = isAuthenticated ? ' -H "authorization: Bearer $CLIPGATE_API_KEY"' : ''
  return `
clipgate is ready.

  GraphQL        ${gatewayUrl}/graphql${adminUrl === null ? '' : `\n  Metrics        ${adminUrl}/metrics`}
  Kinesis Video  ${kinesisVideo}

${isAuthenticated ? 'Set CLIPGATE_API_KEY to an API key (clipgate keys create), and paste' : 'Paste'} this into another shell${newest === null ? '' : ', and open the downloadUrl in the response'}:

curl -s ${gatewayUrl}/graphql${credential} -H 'content-type: application/json' -d '${JSON.stringify({ query })}'

Press Ctrl-C to stop.
`
}

/** The newest minute, in whole seconds. */
function toClipQuery(streamName: string, newestMs: EpochMs): string {
  const end = Math.floor(newestMs / 1000) * 1000
  const input = [
    `streamName: ${JSON.stringify(streamName)}`,
    `startTimestamp: "${new Date(end - 60_000).toISOString()}"`,
    `endTimestamp: "${new Date(end).toISOString()}"`,
  ].join(', ')
  return `mutation { requestClip(input: { ${input} }) { clip { downloadUrl state delivered { startTimestamp endTimestamp } } issues { message hint } } }`
}

/** The text that `clipgate kvs` prints when it is ready. With access keys a command must be signed. The secret is not shown. */
export function toKvsWelcome(url: string, accessKeyId: string | null): string {
  const listStreams = `aws kinesisvideo list-streams --endpoint-url ${url} --region us-east-1`
  const command =
    accessKeyId === null
      ? `${listStreams} --no-sign-request`
      : `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY='its secret from KVS_ACCESS_KEYS' ${listStreams}`
  return `
clipgate kvs is ready.

  Kinesis Video  ${url}

Paste this into another shell:

${command}

Press Ctrl-C to stop.
`
}
