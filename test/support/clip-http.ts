import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { ClipServiceOptions } from '../../src/delivery/clip-service.js'
import { DiskPartStore } from '../../src/delivery/parts/disk-part-store.js'
import type { Clip, ClipInput } from '../../src/domain/clip.js'
import { clipRoute } from '../../src/http/clip-route.js'
import { type ClipHarness, startClipHarness } from './clip-harness.js'
import { enoughTime } from './kvs-for-test.js'

/** The clips of a gateway with their HTTP route on a port. The test chooses the patience and the store. */
export interface ClipHttp extends AsyncDisposable {
  readonly harness: ClipHarness
  readonly url: string
  readonly folder: string
  readonly problems: string[]
  readonly downloads: { active: number; readonly ended: string[] }
  /** The path of a URL of another gateway, on this gateway. */
  urlOf(clip: Clip): string
  request(input: ClipInput): Promise<Clip>
}

export interface ClipHttpOptions {
  readonly identifiedWithinMs?: number
  readonly idleTimeoutMs?: number
  readonly capBytes?: number
  readonly service?: Partial<ClipServiceOptions>
}

export async function startClipHttp(kvsUrl: string, options: ClipHttpOptions = {}): Promise<ClipHttp> {
  const { identifiedWithinMs = 30_000, idleTimeoutMs = 10_000, capBytes = 1e9, service = {} } = options
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-http-'))
  const problems: string[] = []
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  const onProblem = (text: string) => problems.push(text)
  const store = undo.use(await DiskPartStore.open({ folder: join(folder, 'clips'), capBytes, idleTimeoutMs, onProblem }))
  const harness = undo.use(await startClipHarness(kvsUrl, { store, ...service }))
  const app = Fastify({ routerOptions: { maxParamLength: 4096 }, forceCloseConnections: true })
  const downloads: ClipHttp['downloads'] = { active: 0, ended: [] }
  const listener = {
    began: () => {
      downloads.active += 1
    },
    ended: (outcome: string) => {
      downloads.active -= 1
      downloads.ended.push(outcome)
    },
  }
  const open = harness.clips.open.bind(harness.clips)
  const { clock } = service
  await app.register(clipRoute({ open, downloads: listener, identifiedWithinMs, ...(clock ? { clock } : {}) }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  undo.defer(() => app.close())
  const disposal = undo.move()
  return {
    harness,
    url,
    folder: join(folder, 'clips'),
    problems,
    downloads,
    urlOf: ({ downloadUrl }) => url + new URL(downloadUrl).pathname,
    async request(input) {
      const { clip, issues } = await harness.clips.request(input, enoughTime())
      if (clip === null) throw new Error(JSON.stringify(issues))
      return clip
    },
    [Symbol.asyncDispose]: () => disposal.disposeAsync(),
  }
}
