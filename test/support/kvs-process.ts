// A process that repeatedly sends a server every request that a gateway sends to Kinesis Video. It reports how each response was handled
// and how much memory that took. Run by hostile-answers.process.test.ts.
import { GatewayError } from '../../src/domain/errors.js'
import { createKvs, type Kvs } from '../../src/kvs/kvs.js'
import { ClipRefused } from '../../src/kvs/ports.js'

const [, , endpoint = ''] = process.argv
const streamArn = 'arn:aws:kinesisvideo:us-east-1:123456789012:stream/dock-3/1790000000000'
const range = { startMs: 1_790_000_000_000, endMs: 1_790_000_060_000 }
const selector = { streamArn, fragmentSelectorType: 'SERVER_TIMESTAMP' as const, range }

const callsOf = (kvs: Kvs, signal: AbortSignal): readonly (readonly [operation: string, call: () => Promise<unknown>])[] => [
  ['DescribeStream', () => kvs.streams.find({ arn: streamArn }, signal)],
  ['ListStreams', () => kvs.streams.list({ limit: 10 }, signal)],
  ['ListTagsForStream', () => kvs.streams.tags({ arn: streamArn }, signal)],
  [
    'GetDataEndpoint',
    async () => {
      const [found] = await kvs.endpoints.getMany([{ streamArn, api: 'GET_CLIP' }], signal)
      if (found instanceof Error) throw found
    },
  ],
  ['ListFragments', () => kvs.fragments.list(selector, signal)],
  ['GetClip', () => kvs.clips.getClip(selector, signal)],
  ['GetMediaForFragmentList', () => kvs.fragmentMedia.getMedia(streamArn, ['1'], signal)],
  ['GetHLSStreamingSessionURL', () => kvs.hls.getSessionUrl({ ...selector, playbackMode: 'ON_DEMAND', expiresInSeconds: 300 }, signal)],
]

/** Sends every request at once, without caches of earlier responses. */
async function askAll(): Promise<Readonly<Record<string, string>>> {
  const kvs = createKvs({ target: { backend: 'embedded', endpoint, accessKey: null }, isPaced: false })
  const calls = callsOf(kvs, AbortSignal.timeout(60_000))
  const outcomes = await Promise.all(calls.map(async ([name, call]) => [name, await outcomeOf(call)]))
  kvs.close()
  return Object.fromEntries(outcomes)
}

async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'ok'
  } catch (error) {
    if (error instanceof GatewayError) return error.code
    return error instanceof ClipRefused ? error.name : String(error)
  }
}

// The modules that the first requests load do not count as memory of the requests.
await askAll()
console.log('ready')
for await (const line of process.stdin.setEncoding('utf8')) {
  if (line.trim() === 'end') break
  const before = process.resourceUsage().maxRSS
  const outcomes = await askAll()
  console.log(JSON.stringify({ outcomes, grownMb: (process.resourceUsage().maxRSS - before) / 1024 }))
}
