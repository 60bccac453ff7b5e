import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KvsServerOptions } from '../../src/kvs-server/server.js'
import { type ChromiumTab, openChromiumTab } from './chromium-tab.js'
import { startFootage } from './clip-harness.js'
import { ffmpeg } from './ffmpeg.js'
import { startTestGateway, type TestGateway } from './gateway-test.js'
import type { KvsTestServer } from './kvs-test-server.js'
import { findPeer } from './peer-programs.js'
import { type Site, startSite } from './site.js'

/** A gateway over an embedded server with footage, a page of another origin that may call it, and a tab of Chromium. */
export interface GatewayInChromium extends AsyncDisposable {
  readonly kvs: KvsTestServer
  readonly site: Site
  readonly gateway: TestGateway
  readonly tab: ChromiumTab
}

export interface GatewayInChromiumOptions {
  /** Arguments of ffmpeg that make the footage, up to the output. */
  readonly footage: readonly string[]
  /** The page. The default is empty. */
  readonly html?: string
  readonly server?: Partial<KvsServerOptions>
}

export async function startGatewayInChromium({ footage, html, server = {} }: GatewayInChromiumOptions): Promise<GatewayInChromium> {
  await using starting = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-browser-'))
  starting.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const file = join(folder, 'source.mkv')
  await ffmpeg([...footage, file])
  const kvs = starting.use(await startFootage([new Uint8Array(await readFile(file))], server))
  const site = starting.use(await startSite(html))
  const gateway = starting.use(await startTestGateway(kvs, { CORS_ORIGINS: site.url }))
  const { path: chromium } = await findPeer('chromium')
  const tab = starting.use(await openChromiumTab({ chromium, profile: join(folder, 'profile') }))
  const running = starting.move()
  return { kvs, site, gateway, tab, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
