import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateStreamCommand } from '@aws-sdk/client-kinesis-video'
import { RevocationStore } from '../../src/auth/revocation-store.js'
import { UrlRevocations } from '../../src/auth/url-revocations.js'
import { type ClipRequestOutcome, ClipService, type ClipServiceOptions } from '../../src/delivery/clip-service.js'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import type { ClipContent } from '../../src/delivery/serve/clip-content.js'
import type { Clip, ClipInput } from '../../src/domain/clip.js'
import { FootageService } from '../../src/footage/footage-service.js'
import { createKvs } from '../../src/kvs/kvs.js'
import type { KvsServerOptions } from '../../src/kvs-server/server.js'
import { systemClock } from '../../src/lib/clock.js'
import { anonymousClips, untaggedAccess } from './callers.js'
import { HeardRequests } from './kvs-for-test.js'
import { type KvsTestServer, startKvsTestServer } from './kvs-test-server.js'
import { upload } from './producer.js'

export const SECRET = 'a-secret-of-at-least-32-characters-0'
export const STREAM = 'front-door'
/** Producer time of the first uploaded fragment. */
export const START = 1_700_000_000_000

/** The clip service of a gateway without HTTP, with the real adapters, an embedded server and its own store. */
export interface ClipHarness extends AsyncDisposable {
  /** As an anonymous caller uses it. */
  readonly clips: ReturnType<typeof anonymousClips>
  readonly heard: HeardRequests
  readonly outcomes: ClipRequestOutcome[]
  readonly storeDir: string
}

export async function startClipHarness(url: string, overrides: Partial<ClipServiceOptions> = {}): Promise<ClipHarness> {
  const storeDir = await mkdtemp(join(tmpdir(), 'clipgate-clips-'))
  const heard = new HeardRequests()
  const outcomes: ClipRequestOutcome[] = []
  const kvs = createKvs({ target: { backend: 'embedded', endpoint: url, accessKey: null }, isPaced: false, listener: heard })
  const store = await DiskPartStore.open({ folder: storeDir, capBytes: 1e9 })
  const footage = new FootageService({ fragments: kvs.fragments, media: kvs.fragmentMedia, clock: systemClock })
  const revocations = new RevocationStore(':memory:', Date.now())
  const clips = new ClipService({
    access: untaggedAccess(),
    revocations: new UrlRevocations(revocations, null, systemClock),
    streams: kvs.streams,
    fragments: kvs.fragments,
    clips: kvs.clips,
    media: kvs.fragmentMedia,
    probe: (streamArn, fragmentNumber, signal) => footage.probe(streamArn, fragmentNumber, signal),
    signatureOf: (streamArn, fragmentNumber, signal) => footage.signatureOf(streamArn, fragmentNumber, signal),
    store,
    clock: systemClock,
    secrets: [SECRET],
    publicUrl: () => 'http://clips.test',
    urlLifetime: { defaultSeconds: 900, maxSeconds: 86_400 },
    maxClipBytes: 2_147_483_648,
    onRequest: (outcome) => outcomes.push(outcome),
    ...overrides,
  })
  return {
    clips: anonymousClips(clips),
    heard,
    outcomes,
    storeDir,
    async [Symbol.asyncDispose]() {
      clips.close()
      await store.close()
      revocations.close()
      kvs.close()
      await rm(storeDir, { recursive: true, force: true })
    },
  }
}

/** An embedded server with one stream, to which these documents were uploaded in order. */
export async function startFootage(documents: readonly Uint8Array[], options: Partial<KvsServerOptions> = {}): Promise<KvsTestServer> {
  const server = await startKvsTestServer(options)
  await server.control.send(new CreateStreamCommand({ StreamName: STREAM, DataRetentionInHours: 24 }))
  for (const document of documents) await upload(server.url, document, { stream: STREAM, start: String(START / 1000) })
  return server
}

export function askFor(fromMs: number, toMs: number, overrides: Partial<ClipInput> = {}): ClipInput {
  return {
    streamName: STREAM,
    fragmentSelectorType: 'PRODUCER_TIMESTAMP',
    startTimestamp: START + fromMs,
    endTimestamp: START + toMs,
    cut: 'FRAGMENT',
    overflow: 'JOIN',
    ...overrides,
  }
}

export function tokenOf({ downloadUrl }: Clip): string {
  return new URL(downloadUrl).pathname.split('/')[2] ?? ''
}

export async function readContent(content: ClipContent, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of content.read('all', signal)) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks)
  } finally {
    content.release()
  }
}
